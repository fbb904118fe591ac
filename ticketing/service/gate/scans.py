"""Scans: a ticket presented at a gate; in the service room.

A scan is a resource that the station makes. It is looked up first: a repeat gets
that scan's outcome, whatever has become of the ticket since.

An admitted scan takes four statements: what is known, the move, the counter, the scan.
The counter comes late, because every gate waits for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.service import code_guessing
from ticketing.service.code_guessing import Guesser
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.gate import discounts
from ticketing.service.gate.answers import answer, standing
from ticketing.service.gate.judging import (
    UNPROVEN,
    Looked,
    Presented,
    Question,
    is_same_barcode,
    judge,
    look,
)
from ticketing.service.gate.recording import (
    TRIES,
    around,
    inside_counter,
    passing_of,
    record_new,
    stand_in_line,
)
from ticketing.service.gate.stations import is_news, token_hash
from ticketing.service.ports import House
from ticketing.store import codes, counters, joined, stations
from ticketing.store import facts as fact_rows
from ticketing.store import gates as gate_rows
from ticketing.store.facts import Asked, Facts
from ticketing.store.passings import Passing
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision
from ticketing.wire.station_api import ScanAnswer, ScanRequest
from ticketing.wire.textclass import TextClass
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

PENDING_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ScanResult:
    """An answer, and whether this call made the scan (201) or found it (200)."""

    answer: ScanAnswer
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenScan:
    """A scan in the staff's list; no holder if no ticket of ours was shown."""

    scan_id: str
    at: datetime
    gate: str
    verdict: Verdict
    reason: Reason
    people: int
    holder: str | None
    offer_name: Localised | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One presentation at a gate: who asks, what was shown, where."""

    station: Station
    request: ScanRequest
    what: Presented
    question: Question

    @property
    def scan_id(self) -> ScanId:
        return ScanId(bytes.fromhex(self.request.scan_id))

    @property
    def is_kept(self) -> bool:
        """A question and a text of others leave no trace."""
        is_question = self.question.direction is Direction.CHECK
        return not is_question and self.what.looked.text.kind is not TextClass.FOREIGN


def scan(
    unit: Unit, house: House, *, station: Station, request: ScanRequest, lang: str
) -> ScanResult:
    """Judge what a station has read, and keep the outcome.

    A text that is none of ours and a question (`check`) are answered and not kept.

    Raises:
        Conflict: `scan_id_reused` with another barcode; `busy` if others were faster
            three times.
        Invalid: `gate` that does not exist.
    """
    what = look(request.barcode, signer=house.signer).by(station)
    visit = _visit(house, station=station, request=request, what=what)
    return _settle(unit, house, visit=visit, lang=lang)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanning:
    """The same as work to be done in a unit, for whoever has a token; None for nobody."""

    house: House
    token_hash: bytes
    request: ScanRequest
    looked: Looked
    lang: str

    def asked(self) -> Asked:
        """What it has to know."""
        key = self.looked.key(ScanId(bytes.fromhex(self.request.scan_id)))
        looked_at = around(self.house, now=self.house.clock.now())
        return Asked(key=key, token_hash=self.token_hash, around=looked_at)

    def visit(self, station: Station) -> _Visit:
        """The presentation at a station."""
        what = self.looked.by(station)
        return _visit(self.house, station=station, request=self.request, what=what)

    def __call__(self, unit: Unit) -> ScanResult | None:
        """Do it."""
        found = fact_rows.find_asked(unit, self.asked())
        if found is None:
            return None
        station, facts = found
        visit = self.visit(station)
        return _settle(unit, self.house, visit=visit, lang=self.lang, facts=facts)


def scanning(house: House, *, token: str, request: ScanRequest, lang: str) -> Scanning:
    """A scan whose signature is checked, so that what is left is short."""
    return Scanning(
        house=house,
        token_hash=token_hash(token),
        request=request,
        looked=look(request.barcode, signer=house.signer),
        lang=lang,
    )


def scan_each(unit: Unit, works: Sequence[Scanning]) -> list[ScanResult | None]:
    """What comes of several at once on PostgreSQL; None for each that is to be done by itself.

    Only what nearly all are is done here: somebody comes in with a ticket that has all in order.
    """
    found = fact_rows.find_each_asked(unit, [one.asked() for one in works])
    plain: dict[int, tuple[Facts, Passing]] = {}
    tickets = set()
    for place, (work, seen) in enumerate(zip(works, found, strict=True)):
        passing = None if seen is None else _plain(work, *seen)
        if seen is not None and passing is not None and passing.scan.ticket not in tickets:
            plain[place] = seen[1], passing
            tickets.add(passing.scan.ticket)
    results: list[ScanResult | None] = [None] * len(works)
    if plain:
        kept = joined.add_each(unit, [passing for _, passing in plain.values()])
        for (place, (facts, _)), scan in zip(plain.items(), kept or (), strict=False):
            work = works[place]
            shown = answer(unit, work.house, scan=scan, facts=facts, lang=work.lang)
            results[place] = ScanResult(shown, created=True)
    return results


def _plain(work: Scanning, station: Station, facts: Facts) -> Passing | None:
    """What is to be written if there is nothing else to read or to write."""
    house, visit = work.house, work.visit(station)
    is_code = visit.what.looked.text.kind is TextClass.DISCOUNT_CODE
    is_elsewhere = visit.question.gate != station.gate
    is_heard = not is_news(station, visit.question.now)
    if facts.scan is not None or is_code or is_elsewhere or not visit.is_kept or not is_heard:
        return None
    judged = _judged(visit, judge(house, visit.what.looked, facts, question=visit.question), facts)
    passing = passing_of(house, facts, judged=judged)
    return passing if joined.is_plain(passing) else None


def _settle(
    unit: Unit, house: House, *, visit: _Visit, lang: str, facts: Facts | None = None
) -> ScanResult:
    what, station = visit.what, visit.station
    _check_gate(unit, visit)
    for attempt in range(TRIES):
        facts = _with_code(unit, house, visit, facts or _found(unit, house, visit))
        if facts.scan is not None:
            if not is_same_barcode(facts.scan, what):
                raise Conflict("scan_id_reused")
            return ScanResult(
                answer(unit, house, scan=facts.scan, facts=facts, lang=lang), created=False
            )
        judged = _judged(visit, judge(house, what.looked, facts, question=visit.question), facts)
        if not visit.is_kept:
            _count_wrong(unit, house, visit, facts)
            return ScanResult(
                answer(unit, house, scan=judged, facts=facts, lang=lang), created=False
            )
        kept = _kept(unit, house, facts, judged)
        if kept is not None:
            _hear(unit, station, kept.received_at)
            _count_wrong(unit, house, visit, facts)
            return ScanResult(answer(unit, house, scan=kept, facts=facts, lang=lang), created=True)
        stand_in_line(unit, facts, attempt)
        facts = None
    raise Conflict("busy")


def get_scan(unit: Unit, house: House, *, scan_id: ScanId, lang: str) -> ScanAnswer:
    """What became of a scan.

    Raises:
        NotFound: `scan`.
    """
    facts = fact_rows.find_of_scan(unit, scan_id, around=around(house, now=house.clock.now()))
    if facts.scan is None:
        raise NotFound("scan")
    known = discounts.with_kept(unit, facts)
    return answer(unit, house, scan=facts.scan, facts=known, lang=lang)


def latest_scans(unit: Unit, house: House, *, limit: int = 20) -> tuple[SeenScan, ...]:
    """The newest scans, for staff."""
    now = house.clock.now()
    return tuple(
        _seen(found.scan, found, now)
        for found in fact_rows.latest(unit, limit)
        if found.scan is not None
    )


def inside(unit: Unit, house: House) -> int:
    """People in the house: who came in today minus who left; never below nobody."""
    return max(0, counters.read(unit, inside_counter(house, house.clock.now())) or 0)


# ------------------------------------------------------------ parts of the above
def _visit(house: House, *, station: Station, request: ScanRequest, what: Presented) -> _Visit:
    gate = station.gate if request.gate is None else request.gate
    now = house.clock.now()
    question = Question(gate=gate, now=now, direction=request.direction, people=request.people)
    return _Visit(station=station, request=request, what=what, question=question)


def _found(unit: Unit, house: House, visit: _Visit) -> Facts:
    looked_at = around(house, now=visit.question.now, station=visit.station.id)
    return fact_rows.find(unit, visit.what.looked.key(visit.scan_id), around=looked_at)


def _with_code(unit: Unit, house: House, visit: _Visit, facts: Facts) -> Facts:
    text, guesser = visit.what.looked.text, Guesser(visit.station.id)
    if text.kind is not TextClass.DISCOUNT_CODE:
        return facts
    return discounts.with_shown(unit, house, facts, text=text, guesser=guesser)


def _count_wrong(unit: Unit, house: House, visit: _Visit, facts: Facts) -> None:
    """A discount code that is none counts against the station: whoever guesses waits."""
    if visit.what.looked.text.kind is TextClass.DISCOUNT_CODE and facts.code is None:
        now = visit.question.now
        code_guessing.note_wrong(unit, house, Guesser(visit.station.id), now=now)


def _kept(unit: Unit, house: House, facts: Facts, judged: Scan) -> Scan | None:
    """Keep a new scan; beside one of a code, which code it is."""
    if facts.code is not None and judged.decision.verdict is Verdict.DISCOUNT:
        unit.begin()
        codes.note_scan(unit, judged.scan_id, facts.code.found.code.bits)
    return record_new(unit, house, facts=facts, judged=judged)


def _check_gate(unit: Unit, visit: _Visit) -> None:
    gate = visit.question.gate
    if gate != visit.station.gate and gate_rows.find(unit, gate) is None:
        raise Invalid(FieldError("gate", "unknown"))


def _judged(visit: _Visit, decision: Decision, facts: Facts) -> Scan:
    """The scan as it would be kept."""
    request, what, now = visit.request, visit.what, visit.question.now
    looked = what.looked
    claims = None if looked.token is None else looked.token.claims
    issue = None if facts.ticket is None else facts.ticket.issue
    is_pending = decision.verdict in {Verdict.ATTENTION, Verdict.DISCOUNT}
    return Scan(
        scan_id=visit.scan_id,
        station=visit.station.id,
        gate=visit.question.gate,
        ticket=looked.claimed_id or (None if facts.ticket is None else facts.ticket.id),
        issue=issue if claims is None else claims.issue,
        text_class=looked.text.kind.value,
        digest=what.digest,
        direction=request.direction,
        people=decision.people,
        scanned_at=request.scanned_at,
        received_at=now,
        basis=Basis.ONLINE,
        state=ScanState.PENDING if is_pending else ScanState.FINAL,
        decision=decision,
        inside=facts.inside,
        until=now + PENDING_FOR if is_pending else None,
    )


def _hear(unit: Unit, station: Station, at: datetime) -> None:
    if is_news(station, at):
        unit.begin()
        stations.touch(unit, station.id, at=at)
        unit.commit()


def _seen(scan: Scan, facts: Facts, now: datetime) -> SeenScan:
    decision = standing(scan, now)
    is_named = facts.ticket is not None and decision.reason not in UNPROVEN
    return SeenScan(
        scan_id=scan.scan_id.hex(),
        at=scan.received_at,
        gate=scan.gate,
        verdict=decision.verdict,
        reason=decision.reason,
        people=decision.people,
        holder=facts.ticket.holder if is_named and facts.ticket is not None else None,
        offer_name=facts.offer.name if is_named and facts.offer is not None else None,
    )
