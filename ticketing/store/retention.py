"""What is over its time: found without a lock, held, erased; in the store room.

Every statement that writes goes by the primary key. On PostgreSQL a row that somebody
else is writing is passed over instead of waited for: nothing here can be part of a
deadlock, and the next run finds the row again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import eq
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    delete,
    exists,
    false,
    or_,
    select,
    text,
    tuple_,
    update,
)

from ticketing.domain.consent import Action
from ticketing.domain.delivery import PENDING, DeliveryState
from ticketing.domain.ids import VisitorId
from ticketing.domain.retention import CHUNK
from ticketing.store import codes, redemptions, schema
from ticketing.store.unit import Unit

EXPIRED = "expired"
Key = tuple[Any, ...]
Keys = Sequence[Key]
_C, _I, _M = schema.conversations.c, schema.identities.c, schema.messages.c
_L, _O, _T, _V = schema.consents.c, schema.outbox.c, schema.tickets.c, schema.visitors.c


@dataclass(frozen=True, slots=True, eq=False)
class Old:
    """The rows of a table that are over their time."""

    table: Table
    is_old: ColumnElement[bool]

    @property
    def key(self) -> tuple[ColumnElement[Any], ...]:
        """The primary key's columns."""
        return tuple(self.table.primary_key.columns)


@dataclass(frozen=True, slots=True)
class People:
    """How many conversations, identities and visitors are gone."""

    conversations: int = 0
    identities: int = 0
    visitors: int = 0


# ------------------------------------------------------------ what is old
def unsent(before: datetime) -> Old:
    """Messages still on their way since before a time."""
    pending = _O.state.in_([state.value for state in PENDING])
    return Old(schema.outbox, pending & (_O.created_at < before))


def deliveries(before: datetime) -> Old:
    """What platforms delivered before a time."""
    return Old(schema.inbox, schema.inbox.c.received_at < before)


def messages(before: datetime) -> Old:
    """Messages said before a time."""
    return Old(schema.messages, _M.at < before)


def tickets(before: datetime) -> Old:
    """Tickets that ended before a time and still name a person, or do so again."""
    named = or_(
        _T.holder != "",
        *(column.is_not(None) for column in (_T.name_box, _T.reference, _T.state_reason)),
        _T.visitor.is_not(None),
    )
    return Old(schema.tickets, (_T.valid_until < before) & named)


def conversations(before: datetime) -> Old:
    """Conversations silent since before a time: no message, no ticket that is kept."""
    said = exists().where(_M.conversation == _C.id)
    kept = exists().where(_I.id == _C.identity, _T.visitor == _I.visitor)
    said, kept = (one.correlate(schema.conversations) for one in (said, kept))
    return Old(schema.conversations, (_C.updated_at < before) & ~said & ~kept)


def attempts(before: datetime) -> Old:
    """Failed attempts of before a time."""
    return Old(schema.attempts, schema.attempts.c.at < before)


def answers(before: datetime) -> Old:
    """Stored answers of before a time."""
    return Old(schema.idempotency, schema.idempotency.c.created_at < before)


def pairings(before: datetime) -> Old:
    """Pairing codes that expired before a time."""
    return Old(schema.pairings, schema.pairings.c.expires_at < before)


def hook_deliveries(before: datetime) -> Old:
    """What was queued for receivers of events before a time."""
    return Old(schema.webhook_deliveries, schema.webhook_deliveries.c.created_at < before)


def mails(before: datetime, *, unsent: datetime) -> Old:
    """Mails of before a time; those still on their way, and their address, of before another."""
    mail = schema.mails.c
    pending = mail.state.in_([state.value for state in PENDING])
    is_old = or_(mail.created_at < before, pending & (mail.created_at < unsent))
    return Old(schema.mails, is_old)


# ------------------------------------------------------------ finding and holding
def find(unit: Unit, old: Old, *, after: Key | None, limit: int) -> Keys:
    """The next keys of old rows, in key order; takes no lock."""
    query = select(*old.key).where(old.is_old).order_by(*old.key).limit(limit)
    if after is not None:
        types = [column.type for column in old.key]
        query = query.where(tuple_(*old.key) > tuple_(*after, types=types))
    return [tuple(row) for row in unit.run(query)]


def hold(unit: Unit, old: Old, keys: Keys) -> Keys:
    """Those of the keys that are still old, kept from others until the transaction ends."""
    query = select(*old.key).where(_among(old, keys), old.is_old).order_by(*old.key)
    held = query.with_for_update(skip_locked=True, of=old.table)
    return [tuple(row) for row in unit.run(held)]


# ------------------------------------------------------------ erasing what is held
def drop(unit: Unit, old: Old, keys: Keys) -> int:
    """Delete held rows."""
    return unit.run(delete(old.table).where(_among(old, keys))).rowcount


def expire(unit: Unit, keys: Keys, *, at: datetime) -> int:
    """Skip held outbox rows: nobody sends them any more, what is behind them may go."""
    values = {
        "state": DeliveryState.SKIPPED.value,
        "reason": EXPIRED,
        "lease_until": None,
        "settled_at": at,
    }
    return unit.run(update(schema.outbox).where(_O.id.in_(_ids(keys))).values(values)).rowcount


def drop_outbox(unit: Unit, keys: Keys) -> int:
    """Delete the outbox rows of held messages."""
    return unit.run(delete(schema.outbox).where(_O.message.in_(_ids(keys)))).rowcount


def scrub_tickets(unit: Unit, keys: Keys) -> int:
    """Take the person off held tickets; id, short code, times and state stay."""
    gone = {
        "holder": "",
        "holder_key": "",
        "name_box": None,
        "reference": None,
        "state_reason": None,
        "visitor": None,
    }
    return unit.run(update(schema.tickets).where(_T.id.in_(_ids(keys))).values(gone)).rowcount


def drop_people(unit: Unit, old: Old, keys: Keys) -> People:
    """Delete held conversations with their identities and visitors, but for those who agreed.

    The visitor is held too, since a ticket or another identity may be written for him.
    It is asked once more whether the conversation is old, in a statement that sees what
    was committed while it was being taken.
    """
    query = (
        select(_C.id, _I.id, _I.visitor)
        .join(schema.identities, _I.id == _C.identity)
        .join(schema.visitors, _V.id == _I.visitor)
        .where(_among(old, keys), old.is_old)
        .with_for_update(skip_locked=True, of=schema.visitors)
    )
    rows = [tuple(row) for row in unit.run(query)]
    agreed = _agreed(unit, [visitor for _, _, visitor in rows])
    gone = [row for row in rows if row[2] not in agreed]
    spoken, addresses, visitors = ([row[at] for row in gone] for at in range(3))
    is_alone = ~exists().where(_I.visitor == _V.id)
    conversations = unit.run(delete(schema.conversations).where(_C.id.in_(spoken))).rowcount
    identities = unit.run(delete(schema.identities).where(_I.id.in_(addresses))).rowcount
    some = delete(schema.visitors).where(_V.id.in_(visitors), is_alone).returning(_V.id)
    left = [VisitorId(one) for one in unit.run(some).scalars()]
    for visitor in left:
        _free(unit, visitor)
    return People(conversations=conversations, identities=identities, visitors=len(left))


def _free(unit: Unit, visitor: VisitorId) -> None:
    """Codes and redemptions are nobody's then.

    Other programs bind codes to ids of their own: later nobody could tell this one from those.
    """
    while codes.free(unit, visitor, limit=CHUNK) == CHUNK:
        pass
    while redemptions.forget(unit, visitor, limit=CHUNK) == CHUNK:
        pass


def empty_log(unit: Unit) -> None:
    """Fold SQLite's log into its file and cut it, lest what was erased stay readable there.

    Cutting keeps writers out for a moment; while anybody reads or writes it is left to
    the next run, since waiting for them would keep a gate waiting.
    """
    if not unit.is_sqlite:
        return
    patience_ms = int(unit.run(text("PRAGMA busy_timeout")).scalar_one())
    unit.run(text("PRAGMA wal_checkpoint(PASSIVE)")).all()
    unit.run(text("PRAGMA busy_timeout=0")).all()
    try:
        unit.run(text("PRAGMA wal_checkpoint(TRUNCATE)")).all()
    finally:
        unit.run(text(f"PRAGMA busy_timeout={patience_ms}")).all()


def _agreed(unit: Unit, visitors: Sequence[bytes]) -> frozenset[bytes]:
    """Those whose newest answer to any purpose is a yes."""
    query = select(_L.visitor, _L.fields).where(_L.visitor.in_(visitors)).order_by(_L.id)
    newest = {(row.visitor, row.fields["purpose"]): row.fields["action"] for row in unit.run(query)}
    return frozenset(
        visitor for (visitor, _), action in newest.items() if action == Action.GRANTED.value
    )


def _among(old: Old, keys: Keys) -> ColumnElement[bool]:
    """SQLite reads the whole table for a list of row values, so each column is named."""
    *leading, last = old.key
    groups = [
        and_(*map(eq, leading, lead), last.in_([key[-1] for key in group]))
        for lead, group in groupby(keys, key=lambda key: key[:-1])
    ]
    return or_(false(), *groups)


def _ids(keys: Keys) -> list[Any]:
    return [key[0] for key in keys]
