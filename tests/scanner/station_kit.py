"""Tickets, answers and a hand on the clock, for tests of the station."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanner.events import (
    Answer,
    Ask,
    AskAnnul,
    AskSettle,
    Effect,
    Entry,
    Event,
    Failure,
    LinkDown,
    LinkState,
    Moment,
    NoAnswer,
    OwnMove,
    Record,
    ScanId,
    Seen,
    Settle,
    Sighting,
    Step,
    Tick,
    Typed,
)
from scanner.gate import Gate
from scanner.memory import ListedMoves, NoRows, StationMemory
from scanner.post import Post
from ticketing.wire.check import CodeKind, check_character
from ticketing.wire.facts import Evidence
from ticketing.wire.journal import Action
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.station_api import Remaining, ScanAnswer, TicketView
from ticketing.wire.texts import Localised
from ticketing.wire.token import Claims, Flag, TicketId, encode, signed_bytes
from ticketing.wire.verdict import Basis, Check, Reason, Verdict

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 10, 4, 12, 42, tzinfo=UTC)
"""14:42 in Berlin."""
ISSUER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RING = KeyRing((PublicKey(KeyId(1), KeyState.ACTIVE, ISSUER.public_key().public_bytes_raw()),))
DIGEST_KEY = b"digest key of this station 32 by"
HOLDER = "Jördis Kowalewski"
SHORT_CODE = "E7K4QXC" + check_character("E7K4QXC", CodeKind.SHORT)
DISCOUNT_CODE = "HERBST-K7Q2M9X4T8" + check_character("K7Q2M9X4T8", CodeKind.DISCOUNT)
WEB = "https://example.org/menu"


def a_ticket(number: int = 1, **changes: Any) -> str:
    """The barcode of a day ticket for one person, one entry."""
    claims = Claims(
        key_id=KeyId(1),
        ticket_id=TicketId(number.to_bytes(15, "big")),
        issue=0,
        offer=7,
        not_before=NOON.replace(hour=0, minute=0),
        not_after=NOON.replace(hour=22, minute=0),
        entries=1,
        party=1,
        flags=Flag(0),
    )
    claims = replace(claims, **changes)
    return encode(claims, ISSUER.sign(signed_bytes(claims)))


def forged(text: str) -> str:
    """The ticket with another signature."""
    return text[:100] + ("0" if text[100] != "0" else "1") + text[101:]


def a_view(number: int = 1, **changes: Any) -> TicketView:
    """What the service tells of `a_ticket(number)`."""
    view = TicketView(
        id=number.to_bytes(15, "big").hex(),
        issue=0,
        holder=HOLDER,
        offer="day",
        offer_name=Localised("Tageskarte", "Day ticket"),
        party=1,
        entries=1,
        valid_from=NOON.replace(hour=0, minute=0),
        valid_until=NOON.replace(hour=22, minute=0),
        state="valid",
        short_code="E7K4-QXC3",
    )
    return replace(view, **changes)


def an_answer(
    scan_id: str,
    verdict: Verdict = Verdict.ADMIT,
    reason: Reason = Reason.OK,
    **changes: Any,
) -> ScanAnswer:
    """What the service says; an attention wants proof and lapses in five minutes."""
    is_open = verdict is Verdict.ATTENTION
    plain = ScanAnswer(
        scan_id=scan_id,
        verdict=verdict,
        reason=reason,
        basis=Basis.ONLINE,
        text="",
        inside=143,
        ticket=a_view(),
        remaining=Remaining(0, 1 if is_open else 0),
        checks=(Check.PROOF,) if is_open else (),
        until=NOON + timedelta(minutes=5) if is_open else None,
        evidence=Evidence(),
    )
    return replace(plain, **({"people": _people(replace(plain, **changes))} | changes))


def _people(said: ScanAnswer) -> int:
    """How many such an answer lets in: all of the party but those still to come."""
    party = said.ticket.party if said.ticket else 1
    by_verdict = {
        Verdict.ADMIT: party - said.remaining.people,
        Verdict.ATTENTION: said.remaining.people,
        Verdict.EXIT: 1,
    }
    return by_verdict.get(said.verdict, 0)


POST = Post(gate="sued", zone=BERLIN, ring=RING, digest_key=DIGEST_KEY)


@dataclass
class Desk:
    """A gate with a hand on its clock; keeps every effect, and its moves as a journal does."""

    post: Post = POST
    moves: ListedMoves = field(default_factory=ListedMoves)
    gate: Gate = field(init=False)
    mono_ms: int = 1_000_000
    jump: timedelta = timedelta(0)
    effects: list[Effect] = field(default_factory=list)
    ids: int = 0

    def __post_init__(self) -> None:
        """The gate stands here."""
        self.gate = Gate(self.post, StationMemory(NoRows(), self.moves))

    @classmethod
    def offline(cls, moves: Iterable[OwnMove] = ()) -> "Desk":
        """A desk that knows that the service is away."""
        desk = cls(moves=ListedMoves(moves))
        desk.do(LinkDown(Failure.UNREACHABLE))
        desk.effects.clear()
        return desk

    @property
    def at(self) -> datetime:
        """The wall clock: it goes with the monotonic one, and may jump."""
        return NOON + timedelta(milliseconds=self.mono_ms - 1_000_000) + self.jump

    def fresh(self) -> ScanId:
        """An id no scan has yet."""
        self.ids += 1
        return ScanId(f"{self.ids:032x}")

    def do(self, event: Event, *, after_ms: int = 0) -> tuple[Effect, ...]:
        """Let time pass, then an event happen."""
        self.mono_ms += after_ms
        done = self.gate.handle(event, Moment(self.at, self.mono_ms))
        for effect in done:
            own = getattr(effect.entry, "own", None) if isinstance(effect, Record) else None
            if own is not None:
                self.moves.add(own)
        self.effects += done
        return done

    def see(self, *texts: str, after_ms: int = 0) -> tuple[Effect, ...]:
        """A frame with these texts."""
        sightings = tuple(Sighting(text, self.fresh()) for text in texts)
        return self.do(Seen(sightings), after_ms=after_ms)

    def type(self, text: str, *, after_ms: int = 0) -> tuple[Effect, ...]:
        """A text from the hand scanner."""
        return self.do(Typed(text, self.fresh()), after_ms=after_ms)

    def wait(self, ms: int) -> tuple[Effect, ...]:
        """Nothing but time."""
        return self.do(Tick(), after_ms=ms)

    def answer(
        self,
        verdict: Verdict = Verdict.ADMIT,
        reason: Reason = Reason.OK,
        *,
        step: Step = Step.SCAN,
        scan_id: ScanId | None = None,
        **changes: Any,
    ) -> tuple[Effect, ...]:
        """The service answers the newest question, or the one of `scan_id`."""
        which = scan_id or self.asked[-1].scan_id
        return self.do(Answer(which, step, an_answer(which, verdict, reason, **changes)))

    def fail(self, failure: Failure, *, step: Step = Step.SCAN) -> tuple[Effect, ...]:
        """The newest question will not be answered."""
        return self.do(NoAnswer(self.asked[-1].scan_id, step, failure))

    def settle(self, action: Action, scan_id: ScanId | None = None) -> tuple[Effect, ...]:
        """Staff press a key for what is shown."""
        return self.do(Settle(scan_id or ScanId(self.gate.screen.scan_id), action))

    @property
    def asked(self) -> list[Ask | AskSettle | AskAnnul]:
        """All questions so far."""
        return [one for one in self.effects if isinstance(one, Ask | AskSettle | AskAnnul)]

    @property
    def records(self) -> list[Entry]:
        """All records so far."""
        return [one.entry for one in self.effects if isinstance(one, Record)]

    @property
    def shown(self) -> tuple[Verdict, Reason] | None:
        """Verdict and reason on the screen."""
        result = self.gate.screen.result
        return None if result is None else (result.verdict, result.reason)


def link_of(desk: Desk) -> LinkState:
    """What the gate knows of the line."""
    return desk.gate.link


def may_settle(desk: Desk) -> bool:
    """Whether confirm and decline act."""
    return desk.gate.screen.may_settle


def kinds(effects: Iterable[Effect]) -> list[type]:
    """The kinds of effects, in order."""
    return [type(one) for one in effects]
