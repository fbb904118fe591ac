"""Batches made and changed: every change asks first, and says why where it is refused."""

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.codes import Batch, BatchState, EffectKind
from ticketing.domain.merging import Facts, taken
from ticketing.service import batch_codes, code_batches, offers, once, visitor_lists
from ticketing.service.code_batches import NewBatch
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import batch_forms, batches, frame, merging
from ticketing.web.staff import batch_words as say
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place

bp = APIBlueprint("staff_code_changes", __name__, url_prefix=batches.HOME, enable_openapi=False)


# ------------------------------------------------------------ a new batch
@bp.get("/new")
@staff_may(Right.CODES_CHANGE)
def new() -> Response:
    """The form of a new batch, with what most batches want."""
    first = {"effect": EffectKind.PERCENT.value, "max_uses": "1", "count": "100"}
    return _new_page(blank(frame.the_speaker(), **first))


@bp.post("/new")
@staff_may(Right.CODES_CHANGE)
def make() -> AnyResponse:
    """Say what a batch promises, or make it, or go back to the form: as `step` says."""
    frame.checked_form()
    form = the_form(frame.the_speaker())
    wanted, step = batch_forms.new_batch(form), form.value("step")
    if step == "edit" and not form.problems:
        return _new_page(form)
    if wanted is None:
        return _new_page(form, status=422)
    if step == "make":
        return _made(form, wanted)
    return _check_page(form, wanted)


def _made(form: Form, wanted: NewBatch) -> AnyResponse:
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            batch = code_batches.create_batch(
                unit, parts.house, wanted=wanted, token=form.value("token")
            )
    except Invalid as refusal:
        form.take(refusal, batch_forms.NAMES)
        return _new_page(form, status=422)
    is_there = batch.state is not BatchState.BUILDING
    told = "codes_done_made" if is_there else "codes_done_ordered"
    return frame.done(f"{batches.HOME}/{batch.id}", told)


def _new_page(form: Form, *, status: int = 200) -> Response:
    return frame.show(
        "staff/batch_form.html",
        place=Place.CODES,
        status=status,
        form=form,
        batch=None,
        choices=_choices(),
        example=batch_forms.example(form.value("prefix").strip().upper()),
    )


def _check_page(form: Form, wanted: NewBatch) -> Response:
    parts, speaker = the_parts(), frame.the_speaker()
    with parts.store.unit() as unit:
        known = {offer.slug: offer for offer in offers.list_offers(unit)}
        try:
            code_batches.checked_batch(unit, parts.house, wanted=wanted)
        except Invalid as refusal:
            form.take(refusal, batch_forms.NAMES)
            return _new_page(form, status=422)
    return frame.show(
        "staff/batch_check.html",
        place=Place.CODES,
        wanted=wanted,
        lines=batch_forms.promise(speaker, wanted, known),
        kept=batch_forms.kept(form),
        token=once.new_token(parts.house),
        example=batch_forms.example(wanted.prefix),
    )


def _choices() -> list[tuple[str, str]]:
    """The offers that a batch may be for."""
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        return [
            (one.slug, f"{one.name.in_(speaker.lang)}, {speaker.money(one.price_cents)}")
            for one in offers.list_offers(unit)
        ]


# ------------------------------------------------------------ changes
@bp.get("/<batch>/edit")
@staff_may(Right.CODES_CHANGE)
def edit(batch: str) -> Response:
    """The form with a batch's facts."""
    found, speaker = _batch(batch), frame.the_speaker()
    told = batch_forms.facts(speaker, found)
    return _edit_page(batch_forms.filled(speaker, told, found.version), found)


@bp.post("/<batch>/edit")
@staff_may(Right.CODES_CHANGE)
def change(batch: str) -> AnyResponse:
    """Change a batch; what its redemptions rest on stays, and the form says so."""
    frame.checked_form()
    parts, form, found = the_parts(), the_form(frame.the_speaker()), _batch(batch)
    now = batch_forms.facts(form.speaker, found)
    theirs = merging.left_to_others(form, now, batch_forms.WORDS)
    wanted = batch_forms.change_of(form, found)
    if wanted is None:
        return _edit_page(form, found, status=422)
    mine = batch_forms.facts(form.speaker, code_batches.changed(found, wanted))
    if theirs:
        mine = taken(mine, now, theirs)
        picked = batch_forms.filled(form.speaker, mine, wanted.version or 0)
        wanted = batch_forms.change_of(picked, found)
        if wanted is None:
            return _edit_page(picked, found, status=422)
    try:
        with parts.store.unit() as unit:
            code_batches.change_batch(unit, parts.house, batch=batch, change=wanted)
    except Invalid as refusal:
        form.take(refusal, batch_forms.NAMES)
        return _edit_page(form, found, status=422)
    except Conflict as refusal:
        return _refused_edit(form, batch, refusal, mine)
    return frame.done(f"{batches.HOME}/{batch}", "codes_done_changed")


def _refused_edit(form: Form, batch: str, refusal: Conflict, mine: Facts) -> Response:
    """The form again: on top of what somebody else has stored meanwhile, or why it cannot be."""
    found, speaker = _batch(batch), frame.the_speaker()
    if refusal.reason == "batch_redeemed":  # between the form and its way back
        problem = speaker.say("codes_effect_now_fixed")
        return _edit_page(form, found, problem=problem, status=409)
    if refusal.reason != "changed":
        return _edit_page(form, found, problem=_why(refusal), status=409)
    met = merging.meeting(form, mine, batch_forms.facts(speaker, found), batch_forms.WORDS)
    again = met.form(batch_forms.filled(speaker, met.facts, found.version))
    return _edit_page(again, found, others=met.others, status=409)


def _edit_page(
    form: Form,
    batch: Batch,
    *,
    problem: str = "",
    others: tuple[str, ...] | None = None,
    status: int = 200,
) -> Response:
    speaker = frame.the_speaker()
    return frame.show(
        "staff/batch_form.html",
        place=Place.CODES,
        status=status,
        form=form,
        batch=batch,
        was=merging.written(batch_forms.facts(speaker, batch)),
        choices=_choices(),
        gives=say.gives(speaker, batch.effect),
        redeemed=speaker.number(batch.tally.used),
        problem=problem,
        is_met=others is not None,
        others=others or (),
    )


@bp.post("/<batch>/stop")
@staff_may(Right.CODES_CHANGE)
def stop(batch: str) -> AnyResponse:
    """Let none of its codes be redeemed until it is resumed."""
    frame.checked_form()
    parts, address = the_parts(), f"{batches.HOME}/{batch}"
    try:
        with parts.store.unit() as unit:
            code_batches.stop_batch(unit, parts.house, batch=batch)
    except Conflict as refusal:
        return frame.not_done(address, _key(refusal))
    return frame.done(address, "codes_done_stopped")


@bp.post("/<batch>/resume")
@staff_may(Right.CODES_CHANGE)
def resume(batch: str) -> AnyResponse:
    """Let its codes be redeemed again."""
    frame.checked_form()
    parts, address = the_parts(), f"{batches.HOME}/{batch}"
    try:
        with parts.store.unit() as unit:
            code_batches.resume_batch(unit, parts.house, batch=batch)
    except Conflict as refusal:
        return frame.not_done(address, _key(refusal))
    return frame.done(address, "codes_done_resumed")


@bp.post("/<batch>/delete")
@staff_may(Right.CODES_CHANGE)
def delete(batch: str) -> AnyResponse:
    """Take a batch away of which nobody has redeemed a code."""
    frame.checked_form()
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            code_batches.delete_batch(unit, parts.house, batch=batch)
    except Conflict as refusal:
        return frame.not_done(f"{batches.HOME}/{batch}", _key(refusal))
    return frame.done(batches.HOME, "codes_done_deleted")


@bp.post("/<batch>/bind")
@staff_may(Right.CODES_CHANGE)
def bind(batch: str) -> Response:
    """Let only one visitor use a code, or whoever has it; its page again."""
    frame.checked_form()
    code = request.form.get("code", "")
    problem = _bound(batch, code, request.form.get("visitor", "").strip())
    status = 422 if problem else 200
    told = frame.the_speaker().say(problem) if problem else ""
    return batches.batch_page(batch, sought=code, problem=told, status=status)


def _bound(batch: str, code: str, typed: str) -> str:
    """Bind or free a code; the key of what stands in the way, or ""."""
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            visitor = visitor_lists.find_meant(unit, text=typed) if typed else None
            batch_codes.bind_code(unit, parts.house, code=code, visitor=visitor, batch=batch)
    except Invalid as refusal:
        return f"codes_visitor_{refusal.errors[0].problem}"
    except NotFound:
        return "codes_not_found"
    except Conflict:
        return "codes_why_code_redeemed"
    return ""


def _batch(batch: str) -> Batch:
    with the_parts().store.unit() as unit:
        return code_batches.get_batch(unit, batch=batch)


def _key(refusal: Conflict) -> str:
    return f"codes_why_{refusal.reason}"


def _why(refusal: Conflict) -> str:
    return frame.the_speaker().say(_key(refusal))
