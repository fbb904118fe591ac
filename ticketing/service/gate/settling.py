"""Settling a journal's entries: what was shown against what is recorded; in the service room.

The rule is `domain/settling.py`; here it is asked inside the caller's transaction, and
`verdicts.py` writes what comes of it. Moves come before scans and the counters last of
all, as with a scan at the gate, so that neither waits for the other in a circle.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.domain.settling import RESOLVABLE, Record, settle
from ticketing.domain.settling import Count as Counted
from ticketing.service.gate import records
from ticketing.service.gate.entries import Entry, corrected, plain
from ticketing.service.gate.recording import around
from ticketing.service.gate.verdicts import Case, Settled, Writer
from ticketing.service.ports import House
from ticketing.store import conflicts, counts
from ticketing.store import facts as fact_rows
from ticketing.store import journals as journal_rows
from ticketing.store import scans as rows
from ticketing.store.counts import Count
from ticketing.store.facts import Facts, Key
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.journal import AnnulBody, CountBody, ResolveBody, ScanBody, parse_body
from ticketing.wire.messages import BadMessage
from ticketing.wire.sync_api import Result
from ticketing.wire.verdict import Reason, Verdict

OTHER_STATION = "scan_id: of another station"
OTHER_TICKET = "scan_id: of another ticket"
_COUNT_BYTES = 16
_QUESTIONS = frozenset({Verdict.ATTENTION, Verdict.DISCOUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What entries of one upload share.

    `now` is when it came; `resolved` are the scans that staff settle in new entries of it.
    """

    journal: bytes
    station: Station
    now: datetime
    resolved: frozenset[bytes] = frozenset()


class Settling:
    """Settles entries within one transaction, which the caller begins and commits."""

    def __init__(self, unit: Unit, house: House, batch: Batch) -> None:
        self._unit = unit
        self._house = house
        self._batch = batch
        self._around = around(house, now=batch.now, station=batch.station.id)
        self._writer = Writer(unit, house, station=batch.station, now=batch.now)

    def apply(self, entry: Entry) -> Settled:
        """Do what an entry tells.

        Raises:
            Beaten: a gate was faster; nothing of this transaction may be kept.
        """
        match entry.body:
            case None:
                return Settled(Result.REJECTED, entry.problem)
            case ScanBody() as body:
                return self._scan(entry, body)
            case ResolveBody() as body:
                return self._resolve(body, entry.diff_ms)
            case AnnulBody() as body:
                return self._annul(body, entry.diff_ms)
            case CountBody() as body:
                return self._count(entry, body)
            case _:
                return Settled()

    def finish(self) -> dict[bytes, str]:
        """Count who passed; conflicts of scans for whom there was no room, by scan id."""
        return self._writer.passages.write(self._unit)

    # -------------------------------------------------------- kinds of entries
    def _scan(self, entry: Entry, body: ScanBody) -> Settled:
        facts, batch = self._presented(body), self._batch
        fresh = records.new_scan(
            body, entry, station=batch.station, now=batch.now, inside=facts.inside
        )
        found = facts.scan
        done = None if found is None else self._told_before(found, fresh)
        if done is None:
            told = records.told_scan(body, fresh)
            case = Case(facts=facts, told=told, fresh=fresh)
            done = self._settle(case, waits=body.scan_id in batch.resolved)
        if done.result is Result.REJECTED:
            return done
        if body.shown in _QUESTIONS and body.scan_id not in batch.resolved:
            return self._resolved_before(entry, body) or done
        return done

    def _resolve(self, body: ResolveBody, diff_ms: int | None) -> Settled:
        facts = self._of_scan(body.scan_id)
        found = facts.scan
        if found is None:
            return Settled()  # the scan itself comes later and finds this entry
        if found.station != self._batch.station.id:
            return Settled(Result.REJECTED, OTHER_STATION)
        at = corrected(body.at, diff_ms, self._batch.now)
        told = records.told_resolve(body, found, at=at)
        case = Case(facts=facts, told=told, fresh=replace(found, diff_ms=diff_ms), resolve=body)
        return self._settle(case)

    def _annul(self, body: AnnulBody, diff_ms: int | None) -> Settled:
        facts, batch = self._of_scan(body.scan_id), self._batch
        found = facts.scan
        if found is None:
            stone = records.tombstone(
                body, station=batch.station, now=batch.now, diff_ms=diff_ms, inside=facts.inside
            )
            self._writer.bury(stone)
            return Settled()
        if found.station != batch.station.id:
            return Settled(Result.REJECTED, OTHER_STATION)
        at = corrected(body.at, diff_ms, batch.now)
        self._writer.annul(facts, found, why=plain(body.reason) or "", by=plain(body.by), at=at)
        return Settled()

    def _count(self, entry: Entry, body: CountBody) -> Settled:
        batch = self._batch
        at = corrected(body.at, entry.diff_ms, batch.now)
        # of two histories of a journal both have counted people
        own = batch.journal + entry.n.to_bytes(8, "big") + (entry.hash if entry.is_fork else b"")
        count = Count(
            id=hashlib.sha256(own).digest()[:_COUNT_BYTES],
            gate=batch.station.gate,
            station=batch.station.id,
            delta=body.delta,
            reason=plain(body.reason) or "",
            at=at,
            received_at=batch.now,
        )
        if counts.add(self._unit, count):
            self._writer.passages.inside(body.delta, at=at)
        return Settled()

    # -------------------------------------------------------- scans
    def _presented(self, body: ScanBody) -> Facts:
        key = Key(scan_id=ScanId(body.scan_id), ticket_id=body.ticket)
        facts = fact_rows.find(self._unit, key, around=self._around)
        if body.ticket is None and facts.scan is not None:
            return self._of_scan(body.scan_id)  # a code: its ticket stands in the record
        return facts

    def _of_scan(self, scan_id: bytes) -> Facts:
        return fact_rows.find_of_scan(self._unit, ScanId(scan_id), around=self._around)

    def _told_before(self, found: Scan, fresh: Scan) -> Settled | None:
        """What there is to say of a scan that need not be settled (again)."""
        if found.station != fresh.station:
            return Settled(Result.REJECTED, OTHER_STATION)
        if not found.digest:  # a tombstone: its annul came first
            rows.fill(self._unit, records.buried(found, fresh))
            return Settled()
        if found.ticket is not None and fresh.ticket not in {None, found.ticket}:
            return Settled(Result.REJECTED, OTHER_TICKET)
        return None if found.shown is None else Settled()

    def _settle(self, case: Case, *, waits: bool = False) -> Settled:
        """Ask the rule and write what comes of it; one that `waits` is settled by staff."""
        found = case.facts.scan
        record = records.record_of(found)
        if waits and record is Record.PASSED:
            self._writer.tell(case)
            return Settled()
        said = case.fresh.decision.reason if found is None else found.decision.reason
        if (
            case.resolve
            and record in RESOLVABLE
            and not records.is_in_time(case.resolve, case.fresh)
        ):
            record, said = Record.REFUSED, Reason.LAPSED
        ticket = records.holding(self._house, case.facts)
        outcome = settle(case.told, record, ticket, said=said)
        done = self._writer.write(case, record, outcome)
        if case.told.shown is Verdict.EXIT and ticket is not None and ticket.terms.reentry:
            self._explain(case)
        return done

    def _explain(self, case: Case) -> None:
        """An exit that arrived late may explain who seemed to come in twice."""
        ticket = case.facts.ticket
        for conflict in conflicts.unseen_exits(self._unit, ticket.id) if ticket else ():
            facts = self._of_scan(conflict.extra)
            if facts.scan is None or facts.scan.state is ScanState.ANNULLED:
                continue
            told = records.told_again(facts.scan, people=conflict.people_extra)
            what = records.holding(self._house, facts)
            outcome = settle(told, Record.NONE, what, said=Reason.STILL_INSIDE)
            if isinstance(outcome, Counted):
                extra = Case(facts=facts, told=told, fresh=facts.scan)
                self._writer.count_after_all(extra, outcome.move, conflict)

    def _resolved_before(self, entry: Entry, body: ScanBody) -> Settled | None:
        """Settle a question by an entry behind it that came before it."""
        batch = self._batch
        texts = journal_rows.resolves_behind(
            self._unit, batch.journal, entry.n, scan_id=body.scan_id
        )
        for text in texts:
            try:
                found = parse_body(text)
            except BadMessage:
                continue
            if isinstance(found, ResolveBody) and found.scan_id == body.scan_id:
                return self._resolve(found, entry.diff_ms)
        return None
