"""Messages between station and service: there and back, and rubbish refused."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.make_vectors import make_ring
from ticketing.wire.admission import Evidence
from ticketing.wire.messages import JsonObject
from ticketing.wire.station_api import (
    BadMessage,
    CodeOffer,
    CodeView,
    FirstUse,
    OfferName,
    PairAnswer,
    PairRequest,
    Remaining,
    ScanAnswer,
    ScanRequest,
    TicketView,
)
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

_AT = datetime(2026, 10, 4, 14, tzinfo=timezone(timedelta(hours=2)))
_NAME = Localised("Tageskarte", "Day ticket")
_SCAN_ID = "0123456789abcdef" * 2

_REQUEST = ScanRequest(_SCAN_ID, "040H", Direction.ENTRY, _AT, people=3, gate="north")
_TICKET = TicketView(
    id="t1",
    issue=0,
    holder="Zoë Müßig",
    offer="day-free",
    offer_name=_NAME,
    party=4,
    entries=1,
    valid_from=_AT,
    valid_until=_AT,
    state="valid",
    short_code="00000001",
)
_CODE = CodeView("HERBST", "percent", 20, (CodeOffer("day", _NAME, 900, 720, "EUR"),))
_ANSWER = ScanAnswer(
    scan_id=_SCAN_ID,
    verdict=Verdict.ATTENTION,
    reason=Reason.CHECK_PROOF,
    basis=Basis.ONLINE,
    text="Nachweis zeigen lassen",
    inside=143,
    ticket=_TICKET,
    code=_CODE,
    first_use=FirstUse(_AT, "north", Localised("Eingang Nord", "North entrance")),
    remaining=Remaining(None, 4),
    checks=(Check.PROOF, Check.PAYMENT),
    until=_AT,
    evidence=Evidence(at=_AT, gate="north", until=_AT, detail="typo"),
)
_BARE = ScanAnswer(
    scan_id=_SCAN_ID,
    verdict=Verdict.REFUSE,
    reason=Reason.FOREIGN,
    basis=Basis.OFFLINE,
    text="Kein Code von uns",
    inside=0,
)
_PAIR = PairRequest("00000-00000", "Kasse 1", bytes(range(32)))
_PAIRED = PairAnswer(
    station="s1",
    token="es_secret",  # noqa: S106 - an invented one
    gate="north",
    gate_name=_NAME,
    museum="Stadtmuseum Erlenbach",
    zone="Europe/Berlin",
    epoch="e1",
    keys=make_ring(),
    digest_key=bytes(32),
    offers=(OfferName(1, _NAME),),
)

Message = ScanRequest | ScanAnswer | TicketView | PairRequest | PairAnswer | CodeView | FirstUse
_MESSAGES: list[Message] = [
    _REQUEST,
    replace(_REQUEST, people=None, gate=None),
    _ANSWER,
    _BARE,
    _TICKET,
    _CODE,
    _PAIR,
    _PAIRED,
]
_KINDS = (ScanRequest, ScanAnswer, TicketView, PairRequest, PairAnswer, CodeView, FirstUse)


@pytest.mark.parametrize("message", _MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_survives_json(message: Message) -> None:
    """As text on the wire and back it is the same."""
    assert type(message).from_json(json.loads(json.dumps(message.to_json()))) == message


def test_an_answer_has_every_field_of_the_contract() -> None:
    """Absent facts are null, not missing."""
    assert set(_BARE.to_json()) == {
        "scan_id",
        "verdict",
        "reason",
        "basis",
        "text",
        "ticket",
        "code",
        "first_use",
        "remaining",
        "checks",
        "until",
        "evidence",
        "people",
        "inside",
    }
    assert _BARE.to_json()["until"] is None


def test_times_carry_their_offset() -> None:
    """ISO 8601 with offset, as the contract says."""
    assert _REQUEST.to_json()["scanned_at"] == "2026-10-04T14:00:00+02:00"


def test_secrets_do_not_show() -> None:
    """Tokens, keys, codes and names are in no repr: a traceback may be logged."""
    assert "040H" not in repr(_REQUEST)
    assert "Zoë" not in repr(_ANSWER)
    assert "00000-00000" not in repr(_PAIR)
    assert "es_secret" not in repr(_PAIRED)
    assert "digest_key" not in repr(_PAIRED)


@pytest.mark.parametrize("message", _MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_without_a_field_is_refused_or_has_a_default(message: Message) -> None:
    """Leaving out any one field gives BadMessage or a message, never another error."""
    for name in message.to_json():
        data: JsonObject = {key: one for key, one in message.to_json().items() if key != name}
        _read_or_refuse(message, data)


@pytest.mark.parametrize("wrong", [[], {}, "x", 7, True, 1.5, [7], "2026-10-04T14:00:00", None])
@pytest.mark.parametrize("message", _MESSAGES, ids=lambda message: type(message).__name__)
def test_a_wrong_field_is_refused_by_name(message: Message, wrong: object) -> None:
    """Any value in any place gives BadMessage or a message, never another error."""
    for name in message.to_json():
        _read_or_refuse(message, message.to_json() | {name: wrong})


def _read_or_refuse(message: Message, data: JsonObject) -> None:
    try:
        type(message).from_json(data)
    except BadMessage as bad:
        assert str(bad)  # noqa: PT017 - either outcome is right, a third is not


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(_json)
def test_rubbish_is_refused(data: object) -> None:
    """No JSON at random is a message."""
    for kind in _KINDS:
        with pytest.raises(BadMessage):
            kind.from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        {"scan_id": "0" * 31},
        {"scan_id": "0" * 33},
        {"scan_id": "G" * 32},
        {"scan_id": "A" * 32},
        {"barcode": "0" * 4097},
        {"barcode": None},
        {"people": 0},
        {"people": 256},
        {"people": True},
        {"people": "3"},
        {"direction": "sideways"},
        {"direction": "ENTRY"},
        {"scanned_at": "yesterday"},
        {"scanned_at": "2026-10-04T14:00:00"},
        {"gate": 7},
    ],
)
def test_a_scan_request_is_read_strictly(change: JsonObject) -> None:
    """What a station never sends is refused at the border."""
    with pytest.raises(BadMessage) as caught:
        ScanRequest.from_json(_REQUEST.to_json() | change)
    assert next(iter(change)) in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"keys": None},
        {"keys": [{}]},
        {"digest_key": "*"},
        {"offers": [{"number": 1}]},
        {"gate_name": {"de": "Nord"}},
        {"gate_name": "Nord"},
    ],
)
def test_a_station_does_not_pair_with_rubbish(change: JsonObject) -> None:
    """Keys one may not trust are refused like every other broken field."""
    with pytest.raises(BadMessage):
        PairAnswer.from_json(_PAIRED.to_json() | change)


def test_no_message_repeats_what_was_sent() -> None:
    """The refusal names the field, not its content: it may be a name or a code."""
    with pytest.raises(BadMessage) as caught:
        ScanRequest.from_json(_REQUEST.to_json() | {"direction": "Zoë Müßig"})
    assert "Zoë" not in str(caught.value)
