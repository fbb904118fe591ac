"""A chat from the first hello to the ticket, exactly once and in order."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from tests.factories import with_offer
from tests.service.chatting import CHANNEL, Visitor, spoken
from ticketing.domain.messages import Choices, Text, TicketPicture
from ticketing.service import chat, offers, tickets
from ticketing.service.channels import Incoming, IncomingKind
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.service.tickets import drafted
from ticketing.store import schema
from ticketing.store.unit import Store


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor of a house that sells a day ticket for up to three persons, paid at the desk."""
    with_offer(store, house, price_cents=900, pay_at_desk=True, party_max=3)
    return Visitor(store, spoken(house))


def _count(store: Store, table: str) -> int:
    with store.unit() as unit:
        return int(
            unit.run(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one()
        )


def test_a_first_hello_brings_greeting_notice_and_question(visitor: Visitor) -> None:
    """A bot, not a human; who, what for, how long, where; then one question."""
    visitor.type("hallo")
    greeting, notice, question = visitor.texts()
    assert "Chat-Bot, kein Mensch" in greeting
    assert "Wer: Stadtmuseum Erlenbach" in notice
    assert "https://tickets.example/privacy" in notice
    assert "mindestens 16" in question
    assert visitor.buttons() == ["consent:news:yes", "consent:news:no"]


def test_the_page_decides_the_first_language_and_the_visitor_all_later_ones(
    visitor: Visitor,
) -> None:
    """What the page says later does not undo the visitor's choice."""
    visitor.start(lang="en")
    assert visitor.texts()[0].startswith("Hello!")
    visitor.tap("lang:de")
    assert visitor.texts()[0] == "Ab jetzt auf Deutsch."
    visitor.send(visitor.event(text="nein", lang="en"))
    assert visitor.texts()[0].startswith("Alles klar")
    with visitor.store.unit() as unit:
        assert chat.find_lang(unit, address=visitor.address, channel=CHANNEL) == "de"
        assert unit.run(select(schema.visitors.c.lang)).scalar_one() == "de"


def test_an_unknown_visitor_has_no_history_and_no_language(visitor: Visitor) -> None:
    """A cookie nobody knows shows an empty page."""
    assert visitor.page() == ()
    with visitor.store.unit() as unit:
        assert chat.find_lang(unit, address=b"nobody", channel=CHANNEL) is None


def test_a_ticket_comes_with_picture_words_and_price(visitor: Visitor) -> None:
    """Refusing every consent costs nothing: the ticket is issued all the same."""
    visitor.refuse_all()
    for choice in ("menu:ticket", "offer:day", "day:2026-10-04", "party:2"):
        visitor.tap(choice)
    visitor.news()
    visitor.type("Jördis Kowalewski")
    own, picture, menu = visitor.news()
    assert own.content == Text("Jördis Kowalewski")
    assert isinstance(picture.content, TicketPicture)
    assert "auf den Namen Jördis Kowalewski" in picture.content.text
    assert "Du zahlst 9,00\N{NO-BREAK SPACE}€ an der Kasse." in picture.content.text
    assert "2 Personen" in picture.content.caption
    assert isinstance(menu.content, Choices)
    with visitor.store.unit() as unit:
        case = tickets.get_ticket(unit, visitor.house, ticket_id=picture.content.ticket)
    assert (case.ticket.holder, case.ticket.party) == ("Jördis Kowalewski", 2)
    assert case.ticket.visitor is not None


def test_own_tickets_are_shown_again(visitor: Visitor) -> None:
    """The same ticket, not a new one."""
    visitor.refuse_all()
    for choice in ("offer:day", "day:2026-10-04", "party:1"):
        visitor.tap(choice)
    visitor.type("Ada")
    first = [m.content for m in visitor.news() if isinstance(m.content, TicketPicture)]
    visitor.tap("menu:mine")
    again = [m.content for m in visitor.news() if isinstance(m.content, TicketPicture)]
    assert again == first
    assert _count(visitor.store, "tickets") == 1


def test_an_offer_switched_off_at_the_last_moment_issues_nothing(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the offers and drawing the ticket: a kind word, no ticket."""
    visitor.refuse_all()
    for choice in ("offer:day", "day:2026-10-04", "party:1"):
        visitor.tap(choice)
    visitor.news()

    def switched_off(*args: object, **kwargs: object) -> object:
        with visitor.store.unit() as other:
            change = OfferChange(active=False)
            offers.change_offer(other, visitor.house, slug="day", change=change)
        return drafted(*args, **kwargs)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr("ticketing.service.planning.drafted", switched_off)
    visitor.type("Ada")
    assert visitor.texts()[0].startswith("Das hat nicht geklappt")
    assert _count(visitor.store, "tickets") == 0


def test_a_visitor_gets_ten_tickets_a_day(visitor: Visitor) -> None:
    """The eleventh is refused kindly, the next day it goes on."""
    visitor.refuse_all()

    def get() -> str:
        for choice in ("offer:day", "day:2026-10-05", "party:1"):
            visitor.tap(choice)
        visitor.type("Ada")
        visitor.deliver()
        return "".join(visitor.texts())

    for _ in range(10):
        assert "Hier ist dein Ticket" in get()
    assert "schon 10 Tickets" in get()
    visitor.house.clock.tick(hours=11)  # type: ignore[attr-defined]  # the frozen clock
    assert "Hier ist dein Ticket" in get()


def test_a_repeated_delivery_changes_nothing(visitor: Visitor) -> None:
    """The same external id, also with another text, is a duplicate."""
    event = visitor.event(text="hallo")
    first = visitor.send(event)
    again = visitor.send(replace(event, text="Ticket"))
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.conversation_id == again.conversation_id
    assert _count(visitor.store, "messages") == 4
    assert _count(visitor.store, "inbox") == 1


def test_the_same_id_on_another_account_is_another_delivery(visitor: Visitor) -> None:
    """The key is channel, account and id together."""
    event = visitor.event(text="hallo")
    visitor.send(event)
    with visitor.store.unit() as unit:
        channel = replace(CHANNEL, account="other")
        received = chat.receive(unit, visitor.house, channel=channel, event=event, raw=b"")
    assert not received.duplicate
    assert _count(visitor.store, "visitors") == 2


def test_a_tapped_button_is_shown_with_its_label(visitor: Visitor) -> None:
    """The label as it was shown, with the id for the page."""
    visitor.start()
    visitor.news()
    visitor.tap("consent:news:no")
    assert visitor.news()[0].content == Text("Nein, danke", "consent:news:no")


@pytest.mark.parametrize(("said", "shown"), [("Mein Knopf", "Mein Knopf"), ("", "…")])
def test_a_button_nobody_showed_is_shown_as_what_came(
    visitor: Visitor, said: str, shown: str
) -> None:
    """Also as the very first event."""
    for _ in range(2):
        event = visitor.event(kind=IncomingKind.CHOICE, choice="no:such", text=said)
        visitor.send(event)
        assert visitor.news()[0].content == Text(shown, "no:such")


def test_what_the_bot_cannot_read_is_stored_and_answered(visitor: Visitor) -> None:
    """An event without text: the delivery is kept, the answer is kind."""
    visitor.refuse_all()
    visitor.send(visitor.event(text=""), raw=b'{"sticker": 7}')
    assert visitor.texts()[0].startswith("Ich kann nur Text lesen")
    with visitor.store.unit() as unit:
        raws = unit.run(select(schema.inbox.c.raw)).scalars().all()
    assert b'{"sticker": 7}' in [bytes(raw) for raw in raws]


def test_an_over_long_text_is_not_kept_in_full(visitor: Visitor) -> None:
    """Neither in the message nor in the delivery."""
    visitor.refuse_all()
    secret = "geheim " * 400
    visitor.send(visitor.event(text=secret), raw=secret.encode())
    own = visitor.news()[0]
    assert len(own.content.text) < 210
    with visitor.store.unit() as unit:
        raws = [bytes(raw) for raw in unit.run(select(schema.inbox.c.raw)).scalars()]
    assert max(map(len, raws)) < 100
    assert any(raw.startswith(b"sha256:") for raw in raws)


def test_a_huge_delivery_keeps_only_its_digest(visitor: Visitor) -> None:
    """Even when the text in it is short."""
    visitor.send(visitor.event(text="hallo"), raw=b"x" * 20_000)
    with visitor.store.unit() as unit:
        raw = bytes(unit.run(select(schema.inbox.c.raw)).scalar_one())
    assert raw.startswith(b"sha256:")


def test_what_databases_refuse_does_not_break_the_chat(visitor: Visitor) -> None:
    """NUL, half a surrogate pair, an id without end."""
    event = Incoming(
        address=b"\0\xff",
        external_id="\0\ud800" + "x" * 5000,
        kind=IncomingKind.CHOICE,
        text="a\0b\udfff",
        choice="c\0" + "d" * 5000,
    )
    assert not visitor.send(event).duplicate
    assert visitor.send(event).duplicate


def test_nothing_of_a_failed_turn_is_kept(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery, the messages, the step and the ticket are one transaction."""
    visitor.refuse_all()
    for choice in ("offer:day", "day:2026-10-04", "party:1"):
        visitor.tap(choice)
    before = {table: _count(visitor.store, table) for table in ("inbox", "messages", "outbox")}

    def broken(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("ticketing.service.chat.outbox.add", broken)
    event = visitor.event(text="Ada")
    with pytest.raises(OSError, match="disk full"):
        visitor.send(event)
    monkeypatch.undo()
    after = {table: _count(visitor.store, table) for table in before}
    assert after == before
    assert _count(visitor.store, "tickets") == 0
    assert not visitor.send(event).duplicate  # the platform's repeat finds everything as it was
    assert _count(visitor.store, "tickets") == 1


def test_no_word_of_a_visitor_is_logged(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    """Neither name nor text, at any level."""
    caplog.set_level(0)
    visitor.refuse_all()
    for choice in ("offer:day", "day:2026-10-04", "party:1"):
        visitor.tap(choice)
    visitor.type("Geheimrat Goethe")
    visitor.deliver()
    assert "Geheimrat" not in caplog.text


def test_an_event_hides_its_text_from_tracebacks(visitor: Visitor) -> None:
    """Its repr holds neither text nor address."""
    event = visitor.event(text="Geheimrat")
    assert "Geheimrat" not in repr(event)
    assert "visitor-1" not in repr(event)


def test_a_step_of_another_release_is_answered_with_the_menu(visitor: Visitor) -> None:
    """What is stored may be newer than what runs."""
    visitor.start()
    with visitor.store.unit() as unit:
        unit.begin()
        unit.run(text('UPDATE conversations SET step = \'{"place":"moon"}\''))
        unit.commit()
    visitor.news()
    visitor.type("hallo")
    assert visitor.texts() == ["Womit kann ich dir helfen?"]
