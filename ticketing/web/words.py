"""The pages' texts in both languages, and how a page picks its language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from flask import request

from ticketing.templates_path import templates_dir

Lang = Literal["de", "en"]
FILES: Final = (  # visitors' pages, the staff's site and its larger parts
    "pages",
    "staff",
    "audit",
    "codes",
    "settings",
    "visitors",
)
LANGS: Final[tuple[Lang, Lang]] = ("de", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """Every text of the pages, by language and key."""

    texts: Mapping[str, Mapping[str, str]]

    def say(self, key: str, lang: str, /, **values: str | int) -> str:
        """The text of a key; an unknown key is a fault of the page and raises KeyError."""
        return self.texts[lang][key].format(**values)


def load_words(folder: Path | None = None) -> Words:
    """Read the catalogues of the pages, `wording/pages.de.json` and so on.

    Raises:
        ValueError: A key that two of them have.
    """
    home = (templates_dir() if folder is None else folder) / "wording"
    texts: dict[str, Mapping[str, str]] = {}
    for lang in LANGS:
        told: dict[str, str] = {}
        for name in FILES:
            read = json.loads((home / f"{name}.{lang}.json").read_text("utf-8"))
            if twice := told.keys() & read.keys():
                raise ValueError(f"two catalogues have {sorted(twice)}")
            told |= read
        texts[lang] = MappingProxyType(told)
    return Words(MappingProxyType(texts))


def known_lang(text: str | None) -> Lang | None:
    """The language of that name, if the pages speak it."""
    return next((lang for lang in LANGS if lang == text), None)


def asked_lang(remembered: str | None = None) -> Lang:
    """The language of this request: asked for, remembered, the browser's, German."""
    asked = known_lang(request.args.get("lang")) or known_lang(remembered)
    return asked or known_lang(request.accept_languages.best_match(LANGS)) or "de"
