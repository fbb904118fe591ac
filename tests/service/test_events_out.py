"""Events out: what happened is told, in order, once, whatever dies in between."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event as engine_event
from sqlalchemy import insert, update

from tests.factories import with_offer
from tests.receivers import Receiver, signature_is_good
from tests.service.conftest import Entrance
from tests.service.hooked import Hooked
from ticketing.courier import Courier
from ticketing.domain.ids import ScanId
from ticketing.domain.webhooks import DEAD_AFTER, LEASE, WAITS, HookState
from ticketing.service import hooks_out, retention, tickets, webhooks
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.store import moves, scans, schema
from ticketing.store import webhooks as webhook_rows
from ticketing.store.positions import next_in
from ticketing.store.scans import ScanState
from ticketing.store.unit import Store
from ticketing.wire.admission import Decision
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.verdict import Check, Direction, Reason, TicketState, Verdict


class Killed(BaseException):
    """What a SIGKILL looks like from within: nothing catches it."""


@pytest.fixture
def hooked(entrance: Entrance) -> Hooked:
    """An entrance with a free day ticket and a receiver."""
    return Hooked(entrance)


def _annul(entrance: Entrance, scan_id: str, *, with_move: bool = True) -> None:
    """Take a scan back, as the gate does: an annul move and the scan's new state."""
    entrance.clock.tick(seconds=1)
    with entrance.store.unit() as unit:
        unit.begin()
        scan = scans.find(unit, ScanId(bytes.fromhex(scan_id)))
        assert scan is not None
        was, now = scan.state, entrance.clock.now()
        if with_move and scan.ticket is not None:
            last = moves.of_ticket(unit, scan.ticket)[-1].no
            back = Move(last + 1, scan.scan_id, MoveKind.ANNUL, scan.people, now, scan.gate)
            state = TicketState.VALID
            assert moves.add(unit, back, ticket_id=scan.ticket, issue=0, state=state)
        gone = Decision(Verdict.REFUSE, Reason.ANNULLED)
        annulled = replace(scan, state=ScanState.ANNULLED, decision=gone, settled_at=now)
        assert scans.settle(unit, annulled, was=was)
        unit.commit()


# ------------------------------------------------------------ what is told
def test_tickets_and_scans_are_told_in_order(hooked: Hooked) -> None:
    """Issued, admitted, refused, exited, revoked: ids and words, no name, no code."""
    hooked.register()
    case = hooked.entrance.ticket()
    admitted = hooked.entrance.scan(case.barcode)
    refused = hooked.entrance.scan(case.barcode)
    left = hooked.entrance.scan(case.barcode, direction=Direction.EXIT)
    hooked.run()
    with hooked.entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, hooked.entrance.house, ticket_id=case.ticket.id, reason="Oma")
    hooked.run()
    assert hooked.receiver.names == [
        "ticket.issued", "scan.admitted", "scan.refused", "scan.exited", "ticket.revoked",
    ]  # fmt: skip
    told = [body["data"] for body in hooked.receiver.told]
    assert [data["ticket"] for data in told] == [case.ticket.id.hex()] * 5
    assert [data.get("scan") for data in told[1:4]] == [
        admitted.scan_id, refused.scan_id, left.scan_id,
    ]  # fmt: skip
    assert told[1] == {
        "scan": admitted.scan_id,
        "ticket": case.ticket.id.hex(),
        "gate": "sued",
        "station": hooked.entrance.station.id,
        "direction": "entry",
        "basis": "online",
        "reason": "ok",
        "people": 1,
    }
    assert (told[2]["reason"], told[3]["direction"]) == ("already_used", "exit")
    sent = b"".join(request.body for request in hooked.receiver.got).decode()
    for secret in ("Jördis", "Kowalewski", "Oma", case.barcode, case.ticket.short_code):
        assert secret not in sent


def test_every_request_is_signed_for_its_receiver(hooked: Hooked) -> None:
    """An independent check accepts it with its own secret and with no other."""
    one, other = hooked.register(), hooked.register(url="https://other.example/")
    hooked.entrance.ticket()
    hooked.run()
    urls = {request.url: request for request in hooked.receiver.got}
    for new in (one, other):
        request = urls[new.webhook.url]
        assert signature_is_good(new.secret, request.headers, request.body)
    mine = urls[one.webhook.url]
    assert not signature_is_good(other.secret, mine.headers, mine.body)
    assert not signature_is_good(one.secret, mine.headers, mine.body + b" ")


def test_only_what_was_asked_for_is_told(hooked: Hooked) -> None:
    """A receiver of refusals gets no ticket."""
    hooked.register("scan.refused")
    case = hooked.entrance.ticket()
    for _ in range(2):
        hooked.entrance.scan(case.barcode)
    hooked.run()
    assert hooked.receiver.names == ["scan.refused"]


def test_a_new_receiver_starts_from_now(hooked: Hooked) -> None:
    """No history, not even when an old row is written again."""
    case = hooked.entrance.ticket()
    hooked.entrance.scan(case.barcode)
    hooked.entrance.clock.tick(seconds=1)
    hooked.register()
    with hooked.entrance.store.unit() as unit:
        tickets.block_ticket(unit, hooked.entrance.house, ticket_id=case.ticket.id)
    hooked.entrance.clock.tick(seconds=1)
    fresh = hooked.entrance.ticket()
    hooked.run()
    assert [(b["type"], b["data"]["ticket"]) for b in hooked.receiver.told] == [
        ("ticket.issued", fresh.ticket.id.hex())
    ]


def test_a_row_written_again_is_not_told_again(hooked: Hooked) -> None:
    """Blocking, unblocking and reissuing a ticket is no second issue."""
    hooked.register()
    case = hooked.entrance.ticket()
    hooked.run()
    for change in (tickets.block_ticket, tickets.unblock_ticket, tickets.reissue_ticket):
        with hooked.entrance.store.unit() as unit:
            change(unit, hooked.entrance.house, ticket_id=case.ticket.id)
        hooked.run()
    assert hooked.receiver.names == ["ticket.issued"]


@pytest.mark.parametrize("settle", ["confirm", "decline", "lapse"])
def test_attention_is_told_when_it_is_settled(bare_entrance: Entrance, settle: str) -> None:
    """A question is no event; confirmed is admitted, declined refused, lapsed nothing."""
    with_offer(bare_entrance.store, bare_entrance.house, proof=True)
    hooked = Hooked(bare_entrance)
    hooked.register("scan.admitted", "scan.refused")
    asked = bare_entrance.scan(bare_entrance.ticket().barcode)
    hooked.run()
    assert hooked.receiver.names == []
    if settle == "confirm":
        bare_entrance.confirm(asked.scan_id, Check.PROOF)
    elif settle == "decline":
        bare_entrance.decline(asked.scan_id)
    bare_entrance.clock.tick(minutes=6)
    hooked.run()
    expected = {"confirm": ["scan.admitted"], "decline": ["scan.refused"], "lapse": []}
    assert hooked.receiver.names == expected[settle]


@pytest.mark.parametrize("told_before", [True, False])
def test_what_was_annulled_was_admitted_first(hooked: Hooked, *, told_before: bool) -> None:
    """Whoever counts gets one more and one less, also when the admit was not sent in time."""
    hooked.register("scan.admitted", "scan.annulled")
    scan = hooked.entrance.scan(hooked.entrance.ticket().barcode)
    if told_before:
        hooked.run()
    _annul(hooked.entrance, scan.scan_id)
    hooked.run()
    assert hooked.receiver.names == ["scan.admitted", "scan.annulled"]
    assert {body["data"]["scan"] for body in hooked.receiver.told} == {scan.scan_id}
    assert [body["data"]["reason"] for body in hooked.receiver.told] == ["ok", "annulled"]


def test_an_annul_that_only_marks_its_scan_is_told(hooked: Hooked) -> None:
    """After later moves there is no annul move, and still the receiver learns of it."""
    hooked.register("scan.admitted", "scan.annulled")
    scan = hooked.entrance.scan(hooked.entrance.ticket().barcode)
    _annul(hooked.entrance, scan.scan_id, with_move=False)
    hooked.run()
    assert hooked.receiver.names == ["scan.admitted", "scan.annulled"]


def test_a_conflict_is_told_once(hooked: Hooked) -> None:
    """With both scans; closing it later is no event."""
    hooked.register("conflict.found")
    with hooked.entrance.store.unit() as unit:
        unit.begin()
        pos = next_in(schema.conflicts, is_sqlite=unit.is_sqlite)
        row: dict[str, Any] = {
            "id": "cf_1", "kind": "double_use", "ticket": b"t" * 15, "counted": b"a" * 16,
            "extra": b"b" * 16, "people_extra": 2, "found_at": hooked.entrance.clock.now(),
            "state": "open",
        }  # fmt: skip
        unit.run(insert(schema.conflicts).values(row | {"pos": pos}))
        unit.commit()
    hooked.run()
    with hooked.entrance.store.unit() as unit:
        unit.begin()
        pos = next_in(schema.conflicts, is_sqlite=unit.is_sqlite)
        unit.run(update(schema.conflicts).values(state="explained", pos=pos))
        unit.commit()
    hooked.run()
    [told] = hooked.receiver.told
    assert told["data"] == {
        "conflict": "cf_1", "kind": "double_use", "ticket": (b"t" * 15).hex(),
        "counted": (b"a" * 16).hex(), "extra": (b"b" * 16).hex(), "people": 2,
    }  # fmt: skip


def test_many_events_are_queued_in_chunks_and_in_order(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each chunk is a transaction of its own."""
    monkeypatch.setattr(hooks_out, "CHUNK", 3)
    webhook = hooked.register("ticket.issued").webhook
    issued = [hooked.entrance.ticket().ticket.id.hex() for _ in range(8)]
    courier = hooked.courier
    assert [courier.feed() for _ in range(4)] == [3, 3, 2, 0]
    assert [event.rsplit("_", 1)[1] for event in hooked.queued(webhook.id)] == issued
    courier.run_once()
    assert [body["data"]["ticket"] for body in hooked.receiver.told] == issued


def test_nothing_new_takes_no_lock(hooked: Hooked) -> None:
    """Looking is reading."""
    hooked.register()
    with hooked.entrance.store.unit() as unit:
        unit.begin()
        assert hooked.courier.run_once() == 0


# ------------------------------------------------------------ nothing is lost
@pytest.mark.only("postgres")
def test_a_late_commit_is_not_passed_over(hooked: Hooked) -> None:
    """A ticket whose transaction began first and ended last is told all the same."""
    webhook = hooked.register("ticket.issued").webhook
    late = hooked.entrance.ticket().ticket
    hooked.run()
    with hooked.entrance.store.unit() as slow:
        slow.begin()
        pos = next_in(schema.tickets, is_sqlite=False)
        slow.run(
            update(schema.tickets)
            .where(schema.tickets.c.id == late.id)
            .values(state=TicketState.REVOKED, state_at=hooked.entrance.clock.now(), pos=pos)
        )
        hooked.entrance.ticket()
        hooked.courier.run_once()
        assert len(hooked.queued(webhook.id)) == 1, "what lies above an open one must wait"
        slow.commit()
    with hooked.entrance.store.unit() as unit:
        webhook_rows.change(unit, webhook.id, events=[])
    hooked.run()
    assert sorted(hooked.receiver.names) == ["ticket.issued", "ticket.issued", "ticket.revoked"]


def _statements(store: Store, fail_at: int) -> Callable[[], None]:
    """Let the n-th statement from now on be the last thing a worker does."""
    seen = 0

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal seen
        seen += statement != "ROLLBACK"
        if seen == fail_at:
            raise Killed

    engine_event.listen(store.engine, "before_cursor_execute", count)
    return lambda: engine_event.remove(store.engine, "before_cursor_execute", count)


def test_a_worker_may_die_before_any_statement(hooked: Hooked) -> None:
    """Killed at each one in turn: each event has come, in order, at most once more."""
    hooked.register()
    store, expected = hooked.entrance.store, []
    for fail_at in range(1, 40):
        expected.append(hooked.entrance.ticket().ticket.id.hex())
        remove = _statements(store, fail_at)
        with suppress(Killed):
            hooked.courier.run_once()
        remove()
        hooked.entrance.clock.tick(seconds=LEASE.total_seconds() + 1)
        hooked.run()
    told = [body["data"]["ticket"] for body in hooked.receiver.told]
    assert list(dict.fromkeys(told)) == expected
    assert all(told.count(ticket) <= 2 for ticket in expected)
    assert len(set(hooked.receiver.ids)) == len(expected)


def test_a_kill_between_sending_and_settling_repeats_once(hooked: Hooked) -> None:
    """With the same id, so that the receiver can tell; those behind it wait for it."""

    def die(_request: object) -> None:
        hooked.receiver.before = None
        raise Killed

    webhook = hooked.register("ticket.issued").webhook
    for _ in range(3):
        hooked.entrance.ticket()
    hooked.receiver.before = die
    with pytest.raises(Killed):
        hooked.run()
    assert hooked.run() == 0, "the lease of the dead one still runs"
    hooked.entrance.clock.tick(seconds=LEASE.total_seconds() + 1)
    assert hooked.run() == 3
    first, *rest = hooked.receiver.ids
    assert rest == hooked.queued(webhook.id)
    assert rest[0] == first


def test_a_late_result_of_a_lost_lease_is_dropped(hooked: Hooked) -> None:
    """Another worker has sent it meanwhile; the fence tells them apart."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    courier = hooked.courier
    courier.feed()
    house = hooked.entrance.house
    with hooked.entrance.store.unit() as unit:
        old = hooks_out.claim(unit, house, webhook=webhook.id)
    assert old is not None
    hooked.entrance.clock.tick(seconds=LEASE.total_seconds() + 1)
    courier.run_once()
    reply = Receiver(["refused"])(hooks_out.request(house, old))
    with hooked.entrance.store.unit() as unit:
        assert not hooks_out.settle(unit, house, lease=old, reply=reply)
    [delivery] = hooked.deliveries(webhook.id)
    assert (delivery.state, delivery.status) == (HookState.DONE, 204)


def test_two_couriers_at_once_send_each_event_once_and_in_order(hooked: Hooked) -> None:
    """Leases and cursors decide, not luck."""
    hooked.register("ticket.issued")
    expected = [hooked.entrance.ticket().ticket.id.hex() for _ in range(30)]
    couriers = [hooked.courier for _ in range(4)]

    def work(courier: Courier) -> None:
        for _ in range(20):
            courier.run_once()

    threads = [threading.Thread(target=work, args=(courier,)) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [body["data"]["ticket"] for body in hooked.receiver.told] == expected


# ------------------------------------------------------------ receivers that do not take it
def test_a_failing_receiver_is_tried_ten_times_over_days(hooked: Hooked) -> None:
    """With the pauses of Standard Webhooks and a little more; then the log says why."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    hooked.receiver.answers = ["refused", "timeout", 500, 503, 302, 404, "tls", 500, 500, 500]
    pauses = []
    for _ in range(10):
        assert hooked.run() == 1
        [delivery] = hooked.deliveries(webhook.id)
        pauses.append(delivery.due_at - hooked.entrance.clock.now())
        hooked.entrance.clock.at = max(delivery.due_at, hooked.entrance.clock.now())
    for pause, least in zip(pauses, WAITS, strict=False):
        assert least <= pause <= least * 1.2
    [delivery] = hooked.deliveries(webhook.id)
    assert (delivery.state, delivery.tries, delivery.status) == (HookState.FAILED, 10, 500)
    assert hooked.run() == 0
    assert len(set(hooked.receiver.ids)) == 1
    stamps = [int(request.headers["webhook-timestamp"]) for request in hooked.receiver.got]
    assert stamps == sorted(set(stamps)), "each try is stamped with its own time"


@pytest.mark.parametrize(
    ("answer", "status", "problem"),
    [(500, 500, None), (302, 302, "redirect"), ("timeout", None, "timeout")],
)
def test_the_log_keeps_status_and_a_fixed_word(
    hooked: Hooked, answer: int | str, status: int | None, problem: str | None
) -> None:
    """Nothing of what the receiver said."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    hooked.receiver.answers = [answer]
    hooked.run()
    [delivery] = hooked.deliveries(webhook.id)
    assert (delivery.status, delivery.problem) == (status, problem)
    assert (delivery.state, delivery.tries) == (HookState.QUEUED, 1)


def test_what_one_receiver_refuses_holds_nothing_else_up(hooked: Hooked) -> None:
    """The next event goes at once, the refused one comes again later."""
    hooked.register("ticket.issued")
    first, second = (hooked.entrance.ticket().ticket.id.hex() for _ in range(2))
    hooked.receiver.answers = [500]
    hooked.run()
    hooked.entrance.clock.tick(seconds=7)
    hooked.run()
    told = [body["data"]["ticket"] for body in hooked.receiver.told]
    assert told == [first, second, first]


def test_gone_is_believed_at_once(hooked: Hooked) -> None:
    """410 switches off; nothing more is sent until somebody switches it on again."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    hooked.receiver.answers = [410]
    hooked.run()
    assert hooked.stored(webhook.id).disabled_why == "gone"
    missed = hooked.entrance.ticket().ticket.id.hex()
    assert hooked.run() == 0
    with hooked.entrance.store.unit() as unit:
        assert webhooks.enable(unit, hooked.entrance.house, webhook=webhook.id).disabled_at is None
    hooked.run()
    assert hooked.receiver.told[-1]["data"]["ticket"] == missed


def test_a_receiver_dead_for_five_days_is_switched_off(hooked: Hooked) -> None:
    """The reason is kept; a single success before would have started the count anew."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.receiver.answers = [500, 204, 500, 500, 500]

    def one_ticket(days: float) -> object:
        hooked.entrance.clock.tick(days=days)
        hooked.entrance.ticket()
        hooked.run()
        return hooked.stored(webhook.id).disabled_why

    assert one_ticket(0) is None
    assert hooked.stored(webhook.id).failing_since is not None
    assert one_ticket(0) is None
    assert hooked.stored(webhook.id).failing_since is None
    assert one_ticket(4) is None
    assert one_ticket(DEAD_AFTER.days) == "dead"


# ------------------------------------------------------------ staff of the other program
def test_the_old_secret_signs_beside_the_new_one_for_a_day(hooked: Hooked) -> None:
    """Then no longer."""
    new = hooked.register("ticket.issued")
    house = hooked.entrance.house
    with hooked.entrance.store.unit() as unit:
        fresh = webhooks.rotate_secret(unit, house, webhook=new.webhook.id)
    for days, old_is_good in ((0, True), (1, False)):
        hooked.entrance.clock.tick(days=days)
        hooked.entrance.ticket()
        hooked.run()
        request = hooked.receiver.got[-1]
        assert signature_is_good(fresh.secret, request.headers, request.body)
        assert signature_is_good(new.secret, request.headers, request.body) is old_is_good


def test_a_test_event_comes_whatever_was_asked_for(hooked: Hooked) -> None:
    """It is signed like the others."""
    new = hooked.register("conflict.found")
    with hooked.entrance.store.unit() as unit:
        webhooks.send_test(unit, hooked.entrance.house, webhook=new.webhook.id)
    hooked.run()
    assert hooked.receiver.names == ["webhook.test"]
    [request] = hooked.receiver.got
    assert signature_is_good(new.secret, request.headers, request.body)


def test_a_delivery_is_sent_again_on_request(hooked: Hooked) -> None:
    """With the same id and the same body; not while it is being sent."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    hooked.run()
    [done] = hooked.deliveries(webhook.id)
    house = hooked.entrance.house

    def replay(delivery: int) -> None:
        with hooked.entrance.store.unit() as unit:
            webhooks.replay(unit, house, webhook=webhook.id, delivery=str(delivery))

    replay(done.id)
    with hooked.entrance.store.unit() as unit:
        assert hooks_out.claim(unit, house, webhook=webhook.id) is not None
    with pytest.raises(Conflict, match="on_its_way"):
        replay(done.id)
    with pytest.raises(NotFound):
        replay(done.id + 1)
    hooked.entrance.clock.tick(seconds=LEASE.total_seconds() + 1)
    hooked.run()
    assert len(set(hooked.receiver.ids)) == 1
    assert len({request.body for request in hooked.receiver.got}) == 1
    assert len(hooked.receiver.got) == 2


def test_a_deleted_receiver_leaves_nothing(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries go in chunks; what is under way then has nowhere to be settled."""
    monkeypatch.setattr(webhooks, "DROPPED_AT_ONCE", 2)
    webhook = hooked.register("ticket.issued").webhook
    for _ in range(5):
        hooked.entrance.ticket()
    hooked.courier.feed()
    house, store = hooked.entrance.house, hooked.entrance.store
    with store.unit() as unit:
        lease = hooks_out.claim(unit, house, webhook=webhook.id)
    with store.unit() as unit:
        webhooks.delete(unit, house, webhook=webhook.id)
    assert [hooked.rows(name) for name in ("webhooks", "webhook_deliveries", "cursors")] == [0] * 3
    assert lease is not None
    with store.unit() as unit:
        reply = Receiver([500])(hooks_out.request(house, lease))
        assert not hooks_out.settle(unit, house, lease=lease, reply=reply)
    for source in hooks_out.SOURCES:
        with store.unit() as unit:
            assert hooks_out.feed(unit, house, webhook=webhook, source=source) == 0
    assert hooked.run() == 0


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://receiver.example/", "https"),
        ("ftp://receiver.example/", "https"),
        ("https://user:word@receiver.example/", "host"),
        ("https://10.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://localhost/", "private"),
        ("https://museum.internal/", "private"),
        ("https://receiver.example/" + "x" * 500, "length"),
        ("https://receiver.example/ä", "malformed"),
        ("https://receiver.example\\@evil.example/", "malformed"),
        ("https://receiver.example:0/", "malformed"),
        ("https://receiver.example:99999/", "malformed"),
        ("https://[::1/", "malformed"),
        ("", "malformed"),
    ],
)
def test_an_address_that_may_not_be_is_refused(hooked: Hooked, url: str, problem: str) -> None:
    """At once, by a word."""
    with pytest.raises(Invalid, match=problem):
        hooked.register(url=url)
    assert hooked.rows("webhooks") == 0


def test_unknown_events_and_too_many_receivers_are_refused(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is stored."""
    with pytest.raises(Invalid, match="events: unknown"):
        hooked.register("ticket.eaten")
    monkeypatch.setattr(webhooks, "MOST", 1)
    hooked.register()
    with pytest.raises(Conflict, match="too_many_webhooks"):
        hooked.register()
    assert hooked.rows("webhooks") == 1


@pytest.mark.parametrize("name", ["rotate_secret", "delete", "send_test"])
def test_a_receiver_that_is_not_there_is_not_found(hooked: Hooked, name: str) -> None:
    """Whatever is asked of it."""
    with hooked.entrance.store.unit() as unit, pytest.raises(NotFound):
        getattr(webhooks, name)(unit, hooked.entrance.house, webhook="wh_none")


def test_nothing_is_queued_by_hand_for_a_receiver_that_is_off(hooked: Hooked) -> None:
    """It would lie there and come much later."""
    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    hooked.receiver.answers = [410]
    hooked.run()
    with hooked.entrance.store.unit() as unit, pytest.raises(Conflict, match="webhook_disabled"):
        webhooks.send_test(unit, hooked.entrance.house, webhook=webhook.id)


def test_the_log_pages_and_refuses_a_strange_cursor(hooked: Hooked) -> None:
    """Newest first."""
    webhook = hooked.register("ticket.issued").webhook
    for _ in range(3):
        hooked.entrance.ticket()
    hooked.run()
    with hooked.entrance.store.unit() as unit:
        first = webhooks.list_deliveries(unit, webhook=webhook.id, limit=2)
        rest = webhooks.list_deliveries(unit, webhook=webhook.id, cursor=first.next_cursor, limit=2)
        assert [len(first.items), len(rest.items), rest.next_cursor] == [2, 1, None]
        with pytest.raises(Invalid):
            webhooks.list_deliveries(unit, webhook=webhook.id, cursor="1; --")
        with pytest.raises(NotFound):
            webhooks.list_deliveries(unit, webhook="wh_none")


# ------------------------------------------------------------ how long it is kept
def test_deliveries_are_erased_after_thirty_days_and_not_told_again(hooked: Hooked) -> None:
    """A ticket of then that is blocked today is no news."""
    webhook = hooked.register().webhook
    case = hooked.entrance.ticket()
    hooked.run()
    hooked.entrance.clock.tick(days=30)
    assert retention.run(hooked.entrance.store, hooked.entrance.house).hooks == 0
    hooked.entrance.clock.tick(seconds=1)
    assert retention.run(hooked.entrance.store, hooked.entrance.house).hooks == 1
    assert hooked.queued(webhook.id) == []
    with hooked.entrance.store.unit() as unit:
        tickets.block_ticket(unit, hooked.entrance.house, ticket_id=case.ticket.id)
    assert hooked.run() == 0
