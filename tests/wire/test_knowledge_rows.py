"""Rows of knowledge: over the line and back, and what is no row."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.wire.messages import BadMessage
from ticketing.wire.sync_api import KnownTicket
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

NOON = datetime(2026, 10, 4, 12, 0, tzinfo=UTC)
_count = st.integers(0, 255)
_minutes = st.integers(0, 40_000_000).map(lambda n: datetime.fromtimestamp(60 * n, UTC))
_times = st.integers(0, 2**41).map(lambda ms: NOON + timedelta(milliseconds=ms - 2**40))
_plain = st.builds(
    KnownTicket,
    id=st.binary(min_size=15, max_size=15).map(TicketId),
    issue=_count,
    state=st.sampled_from(TicketState),
    not_before=_minutes,
    not_after=_minutes,
    party=_count,
    last_move_no=_count,
    inside=_count,
    box=st.none() | st.binary(max_size=300),
)
_used = st.tuples(_plain, _times, st.sampled_from(["sued", "nord"]), st.booleans(), _count).map(
    lambda one: replace(
        one[0],
        last_in_at=one[1],
        last_in_gate=one[2],
        first_in_at=one[1],
        first_in_gate=one[2],
        has_left=one[3],
        people_today=one[4],
        uses_today=one[4],
        uses_total=one[4],
    )
)


def a_row(**places: Any) -> list[Any]:
    """A good row with something else at some places, named `p0` to `p15`."""
    row = KnownTicket(
        id=TicketId(bytes(15)),
        issue=0,
        state=TicketState.VALID,
        not_before=NOON,
        not_after=NOON,
        party=1,
        last_in_at=NOON,
        first_in_at=NOON,
    ).to_row()
    for place, value in places.items():
        row[int(place[1:])] = value
    return row


@given(_plain | _used)
def test_a_row_is_the_same_on_the_other_side(ticket: KnownTicket) -> None:
    """Through JSON, every field."""
    assert KnownTicket.from_row(json.loads(json.dumps(ticket.to_row()))) == ticket


def test_a_row_of_an_unused_ticket_is_short() -> None:
    """Most are: 5,000 of them are a page."""
    unused = KnownTicket(
        id=TicketId(bytes(15)),
        issue=0,
        state=TicketState.VALID,
        not_before=NOON,
        not_after=NOON,
        party=1,
        box=bytes(93),
    )
    assert len(unused.to_row()) == 13
    assert len(json.dumps(unused.to_row(), separators=(",", ":"))) < 220


def test_a_row_as_the_protocol_lists_it_is_enough() -> None:
    """Another implementation may leave out what stands behind the box."""
    ticket = KnownTicket.from_row(a_row()[:12])
    assert (ticket.uses_today, ticket.first_in_at, ticket.has_left) == (0, None, False)


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        [],
        a_row()[:11],
        a_row(p0=7),
        a_row(p0="AAAA"),
        a_row(p0="A" * 21 + "="),
        a_row(p1="lost"),
        a_row(p2="now"),
        a_row(p2=10**18),
        a_row(p2=True),
        a_row(p4=None),
        a_row(p7=1.5),
        a_row(p8=10**18),
        a_row(p9=7),
        a_row(p11="no base64!"),
        a_row(p12="one"),
        a_row(p13="then"),
        a_row(p14=["sued"]),
        a_row(p15="yes"),
    ],
)
def test_what_is_no_row_is_refused(row: object) -> None:
    """With the one error that the line expects."""
    with pytest.raises(BadMessage):
        KnownTicket.from_row(row)
