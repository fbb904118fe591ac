"""The page's own words, German and English; what reasons say is the wire's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ticketing.templates_path import templates_dir
from ticketing.wire.texts import LANGUAGES

NARROW = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Words:
    """All words of one language."""

    lang: str
    by_key: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """The wording of a key with its values filled in."""
        return self.by_key[key].format_map(values)

    def count(self, key: str, count: int) -> str:
        """`key.one` for one, `key.some` for every other number."""
        return self.say(f"{key}.one" if count == 1 else f"{key}.some", count=count)

    def money(self, cents: int, currency: str) -> str:
        """`7,20 €` or `€7.20`."""
        sign = "€" if currency == "EUR" else currency
        whole, rest = divmod(abs(cents), 100)
        if self.lang == "de":
            return f"{whole},{rest:02d}{NARROW}{sign}"
        return f"{sign}{whole}.{rest:02d}"


@cache
def words_in(lang: str) -> Words:
    """The words of `de` or `en`."""
    path = templates_dir() / "wording" / f"station.{lang}.json"
    return Words(lang, MappingProxyType(json.loads(path.read_text(encoding="utf-8"))))


def both() -> tuple[Words, ...]:
    """The words of all languages of the page."""
    return tuple(words_in(lang) for lang in LANGUAGES)
