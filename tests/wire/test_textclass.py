"""What kind of text was read or typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.make_vectors import PAYLOAD, live_head, live_raw, sign_payload
from ticketing.wire.check import ALPHABET, CodeKind, check_character, is_valid
from ticketing.wire.codec import BASE32HEX, to_base32hex
from ticketing.wire.textclass import Classified, TextClass, classify, fold_text, text_digest

_TEXT = to_base32hex(sign_payload(PAYLOAD, 1))
_HEAD = to_base32hex(live_head())
_LIVE = to_base32hex(live_raw(live_head()))
_KEY = bytes(range(32))
_symbols = st.text(ALPHABET, min_size=10, max_size=10)


@given(st.text() | st.text(BASE32HEX + " -", max_size=400))
def test_every_text_has_one_class(text: str) -> None:
    """Total, and the same again for what was folded."""
    found = classify(text)
    assert found == classify(text)
    if found.kind is TextClass.FOREIGN:
        assert found.folded == ""
    else:
        assert classify(found.folded) == found


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        (_TEXT, TextClass.TICKET, ""),
        (_HEAD, TextClass.TICKET, ""),
        (_LIVE, TextClass.TICKET, ""),
        (_TEXT.lower(), TextClass.TICKET, ""),
        (_TEXT[:153], TextClass.TICKET, "malformed"),
        (_TEXT[:40], TextClass.TICKET, "malformed"),
        (_TEXT[:39], TextClass.FOREIGN, ""),
        (_HEAD[:154], TextClass.TICKET, "malformed"),
        (_TEXT + "0" * 51, TextClass.TICKET, "malformed"),
        ("0C" + "0" * 152, TextClass.FUTURE, ""),
        ("3V" + "V" * 300, TextClass.FUTURE, ""),
        ("0C" + "0" * 151, TextClass.FOREIGN, ""),
        ("03" + "0" * 152, TextClass.FOREIGN, ""),
        ("40" + "0" * 152, TextClass.FOREIGN, ""),
        ("SUMMER26-00000000000", TextClass.DISCOUNT_CODE, ""),
        ("SUMMER26-00000000001", TextClass.DISCOUNT_CODE, "typo"),
        ("summer26 - ooooo ooooo o", TextClass.DISCOUNT_CODE, ""),
        ("S-00000000000", TextClass.FOREIGN, ""),
        ("SUMMERSUMMER1-00000000000", TextClass.FOREIGN, ""),
        ("SUMMER26-0000000000U", TextClass.FOREIGN, ""),
        ("SUMMER26-0000000000", TextClass.FOREIGN, ""),
        ("0000-0001", TextClass.SHORT_CODE, ""),
        ("oooo oool", TextClass.SHORT_CODE, ""),
        ("00000002", TextClass.SHORT_CODE, "typo"),
        ("MUSEUM12", TextClass.FOREIGN, ""),
        ("000-00001", TextClass.FOREIGN, ""),
        ("", TextClass.FOREIGN, ""),
        ("https://example.org/t/1", TextClass.FOREIGN, "web"),
        ("WIFI:S:cafe;T:WPA;;", TextClass.FOREIGN, "wifi"),
        ("BEGIN:VCARD\nN:Roe", TextClass.FOREIGN, "contact"),
        ("mailto:info@example.org", TextClass.FOREIGN, "email"),
        ("tel:+49 30 1234", TextClass.FOREIGN, "phone"),
        ("M1MUSTERMANN/MAX  EABC123 BERMUCLH 1234", TextClass.FOREIGN, ""),
        ("4006381333931", TextClass.FOREIGN, ""),
    ],
)
def test_a_text_and_its_class(text: str, kind: TextClass, detail: str) -> None:
    """The table of the protocol, edge by edge."""
    found = classify(text)
    assert (found.kind, found.detail) == (kind, detail)


@given(prefix=st.from_regex(r"[A-Z0-9]{2,12}", fullmatch=True), symbols=_symbols)
def test_a_discount_code_keeps_its_prefix(prefix: str, symbols: str) -> None:
    """O, I and L of the prefix stay letters, those of the symbols become digits."""
    code = symbols + check_character(symbols, CodeKind.DISCOUNT)
    typed = f"{prefix.lower()}-{code.replace('0', 'o').replace('1', 'l')}"
    wanted = Classified(TextClass.DISCOUNT_CODE, f"{prefix}-{code}")
    assert classify(typed) == wanted


@given(symbols=_symbols, place=st.integers(0, 10), wrong=st.sampled_from(ALPHABET))
def test_a_mistyped_code_is_a_typo(symbols: str, place: int, wrong: str) -> None:
    """One wrong symbol is always noticed, so the service need not be asked."""
    code = symbols + check_character(symbols, CodeKind.DISCOUNT)
    mistyped = code[:place] + wrong + code[place + 1 :]
    detail = "" if is_valid(mistyped, CodeKind.DISCOUNT) else "typo"
    assert (detail == "typo") == (mistyped != code)
    assert classify(f"AB-{mistyped}").detail == detail


def test_a_foreign_text_does_not_come_back() -> None:
    """Of a web address or a bank code no more than a hint leaves this function."""
    assert _TEXT not in repr(classify(_TEXT))
    assert classify("https://example.org/secret") == Classified(TextClass.FOREIGN, "", "web")


@pytest.mark.parametrize("letter", ["\u017f", "\u0131", "\uff34", "ß"])
def test_letters_that_only_look_like_ours_are_foreign(letter: str) -> None:
    """Full upper-casing would make an S of a long s: two texts for one ticket."""
    assert classify(_TEXT[:80] + letter + _TEXT[81:]).kind is TextClass.FOREIGN


def test_both_sides_make_the_same_digest() -> None:
    """However a code was typed, the digest is of its folded text."""
    assert text_digest(_KEY, "oooo-oool") == text_digest(_KEY, "00000001")
    assert text_digest(_KEY, _TEXT.lower()) == text_digest(_KEY, _TEXT)
    assert len(text_digest(_KEY, "")) == 16


def test_a_digest_tells_nothing_without_the_key() -> None:
    """Another key or text gives another digest; a broken text gives one too."""
    assert text_digest(bytes(32), "00000001") != text_digest(_KEY, "00000001")
    assert text_digest(_KEY, "00000002") != text_digest(_KEY, "00000001")
    assert text_digest(_KEY, "\ud800") != text_digest(_KEY, "")


def test_folding_leaves_signs_alone() -> None:
    """Blanks go, letters rise, hyphens stay."""
    assert fold_text(" summer-26\u00a0x\n") == "SUMMER-26X"
