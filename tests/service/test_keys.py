"""Rotating, retiring, giving up: who is asked about, who is named, what happens to tickets."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import SeededChance
from tests.service.conftest import Entrance
from ticketing.domain.accounts import Station, Told
from ticketing.domain.tickets import claims as claims_of
from ticketing.edge.keystore import FileKeyStore, create_ring
from ticketing.edge.signer import FileSigner
from ticketing.service import keys, tickets
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.gate import stations
from ticketing.service.keys import Compromise, Push, Retirement, Rotation, Turn
from ticketing.service.tickets import TicketCase
from ticketing.wire.keys import KeyId, KeyState
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Reason, Verdict

WEEK = timedelta(days=7)


class Issuer:
    """A house with its own keys, and short words for what an operator types."""

    def __init__(self, entrance: Entrance, folder: Path) -> None:
        create_ring(folder, SeededChance("own"), at=entrance.clock.now())
        self.entrance = entrance
        self.folder = folder
        self.keystore = FileKeyStore(folder, SeededChance("later"))
        self.reload()

    def reload(self) -> None:
        """What a running service does within a second."""
        signer = FileSigner(self.folder)
        self.entrance.house = replace(self.entrance.house, signer=signer)

    def rotate(self, *pushes: Push) -> Rotation:
        """`ticketing keys rotate`."""
        with self.entrance.store.unit() as unit:
            done = keys.rotate_keys(
                unit,
                self.entrance.house,
                self.keystore,
                publish_for=WEEK,
                pushes=frozenset(pushes),
            )
        self.reload()
        return done

    def retire(self, key: int, *pushes: Push) -> Retirement:
        """`ticketing keys retire`."""
        with self.entrance.store.unit() as unit:
            done = keys.retire_key(
                unit,
                self.entrance.house,
                self.keystore,
                key=KeyId(key),
                pushes=frozenset(pushes),
            )
        self.reload()
        return done

    def compromise(self, key: int) -> Compromise:
        """`ticketing keys compromise`."""
        with self.entrance.store.unit() as unit:
            done = keys.compromise_key(unit, self.entrance.house, self.keystore, key=KeyId(key))
        self.reload()
        return done

    def states(self) -> list[KeyState]:
        """In the order of the ids."""
        return [life.key.state for life in self.keystore.read().lives]

    def fetch(self) -> None:
        """The station at the gate fetches the ring and says so."""
        house = self.entrance.house
        told = Told(ring=house.signer.ring().fingerprint())
        with self.entrance.store.unit() as unit:
            stations.hear(unit, house, station=self.entrance.station, told=told)


@pytest.fixture
def issuer(entrance: Entrance, tmp_path: Path) -> Issuer:
    """One active key, one station that has told nothing yet."""
    return Issuer(entrance, tmp_path / "keys")


def names(found: tuple[Station, ...]) -> list[str]:
    """Who is named."""
    return [one.name for one in found]


def rotated(issuer: Issuer) -> TicketCase:
    """A ticket of key 1, then key 2 signs."""
    case = issuer.entrance.ticket()
    issuer.rotate(Push.NOW, Push.FORCE)
    return case


def test_a_first_rotation_publishes_a_key_that_signs_nothing(issuer: Issuer) -> None:
    """It may sign after a week, and the stations that are to fetch it are named."""
    done = issuer.rotate()
    assert (done.turn, done.key, names(done.unaware)) == (Turn.PUBLISHED, 2, ["Tor"])
    assert done.may_sign_at == issuer.entrance.clock.now() + WEEK
    assert issuer.states() == [KeyState.ACTIVE, KeyState.NEXT]
    assert issuer.entrance.house.signer.key_id == 1


def test_a_key_signs_after_a_week_when_every_station_knows_it(issuer: Issuer) -> None:
    """Nothing to force; the old one only verifies from then on, and its tickets stay good."""
    case = issuer.entrance.ticket()
    issuer.rotate()
    issuer.fetch()
    issuer.entrance.clock.tick(days=6, hours=23)
    assert issuer.rotate().turn is Turn.TOO_EARLY
    issuer.entrance.clock.tick(hours=1)
    done = issuer.rotate()
    assert (done.turn, done.unaware) == (Turn.ACTIVE, ())
    assert issuer.states() == [KeyState.VERIFY, KeyState.ACTIVE]
    assert issuer.entrance.ticket().ticket.key_id == 2
    issuer.entrance.clock.tick(days=-7)
    assert issuer.entrance.scan(case.barcode).verdict is Verdict.ADMIT


def test_a_station_that_has_not_fetched_the_key_stops_the_rotation(issuer: Issuer) -> None:
    """It is named, and nothing changes, until somebody takes it upon themselves."""
    issuer.fetch()
    issuer.rotate()
    issuer.entrance.clock.tick(days=8)
    for pushes in ((), (Push.NOW,)):
        done = issuer.rotate(*pushes)
        assert (done.turn, names(done.unaware)) == (Turn.UNKNOWN, ["Tor"])
    assert issuer.states() == [KeyState.ACTIVE, KeyState.NEXT]
    assert issuer.rotate(Push.FORCE).turn is Turn.ACTIVE


def test_nobody_waits_for_a_revoked_station(issuer: Issuer) -> None:
    """It will never fetch anything again."""
    issuer.rotate()
    with issuer.entrance.store.unit() as unit:
        stations.revoke_station(unit, issuer.entrance.house, station=issuer.entrance.station.id)
    done = issuer.rotate(Push.NOW)
    assert (done.turn, done.unaware) == (Turn.ACTIVE, ())


def test_now_does_not_wait_for_the_week_but_for_the_stations(issuer: Issuer) -> None:
    """Published and asked to sign in one go: the key stays published, the station is named."""
    done = issuer.rotate(Push.NOW)
    assert (done.turn, names(done.unaware)) == (Turn.UNKNOWN, ["Tor"])
    assert issuer.states() == [KeyState.ACTIVE, KeyState.NEXT]
    issuer.fetch()
    assert issuer.rotate(Push.NOW).turn is Turn.ACTIVE


def test_force_alone_does_not_shorten_the_week(issuer: Issuer) -> None:
    """The two are two decisions."""
    issuer.rotate()
    assert issuer.rotate(Push.FORCE).turn is Turn.TOO_EARLY


def test_a_station_with_an_older_ring_that_had_the_key_knows_it(issuer: Issuer) -> None:
    """What became of the other keys since does not matter."""
    issuer.rotate()
    issuer.fetch()
    issuer.rotate(Push.NOW)
    with issuer.entrance.store.unit() as unit:
        _, second = keys.list_keys(unit, issuer.entrance.house, issuer.keystore)
    assert (second.known_by, second.stations) == (1, 1)


def test_keys_are_listed_with_their_tickets(issuer: Issuer) -> None:
    """Those that may still be shown at a gate: not revoked, not over."""
    gone = rotated(issuer)
    with issuer.entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, issuer.entrance.house, ticket_id=gone.ticket.id, reason="")
    issuer.entrance.ticket()
    issuer.entrance.ticket()
    with issuer.entrance.store.unit() as unit:
        found = keys.list_keys(unit, issuer.entrance.house, issuer.keystore)
    assert [(one.life.key.id, one.tickets) for one in found] == [(1, 0), (2, 2)]


# ------------------------------------------------------------ retiring
def test_a_key_with_valid_tickets_is_not_retired(issuer: Issuer) -> None:
    """They are counted; the key goes on verifying."""
    case = rotated(issuer)
    assert issuer.retire(1) == Retirement(retired=False, tickets=1)
    assert issuer.entrance.scan(case.barcode).verdict is Verdict.ADMIT


def test_a_key_whose_tickets_are_over_is_retired(issuer: Issuer) -> None:
    """Nobody loses anything."""
    rotated(issuer)
    issuer.entrance.clock.tick(days=2)
    assert issuer.retire(1) == Retirement(retired=True, tickets=0)
    assert issuer.states() == [KeyState.RETIRED, KeyState.ACTIVE]


def test_a_ticket_of_a_retired_key_is_refused_with_evidence(issuer: Issuer) -> None:
    """`unknown_key`, detail `a retired key`; the desk can still show and reissue it."""
    case = rotated(issuer)
    assert issuer.retire(1, Push.FORCE) == Retirement(retired=True, tickets=1)
    answer = issuer.entrance.scan(case.barcode)
    assert (answer.verdict, answer.reason) == (Verdict.REFUSE, Reason.UNKNOWN_KEY)
    assert answer.evidence.detail == "a retired key"
    assert answer.ticket is None
    house = issuer.entrance.house
    with issuer.entrance.store.unit() as unit:
        assert tickets.get_ticket(unit, house, ticket_id=case.ticket.id).barcode == case.barcode
        mended = tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)
    assert issuer.entrance.scan(mended.barcode).verdict is Verdict.ADMIT


@pytest.mark.parametrize("key", [1, 2])
def test_only_a_replaced_key_is_retired(issuer: Issuer, key: int) -> None:
    """Not the one that signs, not the one that will."""
    issuer.rotate()
    with pytest.raises(Conflict, match="not_verify"):
        issuer.retire(key, Push.FORCE)


def test_a_key_that_is_none_is_not_found(issuer: Issuer) -> None:
    """For both commands that name one."""
    with pytest.raises(NotFound, match="key"):
        issuer.retire(9)
    with pytest.raises(NotFound, match="key"):
        issuer.compromise(9)
    assert issuer.states() == [KeyState.ACTIVE]


# ------------------------------------------------------------ giving up
def test_a_compromised_key_signs_nothing_from_that_moment_on(issuer: Issuer) -> None:
    """Another is made and signs at once; its tickets are counted, the stations named."""
    case = issuer.entrance.ticket()
    issuer.fetch()
    done = issuer.compromise(1)
    assert (done.active, done.tickets, names(done.unaware)) == (2, 1, ["Tor"])
    assert issuer.states() == [KeyState.COMPROMISED, KeyState.ACTIVE]
    assert issuer.entrance.ticket().ticket.key_id == 2
    assert issuer.entrance.scan(case.barcode).verdict is Verdict.ADMIT


def test_the_published_key_is_taken_when_there_is_one(issuer: Issuer) -> None:
    """Stations may know it already."""
    issuer.rotate()
    issuer.fetch()
    assert issuer.compromise(1).active == 2
    issuer.fetch()
    again = issuer.compromise(1)
    assert (again.active, again.unaware) == (2, ())


def test_a_stranger_with_a_compromised_key_gets_in_with_no_invention(issuer: Issuer) -> None:
    """Neither an unknown ticket nor a later issue of a known one is believed."""
    case = issuer.entrance.ticket()
    signer = issuer.entrance.house.signer
    issuer.compromise(1)
    claims = claims_of(case.ticket)
    later = signer.barcode(replace(claims, issue=1)).text
    other = signer.barcode(replace(claims, ticket_id=TicketId(claims.ticket_id[::-1]))).text
    for text in (later, other):
        answer = issuer.entrance.scan(text)
        assert (answer.verdict, answer.reason) == (Verdict.REFUSE, Reason.UNKNOWN_TICKET)


def test_a_published_key_verifies_before_it_signs(issuer: Issuer) -> None:
    """So a gate that runs ahead refuses nobody."""
    issuer.rotate()
    case = issuer.entrance.ticket()
    claims = replace(claims_of(case.ticket), key_id=KeyId(2))
    text = issuer.entrance.house.signer.barcode(claims).text
    assert issuer.entrance.scan(text).verdict is Verdict.ADMIT


# ------------------------------------------------------------ what makes a code another one
def test_unchanged_data_keep_the_code_and_a_reissue_changes_it(issuer: Issuer) -> None:
    """Shown again it is the same, after a rotation too; reissued it is another, the old dead."""
    case = rotated(issuer)
    house = issuer.entrance.house
    with issuer.entrance.store.unit() as unit:
        again = tickets.get_ticket(unit, house, ticket_id=case.ticket.id)
        mended = tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)
    assert again.barcode == case.barcode
    assert mended.barcode != case.barcode
    old = issuer.entrance.scan(case.barcode)
    assert (old.verdict, old.reason) == (Verdict.REFUSE, Reason.SUPERSEDED)


@pytest.mark.parametrize(
    "changes", [{"party": 2}, {"entries": 0}, {"offer": 8}, {"issue": 1}, {"key_id": KeyId(2)}]
)
def test_changed_data_change_the_code(issuer: Issuer, changes: dict[str, Any]) -> None:
    """Whatever the barcode carries."""
    issuer.rotate()
    claims = claims_of(issuer.entrance.ticket().ticket)
    signer = issuer.entrance.house.signer
    changed = replace(claims, **changes)
    assert signer.barcode(changed).text != signer.barcode(claims).text
