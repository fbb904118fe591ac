"""What was promised to visitors is kept: what is over its time is gone, and nothing else."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import make_url

from tests.factories import HOLDER, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.service.chatting import Visitor, spoken
from tests.service.coding import Shop
from tests.service.conftest import Entrance
from tests.watching import rows_written
from ticketing.domain.consent import Purpose
from ticketing.domain.ids import ConversationId, IdentityId, VisitorId
from ticketing.domain.messages import Text
from ticketing.domain.offers import Validity
from ticketing.domain.visitors import Lang
from ticketing.service import batch_codes, consent, delivery, retention, tickets
from ticketing.service.channels import Sent
from ticketing.service.chat import VISIBLE
from ticketing.service.errors import NotFound
from ticketing.service.ports import House
from ticketing.service.retention import Report
from ticketing.store import conversations, counters, schema, visitors
from ticketing.store.unit import Store
from ticketing.wire.verdict import Reason

NAME = "Wilhelmine Önderoğlu"
WORDS = "Mein Hund heißt Zappelphilipp"


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor of a house with a free day ticket, and one for a year."""
    with_offer(store, house)
    with_offer(store, house, slug="year", number=8, validity=Validity.YEAR)
    return Visitor(store, spoken(house))


def _run(visitor: Visitor) -> Report:
    return retention.run(visitor.store, visitor.house)


def _count(store: Store, table: str) -> int:
    with store.unit() as unit:
        rows = schema.metadata.tables[table]
        return int(unit.run(select(func.count()).select_from(rows)).scalar_one())


def _counts(store: Store, *tables: str) -> list[int]:
    return [_count(store, table) for table in tables]


def _gets_a_ticket(visitor: Visitor, name: str = NAME) -> None:
    visitor.refuse_all()
    visitor.type(WORDS)
    for choice in ("offer:day", "day:2026-10-04"):
        visitor.tap(choice)
    visitor.type(name)
    visitor.deliver()


def _who(visitor: Visitor) -> VisitorId:
    i = schema.identities.c
    query = select(i.visitor).where(i.address == visitor.address)
    with visitor.store.unit() as unit:
        return VisitorId(unit.run(query).scalar_one())


def _conversation(visitor: Visitor) -> ConversationId:
    with visitor.store.unit() as unit:
        address = conversations.Address("webchat", "main", visitor.address)
        found = conversations.find(unit, address)
    assert found is not None
    return found.id


def _queue(visitor: Visitor, text: str = "Neu") -> object:
    with visitor.store.unit() as unit:
        return delivery.queue_news(
            unit,
            visitor.house,
            conversation=_conversation(visitor),
            purpose=Purpose.NEWS,
            content=Text(text),
        )


def _outbox(store: Store) -> list[tuple[str, str | None]]:
    o = schema.outbox.c
    with store.unit() as unit:
        return [tuple(row) for row in unit.run(select(o.state, o.reason).order_by(o.id))]


# ------------------------------------------------------------ chats and people
def test_after_ninety_one_days_a_visitor_is_gone(visitor: Visitor, clock: FrozenClock) -> None:
    """Messages, deliveries, conversation, identity, visitor; the ticket is a figure."""
    _gets_a_ticket(visitor)
    inbox, messages, outbox = _counts(visitor.store, "inbox", "messages", "outbox")
    clock.tick(days=91)
    expected = Report(
        inbox=inbox,
        messages=messages,
        outbox=outbox,
        tickets=1,
        conversations=1,
        identities=1,
        visitors=1,
    )
    assert _run(visitor) == expected
    emptied = ("inbox", "messages", "outbox", "conversations", "identities", "visitors")
    assert _counts(visitor.store, *emptied) == [0] * 6
    assert _counts(visitor.store, "tickets", "consents") == [1, 2]


def test_the_codes_of_who_is_gone_are_nobodys(visitor: Visitor, clock: FrozenClock) -> None:
    """As after erasing by hand: nobody could tell the id from those of other programs."""
    _gets_a_ticket(visitor)
    shop = Shop(visitor.store, visitor.house, clock)
    batch = shop.batch(count=3, per_visitor=5)
    with visitor.store.unit() as unit:
        own = VisitorId(unit.run(select(schema.visitors.c.id)).scalar_one())
    used, *bound = shop.texts(batch)
    for text in bound:
        with visitor.store.unit() as unit:
            batch_codes.bind_code(unit, visitor.house, code=text, visitor=own)
    shop.redeem(used, visitor=own)
    clock.tick(days=91)
    assert _run(visitor).visitors == 1
    with visitor.store.unit() as unit:
        tables = (schema.codes, schema.redemptions, schema.code_visitors)
        left = [unit.run(select(table.c.visitor)).scalars().all() for table in tables]
    assert left == [[None] * 3, [None], []]


def test_once_more_changes_nothing(visitor: Visitor, clock: FrozenClock) -> None:
    """A second run finds nothing over its time."""
    _gets_a_ticket(visitor)
    clock.tick(days=91)
    _run(visitor)
    assert _run(visitor) == Report()


def test_nothing_goes_before_its_time(visitor: Visitor, clock: FrozenClock) -> None:
    """On the ninetieth day the chat is still there, on the thirtieth after it the ticket."""
    _gets_a_ticket(visitor)
    clock.tick(days=30)
    assert _run(visitor) == Report()
    clock.tick(days=60)
    assert _run(visitor) == Report(tickets=1)


def test_a_run_without_work_takes_no_lock(visitor: Visitor) -> None:
    """Looking is reading."""
    visitor.start()
    with visitor.store.unit() as unit:
        unit.begin()
        assert _run(visitor) == Report()


def test_only_the_old_messages_of_a_living_chat_go(visitor: Visitor, clock: FrozenClock) -> None:
    """What was said since stays, and the page shows it."""
    visitor.refuse_all()
    clock.tick(days=91)
    visitor.type("hallo")
    visitor.deliver()
    kept = [message for message in visitor.page() if message.at == clock.now()]
    assert _run(visitor).conversations == 0
    assert list(visitor.page()) == kept


def test_whoever_agreed_is_kept_with_an_empty_chat(visitor: Visitor, clock: FrozenClock) -> None:
    """The messages go; identity, conversation and ledger stay, news still arrive."""
    visitor.start()
    visitor.tap("consent:news:yes")
    visitor.deliver()
    clock.tick(days=91)
    report = _run(visitor)
    assert (report.messages > 0, report.conversations, report.visitors) == (True, 0, 0)
    assert _queue(visitor) is not None
    assert visitor.texts() == ["Neu"]


def test_whoever_took_the_yes_back_goes_and_the_proof_stays(
    visitor: Visitor, clock: FrozenClock
) -> None:
    """The ledger keeps every row of it and still verifies."""
    visitor.start()
    visitor.tap("consent:news:yes")
    visitor.type("STOP")
    who = _who(visitor)
    clock.tick(days=91)
    assert _run(visitor).visitors == 1
    with visitor.store.unit() as unit:
        report = consent.verify_chain(unit)
        said = consent.current(unit, visitor=who)
    assert (report.holds, report.erased) == (True, 0)
    assert said[Purpose.NEWS].value == "withdrawn"


def test_a_ticket_that_is_kept_keeps_its_visitor(visitor: Visitor, clock: FrozenClock) -> None:
    """A year's ticket: its holder goes thirty days after the year."""
    visitor.start()
    with_ticket(visitor.store, visitor.house, offer="year", visitor=_who(visitor))
    clock.tick(days=100)
    report = _run(visitor)
    assert (report.messages > 0, report.tickets, report.visitors) == (True, 0, 0)
    clock.tick(days=365 + 31 - 100)
    assert _run(visitor) == Report(tickets=1, conversations=1, identities=1, visitors=1)


def test_a_visitor_with_two_identities_goes_with_the_second(
    visitor: Visitor, clock: FrozenClock
) -> None:
    """The silent conversation goes at once, the person with the last one."""
    visitor.start()
    second = IdentityId(b"i" * 16)
    identity = visitors.Identity(
        id=second, visitor=_who(visitor), channel="telegram", account="bot", address=b"42"
    )
    with visitor.store.unit() as unit:
        unit.begin()
        unit.run(insert(schema.identities).values(asdict(identity) | {"created_at": clock.now()}))
        first = conversations.find(unit, conversations.Address("webchat", "main", visitor.address))
        assert first is not None
        old = clock.now() - timedelta(days=91)
        again = replace(first, id=ConversationId(b"c" * 16), lang=Lang.DE, updated_at=old)
        conversations.add(unit, again, second)
        unit.commit()
    assert _run(visitor) == Report(conversations=1, identities=1)
    clock.tick(days=91)
    assert _run(visitor).visitors == 1


def test_somebody_forgotten_may_come_again(visitor: Visitor, clock: FrozenClock) -> None:
    """The same browser is a new visitor, greeted like any other."""
    visitor.start()
    before = _who(visitor)
    clock.tick(days=91)
    _run(visitor)
    assert visitor.page() == ()
    visitor.start()
    assert visitor.texts()[0].startswith("Hallo!")
    assert _who(visitor) != before


# ------------------------------------------------------------ on their way
def test_an_old_unsent_message_is_skipped_before_it_is_erased(
    visitor: Visitor, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that breaks off has skipped and told the pages; the next one finishes it."""
    visitor.start()
    with visitor.store.unit() as unit:
        [lease] = delivery.claim(unit, visitor.house)
        seen = counters.read(unit, VISIBLE)
    clock.tick(days=91)

    def broken(*_: object) -> int:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("ticketing.store.retention.drop_outbox", broken)
        with pytest.raises(OSError, match="disk"):
            _run(visitor)
    assert _outbox(visitor.store) == [("skipped", "expired")] * 3
    with visitor.store.unit() as unit:
        assert (counters.read(unit, VISIBLE) or 0) > (seen or 0)
        assert not delivery.settle(unit, visitor.house, lease=lease, outcome=Sent())
    assert _run(visitor).outbox == 3


def test_an_old_unsent_message_holds_nothing_back(visitor: Visitor, clock: FrozenClock) -> None:
    """What was queued since is sent, the old one never."""
    visitor.start()
    clock.tick(days=91)
    visitor.type("hallo")
    assert _run(visitor).expired == 3
    visitor.deliver()
    assert {message.at for message in visitor.page()} == {clock.now()}
    assert not any(text.startswith("Hallo!") for text in visitor.texts())


# ------------------------------------------------------------ tickets
def test_a_ticket_loses_its_person_and_stays_a_figure(
    entrance: Entrance, clock: FrozenClock
) -> None:
    """No name, box, reference or reason; id, times, state, moves and scans stay."""
    case = entrance.ticket(holder="Jörg Oelmüller", reference="Rechnung 17")
    entrance.scan(case.barcode)
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="Oma")
    clock.tick(days=32)
    assert retention.run(entrance.store, entrance.house) == Report(tickets=1, pairings=1)
    with entrance.store.unit() as unit:
        [listed] = tickets.latest_tickets(unit)
        assert unit.run(select(schema.tickets.c.holder_key)).scalars().all() == [""]
    revoked = replace(case.ticket, state=listed.ticket.state)
    assert listed.ticket == replace(revoked, holder="", name_box=None, reference=None)
    assert listed.ticket.state.value == "revoked"
    assert _counts(entrance.store, "moves", "scans") == [1, 1]


def test_a_ticket_without_a_person_has_no_page_and_no_card(
    entrance: Entrance, clock: FrozenClock
) -> None:
    """It is not found, and cannot be given a name or a barcode again."""
    ticket_id = entrance.ticket().ticket.id
    clock.tick(days=32)
    retention.run(entrance.store, entrance.house)
    for use_case in (tickets.get_ticket, tickets.reissue_ticket, tickets.block_ticket):
        with entrance.store.unit() as unit, pytest.raises(NotFound):
            use_case(unit, entrance.house, ticket_id=ticket_id)


def test_a_barcode_without_a_person_is_still_refused_for_what_it_is(
    entrance: Entrance, clock: FrozenClock
) -> None:
    """Expired, and nobody's name is on the screen."""
    case = entrance.ticket()
    clock.tick(days=32)
    retention.run(entrance.store, entrance.house)
    answer = entrance.scan(case.barcode)
    assert answer.reason is Reason.EXPIRED
    assert answer.ticket is not None
    assert answer.ticket.holder == ""


def test_a_name_that_comes_back_goes_again(entrance: Entrance, clock: FrozenClock) -> None:
    """E.g. the box of a reissue that was being signed during a run."""
    ticket_id = entrance.ticket().ticket.id
    clock.tick(days=32)
    retention.run(entrance.store, entrance.house)
    t = schema.tickets.c
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(update(schema.tickets).where(t.id == ticket_id).values(name_box=b"box"))
        unit.commit()
    assert retention.run(entrance.store, entrance.house) == Report(tickets=1)


# ------------------------------------------------------------ small things
def test_attempts_answers_and_pairings_go_after_a_day(
    entrance: Entrance, clock: FrozenClock
) -> None:
    """The old ones; those of today stay."""
    _leave_traces(entrance, "old")
    clock.tick(days=1, seconds=1)
    _leave_traces(entrance, "new", hours_old=1)
    clock.tick(minutes=16)
    assert retention.run(entrance.store, entrance.house) == Report(
        attempts=1, answers=1, pairings=2
    )
    assert _counts(entrance.store, "attempts", "idempotency", "pairings") == [1, 1, 1]


def _leave_traces(entrance: Entrance, name: str, hours_old: int = 0) -> None:
    """An attempt, a stored answer and a pairing code, past the writers that tidy up."""
    at = entrance.clock.now() - timedelta(hours=hours_old)
    pairing: dict[str, Any] = {
        "name": name,
        "gate": "sued",
        "expires_at": at + timedelta(minutes=15),
    }
    digest: dict[str, Any] = {"key_hash": name.encode(), "request_hash": b"r", "created_at": at}
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(insert(schema.attempts).values(kind="pair", who=b"w", at=at))
        unit.run(insert(schema.pairings).values(pairing | {"code_hash": name.encode()}))
        unit.run(insert(schema.idempotency).values(digest))
        unit.commit()


# ------------------------------------------------------------ beside others
def _with_messages(visitor: Visitor, count: int, at: datetime) -> None:
    """So many messages that were answers, each sent."""
    conversation = _conversation(visitor)
    message = {"conversation": conversation, "direction": "out", "kind": "text", "at": at}
    sent: dict[str, Any] = {"conversation": conversation, "channel": "webchat", "account": "main"}
    sent |= {"purpose": "answer", "state": "sent", "due_at": at, "created_at": at}
    numbers = range(10_000, 10_000 + count)
    with visitor.store.unit() as unit:
        unit.begin()
        said = [message | {"id": n, "content": {"text": WORDS}} for n in numbers]
        unit.run(insert(schema.messages), said)
        out = [sent | {"id": n, "message": n, "fence": 1, "tries": 1} for n in numbers]
        unit.run(insert(schema.outbox), out)
        unit.commit()


@dataclass
class _SlowClock:
    """Each look at it takes a while."""

    clock: FrozenClock
    looks: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        """A second later than before."""
        self.clock.tick(seconds=1)
        self.looks.append(self.clock.at)
        return self.clock.at


def test_no_transaction_writes_more_than_five_hundred_rows(
    visitor: Visitor, clock: FrozenClock
) -> None:
    """However much is over its time."""
    visitor.start()
    _with_messages(visitor, 1200, clock.now())
    clock.tick(days=91)
    with rows_written(visitor.store, {"DELETE", "UPDATE"}) as written:
        assert _run(visitor).messages == 1204
    assert max(written) == 500


def test_slow_transactions_become_small(visitor: Visitor, clock: FrozenClock) -> None:
    """On a disk that takes a second each, one message at a time."""
    visitor.start()
    _with_messages(visitor, 10, clock.now())
    clock.tick(days=91)
    house = replace(visitor.house, clock=_SlowClock(clock))
    with rows_written(visitor.store, {"DELETE", "UPDATE"}) as written:
        assert retention.run(visitor.store, house).messages == 14
    assert max(written) == 3  # conversation, identity, visitor


def test_two_runs_at_once_share_the_work(visitor: Visitor, clock: FrozenClock) -> None:
    """Nothing is counted twice, nobody fails, and a chat goes on meanwhile."""
    _gets_a_ticket(visitor)
    _with_messages(visitor, 1500, clock.now())
    inbox, messages, outbox = _counts(visitor.store, "inbox", "messages", "outbox")
    clock.tick(days=91)
    another = Visitor(visitor.store, visitor.house, address=b"another")
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(_run, visitor) for _ in range(2)]
        talk = [pool.submit(another.type, text) for text in ("hallo", "nein", "nein")]
        total = sum((run.result() for run in runs), _run(visitor))
        assert not any(said.result().duplicate for said in talk)
    assert (total.inbox, total.messages, total.outbox) == (inbox, messages, outbox)
    assert (total.tickets, total.conversations, total.visitors) == (1, 1, 1)
    assert _counts(visitor.store, "conversations", "visitors") == [1, 1]


def test_scans_are_judged_beside_a_run(entrance: Entrance, clock: FrozenClock) -> None:
    """Each is let in, none waits for the end of the run."""
    visitor = Visitor(entrance.store, spoken(entrance.house))
    visitor.start()
    _with_messages(visitor, 1500, clock.now())
    clock.tick(days=91)
    barcodes = [entrance.ticket().barcode for _ in range(20)]
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(_run, visitor)
        reasons = {entrance.scan(barcode).reason for barcode in barcodes}
        assert run.result().messages == 1504
    assert reasons == {Reason.OK}


@pytest.mark.only("postgres")
@pytest.mark.parametrize("held", ["conversation", "visitor"])
def test_a_person_somebody_is_writing_to_is_passed_over(
    visitor: Visitor, clock: FrozenClock, held: str
) -> None:
    """On PostgreSQL, where others may write at the same time; the next run is not late."""
    visitor.start()
    clock.tick(days=91)
    conversation, who = _conversation(visitor), _who(visitor)
    with visitor.store.unit() as unit:
        unit.begin()
        if held == "visitor":
            visitors.set_lang(unit, who, Lang.EN)
        else:
            conversations.hold(unit, conversation)
        report = _run(visitor)
        assert (report.messages, report.conversations, report.visitors) == (4, 0, 0)
        unit.commit()
    assert _run(visitor) == Report(conversations=1, identities=1, visitors=1)


# ------------------------------------------------------------ nothing left to read
def _file(store: Store) -> Path:
    return Path(make_url(str(store.engine.url)).database or "")


def _readable(store: Store) -> bytes:
    """The whole database as somebody with the disk reads it: the file and its log."""
    path = _file(store)
    return path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()


@pytest.mark.only("sqlite")
def test_nothing_of_a_visitor_is_left_in_the_files(visitor: Visitor, clock: FrozenClock) -> None:
    """Neither the name nor a word, in any page of the file or its log, among others' data."""
    for n in range(40):
        _gets_a_ticket(replace(visitor, address=b"person-%d" % n), f"{NAME} {n}")
    traces = [trace.encode() for trace in (NAME, "Önderoğlu", WORDS, "Zappelphilipp", "person-7")]
    before = _readable(visitor.store)
    assert [before.count(trace) > 0 for trace in traces] == [True] * len(traces)
    clock.tick(days=91)
    another = replace(visitor, address=b"another")
    _gets_a_ticket_later(another)
    _run(visitor)
    after = _readable(visitor.store)
    assert [after.count(trace) for trace in traces] == [0] * len(traces)
    assert HOLDER.encode() in after


def _gets_a_ticket_later(visitor: Visitor) -> None:
    visitor.refuse_all()
    with_ticket(visitor.store, visitor.house, visitor=_who(visitor))


@pytest.mark.only("sqlite")
def test_a_log_in_use_is_left_to_the_next_run(visitor: Visitor, clock: FrozenClock) -> None:
    """Nobody waits for a reader; once he is done the log is cut, and patience is as before."""
    visitor.start()
    clock.tick(days=91)
    log = _file(visitor.store).with_name(_file(visitor.store).name + "-wal")
    with closing(sqlite3.connect(_file(visitor.store))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        assert _run(visitor).messages == 4
        assert log.stat().st_size > 0
    _run(visitor)
    assert log.stat().st_size == 0
    with visitor.store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 10_000
