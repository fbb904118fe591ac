"""Erasing what is over its time, as visitors were promised; in the service room.

Each chunk is a transaction of its own, found before it takes the writer lock, so a run
may go on beside scans and chats, be stopped anywhere, and be started twice.

A visitor goes with the last conversation, unless a ticket still names him (its foreign
key would not let him go) or he agreed to a purpose. The consent ledger has no foreign
key to him, so its rows stay: the proof of what was said names nobody any more, only an
id that leads nowhere. Nothing here calls `consent.forget`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self

from ticketing.domain.retention import CHUNK, Cutoffs, cutoffs, next_size
from ticketing.service import settings
from ticketing.service.chat import VISIBLE
from ticketing.service.ports import House, Units
from ticketing.store import counters
from ticketing.store import retention as rows
from ticketing.store.retention import Keys, Old
from ticketing.store.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many rows were erased, by table.

    `expired` messages were never sent and are skipped before they are erased, `tickets`
    lost their person and stay as figures, `answers` are those for `Idempotency-Key`,
    `hooks` the deliveries of events, `mails` tickets that went out by e-mail.
    """

    expired: int = 0
    inbox: int = 0
    messages: int = 0
    outbox: int = 0
    tickets: int = 0
    conversations: int = 0
    identities: int = 0
    visitors: int = 0
    attempts: int = 0
    answers: int = 0
    pairings: int = 0
    hooks: int = 0
    mails: int = 0

    def __add__(self, other: Self) -> "Report":
        names = [field.name for field in fields(self)]
        return Report(**{name: getattr(self, name) + getattr(other, name) for name in names})


Erase = Callable[[Unit, Keys], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Old rows of one table and how they go; `rows_each` are written for one of them."""

    old: Old
    erase: Erase
    rows_each: int = 1


def run(store: Units, house: House) -> Report:
    """Erase all that is over its time now; once more changes nothing.

    How long things are kept is read anew: what a look that failed has left to hold may be
    shorter, and what is erased is gone.
    """
    now = house.clock.now()
    report = Report()
    with store.unit() as unit:
        kept = settings.kept(unit, house)
    for stage in _stages(cutoffs(now, kept), now):
        report += _swept(store, house, stage)
    with store.unit() as unit:
        rows.empty_log(unit)
    return report


def _swept(store: Units, house: House, stage: _Stage) -> Report:
    """One stage from its first key to its last, chunk by chunk."""
    most = CHUNK // stage.rows_each
    report, size = Report(), 1
    with store.unit() as unit:
        keys = rows.find(unit, stage.old, after=None, limit=size)
        while keys:
            unit.begin()
            began_at = house.clock.now()
            report += stage.erase(unit, rows.hold(unit, stage.old, keys))
            unit.commit()
            size = next_size(size, house.clock.now() - began_at, most)
            keys = rows.find(unit, stage.old, after=keys[-1], limit=size)
    return report


def _stages(before: Cutoffs, now: datetime) -> Iterator[_Stage]:
    """What refers to others goes before them."""

    def expire(unit: Unit, keys: Keys) -> Report:
        expired = rows.expire(unit, keys, at=now)
        counters.add(unit, VISIBLE, 1)  # what waited behind them may be shown
        return Report(expired=expired)

    def drop_messages(unit: Unit, keys: Keys) -> Report:
        outbox = rows.drop_outbox(unit, keys)
        return Report(outbox=outbox, messages=rows.drop(unit, messages, keys))

    def drop_people(unit: Unit, keys: Keys) -> Report:
        gone = rows.drop_people(unit, silent, keys)
        return Report(
            conversations=gone.conversations, identities=gone.identities, visitors=gone.visitors
        )

    def scrub(unit: Unit, keys: Keys) -> Report:
        return Report(tickets=rows.scrub_tickets(unit, keys))

    messages, silent = rows.messages(before.messages), rows.conversations(before.messages)
    yield _Stage(old=rows.unsent(before.messages), erase=expire)
    yield _plain("inbox", rows.deliveries(before.messages))
    yield _Stage(old=messages, erase=drop_messages, rows_each=2)
    yield _Stage(old=rows.tickets(before.tickets), erase=scrub)
    yield _Stage(old=silent, erase=drop_people, rows_each=3)
    yield _plain("attempts", rows.attempts(before.attempts))
    yield _plain("answers", rows.answers(before.answers))
    yield _plain("pairings", rows.pairings(before.pairings))
    yield _plain("hooks", rows.hook_deliveries(before.hooks))
    yield _plain("mails", rows.mails(before.mails, unsent=before.unsent))


def _plain(name: str, old: Old) -> _Stage:
    """Rows that are deleted and nothing else."""
    return _Stage(old=old, erase=lambda unit, keys: Report(**{name: rows.drop(unit, old, keys)}))
