"""What a station knows of the house: its offers, its settings, its opening hours.

JSON in and out as in `protocol.md` (KNOWLEDGE). Every `from_json` raises `BadMessage` on
rubbish.
"""

from dataclasses import dataclass
from datetime import date, time

from ticketing.wire.facts import OfferRule
from ticketing.wire.messages import BadMessage, Fields, JsonObject
from ticketing.wire.texts import Localised
from ticketing.wire.views import name_json, name_of


@dataclass(frozen=True, slots=True)
class KnownOffer:
    """What a station needs of an offer: the number in the barcode, its name, its rule."""

    number: int
    name: Localised
    rule: OfferRule
    calendar: bool = False

    @classmethod
    def from_json(cls, data: object) -> "KnownOffer":
        """From an Offer object of the contract.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        gates = got.optional("gates", got.items)
        rule = OfferRule(
            reentry=got.data.get("reentry") is True,
            per_day=got.optional("per_day", got.whole),
            gates=None if gates is None else frozenset(str(gate) for gate in gates),
            pay_at_desk=got.data.get("pay_at_desk") is True,
        )
        number, name = got.whole("number"), name_of(got, "name")
        return cls(number, name, rule, got.data.get("calendar") is True)


@dataclass(frozen=True, slots=True)
class OpenDay:
    """The hours of one local day, wall time; both None when the house is closed."""

    day: date
    opens: time | None
    closes: time | None

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "day": self.day.isoformat(),
            "opens": self.opens and self.opens.isoformat("minutes"),
            "closes": self.closes and self.closes.isoformat("minutes"),
        }

    @classmethod
    def from_json(cls, data: object) -> "OpenDay":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        try:
            return cls(
                date.fromisoformat(got.text("day")),
                got.optional("opens", lambda name: time.fromisoformat(got.text(name))),
                got.optional("closes", lambda name: time.fromisoformat(got.text(name))),
            )
        except ValueError:
            raise BadMessage("calendar: a day and hours are wanted") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSettings:
    """What a station needs of the house; `calendar` is the next 14 local days."""

    museum: str
    zone: str
    gate: str
    gate_name: Localised
    calendar: tuple[OpenDay, ...] = ()
    languages: tuple[str, ...] = ("de", "en")

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "museum": self.museum,
            "zone": self.zone,
            "gate": self.gate,
            "gate_name": name_json(self.gate_name),
            "calendar": [day.to_json() for day in self.calendar],
            "languages": list(self.languages),
        }

    @classmethod
    def from_json(cls, data: object) -> "HouseSettings":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(
            museum=got.text("museum"),
            zone=got.text("zone"),
            gate=got.text("gate"),
            gate_name=name_of(got, "gate_name"),
            calendar=tuple(OpenDay.from_json(day) for day in got.items("calendar")),
            languages=tuple(str(lang) for lang in got.items("languages")),
        )
