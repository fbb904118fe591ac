"""Pictures of codes, made for tests: nothing here comes from outside the repository."""

import struct
import zlib
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

Plane: TypeAlias = npt.NDArray[Any]

TICKET = "04" + "G7QK3M0RVN5T" * 12 + "8H6J2P90"
"""154 characters of the ticket alphabet: version 6 at level M, as tickets are."""

QR = zxingcpp.BarcodeFormat.QRCode


def code(
    content: str | bytes, *, scale: int = 6, kind: zxingcpp.BarcodeFormat = QR, level: str = "M"
) -> Plane:
    """A barcode with its quiet zone, gray, `scale` pixels per module."""
    options = {"ec_level": level} if kind is QR else {}
    made = zxingcpp.create_barcode(content, kind, **options)
    return np.array(zxingcpp.write_barcode_to_image(made, scale=scale, add_quiet_zones=True))


def paper(*codes: Plane, height: int = 720, width: int = 1280) -> Plane:
    """A light gray frame with the codes side by side, 40 pixels apart."""
    frame = np.full((height, width), 200, np.uint8)
    left = 40
    for one in codes:
        tall, wide = one.shape
        frame[60 : 60 + tall, left : left + wide] = one
        left += wide + 40
    return frame


def turned(picture: Plane, degrees: float) -> Plane:
    """The picture turned about its middle, the corners filled with light gray."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderValue=(200,)))


def hall(seed: int = 3) -> Plane:
    """An empty frame: soft clouds and noise, no code."""
    rng = np.random.default_rng(seed)
    clouds = cv2.resize(rng.uniform(60, 180, (6, 10)).astype(np.float32), (1280, 720))
    return np.asarray(np.clip(clouds + rng.normal(0, 2, clouds.shape), 0, 255).astype(np.uint8))


def bgr(gray: Plane) -> Plane:
    """A gray picture as a camera would give it."""
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))


def packed(picture: Plane, ending: str = ".jpg") -> bytes:
    """The bytes of a picture file."""
    return bytes(cv2.imencode(ending, picture)[1])


def huge_png(width: int = 10_000, height: int = 5_000) -> bytes:
    """A valid white PNG of 50 megapixels in a few kilobytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    row = b"\0" + b"\xff" * ((width + 7) // 8)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * height, 9))
        + chunk(b"IEND", b"")
    )


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF block that says how the telephone was held (1 to 8)."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def film(path: Path, pictures: list[Plane], *, fps: float = 25) -> Path:
    """An .avi of these pictures (BGR, all of one size)."""
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path
