"""The page of a batch: what is under way and over, what it can be had as, what a gate books."""

import re
from collections.abc import Callable

import pytest

from tests.factories import with_offer
from tests.fakes import FrozenClock
from tests.service.coding import Shop
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.codes import BatchState
from ticketing.service import code_exports
from ticketing.service.code_exports import Format
from ticketing.service.code_making import Maker
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store

HOME = "/staff/codes"
AT_GATE = "Am Eingang ist nicht bekannt, für welches Angebot ein Code ist."
NB = "\N{NO-BREAK SPACE}"
NEW = {"name": "Herbst", "prefix": "herbst", "count": "6000", "effect": "percent", "percent": "20"}


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """Somebody who makes batches; there is one offer for 9 euros."""
    made = Shop(store, house, clock)
    made.offer()
    return made


@pytest.fixture
def editor(as_role: Callable[[Role], SignedInBrowser], shop: Shop) -> SignedInBrowser:
    """Somebody who may make codes and take them out."""
    del shop
    return as_role(Role.EDITOR)


# ------------------------------------------------------------ under way
def test_no_heading_says_what_is_over(editor: SignedInBrowser, store: Store, house: House) -> None:
    """While codes are made and when they are there: no word of the page contradicts another."""
    page = editor.post(f"{HOME}/new", **NEW, step="make").headers["Location"]
    text = editor.client.get(page).text
    assert "Der Auftrag für die Serie ist angekommen." in text
    assert f'hx-get="{page}/progress"' in text
    assert '<h2 id="h-building">Wird angelegt</h2>' in text
    assert text.lower().count("wird angelegt") == 1  # all of it is in the part that is replaced
    maker = Maker(store, house)
    while maker.look():
        pass
    part = editor.client.get(f"{page}/progress").text
    assert '<h2 id="h-building">Fertig</h2>' in part
    assert "Alle 6.000 Codes sind da." in part
    assert "hx-get" not in part
    assert "läuft" in editor.client.get(page).text


def test_a_batch_that_failed_is_not_said_to_be_there(
    editor: SignedInBrowser, shop: Shop, store: Store
) -> None:
    """The part says so, and asks no more."""
    batch = shop.batch()
    with store.unit() as unit:
        unit.begin()
        unit.run(schema.code_batches.update().values(state=BatchState.FAILED.value))
        unit.commit()
    part = editor.client.get(f"{HOME}/{batch.id}/progress").text
    assert '<h2 id="h-building">Gescheitert</h2>' in part
    assert "sind da" not in part
    assert "hx-get" not in part


# ------------------------------------------------------------ files
def formats(text: str) -> list[str]:
    """As what the codes are offered."""
    return re.findall(r'name="format" value="(\w+)" aria-label="Codes als', text)


def test_only_files_that_can_be_had_are_offered(
    editor: SignedInBrowser, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the others are named with how many codes they hold."""
    batch = shop.batch(count=3)
    text = editor.client.get(f"{HOME}/{batch.id}").text
    assert formats(text) == ["csv", "xlsx", "pdf", "zip"]
    assert "zu viele Codes" not in text
    few = {**code_exports.LIMITS, Format.PDF: 2, Format.ZIP: 1}
    monkeypatch.setattr(code_exports, "LIMITS", few)
    monkeypatch.setattr("ticketing.web.staff.batch_files.LIMITS", few)
    text = editor.client.get(f"{HOME}/{batch.id}").text
    assert formats(text) == ["csv", "xlsx"]
    assert "Für manche Dateien sind es zu viele Codes: PDF bis 2, ZIP bis 1." in text


# ------------------------------------------------------------ the gate
def test_the_page_says_what_a_use_at_the_gate_takes(
    editor: SignedInBrowser, shop: Shop, store: Store, house: House
) -> None:
    """The most that is possible; nothing where only one offer can be meant."""
    batch = shop.batch(budget_cents=2000)
    address = f"{HOME}/{batch.id}"
    assert AT_GATE not in editor.client.get(address).text
    with_offer(store, house, slug="night", number=9, price_cents=1500)
    text = editor.client.get(address).text
    assert AT_GATE in text
    assert f"vom Budget, der möglich ist, zurzeit 3,00{NB}€." in text
    open_end = shop.batch()
    assert f"möglich ist, zurzeit 3,00{NB}€." in editor.client.get(f"{HOME}/{open_end.id}").text
    only = shop.batch(offers=("night",), budget_cents=2000)
    assert AT_GATE not in editor.client.get(f"{HOME}/{only.id}").text


def test_the_check_says_what_a_use_at_the_gate_takes(
    editor: SignedInBrowser, store: Store, house: House
) -> None:
    """Before the batch is made."""
    with_offer(store, house, slug="night", number=9, price_cents=1500)
    wanted = NEW | {"budget": "20"}
    assert f"zurzeit 3,00{NB}€." in editor.post(f"{HOME}/new", **wanted).text
    assert AT_GATE not in editor.post(f"{HOME}/new", **wanted, offers="night").text
