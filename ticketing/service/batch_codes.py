"""The codes of a batch: listed, bound to a visitor, sent, taken away; in the service room."""

from collections.abc import Sequence
from typing import Literal

from ticketing.domain import code_texts
from ticketing.domain.codes import Code
from ticketing.domain.ids import VisitorId
from ticketing.service import audit, code_making
from ticketing.service.audit import Action, Thing
from ticketing.service.code_batches import get_batch, held
from ticketing.service.codes import look_up
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.pages import LIMIT, Page, sealed, unsealed
from ticketing.service.ports import House
from ticketing.store import code_batches as batch_rows
from ticketing.store import codes
from ticketing.store.unit import Unit

Way = Literal["sent", "delivered"]
"""How far a code has come on its way to a visitor."""


def bind_code(
    unit: Unit, house: House, *, code: str, visitor: VisitorId | None, batch: str | None = None
) -> None:
    """Let only one visitor use a code, or, by None, whoever has it.

    Raises:
        NotFound: `code`, also if it is of another batch than `batch`.
        Conflict: `code_redeemed` if somebody uses it.
    """
    found = look_up(unit, code)
    if found is None or batch not in {None, found.batch.id}:
        raise NotFound("code")
    before = found.code.visitor
    unit.begin()
    if not codes.bind(unit, found.code.bits, visitor):
        raise Conflict("code_redeemed")
    audit.note(
        unit,
        house,
        action=Action.CODE_CHANGED,
        object=Thing("batch", found.batch.id),
        before={"visitor": None if before is None else before.hex()},
        after={"visitor": None if visitor is None else visitor.hex()},
    )
    unit.commit()


def delete_unused(unit: Unit, house: House, *, batch: str) -> int:
    """Take away the codes of a batch that nobody has ever redeemed; how many went.

    Raises:
        NotFound: `batch`.
        Conflict: `batch_building`, `batch_failed`.
    """
    unit.begin()
    found = held(unit, batch)
    thing = Thing("batch", found.id)
    audit.note(unit, house, action=Action.CODE_DELETED, object=thing)
    unit.commit()
    return code_making.drop_codes(unit, found.number)


# ------------------------------------------------------------ looking at codes
def list_codes(
    unit: Unit, house: House, *, batch: str, cursor: str | None = None, limit: int = LIMIT
) -> Page[Code]:
    """Codes of a batch in a fixed order; their texts are made by `code_texts.text_of`.

    Raises:
        NotFound: `batch`.
        Invalid: A cursor that was not given out.
    """
    of = get_batch(unit, batch=batch)
    after = None if cursor is None else unsealed(house, cursor, of=of.id)
    found = codes.page(unit, of.number, after=after, limit=limit + 1)
    items = found[:limit]
    more = len(found) > limit
    return Page(items, sealed(house, items[-1].bits, of=of.id) if more else None)


def note_way(unit: Unit, house: House, *, texts: Sequence[str], what: Way) -> None:
    """Note how far codes have come, once each, within the caller's transaction.

    What has been delivered was sent, whether anybody has said so or not.
    """
    read = [found[1] for found in map(code_texts.read, texts) if found is not None]
    passed: tuple[Way, ...] = ("sent", "delivered") if what == "delivered" else ("sent",)
    for one in passed:
        counted = codes.mark(unit, f"{one}_at", read, at=house.clock.now())
        for number, n in sorted(counted.items()):
            batch_rows.count(unit, number, one, n)
