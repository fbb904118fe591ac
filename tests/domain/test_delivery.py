"""States of a message on its way out: forward only, tried again with patience."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.consent import Purpose
from ticketing.domain.delivery import (
    PENDING,
    TRIES_MAX,
    VISIBLE,
    DeliveryState,
    Errand,
    again,
    may_follow,
)

NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)
S = DeliveryState


def test_the_moves_are_these_and_no_others() -> None:
    """The whole table."""
    allowed = {
        S.QUEUED: {S.LEASED, S.SKIPPED},
        S.LEASED: {S.QUEUED, S.LEASED, S.SENT, S.DELIVERED, S.READ, S.FAILED, S.UNKNOWN, S.SKIPPED},
        S.SENT: {S.DELIVERED, S.READ, S.FAILED},
        S.DELIVERED: {S.READ},
        S.READ: set(),
        S.FAILED: set(),
        S.UNKNOWN: {S.SENT, S.DELIVERED, S.READ, S.FAILED},
        S.SKIPPED: set(),
    }
    found = {old: {new for new in S if may_follow(old, new)} for old in S}
    assert found == allowed


@pytest.mark.parametrize("state", [S.READ, S.FAILED, S.SKIPPED])
def test_nothing_follows_an_end(state: DeliveryState) -> None:
    """Read, failed and skipped are final."""
    assert not any(may_follow(state, new) for new in S)


def test_nothing_that_left_comes_back() -> None:
    """No state behind the pending ones leads back to them."""
    for old in set(S) - PENDING:
        assert not any(may_follow(old, new) for new in PENDING)


def test_what_becomes_visible_was_never_passed_by() -> None:
    """A state that is over and unseen never turns visible: a page could miss it."""
    unseen = set(S) - PENDING - VISIBLE
    assert not any(may_follow(old, new) for old in unseen for new in VISIBLE)


@pytest.mark.parametrize(("tries", "wait_s"), [(1, 2), (2, 4), (7, 128)])
def test_each_try_waits_twice_as_long(tries: int, wait_s: int) -> None:
    """From two seconds on."""
    found = again(timedelta(0), tries, NOW)
    assert (found.state, found.due_at) == (S.QUEUED, NOW + timedelta(seconds=wait_s))


def test_a_platform_may_ask_for_more_patience_but_not_for_ever() -> None:
    """Its wish counts up to a day; a negative one is none."""
    assert again(timedelta(minutes=5), 1, NOW).due_at == NOW + timedelta(minutes=5)
    assert again(timedelta(days=900), 1, NOW).due_at == NOW + timedelta(days=1)
    assert again(timedelta(days=-1), 1, NOW).due_at == NOW + timedelta(seconds=2)


def test_after_eight_tries_it_is_given_up() -> None:
    """Failed, with a word why."""
    found = again(timedelta(0), TRIES_MAX, NOW)
    assert (found.state, found.reason, found.due_at) == (S.FAILED, "gave_up", None)


def test_answers_and_tickets_need_no_consent() -> None:
    """News and codes do, each its own."""
    assert {errand: errand.purpose for errand in Errand} == {
        Errand.ANSWER: None,
        Errand.TICKET: None,
        Errand.NEWS: Purpose.NEWS,
        Errand.CODES: Purpose.CODES,
    }
