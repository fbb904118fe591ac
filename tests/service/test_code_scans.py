"""A discount code at the gate: shown, redeemed, left, given back; it counts no person."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import a_request, a_scan_id
from tests.service.coding import Shop
from tests.service.conftest import Entrance
from tests.service.halls import Hall
from tests.service.hooked import Hooked
from ticketing.domain.codes import Batch, Effect, EffectKind
from ticketing.domain.ids import VisitorId
from ticketing.service import batch_codes, code_batches
from ticketing.service.code_guessing import WRONG_OF_CALLER
from ticketing.service.errors import CodeRefused, Conflict, Throttled
from ticketing.service.gate import scans
from ticketing.store import redemptions
from ticketing.store.scans import ScanState
from ticketing.wire.journal import Action, ResolveBody
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.sync_api import Result
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

GOOD = (Verdict.DISCOUNT, Reason.OK_CODE)
UNKNOWN = "HERBST-00000000000"


@pytest.fixture
def shop(bare_entrance: Entrance) -> Shop:
    """The house of the entrance, with the offer `day` for 9 euros."""
    made = Shop(bare_entrance.store, bare_entrance.house, bare_entrance.clock)
    made.offer()
    return made


@pytest.fixture
def batch(shop: Shop) -> Batch:
    """20 percent off, one use each."""
    return shop.batch()


def said(answer: ScanAnswer) -> tuple[Verdict, Reason]:
    """Verdict and reason."""
    return answer.verdict, answer.reason


def test_a_good_code_shows_what_it_takes_off(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """For each offer that it is for, before and after; it waits for staff five minutes."""
    shop.offer(slug="night", number=8, price_cents=1500)
    shop.offer(slug="gift", number=9, price_cents=0)
    answer = bare_entrance.scan(shop.texts(batch)[0])
    assert said(answer) == GOOD
    assert answer.code is not None
    assert (answer.code.batch, answer.code.kind, answer.code.value) == ("Herbst", "percent", 20)
    assert [(o.offer, o.price_cents, o.reduced_cents) for o in answer.code.offers] == [
        ("night", 1500, 1200),
        ("day", 900, 720),
    ]
    assert answer.until == shop.clock.now() + timedelta(minutes=5)
    assert (answer.people, answer.checks, answer.ticket) == (0, (), None)
    assert shop.now(batch).tally.redeemed == 0


def test_confirming_redeems_under_the_scans_own_id(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """Once, however often it is confirmed; the gate is told the same each time."""
    text = shop.texts(batch)[0]
    scan_id = bare_entrance.scan(text).scan_id
    answer = bare_entrance.confirm(scan_id, by="Kim")
    assert said(answer) == GOOD
    assert answer.until is None
    assert bare_entrance.confirm(scan_id) == answer
    assert bare_entrance.get(scan_id) == answer
    with shop.store.unit() as unit:
        one = redemptions.find(unit, scan_id)
    assert one is not None
    assert (one.off_cents, one.gate, one.source) == (180, "sued", "gate")
    assert one.station == bare_entrance.station.id
    assert shop.now(batch).tally.redeemed == 1
    assert said(bare_entrance.scan(text)) == (Verdict.REFUSE, Reason.CODE_USED_UP)
    assert bare_entrance.inside() == 0


def test_declining_leaves_the_code(bare_entrance: Entrance, shop: Shop, batch: Batch) -> None:
    """It is good the next time."""
    text = shop.texts(batch)[0]
    scan_id = bare_entrance.scan(text).scan_id
    assert said(bare_entrance.decline(scan_id)) == (Verdict.REFUSE, Reason.DECLINED)
    with pytest.raises(Conflict, match="already_resolved"):
        bare_entrance.confirm(scan_id)
    assert said(bare_entrance.scan(text)) == GOOD


def test_five_minutes_leave_the_code(bare_entrance: Entrance, shop: Shop, batch: Batch) -> None:
    """Confirming is refused then, and nothing is redeemed."""
    text = shop.texts(batch)[0]
    scan_id = bare_entrance.scan(text).scan_id
    shop.clock.tick(minutes=5)
    assert said(bare_entrance.get(scan_id)) == (Verdict.REFUSE, Reason.LAPSED)
    with pytest.raises(Conflict, match="lapsed"):
        bare_entrance.confirm(scan_id)
    assert said(bare_entrance.scan(text)) == GOOD
    assert shop.now(batch).tally.redeemed == 0


def test_an_annul_gives_the_code_back(bare_entrance: Entrance, shop: Shop, batch: Batch) -> None:
    """Once; then it is good again, and nobody left by it."""
    text = shop.texts(batch)[0]
    scan_id = bare_entrance.scan(text).scan_id
    bare_entrance.confirm(scan_id)
    for _ in range(2):
        answer = bare_entrance.annul(scan_id).answer
        assert said(answer) == (Verdict.REFUSE, Reason.ANNULLED)
    tally = shop.now(batch).tally
    assert (tally.redeemed, tally.released, tally.given_cents) == (0, 1, 0)
    assert said(bare_entrance.scan(text)) == GOOD
    assert bare_entrance.inside() == 0


def test_an_annul_of_a_redeemed_code_has_its_time(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """Fifteen minutes, as for everything; a refused code has nothing to give back."""
    scan_id = bare_entrance.scan(shop.texts(batch)[0]).scan_id
    bare_entrance.confirm(scan_id)
    refused = bare_entrance.scan(UNKNOWN).scan_id
    with pytest.raises(Conflict, match="nothing_to_annul"):
        bare_entrance.annul(refused)
    shop.clock.tick(minutes=16)
    with pytest.raises(Conflict, match="too_late"):
        bare_entrance.annul(scan_id)


def test_a_question_that_is_taken_back_redeems_nothing(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """Annulled before staff said anything."""
    scan_id = bare_entrance.scan(shop.texts(batch)[0]).scan_id
    bare_entrance.annul(scan_id)
    assert shop.now(batch).tally.released == 0


CASES: list[tuple[str, dict[str, Any], Reason]] = [
    ("over", {"valid_until": timedelta(0)}, Reason.EXPIRED),
    ("early", {"valid_from": timedelta(hours=2)}, Reason.NOT_YET_VALID),
    ("broke", {"budget_cents": 100}, Reason.BUDGET_SPENT),
    ("cheap", {"min_amount_cents": 1000}, Reason.CODE_NOT_APPLICABLE),
]


@pytest.mark.parametrize(("changes", "reason"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_code_that_is_not_good_is_refused(
    bare_entrance: Entrance, shop: Shop, changes: dict[str, Any], reason: Reason
) -> None:
    """With its reason, in both languages; nothing is pending."""
    at = shop.clock.now()
    changes = {n: at + v if isinstance(v, timedelta) else v for n, v in changes.items()}
    text = shop.code(**changes)
    answer = bare_entrance.scan(text)
    assert said(answer) == (Verdict.REFUSE, reason)
    assert answer.code is None
    german = bare_entrance.send(bare_entrance.request(text), lang="de").answer
    assert german.text != answer.text
    assert bare_entrance.row(answer.scan_id).state is ScanState.FINAL


def test_a_refusal_of_a_code_cannot_be_overruled(bare_entrance: Entrance, shop: Shop) -> None:
    """A supervisor lets people in; a code lets in nobody."""
    scan_id = bare_entrance.scan(shop.code(valid_until=shop.clock.now())).scan_id
    with pytest.raises(Conflict, match="not_overridable"):
        bare_entrance.overrule(scan_id)


def test_a_stopped_batch_is_refused_and_a_confirm_of_before_too(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """What has arisen meanwhile counts; the refusal is kept."""
    text = shop.texts(batch)[0]
    scan_id = bare_entrance.scan(text).scan_id
    with shop.store.unit() as unit:
        code_batches.stop_batch(unit, shop.house, batch=batch.id)
    wanted = (Verdict.REFUSE, Reason.CODE_NOT_APPLICABLE)
    assert said(bare_entrance.confirm(scan_id)) == wanted
    assert said(bare_entrance.confirm(scan_id)) == wanted
    assert said(bare_entrance.scan(text)) == wanted
    assert shop.now(batch).tally.redeemed == 0


def test_two_gates_with_one_code_have_one_winner(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """Both were shown the discount; whoever confirms first has it."""
    text = shop.texts(batch)[0]
    first, second = (bare_entrance.scan(text).scan_id for _ in range(2))
    assert said(bare_entrance.confirm(first)) == GOOD
    assert said(bare_entrance.confirm(second)) == (Verdict.REFUSE, Reason.CODE_USED_UP)


def test_a_question_keeps_nothing(bare_entrance: Entrance, shop: Shop, batch: Batch) -> None:
    """Direction `check` shows the discount and stores no scan."""
    answer = bare_entrance.scan(shop.texts(batch)[0], direction=Direction.CHECK)
    assert said(answer) == GOOD
    assert answer.code is not None
    with pytest.raises(Exception, match="no such scan"):
        bare_entrance.get(answer.scan_id)


def test_a_repeat_shows_the_same(bare_entrance: Entrance, shop: Shop, batch: Batch) -> None:
    """The answer got lost: the same scan again has discount and all; another code is misuse."""
    texts = shop.texts(batch)
    request = bare_entrance.request(texts[0])
    first, again = bare_entrance.send(request), bare_entrance.send(request)
    assert (first.created, again.created) == (True, False)
    assert again.answer == first.answer
    with pytest.raises(Conflict, match="scan_id_reused"):
        bare_entrance.send(replace(request, barcode=texts[1]))


def test_a_deleted_batch_is_forgotten_at_the_gate(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """Its pending scan comes to nothing."""
    scan_id = bare_entrance.scan(shop.texts(batch)[0]).scan_id
    with shop.store.unit() as unit:
        code_batches.delete_batch(unit, shop.house, batch=batch.id)
    assert bare_entrance.get(scan_id).code is None
    assert said(bare_entrance.confirm(scan_id)) == (Verdict.REFUSE, Reason.UNKNOWN_CODE)


def test_a_station_that_guesses_waits(bare_entrance: Entrance, shop: Shop, batch: Batch) -> None:
    """Codes are answered no more; tickets are, and a repeat is."""
    good = bare_entrance.request(shop.texts(batch)[0])
    bare_entrance.send(good)
    for place in range(WRONG_OF_CALLER.each):
        text = UNKNOWN if place % 2 else UNKNOWN[:-1] + "1"
        direction = Direction.CHECK if place % 3 else Direction.ENTRY
        assert bare_entrance.scan(text, direction=direction).reason is Reason.UNKNOWN_CODE
    with pytest.raises(Throttled):
        bare_entrance.scan(shop.texts(batch)[1])
    assert said(bare_entrance.send(good).answer) == GOOD
    assert bare_entrance.scan(bare_entrance.ticket().barcode).verdict is Verdict.ADMIT


def test_a_bound_code_at_the_gate_is_its_visitors(bare_entrance: Entrance, shop: Shop) -> None:
    """Whoever shows it is taken for them, and their uses of the batch are counted."""
    anna = VisitorId(b"a" * 16)
    batch = shop.batch(per_visitor=1)
    texts = shop.texts(batch)
    with shop.store.unit() as unit:
        for text in texts[:2]:
            batch_codes.bind_code(unit, shop.house, code=text, visitor=anna)
    bare_entrance.confirm(bare_entrance.scan(texts[0]).scan_id)
    assert said(bare_entrance.scan(texts[1])) == (Verdict.REFUSE, Reason.CODE_USED_UP)
    assert said(bare_entrance.scan(texts[2])) == GOOD
    with pytest.raises(CodeRefused, match="code_not_applicable"):
        shop.redeem(texts[1], visitor=VisitorId(b"b" * 16))


@pytest.mark.parametrize("kind", [EffectKind.AMOUNT, EffectKind.PRICE, EffectKind.FREE])
def test_every_kind_is_shown(bare_entrance: Entrance, shop: Shop, kind: EffectKind) -> None:
    """With its value and the reduced price."""
    value = 0 if kind is EffectKind.FREE else 300
    view = bare_entrance.scan(shop.code(effect=Effect(kind, value))).code
    assert view is not None
    reduced = {EffectKind.AMOUNT: 600, EffectKind.PRICE: 300, EffectKind.FREE: 0}[kind]
    assert (view.kind, view.value, view.offers[0].reduced_cents) == (kind.value, value, reduced)


# ------------------------------------------------------------ without the service
def shown_online(hall: Hall, text: str) -> str:
    """The service shows a discount; then the line breaks. The station has journalled it."""
    door, scan_id = hall.door("Tor"), a_scan_id()
    request = a_request(text, hall.now(), scan_id=scan_id)
    with hall.store.unit() as unit:
        said = scans.scan(unit, hall.house, station=door.station, request=request, lang="de")
    assert said.answer.verdict is Verdict.DISCOUNT
    door.journal.scan(
        None,
        hall.now(),
        shown=Verdict.DISCOUNT,
        reason=Reason.OK_CODE,
        scan_id=scan_id,
        text_class="discount_code",
        basis=Basis.ONLINE,
        people=0,
    )
    return scan_id


def resolved(hall: Hall, scan_id: str, action: Action, shown: Verdict) -> None:
    """Staff settle it at the station, and its journal arrives later."""
    door = hall.door("Tor")
    door.journal.write(
        ResolveBody(
            scan_id=bytes.fromhex(scan_id), action=action, checks=(), at=hall.now(), shown=shown
        )
    )
    hall.clock.tick(minutes=30)
    assert hall.upload(door) == [Result.ACCEPTED] * 2


@pytest.fixture
def hall(bare_entrance: Entrance) -> Hall:
    """The same house, whose stations upload."""
    return Hall(bare_entrance.store, bare_entrance.house, bare_entrance.clock)


def test_what_staff_redeemed_without_the_line_is_redeemed(
    hall: Hall, shop: Shop, batch: Batch
) -> None:
    """As of then, once, however often it is uploaded; nobody came in by it."""
    scan_id = shown_online(hall, shop.texts(batch)[0])
    at = hall.now()
    resolved(hall, scan_id, Action.CONFIRM, Verdict.DISCOUNT)
    hall.upload(hall.door("Tor"))
    with shop.store.unit() as unit:
        one = redemptions.find(unit, scan_id)
    assert one is not None
    assert one.at == at
    assert shop.now(batch).tally.redeemed == 1
    assert hall.scan(scan_id).state is ScanState.CONFIRMED
    assert (hall.inside(), hall.conflicts()) == (0, [])


def test_what_staff_left_without_the_line_is_left(hall: Hall, shop: Shop, batch: Batch) -> None:
    """A decline in the journal leaves the code good."""
    scan_id = shown_online(hall, shop.texts(batch)[0])
    resolved(hall, scan_id, Action.DECLINE, Verdict.REFUSE)
    assert hall.scan(scan_id).state is ScanState.DECLINED
    assert shop.now(batch).tally.redeemed == 0


def test_a_code_that_was_used_meanwhile_is_not_used_twice(
    hall: Hall, shop: Shop, batch: Batch
) -> None:
    """The shop was faster: the scan is kept as refused, the shop's redemption stands."""
    text = shop.texts(batch)[0]
    scan_id = shown_online(hall, text)
    shop.redeem(text)
    resolved(hall, scan_id, Action.CONFIRM, Verdict.DISCOUNT)
    assert hall.scan(scan_id).decision.reason is Reason.CODE_USED_UP
    assert shop.now(batch).tally.redeemed == 1


def test_an_annul_in_the_journal_gives_the_code_back(hall: Hall, shop: Shop, batch: Batch) -> None:
    """As an annul online does."""
    scan_id = shown_online(hall, shop.texts(batch)[0])
    resolved(hall, scan_id, Action.CONFIRM, Verdict.DISCOUNT)
    hall.door("Tor").journal.annul(scan_id, hall.now())
    hall.upload(hall.door("Tor"))
    assert shop.now(batch).tally.released == 1


def test_a_redemption_is_told_to_receivers(
    bare_entrance: Entrance, shop: Shop, batch: Batch
) -> None:
    """Redeemed, then given back; ids alone, never the code."""
    hooked = Hooked(bare_entrance)
    hooked.register("code.redeemed", "code.released")
    text = shop.texts(batch)[0]
    scan_id = bare_entrance.scan(text).scan_id
    bare_entrance.confirm(scan_id)
    bare_entrance.annul(scan_id)
    hooked.run()
    bodies = [json.loads(request.body) for request in hooked.receiver.got]
    assert [body["type"] for body in bodies] == ["code.redeemed", "code.released"]
    assert bodies[0]["data"] == {
        "redemption": scan_id,
        "batch": batch.id,
        "offer": "day",
        "off_cents": 180,
        "source": "gate",
        "gate": "sued",
        "station": bare_entrance.station.id,
    }
    assert text.partition("-")[2] not in "".join(map(str, bodies))
