"""What a gate shows of tickets and codes: the parts of an answer, as frozen dataclasses."""

from dataclasses import dataclass, field
from datetime import datetime

from ticketing.wire.messages import Fields, JsonObject
from ticketing.wire.texts import Localised


def name_of(got: Fields, field: str) -> Localised:
    """A name in both languages out of a message.

    Raises:
        BadMessage: anything else.
    """
    part = got.part(field)
    return Localised(part.text("de"), part.text("en"))


def name_json(name: Localised) -> JsonObject:
    """A name in both languages as JSON."""
    return {"de": name.de, "en": name.en}


@dataclass(frozen=True, slots=True)
class TicketView:
    """What the gate shows of a ticket; `state` may be a derived one (`used_up`, `expired`)."""

    id: str
    issue: int
    holder: str = field(repr=False)
    offer: str
    offer_name: Localised
    party: int
    entries: int
    valid_from: datetime
    valid_until: datetime
    state: str
    short_code: str = field(repr=False)

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "id": self.id,
            "issue": self.issue,
            "holder": self.holder,
            "offer": self.offer,
            "offer_name": name_json(self.offer_name),
            "party": self.party,
            "entries": self.entries,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "state": self.state,
            "short_code": self.short_code,
        }

    @classmethod
    def from_json(cls, data: object) -> "TicketView":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(
            id=got.text("id"),
            issue=got.whole("issue"),
            holder=got.text("holder"),
            offer=got.text("offer"),
            offer_name=name_of(got, "offer_name"),
            party=got.whole("party"),
            entries=got.whole("entries"),
            valid_from=got.time("valid_from"),
            valid_until=got.time("valid_until"),
            state=got.text("state"),
            short_code=got.text("short_code"),
        )


@dataclass(frozen=True, slots=True)
class CodeOffer:
    """What a discount code takes off one offer: prices before and after, in cents."""

    offer: str
    offer_name: Localised
    price_cents: int
    reduced_cents: int
    currency: str

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "offer": self.offer,
            "offer_name": name_json(self.offer_name),
            "price_cents": self.price_cents,
            "reduced_cents": self.reduced_cents,
            "currency": self.currency,
        }

    @classmethod
    def from_json(cls, data: object) -> "CodeOffer":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(
            offer=got.text("offer"),
            offer_name=name_of(got, "offer_name"),
            price_cents=got.whole("price_cents"),
            reduced_cents=got.whole("reduced_cents"),
            currency=got.text("currency"),
        )


@dataclass(frozen=True, slots=True)
class CodeView:
    """A discount code at the gate: its batch, what it does, and for which offers.

    `kind` is percent, amount, price or free; `value` percent or cents.
    """

    batch: str
    kind: str
    value: int
    offers: tuple[CodeOffer, ...] = ()

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "batch": self.batch,
            "kind": self.kind,
            "value": self.value,
            "offers": [offer.to_json() for offer in self.offers],
        }

    @classmethod
    def from_json(cls, data: object) -> "CodeView":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(
            batch=got.text("batch"),
            kind=got.text("kind"),
            value=got.whole("value"),
            offers=tuple(CodeOffer.from_json(item) for item in got.items("offers")),
        )


@dataclass(frozen=True, slots=True)
class FirstUse:
    """When and where the use that is in the way began; `gate` is an id."""

    at: datetime
    gate: str
    gate_name: Localised

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "at": self.at.isoformat(),
            "gate": self.gate,
            "gate_name": name_json(self.gate_name),
        }

    @classmethod
    def from_json(cls, data: object) -> "FirstUse":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(got.time("at"), got.text("gate"), name_of(got, "gate_name"))


@dataclass(frozen=True, slots=True)
class Remaining:
    """Uses left (None: unlimited) and persons of the running use still to come."""

    uses: int | None
    people: int

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {"uses": self.uses, "people": self.people}

    @classmethod
    def from_json(cls, data: object) -> "Remaining":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(got.optional("uses", got.whole), got.whole("people"))
