"""What a process of the server loads."""

import os
import subprocess
import sys
from pathlib import Path

from ticketing.home import SAMPLE_MUSEUM, make_home

LOADED = 50_000


def test_what_a_server_has_loaded_is_not_looked_through_again(tmp_path: Path) -> None:
    """Each full collection would stop every gate for as long as that takes."""
    make_home(tmp_path / "home", name=SAMPLE_MUSEUM, sample=True)
    tell = "import gc; from ticketing.app import wsgi; wsgi(); print(gc.get_freeze_count())"
    told = subprocess.run(
        [sys.executable, "-c", tell],
        env=os.environ | {"EINLASS_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert int(told.stdout) > LOADED
