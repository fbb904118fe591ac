"""Tickets on the site: list, search, one ticket and what may be done with it, the export."""

import csv
import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import HOLDER, with_offer, with_ticket, with_tickets
from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.talking import Talk
from tests.web.test_api_scans import a_scan
from ticketing.domain.accounts import Role
from ticketing.domain.audit import Action, Wanted
from ticketing.domain.ids import VisitorId
from ticketing.service import audit, bulk, offers, tickets
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase, TicketOrder
from ticketing.store import schema
from ticketing.store.unit import Store

ACTIONS = ("send", "block", "unblock", "pay", "refund", "reissue", "revoke", "name")


@pytest.fixture(name="case")
def _case(store: Store, house: House, museum: None) -> TicketCase:
    del museum
    return with_ticket(store, house, reference="R-17")


def page_of(case: TicketCase) -> str:
    """The address of a ticket's page."""
    return f"/staff/tickets/{case.ticket.id.hex()}"


def seen_on(staff: SignedInBrowser, case: TicketCase) -> str:
    """The mark that the page's forms carry now."""
    text = staff.client.get(page_of(case)).text
    found = re.search(r'name="seen" value="([0-9a-f]{16})"', text)
    return found[1] if found else ""


def act(staff: SignedInBrowser, case: TicketCase, action: str, **fields: str) -> str:
    """Do something with a ticket; the page that follows."""
    sent = {"seen": seen_on(staff, case)} | fields
    answer = staff.post(f"{page_of(case)}/{action}", **sent)
    assert answer.status_code == 303
    assert answer.headers["Location"] == page_of(case)
    return staff.client.get(page_of(case)).text


def test_the_list_comes_in_parts_and_keeps_its_filter(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """The next part's address holds a cursor and the filter, and nothing of a person."""
    del museum
    with_tickets(store, house, 30)
    text = staff.client.get("/staff/tickets?offer=day").text
    [following] = re.findall(r'href="([^"]+)" rel="next"', text)
    assert "offer=day" in following
    assert HOLDER.split()[1] not in following
    rest = staff.client.get(following.replace("&amp;", "&")).text
    assert "26 bis 30" in rest
    assert text.count(">gültig</span>") + rest.count(">gültig</span>") == 30


@pytest.mark.parametrize(
    "query",
    ["offer=none", "cursor='--", "state=drop", "day=9999-99-99", "day=0001-01-01", "sort=x&down=1"],
)
def test_a_strange_address_of_the_list_harms_nothing(
    staff: SignedInBrowser, case: TicketCase, query: str
) -> None:
    """The beginning is shown."""
    answer = staff.client.get(f"/staff/tickets?{query}")
    assert answer.status_code == 200
    assert case.ticket.holder in answer.text


def test_a_filter_that_nothing_fits_says_so(staff: SignedInBrowser, case: TicketCase) -> None:
    """With the way back to all."""
    del case
    text = staff.client.get("/staff/tickets?state=revoked").text
    assert "Kein Ticket passt zu diesem Filter" in text
    assert 'href="/staff/tickets">Alle zeigen' in text


def test_a_search_is_a_form_and_its_answer_the_page(
    staff: SignedInBrowser, case: TicketCase
) -> None:
    """By name, code, reference; the page links to the ticket."""
    for typed in ("jordis", case.ticket.short_code, "R-17", case.barcode):
        answer = staff.post("/staff/tickets/search", q=typed)
        assert answer.status_code == 200
        assert f'href="{page_of(case)}"' in answer.text
    assert "Kein Ticket gefunden" in staff.post("/staff/tickets/search", q="niemand").text


@pytest.mark.parametrize("typed", ["", "x", "%%%", "x" * 2000])
def test_a_search_for_too_little_is_refused_beside_its_field(
    staff: SignedInBrowser, case: TicketCase, typed: str
) -> None:
    """And names nobody."""
    answer = staff.post("/staff/tickets/search", q=typed)
    assert answer.status_code == 422
    assert case.ticket.holder not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_forms_of_other_sites_do_nothing(staff: SignedInBrowser, case: TicketCase) -> None:
    """Without the session's token every action, search and export is refused."""
    scan = f"scans/{'0' * 32}"
    paths = [f"{page_of(case)}/{one}" for one in (*ACTIONS, f"{scan}/annul", f"{scan}/override")]
    for path in (*paths, "/staff/tickets/search", "/staff/tickets/export"):
        assert staff.client.post(path, data={"csrf": "0" * 32}).status_code == 403, path
    with_seen = staff.client.get(page_of(case)).text
    assert ">gültig</span>" in with_seen


@pytest.mark.parametrize("ticket", ["0" * 30, "x", "0" * 29, "A" * 30, "..", "%00"])
def test_ids_cannot_be_guessed_or_tried(staff: SignedInBrowser, ticket: str) -> None:
    """404 for all that is no ticket: on the page, its pictures and every action."""
    base = f"/staff/tickets/{ticket}"
    for path in (base, f"{base}/barcode.png", f"{base}/card.png"):
        assert staff.client.get(path).status_code in {404, 405}, path
    for action in ACTIONS:
        assert staff.post(f"{base}/{action}", holder="X", reason="x").status_code == 404, action


def test_a_role_without_the_right_sees_no_button(
    as_role: Callable[[Role], SignedInBrowser], case: TicketCase
) -> None:
    """An auditor reads; what is not offered is refused as well."""
    auditor = as_role(Role.AUDITOR)
    text = auditor.client.get(page_of(case)).text
    assert HOLDER in text
    assert "Mit diesem Ticket ist nichts zu tun" in text
    assert "/export" not in auditor.client.get("/staff/tickets").text
    assert auditor.post(f"{page_of(case)}/block").status_code == 403
    assert auditor.post("/staff/tickets/export", format="csv").status_code == 403


def test_pictures_are_kept_by_nobody(staff: SignedInBrowser, case: TicketCase) -> None:
    """Barcode and card."""
    for name in ("barcode", "card"):
        answer = staff.client.get(f"{page_of(case)}/{name}.png")
        assert answer.mimetype == "image/png"
        assert answer.headers["Cache-Control"] == "no-store"


def test_pictures_need_a_sign_in(client: FlaskClient, case: TicketCase) -> None:
    """Whoever knows the address gets nothing."""
    assert client.get(f"{page_of(case)}/barcode.png").status_code == 303


def test_every_action_is_done_told_and_noted(
    staff: SignedInBrowser, store: Store, case: TicketCase
) -> None:
    """Each in turn; the audit has a line of each, without the name."""
    assert "Das Ticket ist gesperrt." in act(staff, case, "block")
    assert "Die Sperre ist aufgehoben." in act(staff, case, "unblock")
    assert "einen neuen Barcode" in act(staff, case, "reissue")
    assert "Der Name ist geändert." in act(staff, case, "name", holder="Zoë Müßig")
    text = act(staff, case, "revoke", reason="Falsch gebucht")
    assert "Das Ticket ist zurückgenommen." in text
    assert "Falsch gebucht" in text
    assert "/barcode.png" not in text
    with store.unit() as unit:
        lines = audit.page(unit, wanted=Wanted(object_kind="ticket")).items
    assert [one.action for one in lines] == [
        Action.TICKET_REVOKED, Action.TICKET_CHANGED, Action.TICKET_REISSUED,
        Action.TICKET_UNBLOCKED, Action.TICKET_BLOCKED, Action.TICKET_ISSUED,
    ]  # fmt: skip
    assert "Müßig" not in str(lines)


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("send", {}, "keinen Chat"),
        ("refund", {}, "Erst zurücknehmen"),
        ("name", {"holder": "😀"}, "Der Name fehlt"),
        ("name", {"holder": "x" * 200}, "Der Name ist zu lang"),
        ("revoke", {"reason": "x" * 201}, "höchstens 200 Zeichen"),
        ("block", {"seen": "0" * 16}, "inzwischen geändert"),
    ],
)
def test_a_refusal_says_why_in_plain_words(
    staff: SignedInBrowser, case: TicketCase, action: str, fields: dict[str, str], said: str
) -> None:
    """And the ticket stays as it is."""
    text = act(staff, case, action, **fields)
    assert said in text
    assert 'role="alert"' in text
    assert f'<h1 class="break">{HOLDER}</h1>' in text
    assert ">gültig</span>" in text


def test_the_second_of_two_people_gets_what_changed(
    staff: SignedInBrowser, case: TicketCase, store: Store, house: House
) -> None:
    """A new barcode is not superseded by whoever pressed the same button a moment later."""
    seen = seen_on(staff, case)
    with store.unit() as unit:
        tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)
    text = act(staff, case, "reissue", seen=seen)
    assert "Jemand anderes hat dieses Ticket inzwischen geändert" in text
    assert "neu ausgestellt: 1-mal" in text


def test_a_ticket_is_paid_and_the_money_given_back(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """The page names the amount and who took it."""
    del museum
    with_offer(store, house, slug="adult", number=9, price_cents=900, pay_at_desk=True)
    case = with_ticket(store, house, offer="adult")
    text = act(staff, case, "pay")
    assert "Als bezahlt vermerkt." in text
    assert re.search(r"<dd>9,00\N{NO-BREAK SPACE}€, 14:00, Ayşe Demirtaş</dd>", text)
    act(staff, case, "revoke")
    assert "zurückgegeben, 14:00" in act(staff, case, "refund")
    assert "/refund" not in staff.client.get(page_of(case)).text


def test_a_paid_ticket_shows_what_was_paid(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """Though the offer costs more since; what is not paid yet costs what it costs now."""
    del museum
    with_offer(store, house, slug="adult", number=9, price_cents=500, pay_at_desk=True)
    paid, owed = (with_ticket(store, house, offer="adult") for _ in range(2))
    act(staff, paid, "pay")
    with store.unit() as unit:
        dearer = OfferChange(price_cents=800)
        offers.change_offer(unit, house, slug="adult", change=dearer)
    price = "<dt>Preis</dt><dd>{}\N{NO-BREAK SPACE}€</dd>"
    assert price.format("5,00") in staff.client.get(page_of(paid)).text
    assert price.format("8,00") in staff.client.get(page_of(owed)).text


@pytest.mark.parametrize(
    ("lang", "words"), [("de", "mit anderen ausgestellt"), ("en", "issued with others")]
)
def test_a_ticket_of_many_shows_nothing_internal(
    staff: SignedInBrowser, store: Store, house: House, museum: None, lang: str, words: str
) -> None:
    """The name under which they were stored is for programs; a reason of staff is shown."""
    del museum
    order = TicketOrder(offer="day", holder=HOLDER)
    with store.unit() as unit:
        [case] = bulk.issue_batch(unit, house, wanted=(order,))
    staff.post("/staff/language", lang=lang)
    text = staff.client.get(page_of(case)).text
    assert words in text
    assert "batch:" not in text
    staff.post(f"{page_of(case)}/revoke", seen=seen_on(staff, case), reason="Doppelt gekauft")
    text = staff.client.get(page_of(case)).text
    assert "Doppelt gekauft" in text
    assert words not in text


def test_a_chat_ticket_is_sent_again(
    staff: SignedInBrowser, talk: Talk, store: Store, house: House, museum: None
) -> None:
    """Into the chat of its visitor."""
    del museum
    talk.start()
    with store.unit() as unit:
        visitor = unit.run(select(schema.visitors.c.id)).scalar_one()
    case = with_ticket(store, house, visitor=VisitorId(visitor))
    assert "auf dem Weg in den Chat" in act(staff, case, "send")
    talk.deliver()
    assert talk.items()[-1]["ticket"] is not None


def test_the_history_tells_scans_and_the_last_is_taken_back(
    staff: SignedInBrowser, station: Headers, case: TicketCase, clock: FrozenClock
) -> None:
    """Verdict, reason, gate and time; once taken back there is nothing to take back."""
    sent = [a_scan(case.barcode), a_scan(case.barcode)]
    for scan in sent:
        staff.client.post("/api/v1/scans", headers=station, json=scan)
        clock.tick(minutes=1)
    text = staff.client.get(page_of(case)).text
    for words in ("Einlass", "Stopp", "Schon benutzt", "Eingang Süd", "0 von 1 frei"):
        assert words in text
    assert text.count("/annul") == 1
    assert text.count("/override") == 1
    text = act(staff, case, f"scans/{sent[0]['scan_id']}/annul", why="falsche Person")
    for words in ("Der Eintritt ist aufgehoben.", "1 von 1 frei", "falsche Person"):
        assert words in text
    assert "/annul" not in text


def test_a_refused_scan_is_overruled_by_whoever_may(
    staff: SignedInBrowser,
    as_role: Callable[[Role], SignedInBrowser],
    station: Headers,
    case: TicketCase,
) -> None:
    """An admin may, the desk may not and is offered nothing."""
    sent = [a_scan(case.barcode), a_scan(case.barcode)]
    for scan in sent:
        staff.client.post("/api/v1/scans", headers=station, json=scan)
    desk = as_role(Role.DESK)
    assert "/override" not in desk.client.get(page_of(case)).text
    path = f"scans/{sent[1]['scan_id']}/override"
    assert desk.post(f"{page_of(case)}/{path}").status_code == 403
    assert "Eingelassen und gezählt." in act(staff, case, path)
    assert "keine Abweisung" in act(staff, case, f"scans/{sent[0]['scan_id']}/override")


def test_after_fifteen_minutes_the_desk_is_told_who_may(
    as_role: Callable[[Role], SignedInBrowser],
    station: Headers,
    case: TicketCase,
    clock: FrozenClock,
) -> None:
    """No button any more; a form that is still open is refused in words."""
    desk = as_role(Role.DESK)
    scan = a_scan(case.barcode)
    desk.client.post("/api/v1/scans", headers=station, json=scan)
    clock.tick(minutes=16)
    assert "/annul" not in desk.client.get(page_of(case)).text
    assert "nur 15 Minuten" in act(desk, case, f"scans/{scan['scan_id']}/annul")


@pytest.mark.parametrize("scan", ["0" * 32, "x", "Z" * 32])
def test_scans_of_other_tickets_are_not_found(
    staff: SignedInBrowser, store: Store, house: House, station: Headers, scan: str
) -> None:
    """A ticket's page acts on its own scans alone."""
    one, other = with_ticket(store, house), with_ticket(store, house)
    sent = a_scan(other.barcode)
    staff.client.post("/api/v1/scans", headers=station, json=sent)
    for asked in (scan, sent["scan_id"]):
        for action in ("annul", "override"):
            path = f"{page_of(one)}/scans/{asked}/{action}"
            assert staff.post(path).status_code == 404


# ------------------------------------------------------------ the export
def test_the_filtered_list_is_taken_out_as_csv(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """Formulas are text, and the audit says who took which list out."""
    del museum
    with_ticket(store, house, holder="=HYPERLINK(A1)", reference="+49 1")
    with_ticket(store, house, holder="Anna")
    answer = staff.post("/staff/tickets/export", format="csv", offer="day")
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert lines[0][1:3] == ["Name", "Angebot"]
    assert {line[1] for line in lines[1:]} == {"'=HYPERLINK(A1)", "Anna"}
    assert {line[9] for line in lines[1:]} == {"'+49 1", ""}
    with store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.TICKETS_EXPORTED)).items
    assert line.after == {"offer": "day"}


def test_the_list_is_taken_out_as_xlsx(staff: SignedInBrowser, case: TicketCase) -> None:
    """A real workbook with the names in it."""
    with staff.post("/staff/tickets/export", format="xlsx") as answer:
        book = io.BytesIO(answer.data)
    with zipfile.ZipFile(book) as sheets:
        assert case.ticket.holder in sheets.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("fields", [{}, {"format": "exe"}, {"format": "csv", "offer": "none"}])
def test_a_list_that_is_none_is_refused(
    staff: SignedInBrowser, case: TicketCase, store: Store, fields: dict[str, str]
) -> None:
    """No file, and no line in the audit."""
    del case
    assert staff.post("/staff/tickets/export", **fields).status_code == 404
    with store.unit() as unit:
        assert audit.page(unit, wanted=Wanted(action=Action.TICKETS_EXPORTED)).items == ()
