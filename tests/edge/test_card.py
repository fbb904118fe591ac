"""The ticket card: read by gates, kept in its layout by any name."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge.test_barcode import TEXT, grey, jpeg, picture
from ticketing.edge.card import card_png
from ticketing.edge.fonts import Cut, Face, coverage, font, spell
from ticketing.service.ports import CardCaptions, CardFacts

FACTS = CardFacts(
    museum="Stadtmuseum Erlenbach",
    holder="Jördis Kowalewski",
    offer="Tageskarte Erwachsene",
    when="So 4. Okt. 2026",
    persons="1",
    short_code="E7K4-QXM2",
    captions=CardCaptions(when="Gültig am", persons="Personen", short_code="Kurzcode"),
    barcode=TEXT,
)
CAPTIONS = ("when", "persons", "short_code")
WHITE, BLACK, ULTRAMARINE = (255, 255, 255), (0, 0, 0), (0x15, 0x27, 0xA8)
HOLDER, OFFER = slice(1112, 1220), slice(1226, 1280)
NON_JOINER = "\u200c"
NAMES = {
    "long": "Wolfeschlegelsteinhausenbergerdorff " * 8 + "Müller",
    "one long word": "Donaudampfschifffahrtsgesellschaftskapitän" * 7,
    "narrow letters": "il" * 150,
    "emoji": "Anna 😀👩‍👩‍👧 Müller",
    "flags and marks": "🇩🇪 A" + "\u0301\u0323" * 80,
    "HTML": "<script>alert('x')</script> & \"Söhne\"",
    "Arabic": "محمد عبد الرحمن الخطيب",
    "Arabic, long": "محمد عبد الرحمن " * 20,
    "Persian": f"می{NON_JOINER}خواهم",
    "Hebrew": "דָּוִד בֶּן־גּוּרִיּוֹן",
    "both directions": "Ali محمد Bob 12",
    "override": "\u202eAnna\u202c\u2066Müller\u2069",
    "Cyrillic, long": "Константин Константинопольский-Нижегородский",
    "Greek": "Γιώργος Παπαδόπουλος",
    "Vietnamese": "Nguyễn Thị Ánh Tuyết",
    "Latin beyond western Europe": "Šž ł ő ğ ș İ",
    "Devanagari": "अनिल शर्मा",
    "one letter, many marks": "अ" + "ा" * 200,
    "Thai": "สมชาย ใจดี",
    "controls": "Anna\n\t\x00Müller",
    "empty": "",
    "a lone surrogate": "Anna \ud800",
}


def card(facts: CardFacts = FACTS) -> np.ndarray:
    """The pixels of a card, height x width x RGB."""
    return np.asarray(picture(card_png(facts)).convert("RGB"))


def of(holder: str) -> CardFacts:
    """The facts of a card with this holder."""
    return replace(FACTS, holder=holder)


def test_the_card_has_the_size_and_is_opaque_in_any_theme() -> None:
    """1080 x 1440 px; no transparency lets a dark chat shine through."""
    drawn = picture(card_png(FACTS))
    pixels = card()
    assert drawn.size == (1080, 1440)
    assert not drawn.has_transparency_data
    assert tuple(pixels[0, 0]) == tuple(pixels[131, 1079]) == ULTRAMARINE
    assert tuple(pixels[132, 0]) == tuple(pixels[1439, 0]) == tuple(pixels[1439, 1079]) == WHITE


def test_the_card_is_small() -> None:
    """Even a card full of text stays below 60 kB."""
    full = replace(FACTS, holder=NAMES["long"], offer=NAMES["long"], when=NAMES["long"])
    assert len(card_png(FACTS)) <= 60_000
    assert len(card_png(full)) <= 60_000


def test_the_symbol_takes_three_quarters_of_the_width() -> None:
    """820 px of 1080, pure black on pure white, and at least 70 % in any case."""
    pixels = card()[132:1112]
    dark = (pixels == BLACK).all(axis=2)
    columns = np.flatnonzero(dark.any(axis=0))
    rows = np.flatnonzero(dark.any(axis=1))
    assert (columns[0], columns[-1]) == (130, 949)
    assert (rows[0], rows[-1]) == (80, 899)
    assert columns[-1] + 1 - columns[0] >= 0.7 * 1080
    assert (dark | (pixels == WHITE).all(axis=2)).all()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_keeps_the_layout(name: str) -> None:
    """Nothing in the quiet zone, nothing beside the symbol's edges, the rest as it was."""
    usual, pixels = card(), card(of(name))
    zone = pixels[132:1112].copy()
    zone[80:900, 130:950] = WHITE
    assert zone.min() == 255
    assert pixels[1112:, :130].min() == 255
    assert pixels[1112:, 950:].min() == 255
    assert (pixels[1226:] == usual[1226:]).all()


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(replace(FACTS, museum=NAMES["long"]), id="museum"),
        pytest.param(replace(FACTS, offer=NAMES["long"]), id="offer"),
        pytest.param(replace(FACTS, when=NAMES["long"]), id="when"),
        pytest.param(replace(FACTS, persons=NAMES["long"]), id="persons"),
        pytest.param(replace(FACTS, short_code=NAMES["long"]), id="short code"),
        pytest.param(
            replace(FACTS, captions=CardCaptions(**dict.fromkeys(CAPTIONS, NAMES["long"]))),
            id="captions",
        ),
    ],
)
def test_any_long_text_keeps_the_layout(facts: CardFacts) -> None:
    """Every other text is kept between the symbol's edges as well."""
    pixels = card(facts)
    assert (pixels[:132, :130] == ULTRAMARINE).all()
    assert (pixels[:132, 950:] == ULTRAMARINE).all()
    assert pixels[1112:, :130].min() == 255
    assert pixels[1112:, 950:].min() == 255


def test_a_time_slot_leaves_the_short_code_its_size() -> None:
    """A long date gives way, what is typed does not get smaller."""
    usual, slot = (
        card(replace(FACTS, when=when))[1350:1394, 700:950].min(axis=2) < 128
        for when in (FACTS.when, "Sa 31. Okt. 2026, 10:00 bis 12:30")
    )
    assert np.flatnonzero(usual.any(axis=1)).tolist() == np.flatnonzero(slot.any(axis=1)).tolist()


@pytest.mark.parametrize("name", [FACTS.holder, NAMES["long"], NAMES["Arabic"]])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_two_readers_read_the_card_after_a_messenger(name: str, share: float) -> None:
    """OpenCV and zxing-cpp read it after JPEG at quality 40, and at half size."""
    pixels = jpeg(grey(card_png(of(name))), 40)
    pixels = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    read = zxingcpp.read_barcode(pixels)
    assert read is not None
    assert read.text == TEXT
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == TEXT


def test_zbar_reads_the_card() -> None:
    """A third reader reads it, where its library is installed."""
    pyzbar = pytest.importorskip("pyzbar.pyzbar", exc_type=ImportError)
    assert [code.data.decode() for code in pyzbar.decode(picture(card_png(FACTS)))] == [TEXT]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=120))
def test_whatever_is_typed_as_a_name_is_drawn_or_left_out(name: str) -> None:
    """No text breaks the card or reaches beyond the symbol's edges."""
    pixels = card(of(name))
    assert pixels[1032:1112].min() == 255
    assert pixels[1112:, :130].min() == 255
    assert pixels[1112:, 950:].min() == 255


def test_umlauts_are_drawn() -> None:
    """The dots make a difference to the picture."""
    assert (card(of("Muller"))[HOLDER] != card(of("Müller"))[HOLDER]).any()


def test_an_accent_is_the_same_however_it_was_typed() -> None:
    """A letter with a combining mark is drawn like the composed one."""
    typed = unicodedata.normalize("NFD", "Jördis Šarić Nguyễn")
    assert (card(of(typed)) == card(of("Jördis Šarić Nguyễn"))).all()


@pytest.mark.parametrize("name", ["王小明", "😀🎟️", "\u202e", "()", "…"])
def test_a_holder_without_a_letter_to_draw_is_left_out(name: str) -> None:
    """Rather no name than boxes: the short code identifies."""
    assert card(of(name))[HOLDER].min() == 255


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("王小明 Wang", "Wang"),
        ("Wang (王小明)", "Wang"),
        ("\U0001d4d0\U0001d4f7\U0001d4f7\U0001d4ea \uff2düller", "Anna Müller"),
        ("  Anna \n\u00a0 Müller ", "Anna Müller"),
        ("A\u202enna\u200b", "Anna"),
        ("Ali 👍 محمد", "Ali محمد"),
    ],
)
def test_what_cannot_be_drawn_is_left_out(text: str, spelt: str) -> None:
    """Decorated letters turn plain, signs without a glyph and overrides go."""
    assert spell(text)[0] == spelt


def test_right_to_left_names_run_right_to_left() -> None:
    """Arabic letters join into one shape, and the last word stands at the left."""
    ink = (card(of("محمد ع"))[HOLDER].min(axis=2) < 128).astype(np.uint8)
    parts, _, boxes, _ = cv2.connectedComponentsWithStats(ink)
    ground, first, second = sorted(boxes.tolist())
    assert parts == 3  # the ground and two words, of which the first has four letters
    assert ground[2] == 1080
    assert first[2] < second[2] / 2


@pytest.mark.parametrize(
    ("face", "weight"), [(Face.BRICOLAGE, 700), (Face.NAMES, 700), (Face.NAMES, 400)]
)
def test_every_listed_character_has_a_glyph(face: Face, weight: int) -> None:
    """The list of characters and the font files say the same: no box is ever drawn."""
    drawer = font(face, Cut(48, weight))
    missing = bytes(drawer.getmask("\U0010fffd"))
    blank = {"Zs", "Cf"}
    boxes = [
        f"{code:04X}"
        for code in sorted(coverage(face))
        if unicodedata.category(chr(code)) not in blank
        and bytes(drawer.getmask(chr(code))) in {missing, b""}
    ]
    assert boxes == []


def test_unlisted_characters_have_none() -> None:
    """The comparison with the sign for a missing glyph does tell."""
    drawer = font(Face.NAMES, Cut(48, 700))
    assert bytes(drawer.getmask("王")) == bytes(drawer.getmask("\U0010fffd")) != b""
    assert ord("王") not in coverage(Face.NAMES) | coverage(Face.BRICOLAGE)


@pytest.mark.parametrize(
    "letters",
    ["äöüÄÖÜßẞéèçñ", "Šžłőğșțćđ", "ếễộừ", "ΑΩάώς", "АЯҐїў", "אבגםןץ", "ابتثجيكپ", "რუ", "Ար"],
)
def test_the_alphabets_of_visitors_are_listed(letters: str) -> None:
    """Latin with its neighbours, Greek, Cyrillic, Hebrew, Arabic, Georgian, Armenian."""
    assert spell(letters)[0] == letters


def test_threads_draw_the_same_card() -> None:
    """Fonts are shared between threads; cards drawn at once do not mix."""
    names = [FACTS.holder, NAMES["long"], NAMES["Arabic"], NAMES["Vietnamese"]] * 4
    wanted = [card_png(of(name)) for name in names]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda name: card_png(of(name)), names)) == wanted


def test_a_card_without_a_ticket_barcode_is_refused() -> None:
    """A card is never drawn around another symbol."""
    with pytest.raises(ValueError, match="barcode text"):
        card_png(replace(FACTS, barcode=TEXT[:100]))
