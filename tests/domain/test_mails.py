"""E-mail addresses: one, plain, and nothing that could become two headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.mails import ADDRESS_LIMIT, find_address


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anna@example.org", "anna@example.org"),
        (" anna@example.org\t", "anna@example.org"),
        ("a.b+tickets@sub.example.org", "a.b+tickets@sub.example.org"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("anna@" + "a" * 63 + ".org", "anna@" + "a" * 63 + ".org"),
    ],
)
def test_an_address_is_found(text: str, found: str) -> None:
    """As mail servers take it."""
    assert find_address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "anna", "anna@", "@example.org", "anna@example", "anna@localhost", "anna@@example.org",
        "anna@example.org, bo@example.org", "anna@example.org;bo@example.org", "a b@example.org",
        "Anna <anna@example.org>", '"anna"@example.org', "anna(x)@example.org", ".a@example.org",
        "a.@example.org", "a..b@example.org", "anna@-example.org", "anna@example-.org",
        "anna@example..org", "anna@.example.org", "anna@[192.0.2.1]", "jördis@example.org",
        "anna@example.org\r\nBcc: bo@example.org", "anna\n@example.org", "anna@exa\r\nmple.org",
        "anna@example.org\0", "a" * 65 + "@example.org", "anna@" + "a" * 64 + ".org",
        "anna@" + ".".join(["a" * 60] * 5) + ".org",
    ],
)  # fmt: skip
def test_anything_else_is_no_address(text: str) -> None:
    """Lists, names, quotes, lines: a mail goes to one address."""
    assert find_address(text) is None


@given(st.one_of(st.text(max_size=300), st.from_regex(r".{0,9}@.{0,9}\.[a-z]{2}", fullmatch=True)))
def test_whatever_is_found_fits_into_one_header(text: str) -> None:
    """Plain letters without blanks, one @, and found again as it is."""
    found = find_address(text)
    if found is not None:
        assert found.isascii()
        assert found.isprintable()
        assert not set(found) & set(' ,;:<>()[]"\\\r\n')
        assert found.count("@") == 1
        assert len(found) <= ADDRESS_LIMIT
        assert find_address(found) == found
