"""Edits never break the past: what was promised and redeemed stays."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import FrozenClock
from tests.service.coding import SHOP, Shop
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import BatchState, Effect, EffectKind, RedemptionState
from ticketing.domain.ids import VisitorId
from ticketing.service import audit, batch_codes, code_batches, codes
from ticketing.service.code_batches import BatchChange
from ticketing.service.codes import Asked
from ticketing.service.errors import CodeRefused, Conflict, FieldError, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.store import codes as rows
from ticketing.store import redemptions
from ticketing.store.unit import Store
from ticketing.wire.codec import from_base64url

ANNA, BEN = VisitorId(b"a" * 16), VisitorId(b"b" * 16)


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """A shop with the offer `day` for 9 euros."""
    made = Shop(store, house, clock)
    made.offer()
    return made


def change(shop: Shop, batch: str, **changes: Any) -> Any:
    """Change a batch."""
    with shop.store.unit() as unit:
        return code_batches.change_batch(
            unit, shop.house, batch=batch, change=BatchChange(**changes)
        )


def refused_fields(shop: Shop, batch: str, **changes: Any) -> list[tuple[str, str]]:
    """Which fields of a change are wrong, and why."""
    with pytest.raises(Invalid) as refused:
        change(shop, batch, **changes)
    return [(error.field, error.problem) for error in refused.value.errors]


def test_what_is_not_told_stays(shop: Shop) -> None:
    """Each change counts the version up, and the audit has what differs."""
    batch = shop.batch(tag="herbst", budget_cents=1000)
    new = change(shop, batch.id, name="Herbstaktion", budget_cents=2000, note="für die Presse")
    assert new == replace(
        batch, name="Herbstaktion", budget_cents=2000, note="für die Presse", version=1
    )
    with shop.store.unit() as unit:
        line = audit.page(unit).items[0]
    assert (line.action, line.object.id) == ("batch.changed", batch.id)
    assert line.before == {"name": "Herbst", "budget_cents": 1000, "note": None}


def test_limits_may_be_lifted(shop: Shop) -> None:
    """None is no limit."""
    batch = shop.batch(max_uses=2, budget_cents=5, per_visitor=3, tag="x")
    none: dict[str, Any] = dict.fromkeys(("max_uses", "budget_cents", "per_visitor", "tag"))
    new = change(shop, batch.id, **none)
    assert (new.max_uses, new.budget_cents, new.per_visitor, new.tag) == (None,) * 4


def test_no_limit_goes_below_what_is_used(shop: Shop) -> None:
    """Of a code, of a visitor, of money; at what is used it may be."""
    batch = shop.batch(max_uses=5, per_visitor=5, budget_cents=5000)
    text = shop.texts(batch)[0]
    for place in range(3):
        shop.redeem(text, f"r{place}", offer="day", visitor=ANNA)
    wrong = refused_fields(shop, batch.id, max_uses=2, per_visitor=2, budget_cents=539)
    assert wrong == [
        ("max_uses", "below_used"),
        ("per_visitor", "below_used"),
        ("budget_cents", "below_used"),
    ]
    assert shop.now(batch).version == 0
    new = change(shop, batch.id, max_uses=3, per_visitor=3, budget_cents=540)
    assert (new.max_uses, new.per_visitor, new.budget_cents) == (3, 3, 540)
    with pytest.raises(CodeRefused, match="code_used_up"):
        shop.redeem(text, "r3", offer="day", visitor=BEN)


def test_a_limit_that_comes_later_counts_what_was_before(shop: Shop) -> None:
    """Visitors are counted before anything limits them."""
    batch = shop.batch(max_uses=5)
    shop.redeem(shop.texts(batch)[0], visitor=ANNA)
    change(shop, batch.id, per_visitor=1)
    with pytest.raises(CodeRefused, match="code_used_up"):
        shop.redeem(shop.texts(batch)[1], "r2", visitor=ANNA)


def test_what_a_code_does_is_fixed_with_the_first_redemption(shop: Shop) -> None:
    """A release does not undo the promise; before, it may change."""
    batch = shop.batch()
    assert change(shop, batch.id, effect=Effect(EffectKind.FREE)).effect.kind is EffectKind.FREE
    shop.redeem(shop.texts(batch)[0])
    shop.release()
    with pytest.raises(Conflict, match="batch_redeemed"):
        change(shop, batch.id, effect=Effect(EffectKind.PERCENT, 10))
    assert change(shop, batch.id, effect=Effect(EffectKind.FREE), name="x").name == "x"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"effect": Effect(EffectKind.PERCENT, 110)}, "effect.value"),
        ({"max_uses": 0}, "max_uses"),
        ({"offers": ("moon",)}, "offers"),
        ({"offers": ()}, "offers"),
        ({"name": ""}, "name"),
        ({"budget_cents": -1}, "budget_cents"),
    ],
)
def test_a_wrong_change_is_refused(shop: Shop, changes: dict[str, Any], field: str) -> None:
    """As when a batch is made."""
    assert refused_fields(shop, shop.batch().id, **changes)[0][0] == field


def test_the_end_may_be_moved_but_not_before_the_beginning(shop: Shop) -> None:
    """Shortened to now, nobody redeems any more."""
    at = shop.clock.now()
    batch = shop.batch(valid_from=at, valid_until=at + timedelta(days=9))
    wrong = refused_fields(shop, batch.id, valid_until=at - timedelta(days=1))
    assert wrong == [("valid_until", "before_valid_from")]
    change(shop, batch.id, valid_until=at + timedelta(minutes=1))
    shop.clock.tick(minutes=1)
    with pytest.raises(CodeRefused, match="expired"):
        shop.check(shop.texts(batch)[0])


def test_the_second_of_two_editors_is_told(shop: Shop) -> None:
    """Whoever looked at an older version changes nothing."""
    batch = shop.batch()
    change(shop, batch.id, name="first", version=0)
    with pytest.raises(Conflict, match="changed"):
        change(shop, batch.id, name="second", version=0)
    assert shop.now(batch).name == "first"


def test_a_redemption_under_way_sees_an_edit(shop: Shop, store: Store) -> None:
    """What it was worked out from has changed: it asks again, and gets the new discount."""
    batch = shop.batch()
    with store.unit() as unit:
        found = codes.look_up(unit, shop.texts(batch)[0])
    assert found is not None
    change(shop, batch.id, effect=Effect(EffectKind.FREE))
    asked = redemptions.Redemption(
        id="late",
        code=found.code.bits,
        batch=batch.number,
        state=RedemptionState.REDEEMED,
        offer=None,
        amount_cents=900,
        off_cents=180,
        visitor=None,
        gate=None,
        station=None,
        source="api",
        asked=b"",
        at=shop.clock.now(),
    )
    with store.unit() as unit:
        unit.begin()
        assert not redemptions.add(unit, asked, found=found)
        unit.rollback()
    assert shop.redeem(shop.texts(batch)[0], offer="day").redemption.off_cents == 900


# ------------------------------------------------------------ stopping, binding, deleting
def test_a_stopped_batch_rests_until_it_is_resumed(shop: Shop) -> None:
    """Both may be said twice; what was redeemed can still be released."""
    batch = shop.batch(max_uses=2)
    text = shop.texts(batch)[0]
    shop.redeem(text)
    stopped = resumed = batch
    for _ in range(2):
        with shop.store.unit() as unit:
            stopped = code_batches.stop_batch(unit, shop.house, batch=batch.id)
    assert stopped.state is BatchState.STOPPED
    with pytest.raises(CodeRefused, match="code_not_applicable"):
        shop.redeem(text, "r2")
    assert shop.release().uses_left == 2
    for _ in range(2):
        with shop.store.unit() as unit:
            resumed = code_batches.resume_batch(unit, shop.house, batch=batch.id)
    assert (resumed.state, resumed.version) == (BatchState.READY, 2)
    assert shop.redeem(text, "r3").created


def test_a_batch_that_is_being_made_is_left_alone(shop: Shop) -> None:
    """Neither changed, nor stopped, nor deleted."""
    batch = shop.batch(count=code_batches.AT_ONCE + 1)
    assert batch.state is BatchState.BUILDING
    for act in (code_batches.stop_batch, code_batches.resume_batch, code_batches.delete_batch):
        with shop.store.unit() as unit, pytest.raises(Conflict, match="batch_building"):
            act(unit, shop.house, batch=batch.id)
    with pytest.raises(Conflict, match="batch_building"):
        change(shop, batch.id, name="x")


def test_a_code_is_bound_to_a_visitor_and_freed(shop: Shop) -> None:
    """Only they may use it; a used one keeps its visitor; an unknown one has none."""
    batch = shop.batch()
    text, free = shop.texts(batch)[:2]
    bind(shop, text, ANNA)
    with pytest.raises(CodeRefused, match="code_not_applicable"):
        shop.redeem(text, "r1", visitor=BEN)
    with pytest.raises(Invalid):
        shop.redeem(text, "r1")
    assert shop.redeem(text, "r1", visitor=ANNA).created
    with pytest.raises(Conflict, match="code_redeemed"):
        bind(shop, text, BEN)
    bind(shop, free, ANNA)
    bind(shop, free, None)
    assert shop.redeem(free, "r2").created
    with pytest.raises(NotFound):
        bind(shop, "HERBST-00000000000", ANNA)


def bind(shop: Shop, text: str, visitor: VisitorId | None) -> None:
    """Bind a code, or free it."""
    with shop.store.unit() as unit:
        batch_codes.bind_code(unit, shop.house, code=text, visitor=visitor)


def test_a_batch_of_unused_codes_can_be_deleted(shop: Shop) -> None:
    """All of it goes; the other batch stays."""
    batch, other = shop.batch(count=600), shop.batch()
    with shop.store.unit() as unit:
        gone = code_batches.delete_batch(unit, shop.house, batch=batch.id)
    assert gone == 600
    with shop.store.unit() as unit:
        assert rows.count(unit, batch.number) == 0
        with pytest.raises(NotFound):
            code_batches.get_batch(unit, batch=batch.id)
    assert len(shop.texts(other)) == 3


def test_a_redeemed_code_cannot_be_deleted(shop: Shop) -> None:
    """Nor one that was released: the record of it stays; the unused ones of its batch may go."""
    batch = shop.batch(count=3)
    used = shop.texts(batch)[1]
    shop.redeem(used)
    shop.release()
    with shop.store.unit() as unit, pytest.raises(Conflict, match="batch_redeemed"):
        code_batches.delete_batch(unit, shop.house, batch=batch.id)
    assert shop.now(batch).state is BatchState.READY
    assert len(shop.texts(batch)) == 3
    with shop.store.unit() as unit:
        gone = batch_codes.delete_unused(unit, shop.house, batch=batch.id)
    assert gone == 2
    assert shop.texts(batch) == [used]
    assert shop.now(batch).tally.made == 1


# ------------------------------------------------------------ lists and figures
def test_batches_are_listed_newest_first(shop: Shop) -> None:
    """In pages, by tag too; a cursor nobody gave out is refused."""
    made = [shop.batch(count=1, tag=tag).id for tag in ("a", "b", "a")]
    with shop.store.unit() as unit:
        first = code_batches.list_batches(unit, limit=2)
        second = code_batches.list_batches(unit, limit=2, cursor=first.next_cursor)
        tagged = code_batches.list_batches(unit, tag="a")
        with pytest.raises(Invalid):
            code_batches.list_batches(unit, cursor="x")
    assert [one.id for one in (*first.items, *second.items)] == made[::-1]
    assert second.next_cursor is None
    assert [one.id for one in tagged.items] == [made[2], made[0]]


def test_codes_are_listed_in_pages(shop: Shop) -> None:
    """Each with what is known of it."""
    batch = shop.batch(count=5)
    shop.redeem(shop.texts(batch)[0])
    with shop.store.unit() as unit:
        first = batch_codes.list_codes(unit, shop.house, batch=batch.id, limit=3)
        second = batch_codes.list_codes(unit, shop.house, batch=batch.id, cursor=first.next_cursor)
    assert [one.uses for one in first.items] == [1, 0, 0]
    assert first.items[0].first_at == shop.clock.now()
    assert (len(second.items), second.next_cursor) == (2, None)


def test_a_cursor_shows_no_code(shop: Shop) -> None:
    """Neither its text nor its number; it is another each time and fits into an address."""
    batch = shop.batch(count=3)
    with shop.store.unit() as unit:
        pages = [
            batch_codes.list_codes(unit, shop.house, batch=batch.id, limit=2) for _ in range(2)
        ]
    one, other = (page.next_cursor or "" for page in pages)
    bits = pages[0].items[-1].bits
    assert one != other
    assert re.fullmatch(r"[A-Za-z0-9_-]{48}", one)
    assert bits.to_bytes(8, "big").lstrip(b"\0") not in (from_base64url(one) or b"")
    for shown in (f"{bits:x}", str(bits), text_of(batch.prefix, bits).rpartition("-")[2]):
        assert shown.lower() not in one.lower()


def test_a_cursor_that_was_not_given_out_is_refused(shop: Shop) -> None:
    """Rubbish, one that was changed, another house's, another batch's."""
    batch, other = shop.batch(count=3), shop.batch(count=3)
    foreign = replace(shop.house, secret=bytes(32))
    with shop.store.unit() as unit:
        good, theirs, moved = (
            batch_codes.list_codes(unit, house, batch=of.id, limit=1).next_cursor or ""
            for house, of in ((shop.house, batch), (foreign, batch), (shop.house, other))
        )
        changed = ("A" if good[0] != "A" else "B") + good[1:]
        wrong = ("", "zz", "f" * 16, "f" * 99, "ü", good + "=", good[:-4], changed, theirs, moved)
        for cursor in wrong:
            with pytest.raises(Invalid) as refusal:
                batch_codes.list_codes(unit, shop.house, batch=batch.id, cursor=cursor)
            assert refusal.value.errors == (FieldError("cursor", "malformed"),)
        assert batch_codes.list_codes(unit, shop.house, batch=batch.id, cursor=good).items


def test_tallies_are_kept_per_batch_and_tag(shop: Shop) -> None:
    """Made, sent, delivered, redeemed, released, money: without counting codes."""
    batch, other = shop.batch(tag="herbst"), shop.batch(tag="herbst", count=2)
    shop.batch(count=1)
    texts = shop.texts(batch)
    for place, text in enumerate((*texts[:2], shop.texts(other)[0])):
        shop.redeem(text, f"r{place}", offer="day")
    shop.release("r0")
    with shop.store.unit() as unit:
        unit.begin()
        for _ in range(2):
            batch_codes.note_way(unit, shop.house, texts=texts[:2], what="sent")
        batch_codes.note_way(
            unit, shop.house, texts=[texts[0], texts[0], "rubbish"], what="delivered"
        )
        unit.commit()
        tags = code_batches.list_tags(unit)
    by_tag = {one.tag: one for one in tags}
    tally = by_tag["herbst"].tally
    assert (by_tag["herbst"].batches, by_tag[None].batches) == (2, 1)
    assert (tally.made, tally.sent, tally.delivered) == (5, 2, 1)
    assert (tally.redeemed, tally.released, tally.given_cents) == (2, 1, 360)


def test_a_check_by_a_person_is_as_any_other(shop: Shop) -> None:
    """The code's text is in no representation of what is handed about."""
    text = shop.code()
    assert text not in repr(Asked(code=text))
    assert text not in repr(shop.check(text, guesser=SHOP))
