"""Lists of batches as files: those of the filter, and what each tag has come to."""

from collections.abc import Mapping
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.codes import Batch, Tally
from ticketing.domain.offers import Offer
from ticketing.domain.spreadsheets import Cell, Column, ColumnKind, Row
from ticketing.service import code_batches, code_lists, offers
from ticketing.service.code_batches import TagTally
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import batch_words as say
from ticketing.web.staff import exports, frame
from ticketing.web.staff.batches import HOME, NO_TAG, the_filters, the_wanted
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_batch_sheet", __name__, url_prefix=HOME, enable_openapi=False)
_WHOLE, _MONEY, _MOMENT = ColumnKind.WHOLE, ColumnKind.MONEY, ColumnKind.MOMENT
_COUNTED: Final = (
    "codes_step_made",
    "codes_step_sent",
    "codes_step_delivered",
    "codes_step_used",
    "codes_column_uses",
)


@bp.post("/export")
@staff_may(Right.CODES_SEE)
def export() -> Response:
    """The batches of the filter, sorted as on the page."""
    frame.checked_form()
    kind, speaker, parts = exports.asked_kind(), frame.the_speaker(), the_parts()
    filters = the_filters(request.form)
    wanted = the_wanted(request.form, now=speaker.now())
    with parts.store.unit() as unit:
        known = {one.slug: one for one in offers.list_offers(unit)}
        tags = {one.tag or NO_TAG for one in code_batches.list_tags(unit)}
    if filters["tag"] not in tags:
        filters["tag"] = ""  # whatever was typed there is not for the log
    exports.note("batches", kind, **filters)
    found = code_lists.every_batch(parts.store, wanted)
    rows = (_row(one, known, speaker) for one in found)
    return exports.download(_columns(speaker), rows, name=speaker.say("codes_batches"), kind=kind)


@bp.post("/tags/export")
@staff_may(Right.CODES_SEE)
def export_tags() -> Response:
    """What the batches of each tag have come to."""
    frame.checked_form()
    kind, speaker = exports.asked_kind(), frame.the_speaker()
    exports.note("tags", kind)
    with the_parts().store.unit() as unit:
        found = code_batches.list_tags(unit)
    columns = [
        Column(speaker.say("codes_tag"), width=28),
        Column(speaker.say("codes_batches"), _WHOLE, 10),
        *tally_columns(speaker),
    ]
    rows = [_tag_row(one, speaker) for one in found]
    return exports.download(columns, rows, name=speaker.say("codes_by_tag"), kind=kind)


# ------------------------------------------------------------ columns and rows
def tally_columns(speaker: Speaker) -> list[Column]:
    """What has come of codes."""
    counted = [Column(speaker.say(key), _WHOLE, 12) for key in _COUNTED]
    return [*counted, Column(speaker.say("codes_budget_used"), _MONEY, 14)]


def tally_cells(tally: Tally) -> tuple[Cell, ...]:
    """The same of some of them."""
    return (
        tally.made,
        tally.sent,
        tally.delivered,
        tally.used,
        tally.redeemed,
        tally.given_cents,
    )


def _tag_row(one: TagTally, speaker: Speaker) -> Row:
    return (one.tag or speaker.say("codes_no_tag"), one.batches, *tally_cells(one.tally))


def _columns(speaker: Speaker) -> list[Column]:
    told = speaker.say
    return [
        Column(told("codes_name"), width=32),
        Column(told("codes_prefix"), width=16),
        Column(told("codes_tag"), width=20),
        Column(told("codes_gives"), width=20),
        Column(told("codes_offers"), width=28),
        Column(told("codes_in_col_valid_from"), _MOMENT, 18),
        Column(told("codes_in_col_valid_until"), _MOMENT, 18),
        Column(told("codes_state"), width=18),
        *tally_columns(speaker),
        Column(told("codes_in_col_budget"), _MONEY, 14),
        Column(told("codes_in_col_min_amount"), _MONEY, 14),
        Column(told("codes_in_col_max_uses"), _WHOLE, 20),
        Column(told("codes_in_col_per_visitor"), _WHOLE, 14),
        Column(told("codes_column_made_at"), _MOMENT, 18),
        Column(told("codes_column_id"), width=24),
    ]


def _row(batch: Batch, known: Mapping[str, Offer], speaker: Speaker) -> Row:
    """One batch; its last moment, as the end itself is excluded."""
    end = batch.valid_until
    named = (known[slug].name.in_(speaker.lang) for slug in batch.offers or () if slug in known)
    return (
        batch.name,
        batch.prefix,
        batch.tag,
        say.gives(speaker, batch.effect),
        ", ".join(named) or speaker.say("list_all"),
        batch.valid_from,
        None if end is None else say.last_moment(end),
        say.state(speaker, batch)[0],
        *tally_cells(batch.tally),
        batch.budget_cents,
        batch.min_amount_cents,
        batch.max_uses,
        batch.per_visitor,
        batch.created_at,
        batch.id,
    )
