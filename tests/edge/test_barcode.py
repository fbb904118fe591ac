"""The barcode: one symbol whoever draws it, read back by readers that did not."""

import base64
import hashlib
import subprocess
import sys
from io import BytesIO

import cv2
import numpy as np
import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

from ticketing.edge import barcode

TEXT = (
    "040H048I2CA1A5GN30CHK6OS3KF1U0000S0RL0A006T8DO01080DH4M7G0RSA24VE1OKC08TBG6MI"
    "L6V5VIBGGLE3G0RLK585HN0S8FMTFC5TP76EI9NEBK110FIBAP6JRQP3DQQPJ897J8J5C7MLCN71K"
)


def written(token: bytes) -> str:
    """96 bytes as a barcode's text."""
    return base64.b32hexencode(token).decode().rstrip("=")


# Random tokens by a hash, the same in every run.
TEXTS = [TEXT, *(written(hashlib.shake_256(bytes([seed])).digest(96)) for seed in range(20))]


def picture(png: bytes) -> Image.Image:
    """The PNG, opened by a library that did not write it."""
    return Image.open(BytesIO(png))


def grey(png: bytes) -> np.ndarray:
    """The PNG as 8-bit grey pixels."""
    return np.asarray(picture(png).convert("L"))


def mask_of(rows: barcode.Rows) -> int:
    """Which of the eight masks a symbol says it has: format bits 12-10, unscrambled."""
    bits = "".join(str(module) for module in rows[8][2:5])
    return int(bits, 2) ^ 0b101


def reference(text: str, mask: int | None = None) -> barcode.Rows:
    """The symbol by qrcode, with its own or a given mask."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=mask)
    symbol.add_data(text)
    symbol.make()
    return tuple(bytes(map(bool, row)) for row in symbol.modules)


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    """The pixels after a messenger's JPEG."""
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    unpacked = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
    assert unpacked is not None
    return unpacked


def test_a_ticket_fills_version_6() -> None:
    """154 characters give 41 x 41 modules of nothing but dark and light."""
    rows = barcode.modules(TEXT)
    assert len(TEXT) == 154
    assert [len(row) for row in rows] == [41] * 41
    assert set(b"".join(rows)) == {0, 1}


@pytest.mark.parametrize("text", TEXTS)
def test_the_reference_writer_draws_the_same_symbol_under_the_same_mask(text: str) -> None:
    """Module by module, zxing-cpp and qrcode agree once the mask is the same."""
    rows = barcode.modules(text)
    assert reference(text, mask_of(rows)) == rows


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=96, max_size=96))
def test_every_ticket_is_read_back(token: bytes) -> None:
    """What is written is what a reader reads, whatever the bytes, zeros included."""
    text = written(token)
    read = zxingcpp.read_barcode(grey(barcode.barcode_png(text)))
    assert read is not None
    assert read.text == text
    assert read.ec_level == "M"


def test_without_zxing_the_reference_writer_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The symbol keeps its size and its text when zxing-cpp is not there."""
    monkeypatch.setattr(barcode, "_ZXING", None)
    assert barcode.modules(TEXT) == reference(TEXT)
    read = zxingcpp.read_barcode(grey(barcode.barcode_png(TEXT)))
    assert read is not None
    assert read.text == TEXT


def test_a_missing_zxing_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails is answered with nothing, not with an exception."""
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    assert barcode._load_zxing() is None


@pytest.mark.parametrize("writer", ["zxing-cpp", "qrcode"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT + "0", id="one character too many"),
        pytest.param(TEXT[:60], id="too short"),
        pytest.param("", id="nothing"),
        pytest.param(TEXT.lower(), id="lower case"),
        pytest.param(TEXT[:-1] + "Ü", id="an umlaut"),
        pytest.param(TEXT[:-1] + "\n", id="a line feed"),
    ],
)
def test_any_other_text_is_refused(text: str, writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither writer draws a symbol of another size or mode, and the error keeps the text."""
    if writer == "qrcode":
        monkeypatch.setattr(barcode, "_ZXING", None)
    with pytest.raises(ValueError, match="barcode text") as refused:
        barcode.modules(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("module_px", [1, 3, 8, 10])
def test_the_picture_is_one_bit_deep_with_a_white_quiet_zone(module_px: int) -> None:
    """Four modules of pure white on every side, then the symbol."""
    png = barcode.barcode_png(TEXT, module_px=module_px)
    pixels = grey(png)
    quiet_px, side_px = 4 * module_px, 49 * module_px
    assert picture(png).mode == "1"
    assert pixels.shape == (side_px, side_px)
    symbol = pixels[quiet_px:-quiet_px, quiet_px:-quiet_px].copy()
    modules = (symbol[::module_px, ::module_px] == 0).astype(np.uint8)
    assert tuple(row.tobytes() for row in modules) == barcode.modules(TEXT)
    pixels = pixels.copy()
    pixels[quiet_px:-quiet_px, quiet_px:-quiet_px] = 255
    assert pixels.min() == 255


def test_the_picture_is_small() -> None:
    """A bare barcode stays below 1.4 kB."""
    assert len(barcode.barcode_png(TEXT)) <= 1400


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_two_other_readers_read_the_picture(share: float) -> None:
    """OpenCV and zxing-cpp read it, also after JPEG at quality 40 and at half size."""
    pixels = jpeg(grey(barcode.barcode_png(TEXT)), 40)
    pixels = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    read = zxingcpp.read_barcode(pixels)
    assert read is not None
    assert read.text == TEXT
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == TEXT


def test_zbar_reads_the_picture() -> None:
    """A third reader reads it, where its library is installed."""
    pyzbar = pytest.importorskip("pyzbar.pyzbar", exc_type=ImportError)
    assert [code.data.decode() for code in pyzbar.decode(picture(barcode.barcode_png(TEXT)))] == [
        TEXT
    ]


def test_the_service_draws_without_numpy() -> None:
    """The service's extra has no numpy, so nothing here may load it."""
    program = (
        "import sys; from ticketing.edge import barcode, card, fonts;"
        f"barcode.barcode_png({TEXT!r}); print('numpy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert ran.stdout.strip() == b"False"
