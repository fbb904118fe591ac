"""The report of a day as a file: one line for each figure, so that any day adds to any other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.service.report import DayReport
from ticketing.service.takings import Line
from ticketing.web.access import staff_may
from ticketing.web.staff import exports, frame
from ticketing.web.staff.report import HOME, the_report, who
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_report_sheet", __name__, url_prefix=HOME, enable_openapi=False)
_NO_MONEY: Final = (None,) * 5


@bp.post("/export")
@staff_may(Right.REPORTS_SEE)
def export() -> Response:
    """The report of the day on the page."""
    frame.checked_form()
    kind, speaker = exports.asked_kind(), frame.the_speaker()
    found = the_report(request.form)
    exports.note("report", kind, day=found.day.isoformat())
    rows = _Writer(found, speaker).rows()
    name = speaker.say("report_title")
    return exports.download(_columns(speaker), rows, name=name, kind=kind, day=found.day)


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("numbers_day"), ColumnKind.DAY, 12),
        Column(say("report_part"), width=22),
        Column(say("audit_action"), width=32),
        Column(say("report_where"), width=16),
        Column(say("report_count"), ColumnKind.WHOLE, 10),
        Column(say("report_taken"), ColumnKind.AMOUNT, 14),
        Column(say("report_count_returned"), ColumnKind.WHOLE, 22),
        Column(say("report_returned"), ColumnKind.AMOUNT, 16),
        Column(say("report_left"), ColumnKind.AMOUNT, 14),
        Column(say("report_currency"), width=10),
    ]


@dataclass(frozen=True, slots=True)
class _Writer:
    found: DayReport
    speaker: Speaker

    def rows(self) -> Iterator[Row]:
        """People, refusals, conflicts, money: as they stand on the page."""
        say, total = self.speaker.say, self.found.numbers.total
        people = say("numbers_people")
        yield self._counted(people, say("staff_admitted"), total.entries)
        yield self._counted(people, say("numbers_exits"), total.exits)
        yield self._counted(people, say("report_highest"), self.found.highest)
        yield self._counted(people, say("staff_refused"), total.refused)
        for reason, n in self.found.numbers.reasons:
            yield self._counted(say("numbers_reasons"), self.speaker.reason(reason), n)
        for (kind, state), n in self.found.conflicts.items():
            what, stands = say(f"conflict_{kind}"), say(f"conflicts_state_{state}")
            yield self._counted(say("staff_conflicts"), what, n, stands)
        yield from self._money()

    def _money(self) -> Iterator[Row]:
        say, money = self.speaker.say, self.found.money
        for one in money.offers:
            where = say(f"report_kind_{one.kind.value}")
            name = one.offer.name.in_(self.speaker.lang)
            yield self._taken(say("report_by_offer"), name, where, one.line)
        for each in money.persons:
            where = say(f"report_kind_{each.kind.value}")
            name = who(each.actor, self.found.names, self.speaker)
            yield self._taken(say("report_by_person"), name, where, each.line)
        for line in money.tills:
            yield self._taken(say("report_till"), None, None, line)

    def _counted(self, part: str, what: str, n: int, where: str | None = None) -> Row:
        return (self.found.day, part, what, where, n, *_NO_MONEY)

    def _taken(self, part: str, what: str | None, where: str | None, line: Line) -> Row:
        return (
            self.found.day,
            part,
            what,
            where,
            line.taken,
            line.taken_cents,
            line.returned,
            line.returned_cents,
            line.cents,
            line.currency,
        )
