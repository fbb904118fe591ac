"""Which webcams there are: the system's own list, without what gives no pictures."""

import struct
import sys
from pathlib import Path

import pytest

from scanner.camera import Choice
from scanner.camera.listing import choices, has_pictures, listed, probed
from tests.scanner.test_camera import FakeDevice, drawer

CAPTURE, METADATA, MULTIPLANE = 0x00000001, 0x00800000, 0x00001000
HAS_MASK = 0x80000000


def node(sysfs: Path, number: int, name: str, *, index: int = 0) -> None:
    """A node of the system's list."""
    folder = sysfs / f"video{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n", encoding="utf-8")
    (folder / "index").write_text(f"{index}\n")


def capability(driver: int, own: int = 0) -> bytes:
    """What a driver says of a node."""
    return bytes(84) + struct.pack("=II", driver, own) + bytes(12)


def test_each_webcam_is_listed_once_with_its_makers_name(tmp_path: Path) -> None:
    """By number, and the second node of each, which describes pictures, is left out."""
    node(tmp_path, 10, "HD Pro Webcam C920")
    node(tmp_path, 0, "Integrated Camera: Integrated C")
    node(tmp_path, 1, "Integrated Camera: Integrated C", index=1)
    node(tmp_path, 11, "HD Pro Webcam C920", index=1)
    (tmp_path / "v4l-touch0").mkdir()
    assert choices(sysfs=tmp_path, devices=tmp_path / "none") == (
        Choice("0", "Integrated Camera"),
        Choice("10", "HD Pro Webcam C920"),
    )


def test_a_name_of_control_characters_is_no_name(tmp_path: Path) -> None:
    """What a device calls itself comes from outside."""
    node(tmp_path, 0, "\x1b[31m\x00")
    node(tmp_path, 2, "")
    node(tmp_path, 3, "x" * 500)
    names = [one.name for one in listed(tmp_path, tmp_path / "none")]
    assert names == ["[31m", "webcam 2", "x" * 60]


def test_a_computer_without_webcams_offers_none(tmp_path: Path) -> None:
    """An empty list, not an error."""
    assert listed(tmp_path / "nothing", tmp_path / "none") == ()
    assert listed(tmp_path, tmp_path) == ()


def test_without_the_list_the_nodes_themselves_tell(tmp_path: Path) -> None:
    """As in a container that is given a camera and no sysfs; rubbish is left out."""
    for name in ("video0", "video7", "videos", "video9999"):
        (tmp_path / name).write_bytes(b"")
    assert [one.source for one in listed(tmp_path / "nothing", tmp_path)] == ["0", "7"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (capability(CAPTURE), True),
        (capability(MULTIPLANE), True),
        (capability(METADATA), False),
        (capability(CAPTURE | METADATA | HAS_MASK, CAPTURE), True),
        (capability(CAPTURE | METADATA | HAS_MASK, METADATA), False),
    ],
)
def test_the_driver_knows_which_node_gives_pictures(said: bytes, *, expected: bool) -> None:
    """Its mask for the node counts, not the one for the whole device."""
    assert has_pictures(said) is expected


def test_elsewhere_the_first_numbers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be opened is let go at once."""
    device = FakeDevice()
    assert probed(drawer(None, device, None, None)) == (Choice("1", "webcam 1"),)
    assert device.released.is_set()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("scanner.camera.listing.open_device", lambda _: None)
    assert choices() == ()


@pytest.mark.parametrize("said", [METADATA, CAPTURE, None])
def test_a_node_is_asked_through_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: int | None
) -> None:
    """A driver's word counts more than the place in the list; without one the place decides."""
    node(tmp_path, 0, "Camera")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video0").write_bytes(b"")

    def answer(_handle: int, _request: int, buffer: bytearray) -> None:
        if said is None:
            raise OSError
        buffer[:] = capability(said)

    monkeypatch.setattr("fcntl.ioctl", answer)
    found = listed(tmp_path, tmp_path / "dev")
    assert [one.source for one in found] == ([] if said == METADATA else ["0"])
