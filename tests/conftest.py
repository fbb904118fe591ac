"""What every test may ask for: a migrated store, a house with a frozen clock."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import postgres as embedded
from tests.browsers import chromium
from tests.factories import a_museum
from tests.fakes import EchoWording, FrozenClock, SeededChance
from tests.postgres import Lender, Postgres
from ticketing.edge.links import SignedLinks
from ticketing.edge.passkeys import WebAuthn
from ticketing.edge.passwords import Argon2Passwords, Cost
from ticketing.edge.signer import FileSigner, create_ring
from ticketing.edge.totp import Totp
from ticketing.service.ports import House
from ticketing.store import migrate
from ticketing.store.unit import Store, sqlite_url

ENGINES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
ON_BOTH = ("store", "service")  # folders whose tests run on SQLite and PostgreSQL


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Everything that works on one engine works on the other."""
    if "engine" in metafunc.fixturenames and metafunc.definition.path.parent.name in ON_BOTH:
        only = metafunc.definition.get_closest_marker("only")
        engines = [e for e in ENGINES if only is None or only.args[0] in str(e)]
        metafunc.parametrize("engine", engines)


@pytest.fixture(scope="session", name="browser")
def _browser() -> Iterator[Browser]:
    """The one browser of a test process."""
    with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches them."""
    for name in [name for name in os.environ if name.startswith("EINLASS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def engine() -> str:
    """The engine of `store`: SQLite, and in tests of store and service PostgreSQL too."""
    return "sqlite"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    migrate.upgrade(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The embedded PostgreSQL of this run."""
    with embedded.started() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Lender]:
    """Migrated, empty databases of it."""
    with embedded.migrated(postgres) as template, closing(Lender(postgres, template)) as lender:
        yield lender


@pytest.fixture
def store_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database that nobody else has."""
    if engine == "sqlite":
        path = tmp_path / "einlass.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield sqlite_url(path)
        return
    databases: Lender = request.getfixturevalue("databases")
    with databases.lent() as url:
        yield url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A migrated, empty store."""
    made = Store(store_url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one active signing key, the same in each run."""
    folder = tmp_path_factory.mktemp("keys")
    create_ring(folder, SeededChance("keys"))
    return folder


@pytest.fixture
def clock() -> FrozenClock:
    """Sunday 4 October 2026, 14:00 in Berlin."""
    return FrozenClock()


@pytest.fixture
def house(clock: FrozenClock, keys: Path) -> House:
    """Stadtmuseum Erlenbach with a frozen clock, seeded chance and real keys."""
    chance = SeededChance()
    return House(
        museum=a_museum(),
        clock=clock,
        chance=chance,
        signer=FileSigner(keys),
        wording=EchoWording(),
        links=SignedLinks(b"links" * 8),
        passwords=Argon2Passwords(chance, cost=Cost(passes=1, memory_kib=8)),
        codes=Totp(),
        passkeys=WebAuthn(),
        secret=b"secret" * 6,
    )
