"""How long things are kept: the figures, and the texts that promise them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import START
from ticketing.domain.retention import (
    ANSWERS_KEPT,
    ATTEMPTS_KEPT,
    CHUNK,
    PAIRINGS_KEPT,
    Kept,
    cutoffs,
    next_size,
)
from ticketing.service import idempotency
from ticketing.store import access

WORDING = Path(__file__).resolve().parents[2] / "templates" / "wording"
DAYS = {"de": "{n} Tage", "en": "{n} days"}


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize(
    ("file", "key"), [("chat", "notice.how_long"), ("pages", "privacy_how_long_text")]
)
def test_notice_and_privacy_page_promise_what_is_kept(file: str, key: str, lang: str) -> None:
    """First the messages' days, then the tickets', in both texts and languages; no other figure."""
    texts = json.loads((WORDING / f"{file}.{lang}.json").read_text(encoding="utf-8"))
    said = texts[key].replace("\N{NO-BREAK SPACE}", " ")
    messages = said.index(DAYS[lang].format(n="{messages}"))
    assert messages < said.index(DAYS[lang].format(n="{tickets}"))
    assert set(re.findall(r"[0-9]+", said)) <= {"400"}  # the cookie's days


def test_the_privacy_page_no_longer_denies_it() -> None:
    """Erasing by itself is what both languages say."""
    for lang, word in (("de", "von selbst"), ("en", "by themselves")):
        texts = json.loads((WORDING / f"pages.{lang}.json").read_text(encoding="utf-8"))
        assert word in texts["privacy_how_long_text"]


def test_what_is_dropped_in_passing_has_the_same_time() -> None:
    """Attempts, pairing codes and stored answers are also dropped by whoever adds one."""
    assert access.ATTEMPTS_KEPT == ATTEMPTS_KEPT == PAIRINGS_KEPT
    assert idempotency.KEPT_FOR == ANSWERS_KEPT


def test_each_kind_has_its_own_cutoff() -> None:
    """Counted back from now."""
    before = cutoffs(START, Kept(messages_days=60, tickets_days=14))
    assert START - before.messages == timedelta(days=60)
    assert START - before.tickets == timedelta(days=14)
    assert START - before.attempts == START - before.pairings == timedelta(days=1)
    assert START - before.answers == timedelta(hours=24)


@pytest.mark.parametrize(
    ("size", "took_ms", "expected"),
    [
        (1, 1, 4),
        (256, 4, CHUNK),
        (CHUNK, 0, CHUNK),
        (64, 5, 64),
        (64, 20, 64),
        (64, 21, 16),
        (1, 400, 1),
        (3, 60, 1),
        (4, -3_600_000, 16),
    ],
)
def test_a_chunk_follows_the_time_the_last_one_took(size: int, took_ms: int, expected: int) -> None:
    """Quick ones grow to the most there may be, slow ones shrink to a single row."""
    assert next_size(size, timedelta(milliseconds=took_ms), CHUNK) == expected
