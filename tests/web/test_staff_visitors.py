"""Visitors on the site: list, search, one visitor, the data taken out and erased."""

import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import HOLDER, with_ticket
from tests.service.test_people import everything
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.talking import Talk
from ticketing.domain.accounts import Role
from ticketing.domain.audit import HIDDEN, Action, Actor, ActorKind, Entry, Thing, Wanted
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import Effect, EffectKind
from ticketing.domain.consent import Action as Said
from ticketing.domain.consent import How, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import Lang, short_reference
from ticketing.service import audit, batch_codes, code_batches
from ticketing.service.code_batches import NewBatch
from ticketing.service.ports import House
from ticketing.store import codes as code_rows
from ticketing.store import schema
from ticketing.store.unit import Store
from ticketing.web.words import LANGS, load_words

LIST = "/staff/visitors"
WORDS = "Mein Hund heißt Zappelphilipp"
NOBODY = "0" * 32


def newest(store: Store) -> VisitorId:
    """Whoever wrote last for the first time."""
    v = schema.visitors.c
    with store.unit() as unit:
        return VisitorId(unit.run(select(v.id).order_by(v.created_at.desc())).scalars().all()[0])


def page_of(visitor: VisitorId) -> str:
    """The address of a visitor's page."""
    return f"{LIST}/{visitor.hex()}"


def lines(store: Store, action: Action) -> list[Entry]:
    """What the audit says of an action."""
    with store.unit() as unit:
        return list(audit.page(unit, wanted=Wanted(action=action)).items)


@pytest.fixture(name="visitor")
def _visitor(talk: Talk, store: Store, house: House, museum: None) -> VisitorId:
    """Somebody who has agreed to news, said something, and has a ticket."""
    del museum
    talk.start()
    talk.press("Ja, ich bin 16+")
    talk.press("Nein, danke")
    talk.say(WORDS)
    visitor = newest(store)
    with_ticket(store, house, visitor=visitor, reference="R-17")
    return visitor


@pytest.fixture(name="code")
def _code(store: Store, house: House, visitor: VisitorId) -> str:
    """A discount code that is theirs."""
    wanted = NewBatch(
        name="Herbst", prefix="HERBST", count=1,
        effect=Effect(EffectKind.PERCENT, 20),
    )  # fmt: skip
    with store.unit() as unit:
        batch = code_batches.create_batch(unit, house, wanted=wanted)
    with store.unit() as unit:
        [made] = code_rows.page(unit, batch.number, after=None, limit=1)
    text = text_of(batch.prefix, made.bits)
    with store.unit() as unit:
        batch_codes.bind_code(unit, house, code=text, visitor=visitor)
    return text


# ------------------------------------------------------------ the list
def test_an_empty_list_says_how_visitors_come(staff: SignedInBrowser) -> None:
    """With the way to the chat, and nothing to search in."""
    text = staff.client.get(LIST).text
    assert "Noch hat niemand geschrieben" in text
    assert 'href="/chat"' in text
    assert 'role="search"' not in text


def test_the_list_names_visitors_by_reference_and_ticket(
    staff: SignedInBrowser, visitor: VisitorId
) -> None:
    """Channel and language in words; what was said is not there."""
    text = staff.client.get(LIST).text
    for words in (short_reference(visitor), HOLDER, "Web-Chat", "Deutsch"):
        assert words in text
    assert f'href="{page_of(visitor)}"' in text
    assert "Zappelphilipp" not in text
    assert "Web chat" in staff.client.get(f"{LIST}?lang=en").text


def test_the_list_comes_in_parts(staff: SignedInBrowser, store: Store, visitor: VisitorId) -> None:
    """The next part's address holds a cursor and nothing else of anybody."""
    del visitor
    row = {"lang": "de", "created_at": newest_at(store)}
    with store.unit() as unit:
        unit.begin()
        rows = [row | {"id": bytes(15) + bytes([n])} for n in range(30)]
        unit.run(schema.visitors.insert(), rows)
        unit.commit()
    text = staff.client.get(LIST).text
    [following] = re.findall(r'href="([^"]+)" rel="next"', text)
    rest = staff.client.get(following.replace("&amp;", "&")).text
    assert "26 bis 31" in rest
    refs = re.findall(r'href="/staff/visitors/([0-9a-f]{32})"', text + rest)
    assert len(refs) == len(set(refs)) == 31


def newest_at(store: Store) -> object:
    """When the newest visitor came."""
    with store.unit() as unit:
        return unit.run(select(schema.visitors.c.created_at)).scalars().first()


@pytest.mark.parametrize("query", ["cursor='--", "cursor=1-2", "sort=x&down=yes&start=9x"])
def test_a_strange_address_of_the_list_harms_nothing(
    staff: SignedInBrowser, visitor: VisitorId, query: str
) -> None:
    """The beginning is shown."""
    answer = staff.client.get(f"{LIST}?{query}")
    assert (answer.status_code, short_reference(visitor) in answer.text) == (200, True)


# ------------------------------------------------------------ looking for one
def test_a_search_is_a_form_and_its_answer_the_page(
    staff: SignedInBrowser, visitor: VisitorId, code: str
) -> None:
    """By name, reference, code, short id; there is no address that searches."""
    for typed in ("jordis", "R-17", code, short_reference(visitor)):
        answer = staff.post(f"{LIST}/search", q=typed)
        assert answer.status_code == 200
        assert f'href="{page_of(visitor)}"' in answer.text
    assert "Niemand gefunden" in staff.post(f"{LIST}/search", q="niemand").text
    assert staff.client.get(f"{LIST}/search?q=jordis").status_code in {404, 405}


@pytest.mark.parametrize("typed", ["", "x", "%%%", "x" * 2000])
def test_a_search_for_too_little_is_refused_beside_its_field(
    staff: SignedInBrowser, visitor: VisitorId, typed: str
) -> None:
    """And names nobody; what was typed stays."""
    answer = staff.post(f"{LIST}/search", q=typed)
    assert answer.status_code == 422
    assert short_reference(visitor) not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{typed}"' in answer.text


def test_more_than_fit_are_said_to_be_more(
    staff: SignedInBrowser, store: Store, house: House, visitor: VisitorId
) -> None:
    """The page asks for more letters."""
    del visitor  # whose time the others have
    row = {"lang": "de", "created_at": newest_at(store)}
    ids = [VisitorId(bytes(15) + bytes([n])) for n in range(25)]
    with store.unit() as unit:
        unit.begin()
        unit.run(schema.visitors.insert(), [row | {"id": one} for one in ids])
        unit.commit()
    for one in ids:
        with_ticket(store, house, visitor=one)
    assert "Es gibt mehr als diese 25" in staff.post(f"{LIST}/search", q="jördis").text


# ------------------------------------------------------------ one of them
def test_a_visitors_page_tells_all_but_what_was_said(
    staff: SignedInBrowser, store: Store, visitor: VisitorId, code: str
) -> None:
    """Consents with date and wording, tickets and codes with links; no word, no address."""
    text = staff.client.get(page_of(visitor)).text
    for words in (
        f"Besucher {short_reference(visitor)}", "Schreibt Deutsch", "Web-Chat", visitor.hex(),
        "Neuigkeiten", "zugestimmt", "abgelehnt", "Fassung 1, Deutsch", "mit dem Knopf",
        HOLDER, "Herbst", code, "noch nicht",
    ):  # fmt: skip
        assert words in text, words
    assert re.search(r'href="/staff/tickets/[0-9a-f]{30}"', text)
    assert re.search(r'href="/staff/codes/\w+"', text)
    with store.unit() as unit:
        address = unit.run(select(schema.identities.c.address)).scalar_one()
    for hidden in ("Zappelphilipp", address.hex()):
        assert hidden not in text
    english = staff.client.get(f"{page_of(visitor)}?lang=en").text
    for words in ("Writes in German", "agreed", "Version 1, German", "by button"):
        assert words in english


def test_a_visitor_without_anything_has_a_page_too(
    staff: SignedInBrowser, talk: Talk, store: Store, museum: None
) -> None:
    """Each section says that there is nothing."""
    del museum
    talk.start()
    text = staff.client.get(page_of(newest(store))).text
    for words in ("Noch keine Frage beantwortet", "Noch kein Ticket.", "Kein Rabattcode"):
        assert words in text
    assert text.count("nicht beantwortet") == len(Purpose)


def test_a_visitor_without_a_chat_says_so(
    staff: SignedInBrowser, store: Store, house: House, museum: None, visitor: VisitorId
) -> None:
    """Whose conversation is over its time, and whose ticket is not; a new channel has its name."""
    del museum, house
    i = schema.identities
    with store.unit() as unit:
        unit.begin()
        unit.run(i.update().values(channel="pigeon"))
        unit.commit()
    assert "pigeon" in staff.client.get(page_of(visitor)).text
    row = {"id": bytes(16), "lang": "en", "created_at": newest_at(store)}
    with store.unit() as unit:
        unit.begin()
        unit.run(schema.visitors.insert(), [row])
        unit.commit()
    assert "Kein Chat mehr" in staff.client.get(f"{LIST}/{NOBODY}").text


def test_a_ticket_leads_to_its_visitor(
    staff: SignedInBrowser, store: Store, house: House, visitor: VisitorId
) -> None:
    """One that was sold at the desk leads to nobody."""
    own = with_ticket(store, house, visitor=visitor).ticket.id.hex()
    sold = with_ticket(store, house).ticket.id.hex()
    link = f'href="{page_of(visitor)}"'
    assert link in staff.client.get(f"/staff/tickets/{own}").text
    assert LIST + "/" not in staff.client.get(f"/staff/tickets/{sold}").text


@pytest.mark.parametrize("text", [NOBODY, "x", "Ä" * 32, "0" * 31, "A" * 32, "..", "%00"])
def test_ids_cannot_be_tried(staff: SignedInBrowser, visitor: VisitorId, text: str) -> None:
    """404 for whatever is no visitor, to the letter the same, on the page and every action."""
    del visitor
    base = f"{LIST}/{text}"
    nobody = f"{LIST}/{NOBODY}"
    for end in ("", "/erase"):
        answer = staff.client.get(f"{base}{end}")
        assert answer.status_code == 404, end
        assert answer.text == staff.client.get(f"{nobody}{end}").text, end
    for action in ("export", "erase"):
        answer = staff.post(f"{base}/{action}", sure="yes")
        assert answer.status_code == 404, action
        assert answer.text == staff.post(f"{nobody}/{action}", sure="yes").text, action


def test_who_was_erased_is_as_nobody_ever_was(staff: SignedInBrowser, visitor: VisitorId) -> None:
    """The same page, to the letter."""
    staff.post(f"{page_of(visitor)}/erase", sure="yes")
    staff.client.get(LIST)  # where it is told
    gone, never = (staff.client.get(f"{LIST}/{one}") for one in (visitor.hex(), NOBODY))
    assert (gone.status_code, never.status_code) == (404, 404)
    assert gone.text == never.text
    for action in ("export", "erase"):
        assert staff.post(f"{page_of(visitor)}/{action}", sure="yes").status_code == 404


# ------------------------------------------------------------ taken out, erased
def test_the_file_is_what_programs_get(
    staff: SignedInBrowser, visitor: VisitorId, code: str, store: Store, api: Headers
) -> None:
    """With what was said; its name says nothing, nobody keeps it, and the audit notes it."""
    answer = staff.post(f"{page_of(visitor)}/export")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    disposition = answer.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="auskunft-2026-10-04.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    told = json.loads(answer.data)
    assert "Zappelphilipp" in answer.text
    assert told["codes"][0]["code"] == code
    asked = staff.client.post(f"/api/v1/visitors/{visitor.hex()}/export", headers=api)
    assert json.loads(asked.data).keys() == told.keys()
    program, person = lines(store, Action.VISITOR_EXPORTED)
    assert (program.actor.kind, person.actor.kind) == (ActorKind.API_KEY, ActorKind.STAFF)
    assert program.object == person.object == Thing("visitor", HIDDEN)


def test_erasing_first_says_what_it_means(staff: SignedInBrowser, visitor: VisitorId) -> None:
    """What goes, what stays, that it is for good; nothing is done by looking."""
    path = f"{page_of(visitor)}/erase"
    for lang, words in (
        ("de", ("nicht zurücknehmen", "Alle Nachrichten", "Tickets gelten weiter",
                "Sicherungskopien", "neuer Besucher")),
        ("en", ("cannot be undone", "All messages", "Tickets stay good", "Backups",
                "new visitor")),
    ):  # fmt: skip
        text = staff.client.get(f"{path}?lang={lang}").text
        for one in words:
            assert one in text
    assert staff.client.get(page_of(visitor)).status_code == 200


def test_whoever_does_not_confirm_erases_nothing(
    staff: SignedInBrowser, visitor: VisitorId, store: Store
) -> None:
    """422, the mistake beside its box."""
    answer = staff.post(f"{page_of(visitor)}/erase")
    assert answer.status_code == 422
    assert 'id="wrong-sure"' in answer.text
    assert "Noch ist nichts gelöscht." in answer.text
    assert staff.client.get(page_of(visitor)).status_code == 200
    assert lines(store, Action.VISITOR_ERASED) == []


def test_an_erased_visitor_is_gone_and_it_is_told_and_noted(
    staff: SignedInBrowser, visitor: VisitorId, code: str, store: Store
) -> None:
    """The ticket and the code stay good; no table holds name, words or id."""
    del code
    answer = staff.post(f"{page_of(visitor)}/erase", sure="yes")
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    text = staff.client.get(LIST).text
    assert re.search(r"Der Besucher ist gelöscht\. Nachrichten: \d+, Tickets ohne Namen: 1,", text)
    assert "freie Rabattcodes: 1." in text
    assert "Noch hat niemand geschrieben" in text
    [line] = lines(store, Action.VISITOR_ERASED)
    assert line.object == Thing("visitor", HIDDEN)
    assert line.actor == Actor(ActorKind.STAFF, line.actor.id)
    left = everything(store)
    for trace in (HOLDER, "Zappelphilipp", visitor.hex(), str(bytes(visitor)), "R-17"):
        assert trace not in left


# ------------------------------------------------------------ who may
@pytest.mark.parametrize("role", Role)
def test_every_role_sees_and_only_an_admin_acts(
    as_role: Callable[[Role], SignedInBrowser], visitor: VisitorId, store: Store, role: Role
) -> None:
    """What somebody may not do is not shown, and refused."""
    browser = as_role(role)
    assert short_reference(visitor) in browser.client.get(LIST).text
    assert browser.post(f"{LIST}/search", q="jördis").status_code == 200
    text = browser.client.get(page_of(visitor)).text
    may = role is Role.ADMIN
    assert (f"{page_of(visitor)}/export" in text) is may
    assert (f"{page_of(visitor)}/erase" in text) is may
    if not may:
        assert browser.client.get(f"{page_of(visitor)}/erase").status_code == 403
        for action in ("export", "erase"):
            refused = browser.post(f"{page_of(visitor)}/{action}", sure="yes")
            assert refused.status_code == 403
        assert lines(store, Action.VISITOR_EXPORTED) == []
        assert newest(store) == visitor


def test_forms_of_other_sites_do_nothing(
    staff: SignedInBrowser, visitor: VisitorId, store: Store
) -> None:
    """Without the session's token."""
    for path in (f"{LIST}/search", f"{page_of(visitor)}/export", f"{page_of(visitor)}/erase"):
        sent = {"csrf": "0" * 32, "sure": "yes", "q": "jördis"}
        assert staff.client.post(path, data=sent).status_code == 403, path
    assert newest(store) == visitor


def test_nobody_sees_visitors_without_signing_in(client: FlaskClient, visitor: VisitorId) -> None:
    """Whoever knows the address gets nothing."""
    assert client.get(page_of(visitor)).status_code == 303


@pytest.mark.parametrize("lang", LANGS)
def test_everything_that_is_said_of_consent_has_words(lang: str) -> None:
    """Each purpose, answer, way and language."""
    texts = load_words().texts[lang]
    made = {f"visitors_purpose_{one}" for one in Purpose} | {f"visitors_said_{one}" for one in Said}
    made |= {f"visitors_how_{one}" for one in How} | {f"visitors_lang_{one}" for one in Lang}
    assert made <= texts.keys()
