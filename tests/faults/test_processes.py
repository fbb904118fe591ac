"""The helper starts, kills and restarts real processes, and says why one has fallen."""

from pathlib import Path

import pytest

from tests.faults.processes import Fallen, Museum, Program

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("faults")]


def test_service_worker_and_station_live_die_and_come_back(tmp_path: Path) -> None:
    """All three, with what they printed."""
    with Museum(tmp_path / "home") as museum:
        museum.service.start()
        museum.worker.start()
        museum.pair_station()
        museum.station.start()
        museum.worker.until(lambda: "worker started" in museum.worker.output)
        assert museum.program().call("GET", "/stations").body["items"][0]["name"] == "Tor"
        for program in (museum.station, museum.worker, museum.service):
            program.kill()
            assert not program.is_running
        museum.service.start()
        museum.station.start()
        assert (museum.service.starts, museum.station.starts) == (2, 2)
        assert museum.station.stop() == 0
        assert museum.service.stop() == 0
    assert not museum.worker.is_running


def test_a_program_that_falls_is_named_with_its_output(tmp_path: Path) -> None:
    """So that a failed test says why."""
    program = Program(
        "nothing", ("no_such_module_here",), tmp_path / "log", ready="http://127.0.0.1:9/"
    )
    with pytest.raises(Fallen, match=r"nothing has ended.*no_such_module_here"):
        program.start()
    program.kill()
