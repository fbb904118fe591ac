"""Events from rows: each thing that happened, oldest first, with an id of its own."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes import START
from ticketing.domain.events import (
    EventName,
    RedemptionNews,
    ScanNews,
    TicketNews,
    of_redemption,
    of_scan,
    of_ticket,
    wanted,
)
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.verdict import Verdict

LONG_AGO = START - timedelta(days=30)
SCAN = "5c" * 16


def a_move(number: int, kind: MoveKind, *, minutes: float = 0, people: int = 1) -> Move:
    """A move of the scan."""
    at = START + timedelta(minutes=minutes)
    return Move(number, bytes.fromhex(SCAN), kind, people, at, "sued")


def a_scan(*moves: Move, **changes: object) -> ScanNews:
    """A scan that was admitted."""
    plain = ScanNews(
        scan=SCAN, ticket="7c" * 15, gate="sued", station="st_1", direction="entry",
        basis="online", verdict=Verdict.ADMIT, reason="ok", people=1, moves=moves,
        at=START, known_at=START, is_settled=True, is_annulled=False,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


ENTRY = a_move(3, MoveKind.ENTRY, people=2)
ANNUL = a_move(4, MoveKind.ANNUL, minutes=1, people=2)


def names(news: ScanNews) -> list[str]:
    """What happened."""
    return [event.name.value for event in of_scan(news, since=LONG_AGO)]


def test_taken_back_and_let_in_again_are_three_events() -> None:
    """An auto-annulled scan that staff then confirmed: each has its own id."""
    again = a_move(6, MoveKind.ENTRY, minutes=2, people=1)
    events = of_scan(a_scan(ENTRY, ANNUL, again), since=LONG_AGO)
    assert [event.name.value for event in events] == [
        "scan.admitted", "scan.annulled", "scan.admitted",
    ]  # fmt: skip
    assert [event.data["people"] for event in events] == [2, 2, 1]
    assert [event.id for event in events] == [
        f"evt_scan_admitted_{SCAN}_3",
        f"evt_scan_annulled_{SCAN}_4",
        f"evt_scan_admitted_{SCAN}_6",
    ]


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        (a_scan(ENTRY), ["scan.admitted"]),
        (a_scan(), ["scan.admitted"]),  # an override without a use
        (a_scan(a_move(1, MoveKind.EXIT), verdict=Verdict.EXIT), ["scan.exited"]),
        (a_scan(verdict=Verdict.EXIT), ["scan.exited"]),  # of nobody known
        (a_scan(verdict=Verdict.REFUSE), ["scan.refused"]),
        (
            a_scan(ENTRY, ANNUL, verdict=Verdict.REFUSE, is_annulled=True),
            ["scan.admitted", "scan.annulled"],
        ),
        (
            a_scan(ENTRY, verdict=Verdict.REFUSE, is_annulled=True),
            ["scan.admitted", "scan.annulled"],
        ),
        (a_scan(verdict=Verdict.REFUSE, is_annulled=True), ["scan.annulled"]),  # a tombstone
        (a_scan(verdict=Verdict.ATTENTION, is_settled=False), []),
        (a_scan(verdict=Verdict.DISCOUNT), []),
        (a_scan(verdict=Verdict.ATTENTION), []),
    ],
)
def test_a_scan_tells_what_it_has_become(news: ScanNews, expected: list[str]) -> None:
    """A question tells nothing."""
    assert names(news) == expected


def test_what_was_erased_is_not_told_again() -> None:
    """An annul of today does not bring back an admit of more than a month ago."""
    news = a_scan(ENTRY, ANNUL, verdict=Verdict.REFUSE, is_annulled=True)
    events = of_scan(news, since=START + timedelta(seconds=1))
    assert [event.name.value for event in events] == ["scan.annulled"]


def test_the_same_row_gives_the_same_events() -> None:
    """Ids and bodies: the database can tell that they are the same."""
    one, other = (of_scan(a_scan(ENTRY), since=LONG_AGO) for _ in range(2))
    assert [(e.id, e.body) for e in one] == [(e.id, e.body) for e in other]


def test_only_what_is_asked_for_and_news_is_wanted() -> None:
    """By name and by when it was known."""
    ticket = TicketNews(
        ticket="7c" * 15, offer="day", issued_at=START, revoked_at=START + timedelta(hours=1)
    )
    events = of_ticket(ticket)
    later = START + timedelta(minutes=1)
    assert [e.name.value for e in wanted(events, frozenset(), since=START)] == [
        "ticket.issued", "ticket.revoked",
    ]  # fmt: skip
    assert [e.name.value for e in wanted(events, frozenset(), since=later)] == ["ticket.revoked"]
    assert wanted(events, frozenset({"ticket.issued"}), since=later) == ()


@pytest.mark.parametrize("released_at", [None, START + timedelta(minutes=1)])
def test_a_redemption_is_told_and_so_is_what_was_given_back(released_at: datetime | None) -> None:
    """The first always; the second once it has happened."""
    news = RedemptionNews(
        redemption="r1",
        batch="cb_1",
        offer="day",
        off_cents=180,
        source="api",
        gate=None,
        station=None,
        redeemed_at=START,
        released_at=released_at,
    )
    told = [event.name for event in of_redemption(news)]
    assert told == [EventName.CODE_REDEEMED, EventName.CODE_RELEASED][: 2 if released_at else 1]
