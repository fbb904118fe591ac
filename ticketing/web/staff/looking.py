"""Looking for something by a form: what was typed stands in no address."""

from collections.abc import Callable
from typing import Final, TypeVar

from ticketing.service.errors import Invalid
from ticketing.service.pages import Page
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form, the_form

_TYPED_LIMIT: Final = 1000
Item = TypeVar("Item")


def searched(look: Callable[..., Page[Item]], too_short: str) -> tuple[Form, Page[Item] | None]:
    """The form with what was found; nothing, and the problem noted, if that cannot be looked for.

    `look` takes a unit, the house and `text`; `too_short` is what is said of too few letters.
    """
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    typed = form.text("q", most=_TYPED_LIMIT)
    if form.problems:
        return form, None
    with parts.store.unit() as unit:
        try:
            return form, look(unit, parts.house, text=typed)
        except Invalid:
            form.problem("q", too_short)
            return form, None
