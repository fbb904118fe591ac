"""What the bot says in a house that words some of it itself; in the service room."""

from collections.abc import Mapping

from ticketing.domain.own_words import name_of
from ticketing.domain.visitors import Lang
from ticketing.service.ports import Wording


class OwnWording:
    """The `Wording` port: a house's own texts over the ones that come with the program."""

    def __init__(self, first: Wording, words: Mapping[str, str]) -> None:
        """`words` are facts of the settings, checked before they were stored."""
        self._first = first
        self._words = words

    def say(self, key: str, lang: str, **values: str) -> str:
        """The house's text of a key, else the program's; German if the language is unknown."""
        known = Lang(lang) if lang in set(Lang) else Lang.DE
        own = self._words.get(name_of(key, known))
        return self._first.say(key, lang, **values) if own is None else own.format_map(values)
