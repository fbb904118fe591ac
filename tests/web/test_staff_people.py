"""The pages of the staff's people, of joining, and of the audit."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.fakes import FrozenClock
from tests.web.conftest import NAME, PASSWORD, SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.ports import House
from ticketing.store.unit import Store

AsRole = Callable[..., SignedInBrowser]
LINK = re.compile(r"https://tickets\.example(/staff/join/[\w-]{43})")
NEW = {"name": "Bo Li", "password": "ein-anderes-geheimnis"}


def invited(staff: SignedInBrowser, name: str = "Bo", role: str = "desk") -> str:
    """The link of somebody new."""
    answer = staff.post("/staff/people", name=name, role=role)
    assert answer.status_code == 201
    found = LINK.search(answer.text)
    assert found is not None
    return found[1]


def id_of(staff: SignedInBrowser, name: str) -> str:
    """The id of somebody in the list."""
    text = staff.client.get("/staff/people").text
    found = re.search(rf'/staff/people/(staff_[0-9a-f]+)">{re.escape(name)}<', text)
    assert found is not None, name
    return found[1]


# ------------------------------------------------------------ inviting and joining
def test_an_invitation_becomes_a_person(staff: SignedInBrowser, client: FlaskClient) -> None:
    """The link is shown once; looking changes nothing; joining signs in."""
    link = invited(staff)
    assert link not in staff.client.get("/staff/people").text
    other = client.application.test_client()
    for _ in range(3):
        page = other.get(link)
        assert page.status_code == 200
        assert 'value="Bo"' in page.text
    joined = other.post(link, data=NEW)
    assert joined.headers["Location"] == "/staff/account"
    assert "Bo Li" in other.get("/staff/account").text
    gone = other.post(link, data=NEW)
    assert gone.status_code == 410
    assert "gilt nicht mehr" in gone.text
    assert other.get(link).status_code == 410


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "", "password": "lang genug 12"}, 422),
        ({"name": "Bo", "password": "kurz"}, 422),
        ({"name": NAME, "password": "lang genug 12"}, 409),
    ],
)
def test_a_form_that_does_not_fit_comes_again(
    staff: SignedInBrowser, client: FlaskClient, fields: dict[str, str], status: int
) -> None:
    """The link stays good, the password is not shown."""
    link, other = invited(staff), client.application.test_client()
    answer = other.post(link, data=fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert fields["password"] not in answer.text
    assert other.post(link, data=NEW).status_code == 303


def test_a_made_up_link_is_gone_and_guessing_is_slowed_down(client: FlaskClient) -> None:
    """After twenty of an address."""
    for number in range(20):
        assert client.get(f"/staff/join/{number}").status_code == 410
    answer = client.get("/staff/join/20")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_link_is_taken_up_from_our_own_page_alone(
    staff: SignedInBrowser, client: FlaskClient
) -> None:
    """Another site cannot send the form."""
    link = invited(staff)
    answer = client.post(link, data=NEW, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert client.application.test_client().post(link, data=NEW).status_code == 303


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"name": "", "role": "desk"}, 422), ({"name": "x", "role": "king"}, 422),
     ({"name": "x" * 101, "role": "desk"}, 422), ({"name": NAME, "role": "desk"}, 409)],
)  # fmt: skip
def test_an_invitation_that_does_not_fit_comes_again(
    staff: SignedInBrowser, fields: dict[str, str], status: int
) -> None:
    """With what is wrong beside its field."""
    answer = staff.post("/staff/people", **fields)
    assert answer.status_code == status
    assert "field--wrong" in answer.text
    assert LINK.search(answer.text) is None


# ------------------------------------------------------------ changing people
def test_a_role_is_changed_and_holds_at_once(staff: SignedInBrowser, client: FlaskClient) -> None:
    """Without signing in again."""
    other = client.application.test_client()
    other.post(invited(staff), data=NEW)
    assert other.get("/staff/people").status_code == 403
    bo = id_of(staff, "Bo Li")
    assert staff.post(f"/staff/people/{bo}/role", role="auditor").status_code == 303
    assert "Die Rolle ist geändert" in staff.client.get(f"/staff/people/{bo}").text
    assert other.get("/staff/people").status_code == 200
    assert staff.post(f"/staff/people/{bo}/role", role="king").status_code == 422


def test_an_auditor_sees_people_and_changes_none(as_role: AsRole) -> None:
    """Nor is a button there that would be refused."""
    auditor, admin = as_role(Role.AUDITOR), as_role(Role.ADMIN)
    who = id_of(admin, f"{NAME} (admin)")
    page = auditor.client.get(f"/staff/people/{who}")
    assert page.status_code == 200
    assert f"/staff/people/{who}/remove" not in page.text
    for act in ("role", "remove", "reset"):
        assert auditor.post(f"/staff/people/{who}/{act}", role="desk").status_code == 403
    assert auditor.post("/staff/people", name="x", role="admin").status_code == 403


def test_the_last_admin_stays(staff: SignedInBrowser) -> None:
    """Neither demoted nor removed nor reset, not by themself either."""
    own = id_of(staff, NAME)
    for act in ("role", "remove", "reset"):
        staff.post(f"/staff/people/{own}/{act}", role="desk")
        assert "muss jemand mit der Rolle Leitung bleiben" in staff.client.get("/staff/people").text


def test_a_reset_shows_a_new_link(staff: SignedInBrowser, client: FlaskClient) -> None:
    """And signs the person out at once."""
    other = client.application.test_client()
    other.post(invited(staff), data=NEW)
    bo = id_of(staff, "Bo Li")
    answer = staff.post(f"/staff/people/{bo}/reset")
    found = LINK.search(answer.text)
    assert found is not None
    assert other.get("/staff").status_code == 303
    assert "Neu anmelden" in other.get(found[1]).text
    assert other.post(found[1], data=NEW).status_code == 303


def test_a_removed_person_is_out(staff: SignedInBrowser, client: FlaskClient) -> None:
    """Their page is gone, too."""
    other = client.application.test_client()
    other.post(invited(staff), data=NEW)
    bo = id_of(staff, "Bo Li")
    assert staff.post(f"/staff/people/{bo}/remove").headers["Location"] == "/staff/people"
    assert other.get("/staff").status_code == 303
    assert staff.client.get(f"/staff/people/{bo}").status_code == 404
    for act in ("role", "remove", "reset"):
        assert staff.post(f"/staff/people/{bo}/{act}", role="desk").status_code == 404


def test_an_admin_ends_somebodys_session(staff: SignedInBrowser, client: FlaskClient) -> None:
    """In one browser; a session of somebody else is none of theirs."""
    other = client.application.test_client()
    other.post(invited(staff), data=NEW)
    bo = id_of(staff, "Bo Li")
    page = staff.client.get(f"/staff/people/{bo}").text
    [session] = re.findall(rf"/staff/people/{bo}/sessions/(ses_[0-9a-f]+)/end", page)
    own = id_of(staff, NAME)
    assert staff.post(f"/staff/people/{own}/sessions/{session}/end").status_code == 404
    assert staff.post(f"/staff/people/{bo}/sessions/{session}/end").status_code == 303
    assert other.get("/staff").status_code == 303


def test_an_invited_person_is_shown_as_such(staff: SignedInBrowser, clock: FrozenClock) -> None:
    """And when the link has run out."""
    invited(staff)
    assert "eingeladen" in staff.client.get("/staff/people").text
    clock.tick(hours=11)
    staff.client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    clock.tick(hours=11)
    staff.client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    clock.tick(hours=11)
    staff.client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    clock.tick(hours=11)
    staff.client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    clock.tick(hours=4)
    assert "Link abgelaufen" in staff.client.get("/staff/people").text


# ------------------------------------------------------------ the audit
def test_the_audit_names_people_keys_and_changes(
    staff: SignedInBrowser, store: Store, house: House
) -> None:
    """Newest first, with what was before."""
    invited(staff)
    bo = id_of(staff, "Bo")
    staff.post(f"/staff/people/{bo}/role", role="editor")
    text = staff.client.get("/staff/audit").text
    assert text.index('across">Rolle geändert') < text.index('across">Person eingeladen')
    assert re.search(r"<del[^>]*>Kasse</del>.*<ins[^>]*>Redaktion</ins>", text)
    assert NAME in text
    del store, house


def test_the_audit_is_filtered(staff: SignedInBrowser) -> None:
    """By what, who, on what, and when; a filter that is none is told."""
    invited(staff)
    bo, own = id_of(staff, "Bo"), id_of(staff, NAME)
    lines = '<td class="nowrap '
    for query, count in [
        ("", 3),
        ("?action=staff.invited", 1),
        (f"?actor={own}", 2),
        ("?actor=staff_0", 0),
        (f"?object=staff+{bo}", 1),
        (f"?object={bo}", 1),
        ("?object=offer", 0),
        ("?day=2026-10-04", 3),
        ("?day=2026-10-05", 0),
    ]:
        answer = staff.client.get(f"/staff/audit{query}")
        assert answer.status_code == 200, query
        assert answer.text.count(lines) == count, query
    for query in ("?action=staff.crowned", "?day=gestern"):
        assert staff.client.get(f"/staff/audit{query}").status_code == 422


def test_the_audit_says_what_was_done_in_words(staff: SignedInBrowser, museum: None) -> None:
    """In the lines and in the filter, sorted as in a dictionary; no name of the program's."""
    del museum
    text = staff.client.get("/staff/audit").text
    assert ">Angebot angelegt</td>" in text
    assert '<span class="soft small">Angebot</span>' in text
    options = re.findall(r'<option value="([a-z_]+\.[a-z_]+)">([^<]+)</option>', text)
    assert ("offer.changed", "Angebot geändert") in options
    assert len(options) == len(Action)
    words = [said for _, said in options]
    some = ["Abgemeldet", "Eingang geändert", "Webhook gelöscht"]
    assert sorted(some, key=words.index) == some
    assert ">offer.created<" not in text
    english = staff.client.get("/staff/audit?lang=en&action=offer.created").text
    assert ">Offer made</td>" in english
    assert '<option value="offer.created" selected>Offer made</option>' in english


def test_the_audit_pages_by_cursor(staff: SignedInBrowser, store: Store, house: House) -> None:
    """Filters go along; a cursor that somebody made up shows the beginning."""
    with store.unit() as unit:
        unit.begin()
        for number in range(60):
            thing = Thing("offer", f"o{number}")
            audit.note(unit, house, action=Action.OFFER_CREATED, object=thing, after={})
        unit.commit()
    seen: list[str] = []
    address = "/staff/audit?action=offer.created"
    while address:
        text = staff.client.get(address).text
        seen += re.findall(r">(o\d+)<", text)
        found = re.search(r'href="([^"]+)" rel="next"', text)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"o{number}" for number in range(59, -1, -1)]
    assert staff.client.get("/staff/audit?cursor=nonsense").status_code == 200


@pytest.mark.parametrize("role", [Role.DESK, Role.EDITOR])
def test_only_admins_and_auditors_read_the_audit(as_role: AsRole, role: Role) -> None:
    """Nor is it in the others' navigation."""
    browser = as_role(role)
    assert browser.client.get("/staff/audit").status_code == 403
    assert "/staff/audit" not in browser.client.get("/staff").text
    assert as_role(Role.AUDITOR).client.get("/staff/audit").status_code == 200


def test_long_and_many_facts_are_cut(staff: SignedInBrowser, store: Store, house: House) -> None:
    """A line stays a line; markup in it is text; a thing that is no more keeps its word."""
    with store.unit() as unit:
        unit.begin()
        facts = {"gates": ["a", "<b>"], "note": "x" * 150}
        audit.note(
            unit,
            house,
            action=Action.OFFER_CREATED,
            object=Thing("offer", "day"),
            after=facts,
        )
        audit.note(unit, house, action=Action.OFFER_CREATED, object=Thing("relic", "r1"))
        unit.commit()
    text = staff.client.get("/staff/audit").text
    assert ">relic<" in text
    assert "a, &lt;b&gt;" in text
    assert "x" * 80 + "…" in text


def test_api_calls_are_in_the_audit_with_their_key(
    staff: SignedInBrowser, api: dict[str, str], museum: None
) -> None:
    """By the key's name; the ticket's holder is in no line."""
    del museum
    sent = {"offer": "day", "holder": "Erika Mustermann"}
    made = staff.client.post("/api/v1/tickets", headers=api, json=sent).json
    assert made is not None
    staff.client.post(f"/api/v1/tickets/{made['id']}/block", headers=api)
    text = staff.client.get("/staff/audit?object=ticket+" + made["id"]).text
    for words in ("Ticket ausgestellt", "Ticket gesperrt", "Kasse", "API-Schlüssel"):
        assert words in text
    assert "Mustermann" not in text


def test_what_a_person_does_on_the_site_is_in_their_name(
    staff: SignedInBrowser, museum: None
) -> None:
    """Also what no page of accounts does: here, a pairing code."""
    del museum
    staff.post("/staff/stations/pairing", name="Tor 2", gate="nord")
    text = staff.client.get("/staff/audit?action=station.pairing_opened").text
    assert f'<b class="break">{NAME}</b>' in text
