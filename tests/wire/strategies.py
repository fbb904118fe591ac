"""Arbitrary tickets, knowledge and gates for property tests."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ticketing.wire.admission import Gate, Known, Move, MoveKind, Moves, OfferRule, Window
from ticketing.wire.keys import KeyId, KeyState
from ticketing.wire.live import Live
from ticketing.wire.token import (
    BadToken,
    Claims,
    Flag,
    Forged,
    Malformed,
    TicketId,
    Token,
    UnknownKey,
    Unsupported,
)
from ticketing.wire.verdict import Basis, Check, Direction, TicketState

_MINUTES = 4_000_000_000 // 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

times = st.datetimes(timezones=st.just(UTC))
minutes = st.integers(0, _MINUTES).map(lambda n: _EPOCH + timedelta(minutes=n))
zones = st.sampled_from(["Europe/Berlin", "UTC", "Pacific/Kiritimati", "America/Adak"]).map(
    ZoneInfo
)
gate_ids = st.sampled_from(["north", "south"])
byte = st.integers(0, 255)

claims = st.builds(
    Claims,
    key_id=st.integers(1, 5).map(KeyId),
    ticket_id=st.binary(min_size=15, max_size=15).map(TicketId),
    issue=byte,
    offer=st.integers(0, 2**24 - 1),
    not_before=minutes,
    not_after=minutes,
    entries=byte,
    party=st.integers(1, 255),
    flags=st.integers(0, 15).map(Flag),
)
_any_claims = st.none() | claims
bad_tokens: st.SearchStrategy[BadToken] = st.one_of(
    *(
        st.builds(kind, st.just("a fixed phrase"), _any_claims)
        for kind in (Malformed, Unsupported, UnknownKey, Forged)
    )
)
tokens = st.builds(
    Token,
    claims,
    st.binary(min_size=96, max_size=96),
    st.sampled_from(KeyState),
    st.none() | st.builds(Live, st.none() | times),
)
windows = st.builds(
    Window,
    times,
    times,
    st.integers(0, 600).map(lambda n: timedelta(minutes=n)),
    st.integers(0, 600).map(lambda n: timedelta(minutes=n)),
)
moves = st.builds(
    Move,
    no=st.integers(1, 50),
    scan_id=st.integers(0, 9).map(lambda n: bytes([n]) * 16),
    kind=st.sampled_from(MoveKind),
    people=st.integers(0, 9),
    at=times,
    gate=gate_ids,
)
_count = st.integers(0, 9)
folded = st.builds(
    Moves,
    last_no=_count,
    uses=_count,
    uses_today=_count,
    people_in_use=_count,
    use_open=st.booleans(),
    inside=_count,
    last_kind=st.none() | st.sampled_from([MoveKind.ENTRY, MoveKind.REENTRY, MoveKind.EXIT]),
    first_at=st.none() | times,
    first_gate=st.none() | gate_ids,
    last_at=st.none() | times,
    last_gate=st.none() | gate_ids,
)
offers = st.builds(
    OfferRule,
    reentry=st.booleans(),
    per_day=st.none() | st.integers(0, 3),
    gates=st.none() | st.frozensets(gate_ids),
    pay_at_desk=st.booleans(),
)
known = st.builds(
    Known,
    state=st.sampled_from(TicketState),
    issue=st.none() | byte,
    not_before=st.none() | times,
    not_after=st.none() | times,
    entries=st.none() | _count,
    party=st.none() | _count,
    offer=st.none() | offers,
    slot=st.none() | windows,
    moves=folded,
    registered=st.booleans(),
)
gates = st.builds(
    Gate,
    id=gate_ids,
    zone=zones,
    basis=st.sampled_from(Basis),
    direction=st.sampled_from(Direction),
    people=st.none() | st.integers(-2, 300),
    done=st.frozensets(st.sampled_from(Check)),
    closed=st.booleans(),
    room=st.none() | st.integers(-5, 300),
    unsent_elsewhere=st.booleans(),
    clock_ok=st.booleans(),
    read_at=st.none() | times,
)
