"""What the demo needs once: a sample home, a sign-in, a key, a pairing code.

Apart from `trial.py`, because it needs the whole service, and a second start does not.
"""

import json
from pathlib import Path

from ticketing import config
from ticketing.app import opened
from ticketing.cli.house import make
from ticketing.domain.accounts import Role, Scope
from ticketing.home import write_private
from ticketing.service import access
from ticketing.service.gate import stations

STATION = "Demo"
GATE = "sued"
PASSWORD_BYTES = 9


def prepare(home: Path, demo_file: Path) -> None:
    """Make the sample home if there is none, then its sign-in and key, kept in `demo_file`."""
    if not (home / config.FILE_NAME).exists():
        make(home, name=None, with_sample=True)
    with opened(config.load(home)) as app:
        password = app.house.chance.draw(PASSWORD_BYTES).hex()
        with app.store.unit() as unit:
            access.add_staff(unit, app.house, name="demo", password=password, role=Role.ADMIN)
        with app.store.unit() as unit:
            token, _ = access.create_api_key(unit, app.house, name="demo", scopes=frozenset(Scope))
    kept = {"name": "demo", "password": password, "api_key": token}
    write_private(demo_file, json.dumps(kept).encode())


def pairing_code(home: Path) -> str:
    """A fresh code for the demo's station."""
    with opened(config.load(home)) as app, app.store.unit() as unit:
        return stations.open_pairing(unit, app.house, name=STATION, gate=GATE).code
