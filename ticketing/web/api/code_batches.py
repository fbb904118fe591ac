"""/code-batches: codes made together, what has come of them, and all of them as CSV."""

import hashlib

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from ticketing.domain.accounts import Scope
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import Batch, Code, Effect, Tally
from ticketing.domain.spreadsheets import csv_chunks
from ticketing.service import batch_codes, code_batches, code_exports
from ticketing.service.code_batches import KEEP, BatchChange, NewBatch
from ticketing.service.code_exports import FOR_PROGRAMS, Format
from ticketing.service.pages import cut
from ticketing.web.access import needs
from ticketing.web.api import code_shapes as shapes
from ticketing.web.api.replay import replayable
from ticketing.web.api.shapes import ListQuery, ShortListQuery
from ticketing.web.parts import the_parts

bp = APIBlueprint("code_batches", __name__, url_prefix="/api/v1", tag="Discount codes")
_CSV = FileSchema(type="string", format="binary")


@bp.get("/code-batches")
@needs(Scope.CODES_READ)
@bp.input(shapes.CodeBatchQuery, location="query")
@bp.output(shapes.CodeBatches)
def list_batches(query_data: shapes.CodeBatchQuery) -> shapes.CodeBatches:
    """Batches of discount codes, newest first."""
    with the_parts().store.unit() as unit:
        found = code_batches.list_batches(
            unit, tag=query_data.tag, cursor=query_data.cursor, limit=query_data.limit
        )
    return shapes.CodeBatches(
        items=[batch_out(one) for one in found.items], next_cursor=found.next_cursor
    )


@bp.post("/code-batches")
@needs(Scope.CODES_WRITE)
@replayable
@bp.input(shapes.CodeBatchIn)
@bp.output(shapes.CodeBatchOut, status_code=201)
def create_batch(json_data: shapes.CodeBatchIn) -> shapes.CodeBatchOut:
    """Make codes: up to 5,000 at once, more while one waits (`building`)."""
    parts = the_parts()
    fields = {name: getattr(json_data, name) for name in shapes.CodeBatchIn.model_fields}
    wanted = NewBatch(**fields | {"effect": _effect(json_data.effect)})
    with parts.store.unit() as unit:
        made = code_batches.create_batch(unit, parts.house, wanted=wanted)
    return batch_out(made)


@bp.get("/code-batches/<batch>")
@needs(Scope.CODES_READ)
@bp.output(shapes.CodeBatchOut)
@bp.doc(responses=[404])
def get_batch(batch: str) -> shapes.CodeBatchOut:
    """One batch, how far it is made, and what has come of it."""
    with the_parts().store.unit() as unit:
        return batch_out(code_batches.get_batch(unit, batch=batch))


@bp.patch("/code-batches/<batch>")
@needs(Scope.CODES_WRITE)
@replayable
@bp.input(shapes.CodeBatchPatch)
@bp.output(shapes.CodeBatchOut)
@bp.doc(responses=[404, 409])
def change_batch(batch: str, json_data: shapes.CodeBatchPatch) -> shapes.CodeBatchOut:
    """Change a batch; no limit goes below what is used, a redeemed effect stays."""
    parts, told = the_parts(), json_data.model_fields_set
    names = set(shapes.CodeBatchPatch.model_fields) - {"name", "effect", "version"}
    change = BatchChange(
        **{name: getattr(json_data, name) if name in told else KEEP for name in names},
        name=json_data.name,
        effect=None if json_data.effect is None else _effect(json_data.effect),
        version=json_data.version,
    )
    with parts.store.unit() as unit:
        changed = code_batches.change_batch(unit, parts.house, batch=batch, change=change)
    return batch_out(changed)


@bp.delete("/code-batches/<batch>")
@needs(Scope.CODES_WRITE)
@replayable
@bp.output({}, status_code=204)
@bp.doc(responses=[404, 409])
def delete_batch(batch: str) -> str:
    """Take a batch away of which nobody has ever redeemed a code."""
    parts = the_parts()
    with parts.store.unit() as unit:
        code_batches.delete_batch(unit, parts.house, batch=batch)
    return ""


@bp.post("/code-batches/<batch>/stop")
@needs(Scope.CODES_WRITE)
@replayable
@bp.output(shapes.CodeBatchOut)
@bp.doc(responses=[404, 409])
def stop_batch(batch: str) -> shapes.CodeBatchOut:
    """Let none of its codes be redeemed until it is resumed."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return batch_out(code_batches.stop_batch(unit, parts.house, batch=batch))


@bp.post("/code-batches/<batch>/resume")
@needs(Scope.CODES_WRITE)
@replayable
@bp.output(shapes.CodeBatchOut)
@bp.doc(responses=[404, 409])
def resume_batch(batch: str) -> shapes.CodeBatchOut:
    """Let its codes be redeemed again."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return batch_out(code_batches.resume_batch(unit, parts.house, batch=batch))


@bp.post("/code-batches/<batch>/delete-unused")
@needs(Scope.CODES_WRITE)
@replayable
@bp.output(shapes.DeletedOut)
@bp.doc(responses=[404, 409])
def delete_unused(batch: str) -> shapes.DeletedOut:
    """Take away the codes of a batch that nobody has ever redeemed."""
    parts = the_parts()
    with parts.store.unit() as unit:
        gone = batch_codes.delete_unused(unit, parts.house, batch=batch)
    return shapes.DeletedOut(deleted=gone)


@bp.get("/code-batches/<batch>/codes")
@needs(Scope.CODES_READ)
@bp.input(ListQuery, location="query")
@bp.output(shapes.Codes)
@bp.doc(responses=[404])
def list_codes(batch: str, query_data: ListQuery) -> shapes.Codes:
    """The codes of a batch: sent, delivered, redeemed."""
    parts = the_parts()
    with parts.store.unit() as unit:
        of = code_batches.get_batch(unit, batch=batch)
        found = batch_codes.list_codes(
            unit, parts.house, batch=batch, cursor=query_data.cursor, limit=query_data.limit
        )
    items = [_code_out(of, one) for one in found.items]
    return shapes.Codes(items=items, next_cursor=found.next_cursor)


@bp.get("/code-batches/<batch>/export.csv")
@needs(Scope.CODES_READ)
@bp.output(_CSV, content_type="text/csv")
@bp.doc(responses=[404, 409])
def export_csv(batch: str) -> Response:
    """All codes of a batch as CSV, sent as it is read."""
    parts = the_parts()
    with parts.store.unit() as unit:
        of = code_exports.take_out(unit, parts.house, batch=batch, kind=Format.CSV)
    sheet = code_exports.sheet_of(parts.store, parts.house, batch=of, words=FOR_PROGRAMS)
    answer = Response(csv_chunks(sheet), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="codes-{of.id}.csv"'
    return answer


@bp.get("/code-tags")
@needs(Scope.CODES_READ)
@bp.input(ShortListQuery, location="query")
@bp.output(shapes.Tags)
def list_tags(query_data: ShortListQuery) -> shapes.Tags:
    """What the batches of each tag have come to."""
    with the_parts().store.unit() as unit:
        listed = code_batches.list_tags(unit)
    ordered = sorted(listed, key=lambda one: _tag_key(one.tag))
    found = cut(
        ordered,
        lambda one: _tag_key(one.tag),
        cursor=query_data.cursor,
        limit=query_data.limit,
    )
    return shapes.Tags(
        items=[
            shapes.TagOut(tag=one.tag, batches=one.batches, tally=_tally(one.tally))
            for one in found.items
        ],
        next_cursor=found.next_cursor,
    )


def _tag_key(tag: str | None) -> str:
    """The place of a tag in a fixed order; the tag itself stands in no address."""
    return hashlib.sha256((tag or "").encode()).hexdigest()[:12]


# ------------------------------------------------------------ shapes
def batch_out(batch: Batch) -> shapes.CodeBatchOut:
    """One batch."""
    zone = the_parts().house.museum.zone
    plain = {
        name: getattr(batch, name)
        for name in shapes.CodeBatchOut.model_fields
        if name not in {"effect", "tally", "offers"}
    }
    times = {
        name: None if plain[name] is None else plain[name].astimezone(zone)
        for name in ("valid_from", "valid_until", "created_at")
    }
    return shapes.CodeBatchOut(
        **plain | times,
        effect=effect_out(batch.effect),
        offers=None if batch.offers is None else list(batch.offers),
        tally=_tally(batch.tally),
    )


def effect_out(effect: Effect) -> shapes.EffectShape:
    """What a code does."""
    return shapes.EffectShape(kind=effect.kind, value=effect.value)


def _effect(shape: shapes.EffectShape) -> Effect:
    return Effect(shape.kind, shape.value)


def _tally(tally: Tally) -> shapes.TallyOut:
    names = shapes.TallyOut.model_fields
    return shapes.TallyOut(**{name: getattr(tally, name) for name in names})


def _code_out(batch: Batch, code: Code) -> shapes.CodeOut:
    return shapes.CodeOut(
        code=text_of(batch.prefix, code.bits),
        uses=code.uses,
        visitor=None if code.visitor is None else code.visitor.hex(),
        sent_at=code.sent_at,
        delivered_at=code.delivered_at,
        first_redeemed_at=code.first_at,
        last_redeemed_at=code.last_at,
    )
