"""Stored answers of writes."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.fakes import FrozenClock
from ticketing.service import idempotency
from ticketing.service.errors import Conflict
from ticketing.service.idempotency import Attempt, Fresh, Replay, Running
from ticketing.service.ports import House
from ticketing.store import idempotency as rows
from ticketing.store.unit import Store

ATTEMPT = Attempt(caller="key_1", token="ek_secret", key="order-7", request=b"POST /tickets {}")  # noqa: S106  made up
ANSWER = b'{"holder":"J\xc3\xb6rdis"}'


def _begin(store: Store, house: House, attempt: Attempt = ATTEMPT) -> Fresh | Running | Replay:
    with store.unit() as unit:
        return idempotency.begin(unit, house, attempt=attempt)


def _finish(store: Store, house: House, attempt: Attempt = ATTEMPT) -> None:
    with store.unit() as unit:
        idempotency.finish(unit, house, attempt=attempt, answer=ANSWER)


def test_a_repeat_gets_the_stored_answer(store: Store, house: House) -> None:
    """First done, then replayed."""
    assert _begin(store, house) == Fresh()
    _finish(store, house)
    assert _begin(store, house) == Replay(ANSWER)


def test_a_request_that_is_running_is_not_done_twice(store: Store, house: House) -> None:
    """409 with `Retry-After` until it has an answer."""
    _begin(store, house)
    assert _begin(store, house) == Running(2)


def test_a_key_with_another_request_is_refused(store: Store, house: House) -> None:
    """Running or done: a key belongs to one request."""
    _begin(store, house)
    with pytest.raises(Conflict, match="idempotency_key_reused"):
        _begin(store, house, replace(ATTEMPT, request=b"POST /tickets {1}"))


def test_two_callers_may_use_the_same_key(store: Store, house: House) -> None:
    """Keys are scoped to the caller."""
    _begin(store, house)
    assert _begin(store, house, replace(ATTEMPT, caller="key_2")) == Fresh()


def test_a_released_key_is_free_again(store: Store, house: House) -> None:
    """409, 429 and 5xx are not frozen; a stored answer is not released."""
    _begin(store, house)
    with store.unit() as unit:
        idempotency.release(unit, house, attempt=ATTEMPT)
    assert _begin(store, house) == Fresh()
    _finish(store, house)
    with store.unit() as unit:
        idempotency.release(unit, house, attempt=ATTEMPT)
    assert _begin(store, house) == Replay(ANSWER)


def test_answers_are_forgotten_after_a_day_and_dead_requests_sooner(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """24 hours for an answer, two minutes for a process that died."""
    dead = replace(ATTEMPT, key="dead")
    _begin(store, house)
    _finish(store, house)
    _begin(store, house, dead)
    clock.tick(minutes=2, seconds=1)
    assert _begin(store, house, dead) == Fresh()
    assert isinstance(_begin(store, house), Replay)
    clock.tick(hours=24)
    assert _begin(store, house) == Fresh()


def test_the_database_alone_opens_no_answer(store: Store, house: House) -> None:
    """Neither answer nor key lies there in the open, and another token opens nothing."""
    _begin(store, house)
    _finish(store, house)
    with store.unit() as unit:
        kept = repr(unit.run(text("SELECT * FROM idempotency")).all())
    assert "rdis" not in kept
    assert "order-7" not in kept
    with pytest.raises(Conflict, match="idempotency_key_reused"):
        _begin(store, house, replace(ATTEMPT, token="ek_other"))  # noqa: S106  made up


def test_a_key_given_back_this_very_moment_is_running(
    store: Store, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken when we tried, gone when we looked: come back in two seconds."""
    monkeypatch.setattr(rows, "add", lambda _unit, _entry: False)
    assert _begin(store, house) == Running(2)
