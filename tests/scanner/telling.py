"""What a service tells a station: pages of knowledge, made with few words."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from scanner.events import OwnMove
from scanner.judge import Judge, Scan
from scanner.knowledge import Knowledge
from scanner.memory import ListedMoves, StationMemory
from scanner.post import Post
from tests.scanner.station_kit import BERLIN, NOON, POST, RING
from ticketing.wire.facts import OfferRule
from ticketing.wire.house import HouseSettings, OpenDay
from ticketing.wire.sync_api import KnowledgePage, KnownTicket
from ticketing.wire.texts import Localised
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

EPOCH = "00000000000000e1"


def ticket_id(number: int) -> TicketId:
    """The id of `a_ticket(number)`."""
    return TicketId(number.to_bytes(15, "big"))


def a_row(number: int = 1, **changes: Any) -> KnownTicket:
    """The row of `a_ticket(number)`, unused."""
    plain = KnownTicket(
        id=ticket_id(number),
        issue=0,
        state=TicketState.VALID,
        not_before=NOON.replace(hour=0, minute=0),
        not_after=NOON.replace(hour=22, minute=0),
        party=1,
    )
    return replace(plain, **changes)


def an_offer(number: int = 7, rule: OfferRule | None = None, **changes: Any) -> dict[str, object]:
    """An Offer object of the contract, as far as stations read it."""
    rule = rule or OfferRule()
    return {
        "number": number,
        "name": {"de": "Tageskarte", "en": "Day ticket"},
        "reentry": rule.reentry,
        "per_day": rule.per_day,
        "gates": None if rule.gates is None else sorted(rule.gates),
        "pay_at_desk": rule.pay_at_desk,
        "calendar": False,
    } | changes


def a_page(tickets: Iterable[KnownTicket] = (), **changes: Any) -> KnowledgePage:
    """The last page of a load, told at noon, as it comes out of its JSON."""
    plain = KnowledgePage(
        epoch=EPOCH,
        cursor="c1",
        more=False,
        server_time=NOON,
        window_from=NOON - timedelta(days=1),
        window_until=NOON + timedelta(days=7),
        keys=RING,
        offers=(an_offer(),),
        settings=HouseSettings(
            museum="Stadtmuseum Erlenbach",
            zone="Europe/Berlin",
            gate="sued",
            gate_name=Localised("Eingang Süd", "South entrance"),
        ),
        tickets=tuple(tickets),
        acked=0,
    )
    text = json.dumps(replace(plain, **changes).to_json())
    return KnowledgePage.from_json(json.loads(text))


def closed_on(*days: date) -> HouseSettings:
    """Settings with these days off."""
    calendar = tuple(OpenDay(day, None, None) for day in days)
    return replace(a_page().settings, calendar=calendar)


def judge_of(
    folder: Path, page: KnowledgePage | None, own: Iterable[OwnMove] = (), *, post: Post = POST
) -> Judge:
    """The judge of a station that was told a page."""
    knowledge = Knowledge(folder / "knowledge.sqlite3")
    if page is not None:
        assert knowledge.apply(page)
    return Judge(post, StationMemory(knowledge, ListedMoves(own)))


__all__ = ["BERLIN", "NOON", "POST", "Scan", "a_page", "a_row", "an_offer", "judge_of"]


def local_noon(day: date) -> datetime:
    """Noon of a day in Berlin."""
    return datetime.combine(day, NOON.timetz().replace(hour=12, minute=0, tzinfo=BERLIN))
