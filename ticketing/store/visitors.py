"""The visitors and identities tables; in the store room."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.ids import IdentityId, VisitorId
from ticketing.domain.visitors import Lang
from ticketing.store import schema
from ticketing.store.unit import Unit

V = schema.visitors.c
_I = schema.identities.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A visitor's address on one account of one channel."""

    id: IdentityId
    visitor: VisitorId
    channel: str
    account: str
    address: bytes = field(repr=False)


def add(unit: Unit, identity: Identity, *, lang: Lang, at: datetime) -> bool:
    """Store a new visitor with the first identity; False if the address is known by now.

    After False the caller rolls back: the visitor's row stands without an identity.
    """
    visitor = {"id": identity.visitor, "lang": lang.value, "created_at": at}
    unit.run(insert(schema.visitors).values(visitor))
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    row = {
        "id": identity.id,
        "visitor": identity.visitor,
        "channel": identity.channel,
        "account": identity.account,
        "address": identity.address,
        "created_at": at,
    }
    statement = into(schema.identities).values(row).on_conflict_do_nothing().returning(_I.id)
    return unit.run(statement).first() is not None


def exists(unit: Unit, visitor: VisitorId) -> bool:
    """Whether there is such a visitor."""
    query = select(V.id).where(V.id == visitor)
    return unit.run(query).first() is not None


def set_lang(unit: Unit, visitor: VisitorId, lang: Lang) -> None:
    """Remember which language a visitor wants."""
    unit.run(update(schema.visitors).where(V.id == visitor).values(lang=lang.value))
