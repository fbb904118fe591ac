"""How long messages and the person on a ticket are kept, and how visitors are told.

There is no way back here: what a shorter time erased is gone, whatever is set afterwards.
"""

from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.retention import LEAST_DAYS, MOST_DAYS
from ticketing.service.settings import Facts, Part, Setting
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, setting_pages
from ticketing.web.staff.forms import Form, the_form
from ticketing.web.staff.setting_pages import HERE, PartPage, Unsaved

bp = APIBlueprint("staff_settings_retention", __name__, url_prefix=HERE, enable_openapi=False)
_LABELS: Final = {"messages_days": "retention_messages", "tickets_days": "retention_tickets"}
PAGE: Final = PartPage(Part.RETENTION, Right.SETTINGS_CHANGE, setting_pages.labelled(_LABELS))


@bp.get("/retention")
@staff_may(Right.SETTINGS_SEE)
def shown() -> Response:
    """The times, and the texts that promise them."""
    setting = setting_pages.get(PAGE)
    return _show(setting, _filled(setting.facts))


@bp.post("/retention")
@staff_may(Right.SETTINGS_CHANGE)
def change() -> AnyResponse:
    """Set both; a shorter one only by somebody who knows what it does."""
    frame.checked_form()
    form, setting = the_form(frame.the_speaker()), setting_pages.get(PAGE)
    wanted = {name: form.whole(name, least=LEAST_DAYS, most=MOST_DAYS) for name in _LABELS}
    is_asked = setting_pages.is_current(form, setting)  # else it is not known yet what is shorter
    if is_asked and _is_shorter(wanted, setting.facts) and not form.is_checked("sure"):
        form.problem("sure", "retention_wrong_sure")
    outcome = setting_pages.save(PAGE, form, wanted, told="retention_saved")
    if isinstance(outcome, Unsaved):
        return _show(setting_pages.get(PAGE), outcome.form(form, _filled), outcome)
    return outcome


def _filled(facts: Facts) -> Form:
    told = {name: str(days) for name, days in facts.items()}
    return Form(MultiDict(told), frame.the_speaker())


def _is_shorter(wanted: dict[str, int | None], facts: Facts) -> bool:
    return any(days is not None and days < facts[name] for name, days in wanted.items())


def _show(setting: Setting, form: Form, outcome: Unsaved | None = None) -> Response:
    return setting_pages.show(
        "staff/settings_retention.html",
        PAGE,
        setting,
        outcome,
        form=form,
        facts=setting.facts,
        least=LEAST_DAYS,
        most=MOST_DAYS,
        **_told(setting.facts),
    )


def _told(facts: Facts) -> dict[str, Any]:
    """The texts as visitors read them now."""
    house, speaker = the_parts().house, frame.the_speaker()
    days = {"messages": facts["messages_days"], "tickets": facts["tickets_days"]}
    contact = house.museum.contact or house.museum.name
    texts = {name: str(number) for name, number in days.items()}
    return {
        "in_chat": house.wording.say("notice.how_long", speaker.lang, **texts),
        "on_page": speaker.say("privacy_how_long_text", contact=contact, **days),
    }
