"""The offers table; in the store room."""

from dataclasses import asdict
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.offers import Live, Offer, Validity
from ticketing.store import schema
from ticketing.store.prepared import Prepared, Row
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised

T = schema.offers.c


def find(unit: Unit, slug: str) -> Offer | None:
    """The offer of that slug."""
    row = unit.run(select(schema.offers).where(T.slug == slug)).mappings().first()
    return None if row is None else to_offer(row)


def listed(unit: Unit, *, active_only: bool = False) -> tuple[Offer, ...]:
    """Offers in the order of their numbers."""
    offers = (to_offer(row) for row in unit.fetch(_LISTED, {}))
    return tuple(offer for offer in offers if offer.active or not active_only)


def next_number(unit: Unit) -> int:
    """A number above all; numbers stand in barcodes and are never given twice."""
    return int(unit.run(select(func.coalesce(func.max(T.number), 0))).scalar_one()) + 1


def add(unit: Unit, offer: Offer, *, at: datetime) -> bool:
    """Store a new offer; False if its slug or number is taken."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    row = _columns(offer) | {"created_at": at}
    statement = into(schema.offers).values(row).on_conflict_do_nothing().returning(T.number)
    return unit.run(statement).first() is not None


def change(unit: Unit, offer: Offer) -> None:
    """Store an offer's new facts under its number."""
    unit.run(update(schema.offers).where(T.number == offer.number).values(_columns(offer)))


def to_offer(row: Row) -> Offer:
    """The offer of a row that holds the table's columns."""
    gates = row[T.gates]
    return _offer(_values(row), None if gates is None else tuple(gates))


@lru_cache(maxsize=256)  # a house has few offers, and every scan asks for one
def _offer(values: tuple[Any, ...], gates: tuple[str, ...] | None) -> Offer:
    row = dict(zip(_VALUES, values, strict=True))
    plain: dict[str, Any] = {name: row[T[name]] for name in _PLAIN}
    return Offer(
        **plain,
        name=Localised(de=row[T.name_de], en=row[T.name_en]),
        validity=Validity(row[T.validity]),
        valid_from=_date(row[T.valid_from]),
        valid_until=_date(row[T.valid_until]),
        gates=gates,
        live=Live(row[T.live]),
    )


_VALUES = tuple(column for column in T if column.name not in {"gates", "created_at"})
_values = itemgetter(*_VALUES)


_PLAIN = (
    "slug",
    "number",
    "price_cents",
    "currency",
    "pay_at_desk",
    "entries",
    "per_day",
    "party_max",
    "reentry",
    "calendar",
    "proof",
    "identity",
    "offline",
    "active",
    "early_min",
    "late_min",
)


def _columns(offer: Offer) -> dict[str, Any]:
    """What the table takes; insert and update share it."""
    plain = {name: value for name, value in asdict(offer).items() if name in _PLAIN}
    return plain | {
        "name_de": offer.name.de,
        "name_en": offer.name.en,
        "validity": offer.validity.value,
        "valid_from": _iso(offer.valid_from),
        "valid_until": _iso(offer.valid_until),
        "gates": None if offer.gates is None else list(offer.gates),
        "live": offer.live.value,
    }


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_LISTED = Prepared(select(schema.offers).order_by(T.number))
