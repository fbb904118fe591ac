"""A ticket at the gate, on both engines."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.factories import HOLDER, a_scan_id, with_offer, with_slot, with_station
from tests.service.conftest import Entrance
from ticketing.service import tickets
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.gate import scans, stations
from ticketing.wire.check import CodeKind, check_character
from ticketing.wire.codec import from_base32hex, to_base32hex
from ticketing.wire.verdict import Direction, Reason, Verdict


def test_a_good_ticket_is_admitted(entrance: Entrance) -> None:
    """Verdict, holder, offer and what is left of the ticket."""
    answer = entrance.scan(entrance.ticket().barcode)
    assert (answer.verdict, answer.reason) == (Verdict.ADMIT, Reason.OK)
    assert answer.ticket is not None
    assert (answer.ticket.holder, answer.ticket.offer_name.en) == (HOLDER, "Day ticket")
    assert (answer.remaining.uses, answer.inside) == (0, 1)


def test_the_first_answer_is_created_and_a_repeat_is_not(entrance: Entrance) -> None:
    """The same scan id gives the same answer again, marked as found."""
    request = entrance.request(entrance.ticket().barcode)
    first, again = entrance.send(request), entrance.send(request)
    assert (first.created, again.created) == (True, False)
    assert again.answer == first.answer
    assert entrance.inside() == 1


def test_a_repeat_keeps_its_outcome_after_the_ticket_was_revoked(entrance: Entrance) -> None:
    """Whatever has become of the ticket since, that scan admitted."""
    case = entrance.ticket()
    request = entrance.request(case.barcode)
    entrance.send(request)
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="stolen")
    again = entrance.send(request)
    assert (again.created, again.answer.verdict) == (False, Verdict.ADMIT)
    assert entrance.scan(case.barcode).reason is Reason.REVOKED


def test_a_scan_id_with_another_barcode_is_refused(entrance: Entrance) -> None:
    """A scan id belongs to what was shown with it."""
    request = entrance.request(entrance.ticket().barcode)
    entrance.send(request)
    with pytest.raises(Conflict, match="scan_id_reused"):
        entrance.send(replace(request, barcode=entrance.ticket().barcode))


def test_a_repeat_in_lower_case_is_the_same_barcode(entrance: Entrance) -> None:
    """Folding comes before comparing."""
    request = entrance.request(entrance.ticket().barcode)
    entrance.send(request)
    assert not entrance.send(replace(request, barcode=request.barcode.lower())).created


def test_a_second_scan_says_when_and_where_the_first_was(entrance: Entrance) -> None:
    """A refusal carries its evidence, in the language asked for."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    first_at = entrance.clock.now()
    entrance.clock.tick(minutes=5)
    second = entrance.scan(case.barcode)
    assert second.reason is Reason.ALREADY_USED
    assert second.first_use is not None
    assert (second.first_use.at, second.first_use.gate) == (first_at, "sued")
    assert "14:00" in second.text
    assert "South entrance" in second.text
    assert second.ticket is not None
    assert second.ticket.state == "used_up"
    third = entrance.send(entrance.request(case.barcode), lang="de").answer
    assert "Eingang Süd" in third.text


def test_a_forged_ticket_names_nobody(entrance: Entrance) -> None:
    """The signature does not hold: refused, no holder, though the id is a real one."""
    raw = bytearray(from_base32hex(entrance.ticket().barcode) or b"")
    raw[-1] ^= 1
    answer = entrance.scan(to_base32hex(bytes(raw)))
    assert (answer.reason, answer.ticket) == (Reason.FORGED, None)
    assert entrance.get(answer.scan_id).ticket is None
    with entrance.store.unit() as unit:
        assert scans.latest_scans(unit, entrance.house)[0].holder is None


def test_an_unknown_ticket_is_refused(entrance: Entrance) -> None:
    """Signed by us, but not in the database: lost in a restore, or never stored."""
    case = entrance.ticket()
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(text("DELETE FROM tickets"))
        unit.commit()
    assert entrance.scan(case.barcode).reason is Reason.UNKNOWN_TICKET


@pytest.mark.parametrize(
    "foreign", ["https://example.org/menu", "WIFI:S:museum;;", "4006381333931"]
)
def test_a_foreign_text_is_answered_and_not_kept(entrance: Entrance, foreign: str) -> None:
    """A hint, no row."""
    answer = entrance.scan(foreign)
    assert (answer.verdict, answer.reason) == (Verdict.REFUSE, Reason.FOREIGN)
    with pytest.raises(NotFound):
        entrance.get(answer.scan_id)


def test_a_question_is_answered_and_not_kept(entrance: Entrance) -> None:
    """`check` says what an entry would, and the ticket stays unused."""
    case = entrance.ticket()
    answer = entrance.scan(case.barcode, direction=Direction.CHECK)
    assert answer.verdict is Verdict.ADMIT
    assert entrance.inside() == 0
    with pytest.raises(NotFound):
        entrance.get(answer.scan_id)
    assert entrance.scan(case.barcode).verdict is Verdict.ADMIT


def test_a_superseded_barcode_is_refused_and_the_new_one_admits(entrance: Entrance) -> None:
    """A reissue makes the old picture worthless; its scan is linked to the ticket."""
    old = entrance.ticket()
    with entrance.store.unit() as unit:
        new = tickets.reissue_ticket(unit, entrance.house, ticket_id=old.ticket.id)
    refused = entrance.scan(old.barcode)
    assert refused.reason is Reason.SUPERSEDED
    assert refused.ticket is not None
    assert refused.ticket.state == "superseded"
    assert entrance.row(refused.scan_id).ticket == old.ticket.id
    assert entrance.scan(new.barcode).verdict is Verdict.ADMIT


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (datetime(2026, 10, 24, 21, 59, tzinfo=UTC), Reason.NOT_YET_VALID),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), Reason.OK),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), Reason.OK),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), Reason.EXPIRED),
    ],
)
def test_a_day_of_twenty_five_hours_is_valid_for_all_of_them(
    entrance: Entrance, now: datetime, reason: Reason
) -> None:
    """On 25 October 2026 the clocks go back: from midnight to midnight in Berlin."""
    case = entrance.ticket(on=date(2026, 10, 25))
    entrance.clock.at = now
    assert entrance.scan(case.barcode).reason is reason


def test_a_wrong_gate_names_the_right_ones(entrance: Entrance) -> None:
    """The offer is for the north entrance only."""
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    answer = entrance.scan(entrance.ticket(offer="north").barcode)
    assert (answer.reason, answer.evidence.detail) == (Reason.WRONG_GATE, "nord")


def test_a_station_may_say_at_which_gate_it_scans(entrance: Entrance) -> None:
    """A gate in the request counts instead of the station's own."""
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    case = entrance.ticket(offer="north")
    assert entrance.scan(case.barcode, gate="nord").verdict is Verdict.ADMIT
    with pytest.raises(Invalid, match="gate"):
        entrance.scan(case.barcode, gate="dach")


def test_a_closed_house_refuses_what_is_bound_to_its_hours(entrance: Entrance) -> None:
    """At eight on a Sunday evening only the unbound ticket opens the door."""
    with_offer(entrance.store, entrance.house, slug="bound", number=8, calendar=True)
    bound, free = entrance.ticket(offer="bound"), entrance.ticket()
    entrance.clock.tick(hours=6)
    assert entrance.scan(bound.barcode).reason is Reason.CLOSED
    assert entrance.scan(free.barcode).verdict is Verdict.ADMIT


def test_a_party_may_come_in_parts(entrance: Entrance) -> None:
    """Two, then the rest; the use is one, and then it is used."""
    with_offer(entrance.store, entrance.house, slug="family", number=8, party_max=5)
    barcode = entrance.ticket(offer="family", party=5).barcode
    first = entrance.scan(barcode, people=2)
    assert (first.verdict, first.remaining.people, first.inside) == (Verdict.ADMIT, 3, 2)
    rest = entrance.scan(barcode)
    assert (rest.verdict, rest.remaining.people, rest.inside) == (Verdict.ADMIT, 0, 5)
    assert entrance.scan(barcode).reason is Reason.ALREADY_USED
    assert entrance.inside() == 5


def test_an_exit_counts_out_and_a_reentry_in(entrance: Entrance) -> None:
    """With re-entry the same use opens the door again."""
    with_offer(entrance.store, entrance.house, slug="again", number=8, reentry=True)
    barcode = entrance.ticket(offer="again").barcode
    entrance.scan(barcode)
    assert entrance.scan(barcode).reason is Reason.STILL_INSIDE
    left = entrance.scan(barcode, direction=Direction.EXIT)
    assert (left.verdict, left.reason, left.inside) == (Verdict.EXIT, Reason.OK_EXIT, 0)
    assert entrance.scan(barcode).reason is Reason.OK_REENTRY
    assert entrance.inside() == 1


def test_an_exit_without_an_entry_is_recorded_and_inside_stays_at_nobody(
    entrance: Entrance,
) -> None:
    """Nobody is locked in by statistics."""
    answer = entrance.scan(entrance.ticket().barcode, direction=Direction.EXIT)
    assert (answer.reason, answer.inside) == (Reason.EXIT_UNMATCHED, 0)
    assert entrance.inside() == 0


def test_people_inside_start_anew_each_local_day(entrance: Entrance) -> None:
    """Who forgot to scan out is not inside for ever."""
    entrance.scan(entrance.ticket().barcode)
    assert entrance.inside() == 1
    entrance.clock.tick(hours=10)
    assert entrance.inside() == 0


def test_a_short_code_is_as_good_as_its_barcode(entrance: Entrance) -> None:
    """Typed with a hyphen and in lower case: the same ticket, the same one use."""
    case = entrance.ticket()
    code = case.ticket.short_code
    answer = entrance.scan(f"{code[:4]}-{code[4:]}".lower())
    assert answer.verdict is Verdict.ADMIT
    assert answer.ticket is not None
    assert answer.ticket.holder == HOLDER
    assert entrance.scan(case.barcode).reason is Reason.ALREADY_USED


def test_a_mistyped_short_code_is_told_as_such(entrance: Entrance) -> None:
    """The check character catches it, the evidence says typo."""
    code = entrance.ticket().ticket.short_code
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    answer = entrance.scan(wrong)
    assert (answer.reason, answer.evidence.detail) == (Reason.UNKNOWN_CODE, "typo")


@pytest.mark.parametrize(
    ("data", "kind"), [("K7Q2M9X", CodeKind.SHORT), ("K7Q2M9X4T8", CodeKind.DISCOUNT)]
)
def test_a_code_that_nobody_was_given_is_unknown(
    entrance: Entrance, data: str, kind: CodeKind
) -> None:
    """A good check character makes no ticket and no discount."""
    code = data + check_character(data, kind)
    answer = entrance.scan("HERBST-" + code if kind is CodeKind.DISCOUNT else code)
    assert (answer.verdict, answer.reason) == (Verdict.REFUSE, Reason.UNKNOWN_CODE)
    assert entrance.get(answer.scan_id).reason is Reason.UNKNOWN_CODE


@pytest.mark.parametrize("rubbish", ["04" + "0" * 60, "0C" + "0" * 160])
def test_a_broken_or_future_ticket_text_is_a_row(entrance: Entrance, rubbish: str) -> None:
    """Of our own shape: refused and recorded, without the text."""
    answer = entrance.scan(rubbish)
    assert answer.verdict is Verdict.REFUSE
    assert entrance.get(answer.scan_id).reason in {Reason.MALFORMED, Reason.UNSUPPORTED}
    request = entrance.request(rubbish)
    entrance.send(request)
    assert not entrance.send(request).created


@pytest.mark.parametrize("has_limits", [False, True], ids=["no limits", "slot and house"])
def test_an_admitted_scan_takes_five_statements_at_most(
    entrance: Entrance, *, has_limits: bool
) -> None:
    """Peers 31: the token look-up included, with limits of slot and house too."""
    entrance.scan(entrance.ticket().barcode)  # `last_seen` is written once a minute
    case = entrance.ticket()
    if has_limits:
        museum = replace(entrance.house.museum, capacity=10)
        entrance.house = replace(entrance.house, museum=museum)
        with_slot(entrance.store, case, slot="s1", at=entrance.clock.now())
    request = entrance.request(case.barcode)
    with entrance.store.unit() as unit:
        station = stations.list_stations(unit)[0]
    with entrance.store.unit() as unit:
        stations.station_by_token(unit, token="es_" + "0" * 43)
        result = scans.scan(unit, entrance.house, station=station, request=request, lang="de")
        assert result.answer.verdict is Verdict.ADMIT
        assert unit.statements <= 5
    assert entrance.counter("came:s1") == (1 if has_limits else None)


def test_an_error_of_the_database_names_nobody(entrance: Entrance) -> None:
    """The same ticket stored twice: the message has neither holder nor barcode."""
    case = entrance.ticket()
    draft = tickets.Draft(ticket=case.ticket, offer=case.offer, barcode=case.barcode)
    with entrance.store.unit() as unit:
        unit.begin()
        with pytest.raises(IntegrityError) as caught:
            tickets.store_draft(unit, draft)
    assert HOLDER not in str(caught.value)
    assert case.barcode not in str(caught.value)


def test_a_station_is_seen_once_a_minute(entrance: Entrance) -> None:
    """The first scan of a minute writes it, the others do not."""
    entrance.scan(entrance.ticket().barcode)
    with entrance.store.unit() as unit:
        station = stations.list_stations(unit)[0]
    assert station.last_seen_at == entrance.clock.now()
    entrance.station = station
    entrance.clock.tick(seconds=30)
    entrance.scan(entrance.ticket().barcode)
    with entrance.store.unit() as unit:
        assert stations.list_stations(unit)[0].last_seen_at == station.last_seen_at


def test_an_unknown_scan_is_not_found(entrance: Entrance) -> None:
    """A scan id that never arrived."""
    with pytest.raises(NotFound, match="scan"):
        entrance.get(a_scan_id())


def test_no_name_and_no_code_reaches_a_log_or_a_stored_scan(
    entrance: Entrance, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither SQLAlchemy's log nor the rows of scans and moves hold them."""
    caplog.set_level(logging.DEBUG, logger="ticketing")
    case = entrance.ticket()
    request = entrance.request(case.barcode)
    entrance.send(request)
    with pytest.raises(Conflict) as caught:
        entrance.send(replace(request, barcode=case.ticket.short_code))
    private = {HOLDER, case.barcode, case.ticket.short_code}
    said = caplog.text + str(caught.value) + repr(caught.value)
    with entrance.store.unit() as unit:
        for table in ("scans", "moves", "counters"):
            said += repr(unit.run(text(f"SELECT * FROM {table}")).all())  # noqa: S608  fixed names
    assert not [word for word in private if word in said]


def test_the_newest_scans_come_first(entrance: Entrance) -> None:
    """The staff's list, with the holder of a ticket of ours."""
    entrance.scan(entrance.ticket(holder="Ada").barcode)
    entrance.clock.tick(seconds=1)
    entrance.scan(entrance.ticket(holder="Bo").barcode)
    with entrance.store.unit() as unit:
        seen = scans.latest_scans(unit, entrance.house, limit=5)
    assert [one.holder for one in seen] == ["Bo", "Ada"]


def test_a_scan_of_another_station_is_nobody_elses(entrance: Entrance) -> None:
    """Only the station that asked may confirm or decline."""
    answer = entrance.scan(entrance.ticket().barcode)
    entrance.station = with_station(entrance.store, entrance.house, gate="nord")
    with pytest.raises(NotFound):
        entrance.decline(answer.scan_id)


def test_a_key_that_was_retired_does_not_make_a_repeat_another_barcode(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest is kept under what the barcode was then."""
    request = entrance.request(entrance.ticket().barcode)
    entrance.send(request)
    empty = type(entrance.house.signer.ring())(())
    monkeypatch.setattr(type(entrance.house.signer), "ring", lambda _self: empty)
    assert entrance.send(request).answer.verdict is Verdict.ADMIT
