"""Batches, tags and offers as files, as on their pages; the plot of what batches came to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import with_gates, with_offer
from tests.fakes import FrozenClock
from tests.service.coding import Shop
from tests.web.conftest import SignedInBrowser
from tests.web.test_staff_lists_out import rows_of, taken_out
from ticketing.domain.accounts import Role
from ticketing.domain.codes import Batch, Effect, EffectKind, Tally
from ticketing.service import batch_codes
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.staff import batch_plot
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import Localised

FREE = Effect(EffectKind.FREE)
NB = "\N{NO-BREAK SPACE}"


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """Somebody who makes batches; there is one offer."""
    made = Shop(store, house, clock)
    made.offer(name=Localised("Tageskarte", "Day ticket"))
    return made


@pytest.fixture
def desk(as_role: Callable[[Role], SignedInBrowser], shop: Shop) -> SignedInBrowser:
    """Whoever sees batches takes their list out; codes are another right."""
    del shop
    return as_role(Role.DESK)


def cells(browser: SignedInBrowser, path: str, **fields: Any) -> list[dict[str, str]]:
    """The lines of a list by their headings."""
    head, *rows = rows_of(browser.post(f"/staff/{path}/export", format="csv", **fields))
    assert len(set(head)) == len(head)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_batches_are_taken_out_with_what_became_of_them(
    desk: SignedInBrowser, shop: Shop, store: Store
) -> None:
    """Every figure of the page, typed; nothing that a spreadsheet would run."""
    code = shop.code(name="=2+2", offers=("day",), budget_cents=150_000, tag="Herbst")
    shop.redeem(code, offer="day")
    [line] = cells(desk, "codes")
    assert line["Name"] == "'=2+2"
    assert line["Rabatt"] == f"20{NB}% Rabatt"
    assert line["Für welche Angebote"] == "Tageskarte"
    assert line["Gültig bis"] == ""
    counted = [line[key] for key in ("Angelegt", "Gesendet", "Zugestellt", "Eingelöst")]
    assert counted == ["1", "0", "0", "1"]
    assert (line["Einlösungen"], line["Nachlass"], line["Budget"]) == ("1", "1,80", "1500,00")
    assert (line["Zustand"], line["Einlösungen je Code"]) == ("läuft", "1")
    assert line["Kennung"].startswith("cb_")
    [noted] = taken_out(store)
    assert (noted.object.kind, noted.object.id, noted.after) == ("batches", "csv", {})


def test_batches_are_taken_out_as_they_are_filtered_and_sorted(
    desk: SignedInBrowser, shop: Shop, store: Store
) -> None:
    """By how they stand and by tag; a tag that is none is not written down."""
    end = shop.clock.now()
    for name, changes in (
        ("A", {"tag": "Herbst"}),
        ("B", {"tag": "Herbst", "count": 2}),
        ("C", {"valid_until": end}),
    ):
        shop.batch(name=name, **changes)
    found = cells(desk, "codes", tag="Herbst", sort="made", down="yes", state="ready")
    assert [line["Name"] for line in found] == ["A", "B"]
    [over] = cells(desk, "codes", state="over", tag="-")
    assert (over["Name"], over["Gültig bis"]) == ("C", "2026-10-04 13:59")
    assert over["Für welche Angebote"] == "alle"
    assert cells(desk, "codes", tag="geheim", state="x") == []
    assert [line.after for line in taken_out(store)] == [
        {},
        {"state": "over", "tag": "-"},
        {"state": "ready", "tag": "Herbst"},
    ]


def test_what_tags_have_come_to_is_taken_out(
    desk: SignedInBrowser, shop: Shop, store: Store
) -> None:
    """One line each, and one for the batches without."""
    shop.batch(tag="Herbst")
    shop.redeem(shop.code(effect=FREE, tag="Herbst"), offer="day")
    shop.batch()
    found = {line["Schlagwort"]: line for line in cells(desk, "codes/tags")}
    assert found.keys() == {"Herbst", "ohne Schlagwort"}
    autumn = found["Herbst"]
    assert (autumn["Serien"], autumn["Angelegt"], autumn["Eingelöst"]) == ("2", "4", "1")
    assert autumn["Nachlass"] == "9,00"
    assert [line.object.kind for line in taken_out(store)] == ["tags"]


def test_offers_are_taken_out_as_they_are_filtered_and_sorted(
    desk: SignedInBrowser, store: Store, house: House
) -> None:
    """With what they promise; the file is written down."""
    with_gates(store, house)
    with_offer(store, house, slug="tower", number=8, price_cents=350, gates=("nord",), entries=0)
    with_offer(store, house, slug="old", number=9, active=False)
    found = cells(desk, "offers/list", sort="price", down="yes", state="active")
    assert [line["Preis"] for line in found] == ["9,00", "3,50"]
    tower = found[1]
    assert tower["Eintritte"] == "beliebig"
    assert (tower["Eingänge"], found[0]["Eingänge"]) == ("Eingang Nord", "alle")
    assert tower["Stand"] == "wird angeboten"
    [old] = cells(desk, "offers/list", state="inactive")
    assert old["Stand"] == "ruht"
    assert len(cells(desk, "offers/list", state="x", sort="x")) == 3
    assert [line.after for line in taken_out(store)] == [
        {},
        {"state": "inactive"},
        {"state": "active"},
    ]


def test_the_pages_offer_the_files_with_their_filters(desk: SignedInBrowser, shop: Shop) -> None:
    """The list that is seen is the list that is taken out."""
    shop.batch(tag="Herbst")
    text = desk.client.get("/staff/codes?tag=Herbst&sort=made&down=yes").text
    for path in ("codes/export", "codes/tags/export"):
        assert f'action="/staff/{path}"' in text
    for name, value in (("tag", "Herbst"), ("sort", "made"), ("down", "yes")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in text
    assert 'action="/staff/offers/list/export"' in desk.client.get("/staff/offers").text


# ------------------------------------------------------------ the plot
TALLIES = st.builds(
    lambda n: Tally(made=n[3], sent=n[2], delivered=n[1], used=n[0], redeemed=n[4]),
    st.lists(st.integers(0, 1_000_000), min_size=5, max_size=5).map(
        lambda n: [*sorted(n[:4]), n[4]]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TALLIES)
def test_no_bar_is_wider_than_all_codes(app: APIFlask, tally: Tally) -> None:
    """Each within the one before it, and the figures are the batch's own."""
    batch = Batch(id="cb_1", name="A", prefix="AB", count=1, effect=FREE, tally=tally)
    with app.app_context():
        [bar] = batch_plot.bars([batch], Speaker("de"))
    assert 0 <= bar.used <= bar.delivered <= bar.sent <= 100
    assert bar.cells[0] == f"{tally.made:,}".replace(",", ".")
    assert bar.whole == f"von {bar.cells[0]}"


def test_the_numbers_show_the_most_redeemed_batches(
    desk: SignedInBrowser, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each share with what it is of; the table has the same, the file those left out too."""
    monkeypatch.setattr(batch_plot, "MOST", 1)
    used = shop.batch(name="Herbst <b>", count=4)
    with shop.store.unit() as unit:
        unit.begin()
        batch_codes.note_way(unit, shop.house, texts=shop.texts(used)[:3], what="sent")
        unit.commit()
    shop.redeem(shop.texts(used)[0], offer="day")
    shop.batch(name="Winter", count=50)
    text = desk.client.get("/staff/numbers").text
    assert "Einlösung der Serien" in text
    assert 'aria-label="Von 4 Codes: 3 gesendet, 0 zugestellt, 1 eingelöst"' in text
    assert f'<b>1</b> von 4 <span class="soft">· 25{NB}%</span>' in text
    assert '<rect class="reach__sent" width="75.0" height="12"/>' in text
    assert f'href="/staff/codes/{used.id}">Herbst &lt;b&gt;</a>' in text
    assert "die 1 mit den meisten eingelösten Codes von 2" in text
    assert "Winter" not in text
    found = cells(desk, "numbers", series="batches", days="7")
    assert [line["Serie"] for line in found] == ["Herbst <b>", "Winter"]
    assert (found[0]["Angelegt"], found[0]["Gesendet"], found[0]["Nachlass"]) == ("4", "3", "1,80")


def test_the_numbers_leave_out_what_ran_at_another_time(
    desk: SignedInBrowser, shop: Shop, store: Store
) -> None:
    """A batch counts in each period in which it could be redeemed."""
    assert "In diesem Zeitraum galt keine Serie." in desk.client.get("/staff/numbers").text
    now = shop.clock.now()
    shop.batch(
        name="Sommer",
        valid_from=now - timedelta(days=60),
        valid_until=now - timedelta(days=20),
    )
    assert "Sommer" not in desk.client.get("/staff/numbers?days=7").text
    assert "Sommer" in desk.client.get("/staff/numbers?days=30").text
    assert cells(desk, "numbers", series="batches", days="7") == []
    [line] = taken_out(store)
    assert line.after == {"series": "batches", "first": "2026-09-28"}
