"""BLAS and OpenCV keep to one thread, whichever way the station is entered."""

import os
import subprocess
import sys

import pytest

from scanner.threads import VARIABLES, keep_to_one

SAYS = """
import os, cv2, numpy
numpy.linalg.solve(numpy.eye(300) * 2, numpy.ones(300))
print(os.environ["OPENBLAS_NUM_THREADS"], cv2.getNumThreads(), len(os.listdir("/proc/self/task")))
"""


def said_by(code: str) -> list[str]:
    """What a fresh interpreter prints, in an environment that says nothing of threads."""
    plain = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=plain, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
@pytest.mark.parametrize(
    "entry", ["scanner.cli", "scanner.__main__", "scanner.station", "scanner.sight"]
)
def test_a_station_solves_its_equations_in_one_thread(entry: str) -> None:
    """One for BLAS, one for OpenCV, and no other thread waits in the process."""
    assert said_by(f"import {entry}\n{SAYS}") == ["1", "1", "1"]


def test_what_somebody_has_set_stays() -> None:
    """Whoever measures may want more."""
    environment = {"OPENBLAS_NUM_THREADS": "4"}
    keep_to_one(environment)
    assert environment["OPENBLAS_NUM_THREADS"] == "4"
    assert environment["OMP_NUM_THREADS"] == "1"
