"""A real application over a real store; only clock and chance are doubles."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from tests.factories import STATION_KEY, with_gates, with_offer
from tests.web.talking import Talk
from ticketing.domain.accounts import Role, Scope
from ticketing.edge.channels.webchat import WebChat
from ticketing.edge.painter import Painter
from ticketing.edge.press import Press
from ticketing.edge.sheets import Sheets
from ticketing.edge.wording import FileWording
from ticketing.service import access
from ticketing.service.board import StoredBoard
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts
from ticketing.wire.station_api import PairRequest
from ticketing.worker import Worker

NAME, PASSWORD = "Ayşe Demirtaş", "ein-langes-geheimnis"
Headers = dict[str, str]


@pytest.fixture
def parts(store: Store, house: House) -> Parts:
    """The parts of a process with two streams."""
    wording = FileWording()
    board = StoredBoard(store, house.museum, wording)
    spoken = replace(house, wording=wording, board=board)
    return Parts(
        store=store,
        house=spoken,
        painter=Painter(),
        sheets=Sheets(),
        press=Press(),
        session_key=b"session" * 5,
        max_streams=2,
    )


class _Compiled(BytecodeCache):
    """Templates of this process, compiled once: that took longer than all else of a test."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@pytest.fixture
def app(parts: Parts) -> APIFlask:
    """The application."""
    made = create_app(parts)
    made.jinja_env.bytecode_cache = _COMPILED
    return made


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture
def museum(store: Store, house: House) -> None:
    """Two gates and one offer, `day`."""
    with_gates(store, house)
    with_offer(store, house)


@pytest.fixture
def key(store: Store, house: House) -> Callable[..., Headers]:
    """Makes the headers of an API key with some scopes, all without any."""

    def make(*scopes: Scope) -> Headers:
        wanted: Collection[Scope] = scopes or tuple(Scope)
        with store.unit() as unit:
            token, _ = access.create_api_key(unit, house, name="Kasse", scopes=wanted)
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def api(key: Callable[..., Headers]) -> Headers:
    """The headers of a key with every scope."""
    return key()


@pytest.fixture
def station(store: Store, house: House, museum: None) -> Headers:
    """The headers of a station at the south entrance."""
    del museum
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name="Tor", gate="sued").code
    with store.unit() as unit:
        asked = PairRequest(code, "Tor", STATION_KEY)
        token = stations.pair(unit, house, request=asked, address="192.0.2.1").answer.token
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """A browser of somebody of the staff, and the token of their forms."""

    client: FlaskClient
    csrf: str

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf": self.csrf} | fields)


@pytest.fixture
def as_role(store: Store, house: House, app: APIFlask) -> Callable[[Role], SignedInBrowser]:
    """Signs somebody of a role in, in a browser of their own."""

    def signed_in(role: Role, client: FlaskClient | None = None) -> SignedInBrowser:
        name = NAME if client else f"{NAME} ({role})"
        browser = client or app.test_client()
        with store.unit() as unit:
            access.add_staff(unit, house, name=name, password=PASSWORD, role=role)
        browser.post("/staff/sign-in", data={"name": name, "password": PASSWORD, "lang": "de"})
        found = re.search(r'name="csrf" value="([0-9a-f]{32})"', browser.get("/staff").text)
        assert found is not None
        return SignedInBrowser(browser, found[1])

    return signed_in


@pytest.fixture
def staff(as_role: Callable[..., SignedInBrowser], client: FlaskClient) -> SignedInBrowser:
    """Ayşe, an admin, signed in."""
    return as_role(Role.ADMIN, client)


@pytest.fixture
def talk(app: APIFlask, store: Store, parts: Parts) -> Talk:
    """A visitor; the worker that answers runs when the visitor waits."""
    return Talk(app.test_client(), Worker(store, parts.house, (WebChat(),)))
