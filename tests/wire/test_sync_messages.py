"""What station and service send each other beside scans: rubbish is refused by its field."""

import json
from typing import Any

import pytest

from ticketing.wire.house import OpenDay
from ticketing.wire.journal import parse_body
from ticketing.wire.messages import BadMessage
from ticketing.wire.sync_api import KnowledgePage, KnownTicket, UploadAnswer

PAGE: dict[str, Any] = {
    "epoch": "e",
    "cursor": "c",
    "more": False,
    "server_time": "2026-10-04T12:00:00+00:00",
    "window": {"from": "2026-10-04T12:00:00+00:00", "until": "2026-10-11T12:00:00+00:00"},
    "keys": [],
    "offers": [],
    "settings": {
        "museum": "M",
        "zone": "Europe/Berlin",
        "gate": "sued",
        "gate_name": {"de": "Süd", "en": "South"},
        "calendar": [],
        "languages": ["de"],
    },
    "drop": [],
    "tickets": [],
}


def test_a_page_is_read_and_its_parts_are_refused_by_name() -> None:
    """Keys one may not trust, ids and rows that are none."""
    assert KnowledgePage.from_json(PAGE).epoch == "e"
    for wrong in (
        {"held": [[4]]},
        {"held": 4},
        {"keys": [{"id": 1}]},
        {"drop": ["AA"]},
        {"drop": [1]},
        {"tickets": [[1]]},
    ):
        with pytest.raises(BadMessage):
            KnowledgePage.from_json(PAGE | wrong)


def test_a_row_needs_an_id_and_an_issue() -> None:
    """Fifteen bytes and one."""
    with pytest.raises(BadMessage):
        KnownTicket.from_row(["AAAA", *([0] * 15)])


def test_a_day_of_the_calendar_is_a_date() -> None:
    """Anything else is refused."""
    with pytest.raises(BadMessage):
        OpenDay.from_json({"day": "Sonntag", "opens": None, "closes": None})


def test_an_upload_answer_needs_a_hash() -> None:
    """Thirty-two bytes, and a number from nothing up."""
    with pytest.raises(BadMessage):
        UploadAnswer.from_json({"items": [], "acked": 1, "head": "AAAA"})


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "annul", "scan_id": "zz", "reason": "x", "at": 1},
        {"kind": "annul", "scan_id": "00", "reason": "x", "at": 1},
        {"kind": "count", "delta": 10**9, "at": 1},
        {"kind": "link", "up": 1, "at": 1},
        {"kind": "boot", "version": "1", "at": -1},
        {"kind": "nothing", "at": 1},
    ],
)
def test_a_body_of_impossible_facts_is_refused(body: dict[str, object]) -> None:
    """By its field, whatever the kind."""
    with pytest.raises(BadMessage):
        parse_body(json.dumps(body))


def test_a_body_that_is_no_json_is_refused() -> None:
    """Without a word of what it was."""
    with pytest.raises(BadMessage):
        parse_body("{")
