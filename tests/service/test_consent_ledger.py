"""The ledger: each answer with its proof, append-only, whole after erasure."""

import hashlib

import pytest
from sqlalchemy import delete, func, select, update

from tests.service.chatting import Visitor, spoken
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.domain.messages import Choices
from ticketing.service import consent
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store, Unit

C = schema.consents.c


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor who has just been asked for consent to news."""
    visitor = Visitor(store, spoken(house))
    visitor.start()
    visitor.news()
    return visitor


def _fields(visitor: Visitor) -> list[dict[str, object]]:
    with visitor.store.unit() as unit:
        return list(unit.run(select(C.fields).order_by(C.id)).scalars())


def _who(unit: Unit, address: bytes = b"visitor-1") -> VisitorId:
    i = schema.identities.c
    return VisitorId(unit.run(select(i.visitor).where(i.address == address)).scalar_one())


def test_a_yes_is_recorded_with_its_proof(visitor: Visitor) -> None:
    """Text, version, language, digest of what was on screen, message, button, age."""
    question = visitor.page()[-1].content
    assert isinstance(question, Choices)
    visitor.tap("consent:news:yes")
    own = visitor.news()[0]
    shown = "\n".join([question.text, *(button.label for button in question.choices)])
    (fields,) = _fields(visitor)
    with visitor.store.unit() as unit:
        who = _who(unit)
    assert fields == {
        "visitor": who.hex(),
        "purpose": "news",
        "action": "granted",
        "text": "consent.news",
        "version": "1",
        "lang": "de",
        "shown": hashlib.sha256(shown.encode()).hexdigest(),
        "channel": "webchat",
        "account": "main",
        "message": own.id,
        "how": "button",
        "age_16": True,
        "at_ms": 1_791_115_200_000,
    }


def test_a_typed_no_is_recorded_as_typed_and_states_no_age(visitor: Visitor) -> None:
    """A no proves nothing about age."""
    visitor.type("Nein danke")
    (fields,) = _fields(visitor)
    assert (fields["action"], fields["how"], fields["age_16"]) == ("refused", "typed", False)


def test_the_language_of_the_question_counts(visitor: Visitor) -> None:
    """Asked again in English, the proof is the English text."""
    visitor.tap("lang:en")
    question = visitor.news()[-1].content
    assert isinstance(question, Choices)
    visitor.type("yes")
    (fields,) = _fields(visitor)
    assert fields["lang"] == "en"
    shown = "\n".join([question.text, *(button.label for button in question.choices)])
    assert fields["shown"] == hashlib.sha256(shown.encode()).hexdigest()


def test_the_newest_answer_counts(visitor: Visitor) -> None:
    """Granted, then STOP: withdrawn for both, the gate is shut."""
    visitor.tap("consent:news:yes")
    with visitor.store.unit() as unit:
        who = _who(unit)
        assert consent.current(unit, visitor=who) == {Purpose.NEWS: Action.GRANTED}
        assert consent.may_send(unit, visitor=who, purpose=Purpose.NEWS)
        assert not consent.may_send(unit, visitor=who, purpose=Purpose.CODES)
    visitor.type("STOP")
    with visitor.store.unit() as unit:
        now = consent.current(unit, visitor=who)
        assert not consent.may_send(unit, visitor=who, purpose=Purpose.NEWS)
    assert set(now.values()) == {Action.WITHDRAWN}
    assert [fields["how"] for fields in _fields(visitor)] == ["button", "command", "command"]
    assert _fields(visitor)[-1]["text"] == "stop.done"


def test_nobody_else_s_answer_counts(visitor: Visitor) -> None:
    """Consent belongs to one visitor."""
    visitor.tap("consent:news:yes")
    other = Visitor(visitor.store, visitor.house, address=b"other")
    other.start()
    with visitor.store.unit() as unit:
        stranger = _who(unit, b"other")
        assert not consent.may_send(unit, visitor=stranger, purpose=Purpose.NEWS)


def _written(visitor: Visitor) -> None:
    for address in (b"visitor-1", b"p2", b"p3"):
        person = Visitor(visitor.store, visitor.house, address=address)
        person.start()
        person.tap("consent:news:yes")
        person.tap("consent:codes:no")
        person.type("STOP")


def test_the_chain_holds_after_one_person_is_erased(visitor: Visitor) -> None:
    """Salt, fields and visitor go, the others' proof stays whole."""
    _written(visitor)
    with visitor.store.unit() as unit:
        assert consent.verify_chain(unit).length == 12
        who = _who(unit, b"p2")
        assert consent.forget(unit, visitor=who) == 4
        report = consent.verify_chain(unit)
        left = unit.run(select(func.count()).where(C.visitor == who)).scalar_one()
        kept = unit.run(select(C.fields).where(C.visitor.is_not(None))).scalars().all()
    assert (report.holds, report.length, report.erased) == (True, 12, 4)
    assert left == 0
    assert all(who.hex() not in str(fields) for fields in kept)


def test_erasing_nobody_touches_nothing(visitor: Visitor) -> None:
    """Twice is as good as once."""
    _written(visitor)
    with visitor.store.unit() as unit:
        who = _who(unit, b"p2")
        consent.forget(unit, visitor=who)
        assert consent.forget(unit, visitor=who) == 0


def test_a_changed_row_is_found(visitor: Visitor) -> None:
    """A no made a yes in the database does not open its commitment."""
    _written(visitor)
    with visitor.store.unit() as unit:
        unit.begin()
        second = unit.run(select(C.id).order_by(C.id).offset(1).limit(1)).scalar_one()
        fields = unit.run(select(C.fields).where(C.id == second)).scalar_one()
        unit.run(update(schema.consents).where(C.id == second).values(fields=fields | {"x": 1}))
        unit.commit()
        assert consent.verify_chain(unit).broken_at == 1


def test_rows_missing_at_the_end_are_found(visitor: Visitor) -> None:
    """The chain alone could not tell; the noted length can."""
    _written(visitor)
    with visitor.store.unit() as unit:
        unit.begin()
        last = unit.run(select(func.max(C.id))).scalar_one()
        unit.run(delete(schema.consents).where(C.id == last))
        unit.commit()
        report = consent.verify_chain(unit)
    assert (report.holds, report.broken_at) == (False, 11)


def test_a_ledger_longer_than_a_page_is_walked_to_its_end(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in pages by key."""
    _written(visitor)
    monkeypatch.setattr("ticketing.store.consents._PAGE", 5)
    with visitor.store.unit() as unit:
        assert consent.verify_chain(unit).length == 12
