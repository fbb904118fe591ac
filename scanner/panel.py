"""The verdict panel in words: one screen, one language. Pure.

Order as drawn: shape and word, reason, holder, offer and persons, next step, facts or keys.
An admit shows no reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scanner.screen import Face, Result, Screen
from scanner.wording import Words
from ticketing.wire.facts import Evidence
from ticketing.wire.station_api import CodeView
from ticketing.wire.texts import Localised, local_date, local_time, render, verdict_word
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict
from ticketing.wire.window import local_day

_MOST_FIGURES = 12
_MINUTE = timedelta(minutes=1)
_NO_EVIDENCE = Evidence()
_LATER = frozenset({"old", "later"})
"""Notices of scans that the office can still take back."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the words need to know besides the screen.

    `gate` and `gate_name` of this station, `offers` by number from pairing; `unsent`
    entries; `known_at`: when the service last answered; times aware.
    """

    gate: str
    gate_name: Localised
    zone: ZoneInfo
    now: datetime
    offers: Mapping[int, Localised] = field(default_factory=dict)
    unsent: int = 0
    known_at: datetime | None = None
    inside: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A name above a value; `keys` are caps that act, beside or instead of it."""

    name: str
    value: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """A key that acts, its word, and what it will do."""

    key: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the check before the doors open; `state` is good, warn, bad or open."""

    state: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All words of the panel.

    `verdict` colours it, `shape` names its silhouette, `size` is that of the word (empty,
    `wide`, `long`, `small`); `role` is alert for verdicts, otherwise status; `figures` are persons
    in and persons of the party; `lines` are those of the check before the doors open;
    `alert` is the amber line.
    """

    verdict: str = ""
    shape: str
    word: str
    size: str = ""
    role: str = "status"
    reason: str = ""
    figures: tuple[int, int] | None = None
    who: str = ""
    what: str = ""
    next: str = ""
    steps: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    facts: tuple[Fact, ...] = ()
    acts: tuple[Act, ...] = ()
    alert: str = ""


def panel_of(screen: Screen, place: Place, words: Words) -> Panel:
    """The panel of whatever is on the screen."""
    alert = _alert(screen, place, words)
    if screen.face is Face.ANNULLED:
        return _annulled(screen, place, words, alert)
    if screen.face is Face.NOTICE:
        return Panel(
            shape="v-annul",
            word=words.say("notice"),
            size="long",
            role="alert",
            reason=words.say(f"notice.{screen.hint}"),
            next=words.say("notice.next") if screen.hint in _LATER else "",
            alert=alert,
        )
    if screen.result is not None:
        return _Verdict(screen, screen.result, place, words).panel(alert)
    if screen.face is Face.FOREIGN:
        return Panel(
            shape="v-foreign",
            word=words.say("foreign"),
            size="long",
            reason=words.say(f"foreign.{screen.hint or 'other'}"),
            next=words.say("foreign.next"),
            facts=(Fact(words.say("fact.kept"), words.say("foreign.kept")),),
            alert=alert,
        )
    key = "waiting" if screen.face is Face.WAITING else "ready"
    return Panel(
        shape="v-ready",
        word=words.say(key),
        size="wide" if key == "waiting" else "",
        reason=words.say(f"{key}.reason"),
        next=words.say(f"{key}.next"),
        facts=(_direction(screen.direction, words),),
        alert=alert,
    )


def _annulled(screen: Screen, place: Place, words: Words, alert: str) -> Panel:
    """Plainly that it is taken back; what to do next is the next code."""
    result, at = screen.result, screen.at or place.now
    is_exit = result is not None and result.verdict is Verdict.EXIT
    said = words.say(f"annulled.{'exit' if is_exit else 'entry'}", time=local_time(at, place.zone))
    people = words.count("people", max(1, result.people if result else 1))
    offer = offer_name(screen, place, words) or words.say("ticket")
    return Panel(
        shape="v-annul",
        word=words.say("annulled"),
        size="long",
        role="alert",
        reason=said,
        what=f"{offer} · {people}",
        next=words.say("annulled.next"),
        alert=alert,
    )


def camera_panel(since: datetime, camera: str, place: Place, words: Words) -> Panel:
    """What to do without a camera; hand scanner and typing go on."""
    return Panel(
        shape="v-camera",
        word=words.say("camera"),
        size="long",
        role="alert",
        reason=words.say("camera.reason"),
        steps=tuple(words.say(f"camera.step{n}") for n in (1, 2, 3)),
        facts=(
            Fact(words.say("fact.since"), local_time(since, place.zone)),
            Fact(words.say("fact.camera"), camera),
        ),
    )


def trouble_panel(words: Words, key: str = "trouble") -> Panel:
    """Nobody is admitted: nothing can be recorded, or the station is signed off (`revoked`)."""
    return Panel(
        verdict="attention",
        shape="v-attention",
        size="" if key == "trouble" else "long",
        word=words.say(key),
        role="alert",
        reason=words.say(f"{key}.reason"),
        next=words.say(f"{key}.next"),
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """One outcome, one language."""

    screen: Screen
    result: Result
    place: Place
    words: Words

    def panel(self, alert: str) -> Panel:
        verdict, code = self.result.verdict, self.result.code
        lapsed = self.words.say("lapsed") if self.screen.has_lapsed else ""
        has_acts = self.screen.may_settle
        return Panel(
            verdict=verdict.value,
            shape=f"v-{verdict.value}",
            word=verdict_word(verdict, self.words.lang),
            size="wide" if verdict is Verdict.EXIT else "",
            role="alert",
            reason=self._reason(),
            figures=self._figures(),
            who=_code_effect(code, self.words) if code else self._who(),
            what=self._what(),
            next=lapsed or self._next(),
            facts=() if has_acts else tuple(self._facts()),
            acts=self._acts() if has_acts else (),
            alert=alert,
        )

    @property
    def party(self) -> int:
        ticket, claims = self.result.ticket, self.screen.claims
        return ticket.party if ticket else claims.party if claims else 1

    @property
    def says(self) -> tuple[str, str]:
        """What the catalogue says: title and next step."""
        evidence, first = self.result.evidence, self.result.first_use
        if first is not None and evidence.gate in {None, first.gate}:
            name = first.gate_name.in_(self.words.lang)
        else:
            is_here = evidence.gate == self.place.gate
            name = self.place.gate_name.in_(self.words.lang) if is_here else ""
        reason, lang = self.result.reason, self.words.lang
        text = render(reason, lang, evidence, self.place.zone, self.place.now, name)
        return text.title, text.next

    def _reason(self) -> str:
        if self.result.verdict is not Verdict.ADMIT:
            is_silent = self.result.verdict in {Verdict.EXIT, Verdict.DISCOUNT}
            return "" if is_silent else self.says[0]
        if self.party == 1:
            return ""
        people, count = self.result.people, self._in_now()
        if 0 < people < count:
            more = self.words.count("people", people)
            return self.words.say("people.more", people=more, count=count, of=self.party)
        return self.words.say("people.of", count=count, of=self.party)

    def _in_now(self) -> int:
        return max(0, self.party - self.result.remaining_people)

    def _figures(self) -> tuple[int, int] | None:
        is_group = self.result.verdict is Verdict.ADMIT and 1 < self.party <= _MOST_FIGURES
        return (self._in_now(), self.party) if is_group else None

    def _who(self) -> str:
        return self.result.ticket.holder if self.result.ticket else self.result.holder

    def _what(self) -> str:
        if self.result.verdict is Verdict.DISCOUNT:
            is_open = self.screen.may_settle or self.screen.has_lapsed
            return self.words.say("code" if is_open else "code.redeemed")
        offer = offer_name(self.screen, self.place, self.words)
        parts = [offer] if offer else []
        left = self.result.remaining_people
        if offer and self.result.verdict is Verdict.ADMIT and self.party > 1:
            if left:
                parts.append(self.words.count("people.left", left))
        elif offer:
            parts.append(self.words.count("people", self.result.people or self.party))
        added = {Reason.OK_REENTRY: "reentry", Reason.OK_OVERRIDE: "override"}
        if self.result.reason in added:
            parts.append(self.words.say(added[self.result.reason]))
        return " · ".join(parts)

    def _next(self) -> str:
        code = self.result.code
        if code is not None:
            return " ".join(_code_offers(code, self.words))
        if self.result.verdict is not Verdict.ADMIT:
            return self.says[1]
        is_alone = self.result.basis is Basis.OFFLINE
        return self.words.say("offline.next") if is_alone else ""

    def _acts(self) -> tuple[Act, ...]:
        is_code = self.result.verdict is Verdict.DISCOUNT
        yes, no = ("redeem", "leave") if is_code else ("confirm", "decline")
        people = self.words.count("people", max(1, self.result.people))
        note = self.words.say(f"act.{yes}.note", people=people)
        return (
            Act("F2", self.words.say(f"act.{yes}"), note),
            Act("F4", self.words.say(f"act.{no}"), self.words.say(f"act.{no}.note")),
        )

    def _facts(self) -> list[Fact]:
        say = self.words.say
        facts = []
        if self.result.verdict is Verdict.EXIT:
            count = self.place.inside
            return [] if count is None else [Fact(say("fact.inside"), str(count))]
        if self.result.basis is Basis.OFFLINE and self.result.verdict is Verdict.ADMIT:
            scans = self.words.count("fact.scans", self.place.unsent)
            facts.append(Fact(say("fact.unsent"), scans))
            if not self.screen.may_change:  # one row is all there is; the bar says it too
                facts.append(Fact(say("fact.known"), self._known_at()))
        if self.screen.may_change:
            facts.append(Fact(say("fact.people"), "", keys=("↑", "↓")))
        facts += self._uses()
        valid = self._valid()
        facts += [Fact(say("fact.valid"), valid)] if valid else []
        ticket = self.result.ticket
        return [*facts, Fact(say("fact.code"), ticket.short_code)] if ticket else facts

    def _known_at(self) -> str:
        at = self.place.known_at
        return local_time(at, self.place.zone) if at else self.words.say("fact.known.never")

    def _uses(self) -> list[Fact]:
        ticket, claims, left = self.result.ticket, self.screen.claims, self.result.remaining_uses
        entries = ticket.entries if ticket else claims.entries if claims else None
        if self.result.verdict is Verdict.ADMIT:
            return [Fact(self.words.say("fact.left"), self._left(left))]
        if self.result.reason is not Reason.ALREADY_USED or not entries or left is None:
            return []
        used = self.words.say("fact.used.value", used=entries - left, of=entries)
        return [Fact(self.words.say("fact.used"), used)]

    def _left(self, left: int | None) -> str:
        if left is None:
            return self.words.say("fact.left.unlimited")
        return self.words.count("fact.left", left) if left else self.words.say("fact.left.none")

    def _valid(self) -> str:
        ticket, claims = self.result.ticket, self.screen.claims
        end = ticket.valid_until if ticket else claims.not_after if claims else None
        if end is None or self.result.reason in {Reason.FORGED, Reason.EXPIRED}:
            return ""
        zone, last = self.place.zone, end - _MINUTE
        if local_day(last, zone) != local_day(self.place.now, zone):
            date = local_date(last, zone, self.words.lang)
            return self.words.say("valid.until", date=date)
        if local_day(end, zone) != local_day(last, zone):
            return self.words.say("valid.today")
        return self.words.say("valid.today_until", time=local_time(end, zone))


def offer_name(screen: Screen, place: Place, words: Words) -> str:
    """The offer of what was scanned: told by the service, or known from pairing."""
    result, claims = screen.result, screen.claims
    if result is not None and result.ticket is not None:
        return result.ticket.offer_name.in_(words.lang)
    if claims is None or result is None or result.reason is Reason.FORGED:
        return ""
    known = place.offers.get(claims.offer)
    return known.in_(words.lang) if known else words.say("ticket")


def _direction(direction: Direction, words: Words) -> Fact:
    return Fact(words.say("fact.direction"), words.say(f"fact.{direction.value}"))


def _alert(screen: Screen, place: Place, words: Words) -> str:
    alert = screen.alert
    if alert is None:
        return ""
    text = render(alert.reason, words.lang, _NO_EVIDENCE, place.zone, place.now)
    return words.say("alert", time=local_time(alert.at, place.zone), reason=text.title)


def _code_effect(code: CodeView, words: Words) -> str:
    is_money = code.kind in {"amount", "price"}
    currency = code.offers[0].currency if code.offers else "EUR"
    value = words.money(code.value, currency) if is_money else str(code.value)
    return words.say(f"code.{code.kind}", value=value)


def _code_offers(code: CodeView, words: Words) -> list[str]:
    return [
        words.say(
            "code.offer",
            offer=offer.offer_name.in_(words.lang),
            reduced=words.money(offer.reduced_cents, offer.currency),
            price=words.money(offer.price_cents, offer.currency),
        )
        for offer in code.offers
    ]
