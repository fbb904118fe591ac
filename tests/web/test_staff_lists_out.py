"""Reports and lists as files: what is on the page, for who sees it."""

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.factories import with_offer, with_ticket
from tests.fakes import START, FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.test_api_journals import a_double_use
from ticketing.domain import spreadsheets
from ticketing.domain.accounts import RIGHTS, Right, Role
from ticketing.domain.audit import Action, Actor, ActorKind, Entry, Wanted
from ticketing.service import audit, figures, staff_people, tickets, webhooks
from ticketing.service.audit import Thing
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.staff import audit_sheet
from ticketing.wire.texts import Localised

LISTS = {
    "report": Right.REPORTS_SEE,
    "numbers": Right.REPORTS_SEE,
    "audit": Right.AUDIT_SEE,
    "conflicts": Right.HOUSE_SEE,
    "codes": Right.CODES_SEE,
    "codes/tags": Right.CODES_SEE,
    "offers/list": Right.HOUSE_SEE,
    "people": Right.PEOPLE_SEE,
}
SERIES = ("days", "hours", "reasons", "inside", "batches")


@pytest.fixture
def auditor(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    """Somebody who reads everything."""
    return as_role(Role.AUDITOR)


def rows_of(answer: TestResponse) -> list[list[str]]:
    """The lines of a German CSV, its heading first."""
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))


def taken_out(store: Store) -> list[Entry]:
    """Which lists were taken out, the newest first."""
    with store.unit() as unit:
        return list(audit.page(unit, wanted=Wanted(action=Action.LIST_EXPORTED)).items)


def somebody_came(browser: SignedInBrowser, store: Store, house: House, station: Headers) -> None:
    """One person was let in, another refused with the same ticket."""
    case = with_ticket(store, house)
    for n in (1, 2):
        at = "2026-10-04T14:00+02:00"
        scan = {"scan_id": f"{n:032x}", "barcode": case.barcode, "scanned_at": at}
        browser.client.post("/api/v1/scans", headers=station, json=scan)
    with store.unit() as unit:
        figures.refresh(unit, house)


# ------------------------------------------------------------ the report
def test_the_report_is_taken_out_by_the_auditor(
    auditor: SignedInBrowser, store: Store, house: House, station: Headers
) -> None:
    """People, refusals with their reasons, money; each line says of which day it tells."""
    somebody_came(auditor, store, house, station)
    name = "=HYPERLINK(1)"
    paid = {"slug": "paid", "number": 9, "price_cents": 123_450, "pay_at_desk": True}
    with_offer(store, house, name=Localised(name, "Paid"), **paid)
    sold = with_ticket(store, house, offer="paid")
    with store.unit() as unit:
        tickets.pay_ticket(unit, house, ticket_id=sold.ticket.id)
    answer = auditor.post("/staff/report/export", format="csv")
    head, *rows = rows_of(answer)
    assert head[:5] == ["Tag", "Teil", "Was", "Wo", "Anzahl"]
    assert {row[0] for row in rows} == {"2026-10-04"}
    assert ["Personen", "Eingelassen", "", "1"] in [row[1:5] for row in rows]
    assert ["Warum abgewiesen wurde", "Schon benutzt", "", "1"] in [row[1:5] for row in rows]
    [money] = [row[2:] for row in rows if row[1] == "Geld nach Angeboten"]
    assert money == [f"'{name}", "anderswo", "1", "1234,50", "0", "0,00", "1234,50", "EUR"]


def test_the_file_of_a_day_is_called_after_it(auditor: SignedInBrowser, store: Store) -> None:
    """Two days make two files; the audit says which one left the house."""
    answer = auditor.post("/staff/report/export", format="csv", day="2026-10-01")
    answer.get_data()
    assert 'filename="tagesbericht-2026-10-01.csv"' in answer.headers["Content-Disposition"]
    [line] = taken_out(store)
    assert (line.object, line.after) == (Thing("report", "csv"), {"day": "2026-10-01"})


def test_what_a_till_took_is_in_the_report(
    auditor: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """By the person who took it, and what was given back."""
    del museum
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    sold = [with_ticket(store, house, offer="paid").ticket.id for _ in range(2)]
    with store.unit() as unit:
        [person] = [one for one in audit.page(unit).items if one.action is Action.STAFF_SIGNED_IN]
        own = replace(house, actor=person.actor)
    for one in sold:
        with store.unit() as unit:
            tickets.pay_ticket(unit, own, ticket_id=one)
    rows = rows_of(auditor.post("/staff/report/export", format="csv"))
    [taken] = [row for row in rows if row[1] == "Geld nach Personen"]
    assert taken[2].startswith("Ayşe")
    assert taken[3:6] == ["Kasse", "2", "18,00"]
    [till] = [row for row in rows if row[1] == "In den Kassen"]
    assert till[2:] == ["", "", "2", "18,00", "0", "0,00", "18,00", "EUR"]


# ------------------------------------------------------------ numbers
def test_each_plot_has_its_values(
    auditor: SignedInBrowser, store: Store, house: House, station: Headers, clock: FrozenClock
) -> None:
    """Days without gaps, weekday and hour, reasons, people inside by quarter of an hour."""
    somebody_came(auditor, store, house, station)
    clock.tick(hours=1)
    out = {
        one: rows_of(auditor.post("/staff/numbers/export", format="csv", series=one, days="7"))
        for one in SERIES
    }
    assert len(out["days"]) == 1 + 7
    assert out["days"][-1] == ["2026-10-04", "1", "0", "1"]
    assert out["days"][1][1:] == ["0", "0", "0"]
    assert len(out["hours"]) == 1 + 7 * 24
    assert ["Sonntag", "14", "0", "0"] in out["hours"]
    assert out["reasons"][1:] == [["Schon benutzt", "1"]]
    assert out["inside"][1] == ["2026-10-04 00:00", "0", "0"]
    assert out["inside"][-1][1:] == ["1", "1"]
    assert {line.after["series"] for line in taken_out(store) if line.after} == set(SERIES)
    clock.tick(hours=10)  # the day is over
    with store.unit() as unit:
        figures.refresh(unit, house)
    fields = {"format": "csv", "series": "hours", "days": "7"}
    assert ["Sonntag", "14", "1", "1"] in rows_of(auditor.post("/staff/numbers/export", **fields))


# ------------------------------------------------------------ the audit log
def test_the_audit_log_is_taken_out_with_the_filter_of_the_page(
    auditor: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """What it was and what it is; the filter is noted but for what was typed."""
    del museum, house
    wanted = {"action": "offer.created", "day": "2026-10-04", "object": "offer day"}
    head, *rows = rows_of(auditor.post("/staff/audit/export", format="csv", **wanted))
    assert head == [
        "Zeit",
        "Art",
        "Wer",
        "Was",
        "Woran: Art",
        "Woran",
        "Vorher",
        "Nachher",
        "Kennung",
    ]
    [row] = rows
    assert row[3:7] == ["Angebot angelegt", "Angebot", "Tageskarte", ""]
    assert "; Preis: 0,00\N{NO-BREAK SPACE}€; " in row[7]
    assert row[8] == "day"
    [line] = taken_out(store)
    assert line.after == {"action": "offer.created", "day": "2026-10-04", "text": "…"}
    with store.unit() as unit:
        [person] = [who for who, name in audit.names(unit).items() if name.startswith("Ayşe")]
    for actor in (person, "Erika Mustermann"):
        auditor.post("/staff/audit/export", format="csv", actor=actor)
    assert [line.after for line in taken_out(store)][:2] == [{}, {"actor": person}]


def test_whoever_takes_the_audit_out_stands_in_it(auditor: SignedInBrowser) -> None:
    """The first line is the newest one."""
    [_, first, *_] = rows_of(auditor.post("/staff/audit/export", format="csv"))
    assert first[3:6] == ["Liste exportiert", "Protokoll", "csv"]


def test_no_line_of_the_audit_is_a_formula(
    auditor: SignedInBrowser, store: Store, house: House
) -> None:
    """Whoever chose a name chose no command for a spreadsheet."""
    with store.unit() as unit:
        unit.begin()
        evil = replace(house, actor=Actor(ActorKind.COMMAND, "=cmd|calc"))
        thing = Thing("@gate", "+1")
        audit.note(unit, evil, action=Action.GATE_CHANGED, object=thing, after={"=A1": ["-2"]})
        unit.commit()
    [_, row] = rows_of(auditor.post("/staff/audit/export", format="csv", action="gate.changed"))
    assert row[2:] == ["'=cmd|calc", "Eingang geändert", "'@gate", "'+1", "", "'=A1: -2", "'+1"]


@pytest.mark.parametrize("fields", [{"action": "nothing"}, {"day": "x"}, {"object": "x" * 101}])
def test_a_filter_that_is_none_takes_nothing_out(
    auditor: SignedInBrowser, store: Store, fields: dict[str, str]
) -> None:
    """No file of something else than was asked for."""
    assert auditor.post("/staff/audit/export", format="csv", **fields).status_code == 404
    assert taken_out(store) == []


def test_a_long_audit_log_is_read_while_it_is_sent(
    auditor: SignedInBrowser, store: Store, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never more than a page of it is in memory."""
    monkeypatch.setattr(audit_sheet, "_AT_ONCE", 10)
    monkeypatch.setattr(spreadsheets, "_ROWS_AT_ONCE", 10)
    read: list[int] = []

    def page(*args: Any, **options: Any) -> Any:
        read.append(options["limit"])
        return real(*args, **options)

    with store.unit() as unit:
        unit.begin()
        for n in range(95):
            thing, after = Thing("gate", str(n)), {"number": n}
            audit.note(unit, house, action=Action.GATE_CHANGED, object=thing, after=after)
        unit.commit()
    real = audit.page
    monkeypatch.setattr(audit, "page", page)
    answer = auditor.post("/staff/audit/export", format="csv", action="gate.changed")
    pieces = iter(answer.response)
    seen = [len(read) for _ in pieces]
    assert seen == [0, *range(1, 11)]
    answer.close()


# ------------------------------------------------------------ conflicts
def test_conflicts_are_taken_out_with_both_scans(
    auditor: SignedInBrowser, store: Store, house: House, station: Headers, clock: FrozenClock
) -> None:
    """Which counted, which was too many, and how they were explained."""
    a_double_use(auditor.client, station, case=with_ticket(store, house), clock=clock)
    head, row = rows_of(auditor.post("/staff/conflicts/export", format="csv"))
    cells = dict(zip(head, row, strict=True))
    assert cells["Was"] == "Ticket zweimal benutzt"
    assert cells["Personen zu viel"] == "1"
    assert cells["Gezählt: Zeit"] == f"{START + timedelta(hours=2, minutes=-2):%Y-%m-%d %H:%M}"
    assert cells["Zu viel: Station"] == "Tor"
    assert cells["Stand"] == "offen"
    assert len(rows_of(auditor.post("/staff/conflicts/export", format="csv", state="all"))) == 2
    assert len(rows_of(auditor.post("/staff/conflicts/export", format="csv", state="ignored"))) == 1
    assert [line.after for line in taken_out(store)] == [
        {"state": "ignored"},
        {},
        {"state": "open"},
    ]


# ------------------------------------------------------------ all of them
@pytest.mark.parametrize(
    ("name", "file", "title"),
    [
        ("report", "daily-report", "Where"),
        ("numbers", "admitted-per-day", "Admitted"),
        ("audit", "audit-log", "Who"),
        ("conflicts", "to-clear-up", "Found"),
        ("codes", "batches", "Discount"),
        ("codes/tags", "by-tag", "Batches"),
        ("offers/list", "offers", "Short name"),
    ],
)
def test_every_list_is_a_workbook_too(
    auditor: SignedInBrowser, station: Headers, name: str, file: str, title: str
) -> None:
    """In English its name and its words are English."""
    del station
    auditor.post("/staff/language", lang="en")
    answer = auditor.post(f"/staff/{name}/export", format="xlsx", series="days")
    data = answer.data
    answer.close()
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert f">{title}<" in page
    assert f'"{file}-2026-10-04.xlsx"' in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("name", LISTS)
def test_a_format_that_is_none_takes_nothing_out(
    auditor: SignedInBrowser, store: Store, name: str
) -> None:
    """No file, and no line in the audit."""
    fields = {"series": "days", "format": "exe"}
    assert auditor.post(f"/staff/{name}/export", **fields).status_code == 404
    assert auditor.post("/staff/numbers/export", format="csv", series="x").status_code == 404
    assert taken_out(store) == []


@pytest.mark.parametrize("role", Role)
def test_who_sees_a_list_may_take_it_out(
    as_role: Callable[[Role], SignedInBrowser], role: Role
) -> None:
    """What stands on a page can be copied from it anyway; nobody takes out what they cannot see."""
    browser = as_role(role)
    for name, right in LISTS.items():
        answer = browser.post(f"/staff/{name}/export", format="csv", series="days")
        answer.get_data()  # a stream that nobody reads stays open
        assert answer.status_code == (200 if right in RIGHTS[role] else 403), name


def test_a_form_from_elsewhere_takes_nothing_out(auditor: SignedInBrowser, store: Store) -> None:
    """Without the session's token."""
    for name in LISTS:
        answer = auditor.client.post(f"/staff/{name}/export", data={"format": "csv"})
        assert answer.status_code == 403
    assert taken_out(store) == []


# ------------------------------------------------------------ the staff, and deliveries
def test_the_staff_is_taken_out(
    auditor: SignedInBrowser, store: Store, house: House, as_role: Callable[[Role], SignedInBrowser]
) -> None:
    """With what somebody signs in by and when they were here last; never with a link."""
    with store.unit() as unit:
        staff_people.invite(unit, house, name="Jördis Öztürk", role=Role.DESK)
    assert 'action="/staff/people/export"' in auditor.client.get("/staff/people").text
    head, *rows = rows_of(auditor.post("/staff/people/export", format="csv"))
    assert head == ["Name", "Rolle", "Anmeldung", "Stand", "Zuletzt da", "PIN am Einlass"]
    known, invited = rows
    assert known[1:] == ["Revision", "Passwort", "aktiv", "2026-10-04 14:00", "nein"]
    assert invited == ["Jördis Öztürk", "Kasse", "", "eingeladen", "", "nein"]
    assert [line.object for line in taken_out(store)] == [Thing("people", "csv")]
    assert as_role(Role.DESK).post("/staff/people/export", format="csv").status_code == 403


def test_what_was_delivered_is_taken_out(
    auditor: SignedInBrowser, store: Store, house: House
) -> None:
    """To one receiver, with the words of the page and the names of the API."""
    with store.unit() as unit:
        hook = webhooks.register(unit, house, url="https://example.org/in", events=()).webhook
    page = f"/staff/programs/webhooks/{hook.id}"
    assert f'action="{page}/deliveries/export"' not in auditor.client.get(page).text
    with store.unit() as unit:
        sent = webhooks.send_test(unit, house, webhook=hook.id)
    assert f'action="{page}/deliveries/export"' in auditor.client.get(page).text
    head, row = rows_of(auditor.post(f"{page}/deliveries/export", format="csv"))
    assert head[:5] == ["Zeit", "Ereignis", "Name des Ereignisses", "Stand", "Versuche"]
    assert row[2:] == ["webhook.test", "wartet", "0", "", "", "", sent.event]
    [line] = taken_out(store)
    assert (line.object, line.after) == (Thing("deliveries", "csv"), {"webhook": hook.id})
    lost = "/staff/programs/webhooks/wh_nothing/deliveries/export"
    assert auditor.post(lost, format="csv").status_code == 404
