"""Which webcams there are, so that staff can choose one on the page."""

from __future__ import annotations

import os
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.camera.webcam import open_device

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.camera.webcam import Device

if sys.platform != "win32":
    import fcntl

SYSFS: Final = Path("/sys/class/video4linux")
DEVICES: Final = Path("/dev")
_MOST_PROBED: Final = 4
_LONGEST_NAME: Final = 60
# Linux, videodev2.h: struct v4l2_capability has 104 bytes, its two masks at 84 and 88.
_QUERYCAP: Final = 0x80685600
_CAPABILITY_BYTES: Final = 104
_MASKS_AT: Final = 84
_CAPTURES: Final = 0x00000001 | 0x00001000
_HAS_DEVICE_MASK: Final = 0x80000000


@dataclass(frozen=True, slots=True)
class Choice:
    """One camera: the `source` that opens it, and its maker's `name` for it."""

    source: str
    name: str


def choices(*, sysfs: Path = SYSFS, devices: Path = DEVICES) -> tuple[Choice, ...]:
    """The webcams of this computer, by number; none is switched on where the system can tell.

    On Linux by its own list of them, without the nodes that give no pictures (each webcam has
    a second one for its metadata); elsewhere the first four numbers are tried, which takes a
    second each and switches their lights on. Raises nothing.
    """
    return listed(sysfs, devices) if sys.platform == "linux" else probed(open_device)


def probed(opener: Callable[[int], Device | None]) -> tuple[Choice, ...]:
    """The webcams of the first four numbers that can be opened now."""
    found = []
    for number in range(_MOST_PROBED):
        device = opener(number)
        if device is not None:
            device.release()
            found.append(Choice(str(number), f"webcam {number}"))
    return tuple(found)


def listed(sysfs: Path, devices: Path) -> tuple[Choice, ...]:
    """The webcams in Linux's own list."""
    try:
        nodes = [node.name for node in sysfs.iterdir()]
    except OSError:  # without sysfs, as in some containers, the nodes themselves tell
        try:
            nodes = [node.name for node in devices.glob("video*")]
        except OSError:
            return ()
    numbers = sorted(int(node[5:]) for node in nodes if re.fullmatch(r"video\d{1,3}", node))
    return tuple(
        Choice(str(number), _name(sysfs / f"video{number}", number))
        for number in numbers
        if _gives_pictures(sysfs / f"video{number}", devices / f"video{number}")
    )


def _gives_pictures(node: Path, device: Path) -> bool:
    """Whether a node is the camera itself: asked of its driver, else guessed by its place."""
    captures = _captures(device)
    if captures is not None:
        return captures
    # A webcam's first node gives pictures, the others describe them.
    return _text(node / "index") in {"", "0"}


def _captures(device: Path) -> bool | None:
    """What the driver says; None where it cannot be asked. Asking does not switch it on."""
    if sys.platform == "win32":  # pragma: no cover  never asked there
        return None
    answer = bytearray(_CAPABILITY_BYTES)
    try:
        handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.ioctl(handle, _QUERYCAP, answer)
    except OSError:
        return None
    finally:
        os.close(handle)
    return has_pictures(bytes(answer))


def has_pictures(capability: bytes) -> bool:
    """Whether a `v4l2_capability` is that of a node which gives pictures."""
    driver, node = struct.unpack_from("=II", capability, _MASKS_AT)
    return bool((node if driver & _HAS_DEVICE_MASK else driver) & _CAPTURES)


def _name(node: Path, number: int) -> str:
    """The maker's name, without the half that the system cut off and without odd characters."""
    text = _text(node / "name").split(":")[0].strip()
    printable = "".join(letter for letter in text if letter.isprintable())[:_LONGEST_NAME]
    return printable or f"webcam {number}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
