"""Batches of discount codes: what there are, how far each has come, and its codes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.codes import KNOWN, BatchState, Standing
from ticketing.service import code_batches, code_lists
from ticketing.service.code_lists import BatchSort, CodeState, Look, WantedBatches
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import batch_files, frame
from ticketing.web.staff import batch_words as say
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import LIMIT, Listing

HOME: Final = batch_files.HOME
bp = APIBlueprint("staff_codes", __name__, url_prefix=HOME, enable_openapi=False)
NO_TAG: Final = "-"
_TAG_KEPT: Final = 100
_DOWNS: Final = ("made", "sent", "delivered", "redeemed", "given")


@bp.get("")
@staff_may(Right.CODES_SEE)
def listed() -> Response:
    """Every batch: what it gives, how far it has come."""
    speaker, parts = frame.the_speaker(), the_parts()
    filters = the_filters(request.args)
    listing = Listing.asked(speaker, [sort.value for sort in BatchSort], filters, downs=_DOWNS)
    wanted = the_wanted(request.args, now=speaker.now())
    wanted = replace(wanted, start=listing.start, limit=LIMIT)
    with parts.store.unit() as unit:
        found = code_lists.list_batches(unit, wanted=wanted)
        tags = code_batches.list_tags(unit)
    end = listing.start + len(found.items)
    return frame.show(
        "staff/batches.html",
        place=Place.CODES,
        listing=listing.found(
            len(found.items), str(end) if end < found.total else None, found.total
        ),
        batches=[say.batch_row(speaker, one) for one in found.items],
        tags=[say.tag_row(speaker, one) for one in tags],
        states=[(one.value, speaker.say(f"codes_state_{one.value}")) for one in Standing],
        filters=filters,
        is_any=found.total > 0 or bool(tags),
    )


def the_filters(given: Mapping[str, str]) -> dict[str, str]:
    """The filters of an address or form; what is no state filters nothing."""
    state, tag = given.get("state", ""), given.get("tag", "")[:_TAG_KEPT]
    return {"state": state if state in set(Standing) else "", "tag": tag}


def the_wanted(given: Mapping[str, str], *, now: datetime) -> WantedBatches:
    """The batches that an address or form wants, from the first one."""
    filters, sort = the_filters(given), given.get("sort")
    state, tag = filters["state"], filters["tag"]
    return WantedBatches(
        now=now,
        standing=Standing(state) if state else None,
        tag={"": None, NO_TAG: ""}.get(tag, tag),
        sort=next((one for one in BatchSort if one.value == sort), BatchSort.NEWEST),
        is_down=given.get("down") == "yes",
    )


@bp.get("/<batch>")
@staff_may(Right.CODES_SEE)
def shown(batch: str) -> Response:
    """One batch: facts, the way from sending to the door, its codes."""
    return batch_page(batch)


@bp.get("/<batch>/progress")
@staff_may(Right.CODES_SEE)
def progress(batch: str) -> Response:
    """How far the codes of a batch are made, as a part of its page."""
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        found = code_batches.get_batch(unit, batch=batch)
    return frame.part(
        "staff/batch_progress.html",
        batch=found,
        row=say.batch_row(speaker, found),
        count=speaker.number(found.count),
        is_building=found.state is BatchState.BUILDING,
        is_made=found.state in KNOWN,
    )


@bp.post("/<batch>/search")
@staff_may(Right.CODES_SEE)
def search(batch: str) -> Response:
    """One code of a batch with its history; what was typed stands in no address."""
    frame.checked_form()
    return batch_page(batch, sought=request.form.get("code", "").strip())


# ------------------------------------------------------------ the page of one batch
def batch_page(batch: str, *, sought: str = "", problem: str = "", status: int = 200) -> Response:
    """The page of a batch; `sought` is a code to be shown with its history."""
    speaker, parts = frame.the_speaker(), the_parts()
    state = _asked_state()
    kept = state.value if state else ""
    listing = Listing.asked(speaker, ["code"], {"state": kept}, path=f"{HOME}/{batch}")
    look = Look(state=state, cursor=listing.cursor, limit=LIMIT, sought=sought)
    with parts.store.unit() as unit:
        view = code_lists.view_batch(unit, parts.house, batch=batch, look=look)
    doors = {gate.slug: gate.name.in_(speaker.lang) for gate in view.gates}
    found, tally = view.codes, view.batch.tally
    return frame.show(
        "staff/batch.html",
        place=Place.CODES,
        status=status,
        batch=view.batch,
        row=say.batch_row(speaker, view.batch),
        facts=say.facts(speaker, view.batch, view.offers),
        at_gate=say.at_gate(speaker, view.batch, view.offers),
        formats=batch_files.offered(view.batch),
        too_many=batch_files.too_many(speaker, view.batch),
        funnel=say.funnel(speaker, view.batch),
        is_building=view.batch.state is BatchState.BUILDING,
        is_stopped=view.batch.state is BatchState.STOPPED,
        is_made=view.batch.state in KNOWN,
        count=speaker.number(view.batch.count),
        codes=[say.code_row(speaker, one, doors) for one in found.items],
        listing=listing.found(len(found.items), found.next_cursor, None if state else tally.made),
        states=[(one.value, speaker.say(f"codes_code_{one.value}")) for one in CodeState],
        state=kept,
        sought=say.sought(speaker, view, sought, doors),
        files=batch_files.rows_of(speaker, view.files),
        problem=problem,
    )


def _asked_state() -> CodeState | None:
    """The state in the address; None for anything else."""
    asked = request.args.get("state", "")
    return next((one for one in CodeState if one.value == asked), None)
