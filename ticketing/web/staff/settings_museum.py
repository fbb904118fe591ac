"""The museum: what it is called, where it is, who answers for privacy, how many it takes."""

from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.settings import CAPACITY_LIMIT, KNOWLEDGE_LIMIT, LINES_LIMIT, NAME_LIMIT
from ticketing.service.settings import Facts, Part, Setting
from ticketing.web.access import staff_may
from ticketing.web.staff import frame, setting_pages
from ticketing.web.staff.forms import Form, the_form
from ticketing.web.staff.setting_pages import HERE, PartPage, Unsaved

bp = APIBlueprint("staff_settings_museum", __name__, url_prefix=HERE, enable_openapi=False)
_LABELS: Final = {
    "name": "museum_name",
    "lines": "museum_lines",
    "contact": "museum_contact",
    "capacity": "museum_capacity",
    "knowledge_days": "museum_knowledge_days",
}
PAGE: Final = PartPage(Part.MUSEUM, Right.SETTINGS_CHANGE, setting_pages.labelled(_LABELS))


@bp.get("/museum")
@staff_may(Right.SETTINGS_SEE)
def shown() -> Response:
    """What the house says of itself."""
    setting = setting_pages.get(PAGE)
    return _show(setting, _filled(setting.facts))


@bp.post("/museum")
@staff_may(Right.SETTINGS_CHANGE)
def change() -> AnyResponse:
    """Set all of it."""
    frame.checked_form()
    form = the_form(frame.the_speaker())
    outcome = setting_pages.save(PAGE, form, _read(form), told="museum_saved")
    if isinstance(outcome, Unsaved):
        return _show(setting_pages.get(PAGE), outcome.form(form, _filled), outcome)
    return outcome


@bp.post("/museum/back")
@staff_may(Right.SETTINGS_CHANGE)
def take_back() -> AnyResponse:
    """Undo the last change."""
    return setting_pages.take_back(PAGE)


def _read(form: Form) -> dict[str, Any]:
    lines = [line.strip() for line in form.value("lines").splitlines() if line.strip()]
    if len(lines) > LINES_LIMIT:
        form.problem("lines", "museum_wrong_lines", most=LINES_LIMIT)
    return {
        "name": form.text("name", most=NAME_LIMIT),
        "lines": lines,
        "contact": form.text("contact", most=NAME_LIMIT, is_needed=False),
        "capacity": form.whole("capacity", least=0, most=CAPACITY_LIMIT),
        "knowledge_days": form.whole("knowledge_days", least=0, most=KNOWLEDGE_LIMIT),
    }


def _filled(facts: Facts) -> Form:
    told = {name: str(value) for name, value in facts.items()}
    told["lines"] = "\n".join(facts["lines"])
    return Form(MultiDict(told), frame.the_speaker())


def _show(setting: Setting, form: Form, outcome: Unsaved | None = None) -> Response:
    return setting_pages.show(
        "staff/settings_museum.html",
        PAGE,
        setting,
        outcome,
        form=form,
        facts=setting.facts,
    )
