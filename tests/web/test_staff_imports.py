"""Lists of codes on the site: sent, looked through, confirmed, followed, told what is wrong."""

import io
import json
from collections.abc import Callable
from typing import BinaryIO

import pytest
from werkzeug.test import TestResponse

from tests.web.conftest import SignedInBrowser
from ticketing.clerk import Clerk
from ticketing.domain.accounts import Role
from ticketing.domain.code_imports import COLUMNS, FAULTS, HeadingFault, Outcome
from ticketing.domain.code_texts import text_of
from ticketing.domain.jobs import Job, JobKind
from ticketing.domain.tables import TableFault
from ticketing.service import code_batches
from ticketing.service.code_imports import Importer
from ticketing.service.jobs import Tell
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.templates_path import templates_dir

HOME = "/staff/codes/import"
CODES = [text_of("NEU", n * 977_777) for n in range(1, 4)]
LIST = "\r\n".join(["Code;Serie;Prozent", *(f"{code};Händler;20 %" for code in CODES)])
FAULTY = f"{LIST}\r\nKowalewski;Händler;\r\n"


@pytest.fixture
def editor(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    """Somebody who may make codes."""
    return as_role(Role.EDITOR)


@pytest.fixture
def clerk(store: Store, house: House) -> Clerk:
    """Somebody who does imports."""
    return Clerk(store, house, {JobKind.IMPORT: Importer(store, house)})


def send(browser: SignedInBrowser, content: bytes, name: str = "codes.csv") -> TestResponse:
    """Choose a file and send the form."""
    data = {"csrf": browser.csrf, "list": (io.BytesIO(content), name)}
    return browser.client.post(HOME, data=data, content_type="multipart/form-data")


def sent(browser: SignedInBrowser, text: str = LIST) -> str:
    """The address of a list that was taken."""
    answer = send(browser, text.encode("cp1252"))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_list_of_one_line_is_called_so(editor: SignedInBrowser, clerk: Clerk) -> None:
    """Its heading is none."""
    page = sent(editor, "\n".join(FAULTY.splitlines()[:2]))
    assert '<span class="soft">1 Zeile</span>' in editor.client.get(HOME).text
    clerk.run_once()
    assert "1 Zeile importieren" in editor.client.get(page).text


def test_a_list_is_looked_through_confirmed_and_followed(
    editor: SignedInBrowser, clerk: Clerk, store: Store
) -> None:
    """One may leave at any time; its page says how far it is."""
    page = sent(editor, FAULTY)
    listed = editor.client.get(HOME).text
    assert page in listed
    assert '<span class="soft">4 Zeilen</span>' in listed
    assert f'hx-get="{page}/progress"' in editor.client.get(page).text
    assert "Wird geprüft" in editor.client.get(f"{page}/progress").text
    clerk.run_once()
    ended = editor.client.get(f"{page}/progress").text
    assert '<h2 id="h-under-way">Fertig</h2>' in ended
    assert "Die Datei ist durchgesehen." in ended
    assert "Wird geprüft" not in ended
    assert "Fortschritt" not in ended
    preview = editor.client.get(page).text
    for words in ("Noch ist nichts gespeichert", "3 Zeilen importieren", "Händler", *CODES):
        assert words in preview
    assert "Ist kein Code unserer Form." in preview
    assert "Kowalewski" not in preview
    with store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()
    assert editor.post(f"{page}/confirm").status_code == 303
    assert "Wird importiert" in editor.client.get(page).text
    clerk.run_once()
    result = editor.client.get(page).text
    assert "Die guten Zeilen sind importiert" in result
    assert "importieren</button>" not in result
    assert "angehalten" not in result
    with store.unit() as unit:
        (batch,) = code_batches.list_batches(unit).items
    assert f"/staff/codes/{batch.id}" in result
    assert batch.tally.made == 3


def test_a_list_that_changes_nothing_is_not_offered(
    editor: SignedInBrowser, clerk: Clerk, store: Store, house: House
) -> None:
    """It says so instead, and that nobody can use the codes of a stopped batch."""
    page = sent(editor)
    clerk.run_once()
    editor.post(f"{page}/confirm")
    clerk.run_once()
    with store.unit() as unit:
        (batch,) = code_batches.list_batches(unit).items
        code_batches.stop_batch(unit, house, batch=batch.id)
    again = sent(editor)
    clerk.run_once()
    text = editor.client.get(again).text
    told = text.split("Diese Serien sind angehalten.")[1].split("</div>")[0]
    assert f'href="/staff/codes/{batch.id}"' in told
    assert "Hier gibt es nichts zu importieren" in text
    assert f"{again}/confirm" not in text


def test_faulty_lines_are_downloaded(editor: SignedInBrowser, clerk: Clerk) -> None:
    """All of them, in the person's language, without what stands there."""
    page = sent(editor, FAULTY + "x;y;\r\n" * 120)
    assert editor.client.get(f"{page}/problems").status_code == 404
    clerk.run_once()
    assert "Und 21 weitere" in editor.client.get(page).text
    answer = editor.client.get(f"{page}/problems")
    assert answer.mimetype == "text/csv"
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[:2] == ["Zeile;Spalte;Was nicht stimmt", "5;Code;Ist kein Code unserer Form."]
    assert len(lines) == 122


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "", "Hier fehlt etwas."),
        (b"", "a.csv", "Die Datei ist leer."),
        (b"PK\x03\x04", "a.xlsx", "Speichern Sie die Tabelle als CSV."),
        (b"Code;Kowalewski\n", "a.csv", "Eine Spalte ist unbekannt"),
    ],
)
def test_what_is_no_list_is_told_beside_the_field(
    editor: SignedInBrowser, content: bytes, name: str, told: str
) -> None:
    """At once, by the column's number."""
    answer = send(editor, content, name)
    assert answer.status_code == 422
    field = answer.text.split('id="wrong-list">')[1].split("<")[0]
    assert told in field
    assert "Kowalewski" not in answer.text
    if "Spalte" in told:
        assert "(Spalte 2)" in field


def test_a_list_for_which_there_is_no_room_is_told_beside_the_field(
    editor: SignedInBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And when there will be some."""
    monkeypatch.setattr("ticketing.service.jobs.UPLOADS_BYTES", 0)
    answer = send(editor, LIST.encode())
    assert answer.status_code == 409
    field = answer.text.split('id="wrong-list">')[1].split("<")[0]
    assert "Ältere verschwinden nach einem Tag" in field


def test_a_list_that_breaks_off_is_told(editor: SignedInBrowser, clerk: Clerk) -> None:
    """With its line; there is nothing to download."""
    page = sent(editor, f'{LIST}\r\n"x\r\ny\r\n')
    clerk.run_once()
    text = editor.client.get(page).text
    assert "Ein Anführungszeichen bleibt offen. (Zeile 5)" in text
    assert '<h2 id="h-under-way">Nicht lesbar</h2>' in editor.client.get(f"{page}/progress").text
    assert editor.client.get(f"{page}/problems").status_code == 404


def test_an_import_that_failed_says_what_to_do(
    editor: SignedInBrowser, store: Store, house: House
) -> None:
    """Send the file again."""

    def broken(job: Job, into: BinaryIO, tell: Tell) -> dict[str, str]:
        del job, into, tell
        raise RuntimeError

    page = sent(editor)
    Clerk(store, house, {JobKind.IMPORT: broken}).run_once()
    assert "Schicken Sie dieselbe Datei noch einmal" in editor.client.get(page).text
    part = editor.client.get(f"{page}/progress").text
    assert '<h2 id="h-under-way">Nicht fertig geworden</h2>' in part


def test_only_who_may_make_codes_may_bring_them_in(
    as_role: Callable[[Role], SignedInBrowser], editor: SignedInBrowser
) -> None:
    """The desk sees no link and gets no page; a form without its token is refused."""
    desk = as_role(Role.DESK)
    assert HOME not in desk.client.get("/staff/codes").text
    assert HOME in editor.client.get("/staff/codes").text
    assert desk.client.get(HOME).status_code == 403
    assert send(desk, LIST.encode()).status_code == 403
    data = {"list": (io.BytesIO(b"code\n"), "a.csv")}
    assert editor.client.post(HOME, data=data).status_code == 403
    assert editor.client.get(f"{HOME}/{'0' * 32}").status_code == 404


@pytest.mark.parametrize("lang", ["de", "en"])
def test_everything_that_can_be_told_has_words(lang: str) -> None:
    """Columns, faults, outcomes; no name twice."""
    path = templates_dir() / "wording" / f"codes.{lang}.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    faults = [*FAULTS, *TableFault, *HeadingFault]
    wanted = {
        *(f"codes_in_fault_{one.value}" for one in faults),
        *(f"codes_in_col_{one.value}" for one in COLUMNS),
        *(f"codes_in_is_{one.value}" for one in Outcome),
    }
    starts = ("codes_in_fault_", "codes_in_col_", "codes_in_is_")
    found = {key for key in words if key.startswith(starts)}
    assert found == wanted
