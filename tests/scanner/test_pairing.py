"""`scanner pair` with the staff page's QR code: as text, as a picture, with the pinned keys."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.config import PAIRING_FILE, NotPaired, load_pairing
from tests.scanner.service_double import Service, running
from tests.scanner.station_kit import RING
from tests.scanner.test_cli import CODE, a_picture, run


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    """An empty home."""
    return tmp_path / "station"


def invitation(service: Service, **changes: str) -> str:
    """The text of the staff page's QR code."""
    return json.dumps({"u": service.url, "c": CODE, "k": RING.fingerprint()} | changes)


def test_the_text_of_the_qr_code_pairs(home: Path, service: Service) -> None:
    """Address, code and pin in one."""
    assert run(home, "pair", invitation(service)).exit_code == 0
    assert load_pairing(home).server == service.url


def test_a_picture_of_the_qr_code_pairs(home: Path, service: Service, tmp_path: Path) -> None:
    """A photo of the staff page; other codes in it do no harm."""
    picture = a_picture(tmp_path, invitation(service), "https://example.org")
    assert run(home, "pair", "--qr", picture).exit_code == 0
    assert load_pairing(home).answer.keys == RING


@pytest.mark.parametrize("texts", [(), ("https://example.org",)])
def test_a_picture_without_a_pairing_code_is_told(
    home: Path, tmp_path: Path, texts: tuple[str, ...]
) -> None:
    """In a sentence that repeats nothing of what is in it."""
    done = run(home, "pair", "--qr", a_picture(tmp_path, *texts))
    assert done.exit_code == 1
    assert "no pairing QR code" in done.stderr
    assert "example.org" not in done.output


def test_two_pairing_codes_in_a_picture_are_one_too_many(
    home: Path, service: Service, tmp_path: Path
) -> None:
    """Which of them is meant is not guessed."""
    picture = a_picture(tmp_path, invitation(service), invitation(service, c="ABCDE-FGHJK"))
    assert "several pairing QR codes" in run(home, "pair", "--qr", picture).stderr


def test_a_service_with_other_keys_than_pinned_is_refused(home: Path, service: Service) -> None:
    """Somebody stands between: nothing of the answer is kept, the token least of all."""
    done = run(home, "pair", invitation(service, k="A" * 43))
    assert done.exit_code == 1
    assert "does not have the pinned keys" in done.stderr
    assert not (home / PAIRING_FILE).exists()
    with pytest.raises(NotPaired):
        load_pairing(home)


def test_a_refused_pin_leaves_an_earlier_pairing_alone(home: Path, service: Service) -> None:
    """The station goes on where it was."""
    run(home, "pair", "--server", service.url, CODE)
    before = (home / PAIRING_FILE).read_bytes()
    assert run(home, "pair", invitation(service, k="A" * 43)).exit_code == 1
    assert (home / PAIRING_FILE).read_bytes() == before


def test_a_typed_pin_is_checked_too(home: Path, service: Service) -> None:
    """Right, wrong, and mistyped, which uses up no code."""
    command = ("pair", "--server", service.url, "--pin")
    assert "mis" in run(home, *command, "A" * 42, CODE).stderr
    assert service.asked == []
    assert run(home, *command, "A" * 43, CODE).exit_code == 1
    assert run(home, *command, RING.fingerprint(), CODE).exit_code == 0


def test_a_qr_code_without_a_pin_pairs(home: Path, service: Service) -> None:
    """The pin is checked if it is given."""
    text = json.dumps({"u": service.url, "c": CODE})
    assert run(home, "pair", text).exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"u": 1, "c": "x"}',
        '{"u": "http://127.0.0.1", "c": "x", "k": null}',
        '{"u": "http://127.0.0.1", "c": "x", "k": ""}',
    ],
)
def test_another_text_is_no_invitation(home: Path, text: str) -> None:
    """A pin that is none does not count as no pin."""
    done = run(home, "pair", text)
    assert done.exit_code == 1
    assert "not the text of a pairing QR code" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--server", "http://127.0.0.1"),
        ("--server", "http://127.0.0.1", "--qr", "x.png"),
        ("--pin", "A" * 43, "{}"),
        ("--qr", "x.png", "--pin", "A" * 43),
        ("--qr", "x.png", CODE),
    ],
)
def test_half_an_invitation_is_wrong_usage(home: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2 with the three ways to say it."""
    done = run(home, "pair", *arguments)
    assert done.exit_code == 2
    assert "--server URL CODE" in done.stderr


def test_an_invitation_to_a_plain_address_elsewhere_is_refused(home: Path) -> None:
    """The token would travel in the clear, whoever drew the QR code."""
    done = run(home, "pair", json.dumps({"u": "http://museum.example", "c": CODE}))
    assert (done.exit_code, "in the clear" in done.stderr) == (1, True)
