"""Journeys: the demo as a stranger starts it, a real browser, a camera on loopback."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.camera_stand import CameraStand, serving
from tests.journeys.stock import Stock, fill
from tests.journeys.walks import signed_in
from tests.mail_server import MailServer, listening

expect.set_options(timeout=20_000)  # a busy machine is not a broken product
PICTURES = os.environ.get("EINLASS_PICTURES")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All journeys share one running demo, so one worker runs them."""
    for item in items:
        if "journeys" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))
            item.add_marker(pytest.mark.xdist_group("journeys"))


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo: its home and what it printed."""

    home: Path
    service: str
    chat: str
    staff: str
    station: str
    name: str
    password: str
    api_key: str


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package", name="stand")
def _stand() -> Iterator[tuple[CameraStand, str]]:
    stand = CameraStand()
    with serving(stand) as port:
        yield stand, f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="package", name="mail_server")
def _mail_server() -> Iterator[MailServer]:
    with listening(MailServer()) as server:
        yield server


@pytest.fixture(scope="package", name="demo")
def _demo(
    tmp_path_factory: pytest.TempPathFactory,
    stand: tuple[CameraStand, str],
    mail_server: MailServer,
) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo") / "home"
    command = [sys.executable, "-m", "ticketing", "--home", str(home), "demo", "--json"]
    command += ["--port", str(free_port()), "--station-port", str(free_port())]
    command += ["--no-browser", "--source", stand[1]]
    mails = {
        "EINLASS_MAIL_SERVER": "127.0.0.1",
        "EINLASS_MAIL_PORT": str(mail_server.port),
        "EINLASS_MAIL_ENCRYPTION": "none",
        "EINLASS_MAIL_FROM": "tickets@museum.example",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": os.environ | mails}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the demo did not start: {process.stderr.read().decode()}{_logs(home)}")
        told = json.loads(line)
        login = told["staff_login"]
        yield Demo(
            home=home,
            name=login["name"],
            password=login["password"],
            **{key: told[key] for key in ("service", "chat", "staff", "station", "api_key")},
        )
        process.terminate()
        assert process.wait(20) == 0


def _logs(home: Path) -> str:
    return "".join(path.read_text() for path in sorted((home / "logs").glob("*.log")))


@pytest.fixture(scope="package", name="stock")
def _stock(browser: Browser, demo: Demo) -> Stock:
    """One of everything, made once."""
    admin, chat, gate = (browser.new_context(locale="de-DE") for _ in range(3))
    made = fill(signed_in(admin, demo, "de"), chat.new_page(), gate.new_page(), demo)
    for context in (admin, chat, gate):
        context.close()
    return made


@pytest.fixture(name="context")
def _context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture(name="page")
def _page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(name="station_page")
def _station_page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(demo.station)
    yield page
    context.close()


def picture(page: Page, name: str) -> None:
    """Keep a picture for the documents, when `make pictures` asks for it."""
    if PICTURES:
        page.wait_for_timeout(900)  # the live picture lags a frame or two behind
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def keep(name: str, content: bytes) -> None:
    """Keep a file for the documents, when `make pictures` asks for it."""
    if PICTURES:
        (Path(PICTURES) / name).write_bytes(content)
