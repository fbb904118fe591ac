"""Batches of codes on the staff's site: made in two steps, followed, changed, taken out."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from tests.factories import with_offer
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.service import code_batches
from ticketing.service.ports import House
from ticketing.store.unit import Store

FORM = {
    "name": "Herbst im Museum", "prefix": "herbst", "count": "20", "effect": "percent",
    "percent": "20", "max_uses": "1",
}  # fmt: skip


def made(staff: SignedInBrowser, store: Store, **changes: str) -> str:
    """The id of a batch that was made by the form."""
    sent = FORM | changes | {"step": "make", "csrf": staff.csrf}
    answer = staff.client.post("/staff/codes/new", data=sent)
    assert answer.status_code == 303
    with store.unit() as unit:
        return code_batches.list_batches(unit).items[0].id


def test_a_batch_says_what_it_promises_before_it_is_made(
    staff: SignedInBrowser, store: Store
) -> None:
    """The first press of the button makes nothing."""
    told = staff.client.post("/staff/codes/new", data=FORM | {"csrf": staff.csrf}).text
    assert "höchstens 20 Einlösungen" in told
    with store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()
    page = staff.client.get(f"/staff/codes/{made(staff, store)}").text
    assert page.count("HERBST-") == 20
    assert "Vom Versand bis zur Tür" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", "0"),
        ("count", "-1"),
        ("count", "1000001"),
        ("percent", "110"),
        ("prefix", "Ö"),
        ("name", ""),
        ("last_day", "2020-01-01"),
        ("effect", "none"),
    ],
)
def test_what_cannot_be_promised_is_told_beside_its_field(
    staff: SignedInBrowser, store: Store, field: str, value: str
) -> None:
    """Nothing is made, in whichever step."""
    sent = FORM | {"first_day": "2026-10-01", field: value, "csrf": staff.csrf, "step": "make"}
    answer = staff.client.post("/staff/codes/new", data=sent)
    assert answer.status_code == 422
    assert f'id="wrong-{field}"' in answer.text
    with store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf", "zip"])
def test_codes_are_taken_out_as_a_file(staff: SignedInBrowser, store: Store, kind: str) -> None:
    """Small ones at once, each with every code."""
    batch = made(staff, store)
    sent = {"format": kind, "csrf": staff.csrf}
    with staff.client.post(f"/staff/codes/{batch}/export", data=sent) as answer:
        content = answer.data
    assert answer.status_code == 200
    assert f"herbst-im-museum-2026-10-04.{kind}" in answer.headers["Content-Disposition"]
    if kind == "csv":
        assert content.decode("utf-8-sig").splitlines()[0].startswith("Code;Zustand;Gesendet")
        assert content.count(b"HERBST-") == 20
    elif kind == "zip":
        assert len(zipfile.ZipFile(BytesIO(content)).namelist()) == 20
    else:
        assert content.startswith({"xlsx": b"PK", "pdf": b"%PDF"}[kind])


def test_a_batch_is_stopped_resumed_changed_and_deleted(
    staff: SignedInBrowser, store: Store
) -> None:
    """Each by its button."""
    batch = made(staff, store)
    csrf = {"csrf": staff.csrf}
    for step in ("stop", "resume"):
        assert staff.client.post(f"/staff/codes/{batch}/{step}", data=csrf).status_code == 303
    edited = FORM | csrf | {"name": "Winter", "version": "2"}
    assert staff.client.post(f"/staff/codes/{batch}/edit", data=edited).status_code == 303
    assert "<h1" in staff.client.get(f"/staff/codes/{batch}/edit").text
    again = staff.client.post(f"/staff/codes/{batch}/edit", data=edited | {"name": "Mai"})
    assert again.status_code == 409
    assert "Winter" in again.text
    assert staff.client.post(f"/staff/codes/{batch}/delete", data=csrf).status_code == 303
    assert staff.client.get(f"/staff/codes/{batch}").status_code == 404


def test_a_code_is_found_by_a_form_and_not_by_an_address(
    staff: SignedInBrowser, store: Store
) -> None:
    """What was typed comes back on the page alone."""
    batch = made(staff, store)
    page = staff.client.get(f"/staff/codes/{batch}").text
    code = page[page.index("HERBST-") :][:18]
    sent = {"code": code, "csrf": staff.csrf}
    found = staff.client.post(f"/staff/codes/{batch}/search", data=sent).text
    assert "Gebunden an" in found
    wrong = staff.client.post(
        f"/staff/codes/{batch}/search", data=sent | {"code": "HERBST-00000000000"}
    ).text
    assert "Nicht gefunden" in wrong
    assert staff.client.get(f"/staff/codes/{batch}/search").status_code == 405


def test_every_change_needs_the_right_and_the_token(
    staff: SignedInBrowser,
    as_role: Callable[..., SignedInBrowser],
    store: Store,
    house: House,
) -> None:
    """The desk looks and changes nothing; another site's form changes nothing either."""
    with_offer(store, house)
    batch = made(staff, store)
    desk = as_role(Role.DESK)
    assert desk.client.get(f"/staff/codes/{batch}").status_code == 200
    for step in ("stop", "resume", "delete", "edit", "bind", "export"):
        path = f"/staff/codes/{batch}/{step}"
        assert desk.client.post(path, data={"csrf": desk.csrf}).status_code == 403
        assert staff.client.post(path, data={}).status_code in {400, 403}
    assert desk.client.get("/staff/codes/new").status_code == 403
