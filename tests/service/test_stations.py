"""Pairing: every branch of the protocol."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.factories import STATION_KEY, an_offer, with_gates
from tests.fakes import FrozenClock
from ticketing.domain.accounts import Station, StationState, Told
from ticketing.domain.ids import StationId
from ticketing.service import offers
from ticketing.service.errors import Conflict, Invalid, NotFound, PairingRefused
from ticketing.service.gate import stations
from ticketing.service.gate.stations import Paired
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.check import CodeKind, check_character
from ticketing.wire.station_api import PairRequest

OTHER_KEY = bytes(range(32))
HERE = "192.0.2.7"


@pytest.fixture
def office(store: Store, house: House) -> Store:
    """A house with its gates."""
    with_gates(store, house)
    return store


def _open(office: Store, house: House, *, name: str = "Kasse", gate: str = "sued") -> str:
    with office.unit() as unit:
        return stations.open_pairing(unit, house, name=name, gate=gate).code


def _pair(
    office: Store, house: House, code: str, *, key: bytes = STATION_KEY, address: str = HERE
) -> Paired:
    with office.unit() as unit:
        request = PairRequest(code, "Laptop", key)
        return stations.pair(unit, house, request=request, address=address)


def _refusal(office: Store, house: House, code: str, **rest: str) -> PairingRefused:
    with pytest.raises(PairingRefused) as caught:
        _pair(office, house, code, **rest)  # type: ignore[arg-type]  # addresses alone
    return caught.value


def _wrong(number: int) -> str:
    data = f"{number:09}"
    return data + check_character(data, CodeKind.PAIRING)


def test_a_code_makes_a_station(office: Store, house: House) -> None:
    """The answer has all a station needs, and its token opens the service."""
    with office.unit() as unit:
        offers.create_offer(unit, house, offer=an_offer())
    paired = _pair(office, house, _open(office, house))
    answer = paired.answer
    assert paired.created
    assert (answer.gate, answer.gate_name.en, answer.zone) == (
        "sued",
        "South entrance",
        "Europe/Berlin",
    )
    assert (len(answer.digest_key), answer.keys) == (32, house.signer.ring())
    assert [offer.number for offer in answer.offers] == [7]
    with office.unit() as unit:
        station = stations.station_by_token(unit, token=answer.token)
    assert station is not None
    assert (station.id, station.name, station.public_key) == (answer.station, "Kasse", STATION_KEY)


def test_a_code_may_be_typed_carelessly(office: Store, house: House) -> None:
    """Lower case, blanks, O for 0: folded before it is looked up."""
    code = _open(office, house)
    assert _pair(office, house, f" {code.lower().replace('0', 'o')} ").created


def test_two_stations_share_the_epoch(office: Store, house: House) -> None:
    """The epoch belongs to the database, the other secrets to the station."""
    one = _pair(office, house, _open(office, house)).answer
    two = _pair(office, house, _open(office, house), key=OTHER_KEY).answer
    assert one.epoch == two.epoch
    assert one.digest_key != two.digest_key


def test_neither_code_nor_token_is_kept(office: Store, house: House) -> None:
    """The database holds their hashes."""
    code = _open(office, house)
    token = _pair(office, house, code).answer.token
    with office.unit() as unit:
        rows = [
            repr(unit.run(text(f"SELECT * FROM {table}")).all())  # noqa: S608  fixed names
            for table in ("pairings", "stations")
        ]
    assert not [row for row in rows if code in row or code.replace("-", "") in row or token in row]


def test_the_same_code_and_key_again_replace_the_token(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """The first answer got lost: 200, a new token, the old one is dead, one station."""
    code = _open(office, house)
    first = _pair(office, house, code).answer
    clock.tick(minutes=14)
    again = _pair(office, house, code)
    assert (again.created, again.answer.station) == (False, first.station)
    assert (again.answer.digest_key, again.answer.epoch) == (first.digest_key, first.epoch)
    with office.unit() as unit:
        assert stations.station_by_token(unit, token=first.token) is None
        assert stations.station_by_token(unit, token=again.answer.token) is not None
        assert len(stations.list_stations(unit)) == 1


def test_the_same_code_later_or_with_another_key_is_used(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """One use: nobody else, and not after 15 minutes."""
    code = _open(office, house)
    _pair(office, house, code)
    with pytest.raises(PairingRefused, match="used_code"):
        _pair(office, house, code, key=OTHER_KEY)
    clock.tick(minutes=15)
    assert _refusal(office, house, code).reason == "used_code"


def test_a_revoked_station_does_not_come_back_by_its_code(office: Store, house: House) -> None:
    """The repeat is for lost answers only."""
    code = _open(office, house)
    answer = _pair(office, house, code).answer
    with office.unit() as unit:
        stations.revoke_station(unit, house, station=StationId(answer.station))
    assert _refusal(office, house, code).reason == "used_code"
    with office.unit() as unit:
        assert stations.station_by_token(unit, token=answer.token) is None


def test_a_code_expires_after_fifteen_minutes(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """To the second."""
    early, late = _open(office, house), _open(office, house)
    clock.tick(minutes=14, seconds=59)
    assert _pair(office, house, early).created
    clock.tick(seconds=1)
    assert _refusal(office, house, late).reason == "expired_code"


@pytest.mark.parametrize("code", ["", "00000-00000", "ABC", "U" * 10, _wrong(5)])
def test_an_unknown_code_is_refused(office: Store, house: House, code: str) -> None:
    """Wrong length, wrong check, or simply not given out."""
    assert _refusal(office, house, code).reason == "unknown_code"


def test_ten_wrong_codes_close_an_address(office: Store, house: House, clock: FrozenClock) -> None:
    """Even the right code waits then; other addresses do not, and time opens it again."""
    code = _open(office, house)
    for number in range(10):
        assert _refusal(office, house, _wrong(number)).reason == "unknown_code"
        clock.tick(seconds=1)
    refused = _refusal(office, house, code)
    assert (refused.reason, refused.retry_after_s) == ("throttled", 890)
    assert _pair(office, house, code, address="192.0.2.8").created
    clock.tick(seconds=890)
    assert _refusal(office, house, _wrong(99)).reason == "unknown_code"


def test_sixty_wrong_codes_close_pairing_for_all(office: Store, house: House) -> None:
    """A guesser with many addresses gets no further."""
    code = _open(office, house)
    for number in range(60):
        _refusal(office, house, _wrong(number), address=f"198.51.100.{number}")
    refused = _refusal(office, house, code, address="203.0.113.1")
    assert (refused.reason, refused.retry_after_s) == ("throttled", 900)


def test_addresses_of_guessers_are_kept_as_keyed_hashes_for_a_day(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """The attempts table names nobody, and forgets."""
    _refusal(office, house, _wrong(1))
    clock.tick(days=1, seconds=1)
    _refusal(office, house, _wrong(2))
    with office.unit() as unit:
        rows = unit.run(text("SELECT who FROM attempts")).all()
    assert len(rows) == 1
    assert HERE.encode() not in bytes(rows[0][0])


@pytest.mark.parametrize(
    "key", [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", bytes(31)]
)
def test_a_key_under_which_anybody_could_sign_is_refused(
    office: Store, house: House, key: bytes
) -> None:
    """Low-order points and wrong sizes; the code stays good."""
    code = _open(office, house)
    with pytest.raises(Invalid, match="public_key"):
        _pair(office, house, code, key=key)
    assert _pair(office, house, code).created


def test_at_most_five_codes_are_open(office: Store, house: House, clock: FrozenClock) -> None:
    """A used or an expired one makes room."""
    codes = [_open(office, house) for _ in range(5)]
    with pytest.raises(Conflict, match="too_many_open"):
        _open(office, house)
    _pair(office, house, codes[0])
    _open(office, house)
    clock.tick(minutes=15)
    _open(office, house)


def test_pairing_makes_no_gate(office: Store, house: House) -> None:
    """A gate that does not exist is a mistake."""
    with pytest.raises(NotFound, match="gate"):
        _open(office, house, gate="dach")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_station_needs_a_name(office: Store, house: House, name: str) -> None:
    """One to a hundred characters."""
    with pytest.raises(Invalid, match="name"):
        _open(office, house, name=name)


def test_a_code_drawn_twice_is_not_given_twice(office: Store, house: House) -> None:
    """Chance that repeats itself is a conflict, not somebody else's code."""

    class Stuck:
        def draw(self, size: int) -> bytes:
            """The same bytes again."""
            return bytes(size)

    stuck = replace(house, chance=Stuck())
    _open(office, stuck)
    with pytest.raises(Conflict, match="changed"):
        _open(office, stuck)


def test_an_unknown_station_cannot_be_revoked(office: Store, house: House) -> None:
    """And a token of another kind is nobody's."""
    with office.unit() as unit, pytest.raises(NotFound, match="station"):
        stations.revoke_station(unit, house, station=StationId("st_0"))
    with office.unit() as unit:
        assert stations.station_by_token(unit, token="ek_" + "0" * 43) is None


def test_an_idle_station_is_noted_once_a_minute(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """A pulse every few seconds does not write every few seconds."""
    token = _pair(office, house, _open(office, house)).answer.token
    noted = []
    for _ in range(4):
        with office.unit() as unit:
            station = stations.station_by_token(unit, token=token)
            assert station is not None
            assert stations.hear(unit, house, station=station) == clock.at
        with office.unit() as unit:
            [listed] = stations.list_stations(unit)
            noted.append(listed.last_seen_at)
        clock.tick(seconds=30)
    assert noted[0] == noted[1]
    assert noted[2] == noted[3]
    assert noted[2] - noted[0] == stations.SEEN_EVERY  # type: ignore[operator]  # both are set


def _list(office: Store) -> dict[str, Station]:
    with office.unit() as unit:
        return {one.id: one for one in stations.list_stations(unit)}


def test_the_same_computer_paired_anew_is_the_same_station(office: Store, house: House) -> None:
    """Rolled: a new code, name, gate and token; the old token is dead at once."""
    old = _pair(office, house, _open(office, house)).answer
    new = _pair(office, house, _open(office, house, name="Kasse 2", gate="nord"))
    assert (new.created, new.answer.station) == (True, old.station)
    assert (new.answer.gate, new.answer.digest_key) == ("nord", old.digest_key)
    with office.unit() as unit:
        assert stations.station_by_token(unit, token=old.token) is None
        station = stations.station_by_token(unit, token=new.answer.token)
    assert station is not None
    assert (station.name, station.gate, station.gate_name.en) == (
        "Kasse 2",
        "nord",
        "North entrance",
    )
    assert len(_list(office)) == 1


def test_a_revoked_computer_paired_anew_is_in_service_again(office: Store, house: House) -> None:
    """With a new token: what its journal has not told yet belongs to the same station."""
    old = _pair(office, house, _open(office, house)).answer
    with office.unit() as unit:
        stations.revoke_station(unit, house, station=StationId(old.station))
    new = _pair(office, house, _open(office, house)).answer
    assert new.station == old.station
    assert _list(office)[StationId(old.station)].revoked_at is None
    with office.unit() as unit:
        assert stations.station_by_token(unit, token=old.token) is None


def test_a_lost_answer_of_a_second_pairing_is_repeated(office: Store, house: House) -> None:
    """As at the first one."""
    _pair(office, house, _open(office, house))
    code = _open(office, house)
    first = _pair(office, house, code)
    again = _pair(office, house, code)
    assert (again.created, again.answer.station) == (False, first.answer.station)


# ------------------------------------------------------------ what stations tell
def test_what_a_station_tells_is_kept(office: Store, house: House, clock: FrozenClock) -> None:
    """Version, unsent entries, ring, clock, and when it was last heard of."""
    answer = _pair(office, house, _open(office, house)).answer
    told = Told(version="1.4.0", unsent=3, ring="r" * 43, clock_diff_ms=-250)
    station = _list(office)[StationId(answer.station)]
    with office.unit() as unit:
        stations.hear(unit, house, station=station, told=told)
    found = _list(office)[StationId(answer.station)]
    assert (found.version, found.unsent, found.ring) == ("1.4.0", 3, "r" * 43)
    assert (found.clock_diff_ms, found.last_seen_at) == (-250, clock.at)


def test_last_seen_and_version_of_each_station_are_known(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """Unknown until it says so; an update is seen at once; of one that is silent the last stays."""
    quiet = StationId(_pair(office, house, _open(office, house), key=OTHER_KEY).answer.station)
    busy = StationId(_pair(office, house, _open(office, house)).answer.station)
    assert {(one.version, one.last_seen_at) for one in _list(office).values()} == {(None, None)}
    seen = []
    for version in ("1.4.0", "1.5.0", None):
        station = _list(office)[busy]
        with office.unit() as unit:
            stations.hear(unit, house, station=station, told=Told(version=version))
        seen.append((_list(office)[busy].version, _list(office)[busy].last_seen_at == clock.at))
        clock.tick(minutes=2)
    assert seen == [("1.4.0", True), ("1.5.0", True), ("1.5.0", True)]
    clock.tick(days=3)
    found = _list(office)[busy]
    assert (found.version, found.last_seen_at) == ("1.5.0", clock.at - timedelta(days=3, minutes=2))
    assert (_list(office)[quiet].version, _list(office)[quiet].last_seen_at) == (None, None)


def test_news_are_written_at_once_and_nothing_new_once_a_minute(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """An entry more is news; what a station leaves out stays as it was."""
    answer = _pair(office, house, _open(office, house)).answer
    seen = []
    for unsent in (2, 2, 3, None):
        station = _list(office)[StationId(answer.station)]
        with office.unit() as unit:
            stations.hear(unit, house, station=station, told=Told(unsent=unsent))
        seen.append(_list(office)[StationId(answer.station)])
        clock.tick(seconds=10)
    assert [one.unsent for one in seen] == [2, 2, 3, 3]
    first, second, third, fourth = (one.last_seen_at for one in seen)
    assert first == second
    assert third == fourth
    assert first != third


def test_a_station_is_connected_silent_or_revoked(
    office: Store, house: House, clock: FrozenClock
) -> None:
    """Three minutes without a word are silence."""
    answer = _pair(office, house, _open(office, house)).answer
    station_id = StationId(answer.station)
    assert _list(office)[station_id].state(clock.at) is StationState.SILENT
    with office.unit() as unit:
        stations.hear(unit, house, station=_list(office)[station_id])
    found = _list(office)[station_id]
    assert found.state(clock.at) is StationState.CONNECTED
    assert found.state(clock.at + timedelta(minutes=3)) is StationState.SILENT
    with office.unit() as unit:
        revoked = stations.revoke_station(unit, house, station=station_id)
    assert revoked.state(clock.at) is StationState.REVOKED


def test_a_station_is_renamed_and_moved(office: Store, house: House) -> None:
    """Each alone or both; its next scan is judged at the new gate."""
    answer = _pair(office, house, _open(office, house)).answer
    station_id = StationId(answer.station)
    with office.unit() as unit:
        renamed = stations.change_station(
            unit, house, station=station_id, to=stations.Place(name="  Kasse   3 ")
        )
        moved = stations.change_station(
            unit, house, station=station_id, to=stations.Place(gate="nord")
        )
        by_token = stations.station_by_token(unit, token=answer.token)
    assert (renamed.name, renamed.gate) == ("Kasse 3", "sued")
    assert (moved.name, moved.gate, moved.gate_name.de) == ("Kasse 3", "nord", "Eingang Nord")
    assert by_token == moved


def test_a_change_that_cannot_be_made_changes_nothing(office: Store, house: House) -> None:
    """No such gate, no such station, no name."""
    answer = _pair(office, house, _open(office, house)).answer
    station_id = StationId(answer.station)
    before = _list(office)
    with office.unit() as unit, pytest.raises(NotFound, match="gate"):
        stations.change_station(
            unit, house, station=station_id, to=stations.Place(gate="dach", name="Dach")
        )
    with office.unit() as unit, pytest.raises(NotFound, match="station"):
        stations.change_station(unit, house, station=StationId("st_0"), to=stations.Place(name="x"))
    with office.unit() as unit, pytest.raises(Invalid, match="name"):
        stations.change_station(unit, house, station=station_id, to=stations.Place(name=" "))
    assert _list(office) == before
