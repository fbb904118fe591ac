"""How a page is rendered: its template, its language, the words and the house."""

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, render_template

from ticketing.web.assets import asset
from ticketing.web.parts import the_parts, the_room
from ticketing.web.words import Lang, asked_lang


def page(template: str, *, remembered: str | None, **values: object) -> Response:
    """The page in the language asked for, else the remembered one, else the browser's."""
    lang = asked_lang(remembered)
    return make_response(render_template(template, **common(lang), **values))


def common(lang: Lang) -> dict[str, Any]:
    """What every template may use."""
    return {
        "lang": lang,
        "other_lang": "en" if lang == "de" else "de",
        "other_lang_address": "?lang=en" if lang == "de" else "?lang=de",
        "museum": the_parts().house.museum,
        "asset": asset,
        "t": teller(lang),
        "other": teller("en" if lang == "de" else "de"),
    }


def teller(lang: Lang) -> Callable[..., str]:
    """A function that says a key in one language."""
    words = the_room().words

    def say(key: str, /, **values: str | int) -> str:
        return words.say(key, lang, **values)

    return say
