"""Batches of discount codes on the site: promised, made, followed, changed, exported."""

import csv
import html
import io
import re
from collections.abc import Callable

import pytest

from tests.factories import with_offer
from tests.fakes import START
from tests.service.coding import SHOP
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.service import code_batches, codes
from ticketing.service.codes import Asked
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store

HOME = "/staff/codes"
NEW = {
    "name": "Herbst im Museum", "prefix": "herbst", "count": "40", "effect": "percent",
    "percent": "20", "max_uses": "1", "budget": "1500", "tag": "Herbst",
}  # fmt: skip


@pytest.fixture
def editor(
    as_role: Callable[[Role], SignedInBrowser], store: Store, house: House
) -> SignedInBrowser:
    """Somebody who may make codes; there is one offer."""
    with_offer(store, house)
    return as_role(Role.EDITOR)


@pytest.fixture
def batch(editor: SignedInBrowser) -> str:
    """The address of a batch of forty codes."""
    answer = editor.post(f"{HOME}/new", **NEW, step="make")
    assert answer.status_code == 303
    return answer.headers["Location"]


def count(store: Store) -> int:
    """How many batches there are."""
    with store.unit() as unit:
        return len(code_batches.list_batches(unit).items)


def test_what_a_batch_promises_is_said_before_it_is_made(
    editor: SignedInBrowser, store: Store
) -> None:
    """In plain words; nothing is stored, and one can go back to the form."""
    text = editor.post(f"{HOME}/new", **NEW).text
    for words in ("40", "20\N{NO-BREAK SPACE}%", "HERBST-", "1.500"):
        assert words in text
    assert count(store) == 0
    back = editor.post(f"{HOME}/new", **NEW, step="edit").text
    assert 'value="Herbst im Museum"' in back


def test_a_form_that_is_sent_twice_makes_one_batch(editor: SignedInBrowser, store: Store) -> None:
    """Whoever presses the button again is led to the batch of the first time."""
    check = editor.post(f"{HOME}/new", **NEW).text
    [token] = re.findall(r'name="token" value="([0-9a-f]{32})"', check)
    made = [editor.post(f"{HOME}/new", **NEW, step="make", token=token) for _ in range(2)]
    assert [answer.status_code for answer in made] == [303, 303]
    assert made[0].headers["Location"] == made[1].headers["Location"]
    assert count(store) == 1
    for other in ("", "x" * 32):
        editor.post(f"{HOME}/new", **NEW, step="make", token=other)
    assert count(store) == 3


def test_a_batch_is_made_and_followed(editor: SignedInBrowser, batch: str) -> None:
    """Its facts, the way to the door, its codes; the list and its tag know it."""
    text = editor.client.get(batch).text
    for words in ("Herbst im Museum", "Vom Versand bis zur Tür", "läuft"):
        assert words in text
    assert len(set(re.findall(r"HERBST-[0-9A-HJKMNP-TV-Z]{11}", text))) == 25
    listed = editor.client.get(HOME).text
    assert batch in listed
    assert "Herbst" in listed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", "0"), ("count", "-1"), ("count", "1000001"), ("count", "x"), ("percent", "110"),
        ("percent", "0"), ("percent", ""), ("prefix", "H"), ("prefix", "HÄRBST"), ("name", ""),
        ("effect", "gift"), ("offers", "nothing"), ("max_uses", "0"), ("budget", "viel"),
        ("budget", "0"), ("last_day", "2026-10-03"), ("prefix", "Fuck26"),
    ],
)  # fmt: skip
def test_a_batch_that_cannot_be_is_told_beside_its_field(
    editor: SignedInBrowser, store: Store, field: str, value: str
) -> None:
    """And never made."""
    answer = editor.post(f"{HOME}/new", **(NEW | {field: value, "step": "make"}))
    assert answer.status_code == 422
    assert "field--wrong" in answer.text
    assert count(store) == 0


def test_the_form_says_what_may_be_left_out(editor: SignedInBrowser) -> None:
    """What a code takes off is never called optional, and no hidden field stops the form."""
    text = editor.client.get(f"{HOME}/new").text
    found = re.findall(r'<label for="f-(\w+)">(.*?)</label>\s*<input (.*?)>', text)
    fields = {name: (label, attributes) for name, label, attributes in found}
    for name in ("percent", "amount", "price"):
        label, attributes = fields[name]
        assert "optional" not in label
        assert " required" not in attributes
    for name in ("name", "prefix", "count"):
        assert " required" in fields[name][1]
    for name in ("first_day", "last_day", "max_uses", "per_visitor", "budget", "tag"):
        assert "optional</span>" in fields[name][0]
    assert "freiwillig" not in text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("last_day", "2020-12-31", "Das ist schon vorbei."),
        ("budget", "0,00", "Mit einem Budget von 0 ließe sich kein Code einlösen."),
        ("prefix", "ARSCH", "Darin steckt ein Wort, das niemand auf seinem Code lesen möchte."),
    ],
)
def test_nonsense_is_told_before_a_batch_is_promised(
    editor: SignedInBrowser, field: str, value: str, words: str
) -> None:
    """Beside its field, with what was typed; the last day may be today."""
    answer = editor.post(f"{HOME}/new", **(NEW | {field: value}))
    assert answer.status_code == 422
    assert re.search(f'id="wrong-{field}">{words}', answer.text)
    assert f'value="{value}"' in answer.text
    assert editor.post(f"{HOME}/new", **(NEW | {"last_day": "2026-10-04"})).status_code == 200


def test_a_batch_cannot_end_before_it_begins(editor: SignedInBrowser, store: Store) -> None:
    """Said at its last day."""
    dates = {"first_day": "2026-10-10", "last_day": "2026-10-09"}
    answer = editor.post(f"{HOME}/new", **NEW, **dates, step="make")
    assert answer.status_code == 422
    assert count(store) == 0


@pytest.mark.parametrize(
    ("effect", "field", "value", "words"),
    [
        ("amount", "amount", "3,50", "3,50"),
        ("price", "price", "2", "2,00"),
        ("free", "percent", "", "frei"),
    ],
)
def test_each_effect_is_said_in_words(
    editor: SignedInBrowser, effect: str, field: str, value: str, words: str
) -> None:
    """With its own field."""
    text = editor.post(f"{HOME}/new", **(NEW | {"effect": effect, field: value})).text
    assert words in text


def test_a_batch_is_stopped_and_goes_on(editor: SignedInBrowser, batch: str) -> None:
    """And the page says which."""
    assert editor.post(f"{batch}/stop").status_code == 303
    assert "angehalten" in editor.client.get(batch).text
    assert editor.post(f"{batch}/resume").status_code == 303
    assert "läuft" in editor.client.get(batch).text


def test_a_batch_is_changed_by_who_saw_it_last(editor: SignedInBrowser, batch: str) -> None:
    """The second of two gets what the first one changed, not an error."""
    text = editor.client.get(f"{batch}/edit").text
    found = re.search(r'name="version" value="(\d+)"', text)
    assert found is not None
    seen = {"version": found[1]}
    changed = NEW | seen | {"name": "Winter"}
    assert editor.post(f"{batch}/edit", **changed).status_code == 303
    assert "Winter" in editor.client.get(batch).text
    late = editor.post(f"{batch}/edit", **(NEW | seen | {"name": "Frühling"}))
    assert late.status_code == 409
    assert "Winter" in editor.client.get(batch).text


def test_the_list_filters_by_what_it_shows(
    editor: SignedInBrowser, batch: str, store: Store
) -> None:
    """A batch whose money is spent or whose time is over is not among the running ones."""
    a_cent = {"budget": "0,01"}
    spent = editor.post(f"{HOME}/new", **(NEW | a_cent), step="make").headers["Location"]
    over = editor.post(f"{HOME}/new", **NEW, step="make").headers["Location"]
    with store.unit() as unit:
        unit.begin()
        batches = schema.code_batches
        for path, is_now in ((spent, {"given_cents": 1}), (over, {"valid_until": START})):
            one = batches.c.id == path.rpartition("/")[2]
            unit.run(batches.update().where(one).values(is_now))
        unit.commit()
    wanted = {"ready": batch, "spent": spent, "over": over}
    for state, shown in wanted.items():
        text = editor.client.get(f"{HOME}?state={state}").text
        assert [one for one in wanted.values() if f'href="{one}"' in text] == [shown]
        assert f'value="{state}" selected' in text
    assert f'href="{batch}"' not in editor.client.get(f"{HOME}?state=later").text
    assert f'href="{over}"' in editor.client.get(f"{HOME}?state=gone").text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sort=made&down=yes", ("descending", " ↓")),
        ("sort=made", ("ascending", " ↑")),
        ("sort=standing", ("ascending", " ↑")),
        ("", None),
    ],
)
def test_the_arrow_says_how_it_is_sorted(
    editor: SignedInBrowser, batch: str, query: str, told: tuple[str, str] | None
) -> None:
    """Counts begin with the greatest; the filter keeps column and direction."""
    small = editor.post(f"{HOME}/new", **(NEW | {"count": "2"}), step="make").headers["Location"]
    text = editor.client.get(f"{HOME}?{query}").text
    assert re.findall(r'aria-sort="(\w+)"', text) == ([told[0]] if told else [])
    if told:
        assert f'<span aria-hidden="true">{told[1]}</span>' in text
    first = text.index(f'href="{batch}"') < text.index(f'href="{small}"')
    assert first is (query == "sort=made&down=yes")
    assert ('<input type="hidden" name="down" value="yes">' in text) is ("down" in query)
    if query != "sort=made&down=yes":
        assert "sort=made&amp;down=yes" in text or query == "sort=made"


def first_code(editor: SignedInBrowser, batch: str) -> str:
    """A code that the batch's page shows."""
    found = re.search(r"HERBST-[0-9A-HJKMNP-TV-Z]{11}", editor.client.get(batch).text)
    assert found is not None
    return found[0]


def test_what_a_batch_gives_is_fixed_by_its_first_redemption(
    editor: SignedInBrowser, batch: str, store: Store, house: House
) -> None:
    """Also if that comes between the form and its way back; the rest is saved the second time."""
    form = editor.client.get(f"{batch}/edit").text
    version = re.findall(r'name="version" value="(\d+)"', form)[0]
    with store.unit() as unit:
        asked = Asked(code=first_code(editor, batch), offer="day", amount_cents=900)
        codes.redeem_code(unit, house, asked=asked, redemption_id="r", guesser=SHOP)
    late = editor.post(f"{batch}/edit", **(NEW | {"percent": "30", "version": version}))
    assert late.status_code == 409
    assert "Was die Serie gibt, bleibt jetzt so" in late.text
    rest = {name: value for name, value in NEW.items() if name not in {"effect", "percent"}}
    rest |= {"name": "Winter", "version": re.findall(r'name="version" value="(\d+)"', late.text)[0]}
    assert editor.post(f"{batch}/edit", **rest).status_code == 303
    text = editor.client.get(batch).text
    assert "Winter" in text
    assert "20\N{NO-BREAK SPACE}%" in text


def test_a_code_is_bound_on_the_page_of_its_own_batch(
    editor: SignedInBrowser, batch: str, store: Store
) -> None:
    """On another's it is not found."""
    code, anna = first_code(editor, batch), "a1" * 16
    other = editor.post(f"{HOME}/new", **NEW, step="make").headers["Location"]
    assert editor.post(f"{other}/bind", code=code, visitor=anna).status_code == 422
    assert bound_to(store, code) is None
    assert editor.post(f"{batch}/bind", code=code, visitor=anna).status_code == 200
    assert bound_to(store, code) == bytes.fromhex(anna)
    for short in ("a1a1-a1a1", "A1A1A1A1"):
        refused = editor.post(f"{batch}/bind", code=code, visitor=short)
        assert (refused.status_code, "hat niemand" in refused.text) == (422, True)
    wrong = editor.post(f"{batch}/bind", code=code, visitor="Kowalewski")
    assert (wrong.status_code, "32 Zeichen" in wrong.text) == (422, True)
    assert bound_to(store, code) == bytes.fromhex(anna)
    assert editor.post(f"{batch}/bind", code=code, visitor=" ").status_code == 200
    assert bound_to(store, code) is None


def test_a_code_is_bound_by_the_short_id_that_pages_show(
    editor: SignedInBrowser, batch: str, store: Store, house: House
) -> None:
    """If it means exactly one visitor; else it is said why not."""
    code, anna = first_code(editor, batch), bytes.fromhex("3f9a21c0") + bytes(12)
    visitors = [anna, bytes.fromhex("3f9a21c1") * 4, bytes.fromhex("3f9a21c1") + bytes(12)]
    now = house.clock.now()
    with store.unit() as unit:
        unit.begin()
        rows = [{"id": one, "lang": "de", "created_at": now} for one in visitors]
        unit.run(schema.visitors.insert(), rows)
        unit.commit()
    assert editor.post(f"{batch}/bind", code=code, visitor=" 3F9A-21C0 ").status_code == 200
    assert bound_to(store, code) == anna
    refused = editor.post(f"{batch}/bind", code=code, visitor="3F9A-21C1")
    assert (refused.status_code, "beginnen mehrere" in refused.text) == (422, True)
    assert bound_to(store, code) == anna


def bound_to(store: Store, code: str) -> bytes | None:
    """Whose a code is."""
    with store.unit() as unit:
        found = codes.look_up(unit, code)
    assert found is not None
    return found.code.visitor


def test_one_code_is_found_without_standing_in_an_address(
    editor: SignedInBrowser, batch: str
) -> None:
    """By a form; a wrong one is told."""
    [code, *_] = re.findall(r"HERBST-[0-9A-HJKMNP-TV-Z]{11}", editor.client.get(batch).text)
    answer = editor.post(f"{batch}/search", code=code.lower())
    assert answer.status_code == 200
    assert code in answer.text
    [more] = re.findall(r'href="([^"]+cursor=[^"]+)"', answer.text)
    assert editor.client.get(html.unescape(more)).status_code == 200
    assert "Nicht gefunden" not in editor.post(f"{batch}/search", code="").text
    for wrong in ("HERBST-00000000000", "rubbish", "x" * 500):
        answer = editor.post(f"{batch}/search", code=wrong)
        assert (answer.status_code, "Nicht gefunden" in answer.text) == (200, True)


def test_codes_are_leafed_through_by_a_sealed_cursor(editor: SignedInBrowser, batch: str) -> None:
    """Each code on one page; no code stands in the address, and none made up is taken."""
    first = editor.client.get(batch).text
    found = re.search(r"\?[^\"]*cursor=([^&\"]+)", first)
    assert found is not None
    second = editor.client.get(f"{batch}?cursor={found[1]}").text
    pages = [set(re.findall(r"HERBST-[0-9A-Z]{11}", text)) for text in (first, second)]
    assert [len(page) for page in pages] == [25, 15]
    assert len(pages[0] | pages[1]) == 40
    assert not any(code[7:].lower() in found[1].lower() for code in pages[0])
    for wrong in ("nonsense", "0123456789abcdef", found[1][:-4]):
        assert editor.client.get(f"{batch}?cursor={wrong}").status_code == 422


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf", "zip"])
def test_codes_leave_the_house_as_files(editor: SignedInBrowser, batch: str, kind: str) -> None:
    """A small batch at once; the browser is told to keep nothing."""
    with editor.post(f"{batch}/export", format=kind) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "attachment" in answer.headers["Content-Disposition"]
        written = answer.data
    begin = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK\x03\x04", "zip": b"PK\x03\x04", "pdf": b"%PDF"}
    assert written.startswith(begin[kind])
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig")), delimiter=";"))
        assert len([row for row in rows if row and row[0].startswith("HERBST-")]) == 40


def test_an_unknown_kind_of_file_is_refused(editor: SignedInBrowser, batch: str) -> None:
    """Nothing is made."""
    assert editor.post(f"{batch}/export", format="exe").status_code == 404


def test_an_unused_batch_can_be_deleted(editor: SignedInBrowser, batch: str, store: Store) -> None:
    """And is gone from the list."""
    assert editor.post(f"{batch}/delete").status_code == 303
    assert count(store) == 0
    assert editor.client.get(batch).status_code == 404


@pytest.mark.parametrize("path", ["", "/edit", "/progress", "/files"])
def test_a_batch_that_is_not_there_is_404(editor: SignedInBrowser, path: str) -> None:
    """As a page, whatever is asked of it."""
    assert editor.client.get(f"{HOME}/cb_0000000000000000{path}").status_code == 404


def test_an_empty_house_says_what_to_do(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """No batch yet."""
    text = as_role(Role.ADMIN).client.get(HOME).text
    assert "Neue Serie" in text


def test_who_may_only_look_gets_no_file(
    as_role: Callable[[Role], SignedInBrowser], batch: str
) -> None:
    """Neither a button nor an answer."""
    desk = as_role(Role.DESK)
    text = desk.client.get(batch).text
    assert "/export" not in text
    assert desk.post(f"{batch}/export", format="csv").status_code == 403
