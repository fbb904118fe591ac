"""The one file of admission cases, asked of a station without network.

Rows are made by the service, come over the line as JSON and lie in the station's file; the
station's own moves are beside them. Where offline another verdict is right, the case has it
under `offline`.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.events import OwnMove, ScanId
from scanner.judge import Scan
from scanner.reading import Reading
from scanner.screen import Result
from tests.scanner.station_kit import POST
from tests.scanner.telling import a_page, an_offer, closed_on, judge_of
from tests.wire.cases import AdmissionCase, load_cases, local
from ticketing.service.gate.knowledge import known_ticket
from ticketing.store.knowledge import TicketRow
from ticketing.wire.admission import Known, Move, MoveKind, OfferRule, Terms
from ticketing.wire.sync_api import KnowledgePage, KnownTicket
from ticketing.wire.textclass import Classified, TextClass
from ticketing.wire.token import Claims
from ticketing.wire.verdict import Basis, Check, Reason, Verdict
from ticketing.wire.window import local_day

CASES = load_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_station_alone_gives_the_verdict_of_the_case(
    tmp_path: Path, case: AdmissionCase
) -> None:
    """Knowledge and own moves in their files, the service silent: verdict and reason agree."""
    result = _asked(tmp_path, case)
    verdict, reason = case.raw.get("offline", (case.verdict, case.reason))
    assert (result.verdict, result.reason) == (Verdict(verdict), Reason(reason))
    assert result.basis is Basis.OFFLINE
    if "offline" not in case.raw:
        _assert_details(result, case)


def test_a_third_of_the_verdicts_are_refusals_offline_too() -> None:
    """And few cases need a verdict of their own without the service."""
    own = [case for case in CASES if "offline" in case.raw]
    assert all(case.gate.basis is Basis.ONLINE for case in own)
    refused = sum(
        case.raw.get("offline", (case.verdict,))[0] == Verdict.REFUSE.value for case in CASES
    )
    assert refused * 3 >= len(CASES) > 4 * len(own)


def _asked(folder: Path, case: AdmissionCase) -> Result:
    post = replace(POST, gate=case.gate.id, zone=case.gate.zone)
    judge = judge_of(folder, _page(case), _own(case), post=post)
    judge.clock_ok = case.gate.clock_ok
    reading = Reading("00", bytes(16), Classified(TextClass.TICKET, "0"), case.token)
    scan = Scan(
        scan_id=ScanId("0" * 32),
        reading=reading,
        direction=case.gate.direction,
        at=case.gate.read_at or case.now,
        asked_ms=0,
        people=case.gate.people,
    )
    return judge.alone(scan, case.now, done=case.gate.done)


def _own(case: AdmissionCase) -> list[OwnMove]:
    """The station's own moves, where the case says that it has some."""
    claims = case.token.claims
    if claims is None or case.known is None or case.known.registered:
        return []
    moves = list(case.moves)
    if "own_issue" in case.raw:  # it saw that issue leave
        moves.append(Move(1, bytes(16), MoveKind.EXIT, 1, case.now, case.gate.id))
    issue = case.raw.get("own_issue", claims.issue)
    return [OwnMove(claims.ticket_id, issue, move) for move in moves]


def _page(case: AdmissionCase) -> KnowledgePage:
    claims = case.token.claims
    offer = (case.known.offer if case.known else None) or OfferRule()
    told = {"calendar": case.gate.closed}
    is_known = claims is not None and case.known is not None and case.known.registered
    return a_page(
        [_row(case, claims, case.known)] if is_known and claims and case.known else [],
        offers=(an_offer(7, offer, **told),),
        settings=closed_on(local_day(case.now, case.gate.zone)),
    )


def _row(case: AdmissionCase, claims: Claims, known: Known) -> KnownTicket:
    """Made by the service from what it has stored."""
    row = TicketRow(
        id=claims.ticket_id,
        issue=claims.issue if known.issue is None else known.issue,
        offer=claims.offer,
        state=known.state,
        valid_from=known.not_before or claims.not_before,
        valid_until=known.not_after or claims.not_after,
        party=known.party or claims.party,
    )
    terms = Terms(row.party, known.slot, reentry=bool(known.offer and known.offer.reentry))
    return known_ticket(row, case.moves, terms=terms, zone=case.gate.zone)


def _assert_details(result: Result, case: AdmissionCase) -> None:
    raw = case.raw
    if "people" in raw:
        assert result.people == raw["people"]
    if "checks" in raw:
        assert result.checks == tuple(Check(name) for name in raw["checks"])
    if "left" in raw:
        assert [result.remaining_uses, result.remaining_people] == raw["left"]
    for name, value in raw.get("evidence", {}).items():
        wanted = local(value) if name in {"at", "until"} else value
        assert getattr(result.evidence, name) == wanted
