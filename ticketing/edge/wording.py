"""What bot and mails say, from `templates/wording` (edge: files).

One JSON object a language, key to text, with `{name}` placeholders. Both languages must
have the same keys and placeholders: a half translated bot is refused at the start.
"""

import json
import string
from collections.abc import Mapping
from pathlib import Path

from ticketing.domain.visitors import Lang
from ticketing.templates_path import templates_dir

_FORMATTER = string.Formatter()


class WordingError(Exception):
    """The wording files do not fit each other, or lack what is asked for.

    The message names key and placeholder, never a value.
    """


class FileWording:
    """The `Wording` port over the two wording files."""

    def __init__(self, folder: Path | None = None, *, catalogue: str = "chat") -> None:
        """Read and check the files.

        Args:
            folder: where `chat.de.json` and `chat.en.json` lie; default: the templates.
            catalogue: the first part of the files' names.

        Raises:
            WordingError: a file is missing, no object of texts, or differs from the other.
        """
        place = folder or templates_dir() / "wording"
        self._texts = {lang.value: _read(place / f"{catalogue}.{lang.value}.json") for lang in Lang}
        _check_same(self._texts)

    def say(self, key: str, lang: str, **values: str) -> str:
        """The text of a key; German if the language is unknown.

        Raises:
            WordingError: no such key, or a placeholder got no value.
        """
        texts = self._texts.get(lang, self._texts[Lang.DE.value])
        if key not in texts:
            raise WordingError(f"no wording for {key}")
        try:
            return texts[key].format_map(values)
        except KeyError as missing:
            raise WordingError(f"{key} needs a value for {missing}") from None

    def keys(self) -> frozenset[str]:
        """Every key, the same in both languages."""
        return frozenset(self._texts[Lang.DE.value])


def placeholders(text: str) -> frozenset[str]:
    """The names in braces of a text."""
    return frozenset(name for _, name, _, _ in _FORMATTER.parse(text) if name is not None)


def _read(path: Path) -> Mapping[str, str]:
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise WordingError(f"{path.name} cannot be read") from None
    if not isinstance(texts, dict) or not all(isinstance(t, str) for t in texts.values()):
        raise WordingError(f"{path.name} must map keys to texts")
    return texts


def _check_same(texts: Mapping[str, Mapping[str, str]]) -> None:
    german, english = texts[Lang.DE.value], texts[Lang.EN.value]
    lonely = sorted(german.keys() ^ english.keys())
    if lonely:
        raise WordingError(f"only one language has {', '.join(lonely)}")
    for key, text in german.items():
        if placeholders(text) != placeholders(english[key]):
            raise WordingError(f"{key} has other placeholders in the other language")
