"""The web chat as a channel: events in, no request out."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.edge.channels.webchat import WebChat
from ticketing.service.channels import ChannelReply, Incoming, IncomingKind, Outgoing, Retry, Sent


def _parse(**fields: object) -> tuple[Incoming, ...]:
    return WebChat().parse(json.dumps({"address": "0aff", "id": "e1"} | fields).encode())


@pytest.mark.parametrize(
    ("fields", "kind", "text", "choice"),
    [
        ({"text": "hallo"}, IncomingKind.TEXT, "hallo", ""),
        ({"choice": "menu"}, IncomingKind.CHOICE, "", "menu"),
        ({"start": True}, IncomingKind.START, "", ""),
        ({"sticker": 7}, IncomingKind.TEXT, "", ""),
        ({"text": ["a"]}, IncomingKind.TEXT, "", ""),
        ({"start": "yes"}, IncomingKind.TEXT, "", ""),
    ],
)
def test_an_event_is_read(
    fields: dict[str, object], kind: IncomingKind, text: str, choice: str
) -> None:
    """What the bot cannot read is an empty text: stored and answered."""
    (event,) = _parse(**fields)
    assert (event.kind, event.text, event.choice) == (kind, text, choice)
    assert (event.address, event.external_id, event.lang) == (b"\x0a\xff", "e1", "de")


def test_the_page_s_language_is_read() -> None:
    """German if it says none."""
    assert _parse(text="hi", lang="en")[0].lang == "en"
    assert _parse(text="hi", lang=7)[0].lang == "de"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"7", b"{}", b'{"id":"x"}', b'{"address":"zz","id":"x"}', b"\xff\xfe"],
)
def test_a_delivery_without_sender_or_id_gives_no_event(raw: bytes) -> None:
    """There is nobody to answer."""
    assert WebChat().parse(raw) == ()


@pytest.mark.parametrize("fields", [{"id": ""}, {"id": 7}, {"address": ""}, {"address": None}])
def test_an_empty_sender_or_id_gives_no_event(fields: dict[str, object]) -> None:
    """Nor is a number an id."""
    assert _parse(**fields) == ()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    """Any bytes at all give events or none."""
    assert all(isinstance(event, Incoming) for event in WebChat().parse(raw))


def test_sending_needs_no_request() -> None:
    """The page reads the rows; the deliveries carry no signature."""
    channel = WebChat()
    message = Outgoing(outbox_id=1, kind="text", content='{"text":"x"}', address=b"a")
    assert channel.kind == "webchat"
    assert channel.render(message) == ()
    assert channel.verify({}, b"")


def test_an_answer_would_be_read_like_any_other() -> None:
    """Though none is ever asked for."""
    good = ChannelReply(status=204, headers={}, body=b"")
    bad = ChannelReply(status=0, headers={}, body=b"", failure="timeout")
    assert WebChat().classify(good) == Sent()
    assert WebChat().classify(bad) == Retry(timedelta(seconds=1))
