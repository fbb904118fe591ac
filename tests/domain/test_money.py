"""Amounts as people read them."""

import pytest

from ticketing.domain.money import amount, money


@pytest.mark.parametrize(
    ("cents", "currency", "lang", "text"),
    [
        (720, "EUR", "de", "7,20\u00a0€"),
        (720, "EUR", "en", "€7.20"),
        (900, "EUR", "de", "9,00\u00a0€"),
        (5, "EUR", "en", "€0.05"),
        (123_456_789, "EUR", "de", "1.234.567,89\u00a0€"),
        (123_456, "GBP", "en", "£1,234.56"),
        (-150, "EUR", "de", "\u22121,50\u00a0€"),
        (-150, "USD", "en", "\u2212$1.50"),
        (100, "CHF", "de", "1,00\u00a0CHF"),
        (100, "CHF", "en", "CHF\u00a01.00"),
        (0, "EUR", "de", "frei"),
        (0, "EUR", "en", "free"),
    ],
)
def test_an_amount_is_written(cents: int, currency: str, lang: str, text: str) -> None:
    """Comma or point, sign behind or in front, no break in between."""
    assert money(cents, currency, lang) == text


@pytest.mark.parametrize(("lang", "text"), [("de", "0,00\u00a0€"), ("en", "€0.00")])
def test_what_was_counted_is_never_called_free(lang: str, text: str) -> None:
    """A till with nothing in it; any other amount is written as a price is."""
    assert amount(0, "EUR", lang) == text
    assert amount(720, "EUR", lang) == money(720, "EUR", lang)
