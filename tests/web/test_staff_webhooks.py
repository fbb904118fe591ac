"""The log of a webhook on the site: why something was not taken, and sending it again."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.fakes import FrozenClock
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.audit import Action, ActorKind, Wanted
from ticketing.domain.webhooks import HookState, Tried
from ticketing.edge import post
from ticketing.service import audit, webhooks
from ticketing.service.ports import House
from ticketing.store import hook_deliveries, schema
from ticketing.store.hook_deliveries import HookSettlement
from ticketing.store.unit import Store
from ticketing.web.words import load_words

PROGRAMS = "/staff/programs"


def test_a_delivery_is_sent_again(
    staff: SignedInBrowser, store: Store, house: House, clock: FrozenClock
) -> None:
    """Once it is not on its way; the page says why it was not taken, the log who sent it."""
    with store.unit() as unit:
        hook = webhooks.register(unit, house, url="https://example.org/in", events=()).webhook
    with store.unit() as unit:
        sent = webhooks.send_test(unit, house, webhook=hook.id)
    page = f"{PROGRAMS}/webhooks/{hook.id}"
    again = f"{page}/deliveries/{sent.id}/replay"
    tried = HookSettlement(state=HookState.FAILED, tried=Tried(problem="forbidden_address"))
    with store.unit() as unit:
        unit.begin()
        lease = hook_deliveries.claim(unit, hook.id, clock.now(), until=clock.now())
        assert lease is not None
        unit.commit()
    assert again not in staff.client.get(page).text
    assert staff.post(again).status_code == 303
    assert "gerade unterwegs" in staff.client.get(page).text
    with store.unit() as unit:
        unit.begin()
        assert hook_deliveries.settle(unit, lease, tried, at=clock.now())
        unit.commit()
    text = staff.client.get(page).text
    assert "Die Adresse ist nicht öffentlich und nicht erlaubt" in text
    assert "forbidden_address" not in text
    assert f'action="{again}"' in text
    assert staff.client.post(again).status_code == 403
    assert staff.post(again).headers["Location"] == page
    text = staff.client.get(page).text
    assert "noch einmal unterwegs" in text
    assert "wartet" in text
    with store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.WEBHOOK_SENT_AGAIN)).items
    assert line.actor.kind is ActorKind.STAFF
    assert line.after == {"event": "webhook.test", "number": sent.id}
    assert ">example.org</a>" in staff.client.get("/staff/audit").text
    assert staff.post(f"{page}/deliveries/99/replay").status_code == 404


def test_who_may_change_no_webhook_sends_nothing_again(
    staff: SignedInBrowser, store: Store, house: House, as_role: Callable[[Role], SignedInBrowser]
) -> None:
    """An auditor looks; to a receiver that is switched off nobody sends."""
    with store.unit() as unit:
        hook = webhooks.register(unit, house, url="https://example.org/in", events=()).webhook
    with store.unit() as unit:
        sent = webhooks.send_test(unit, house, webhook=hook.id)
    page = f"{PROGRAMS}/webhooks/{hook.id}"
    again, auditor = f"{page}/deliveries/{sent.id}/replay", as_role(Role.AUDITOR)
    assert again not in auditor.client.get(page).text
    assert auditor.post(again).status_code == 403
    with store.unit() as unit:
        unit.begin()
        unit.run(update(schema.webhooks).values(disabled_at=house.clock.now()))
        unit.commit()
    assert again not in staff.client.get(page).text
    staff.post(again)
    assert "Erst wieder einschalten" in staff.client.get(page).text


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_failure_of_a_delivery_has_its_words(lang: str) -> None:
    """Those that the way out can end with stand in the API's description."""
    told = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text("utf-8")
    listed = told.split("there was none:", 1)[1].split(". The log", 1)[0]
    words = re.findall(r"`(\w+)`", listed)
    assert {"forbidden_address", "redirect"} <= set(words)
    source = inspect.getsource(post)
    assert set(re.findall(r'NotSent\("(\w+)"', source)) <= set(words)
    assert set(re.findall(r'problem = "(\w+)"', source)) <= set(words)
    texts = load_words().texts[lang]
    assert [one for one in words if f"programs_problem_{one}" not in texts] == []
