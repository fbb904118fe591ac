"""Amounts of money as people read them; in the domain room."""

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
FREE = {"de": "frei", "en": "free"}
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def money(cents: int, currency: str, lang: str) -> str:
    """A price in words of the language, `frei` or `free` for nothing; otherwise as `amount`."""
    return amount(cents, currency, lang) if cents else FREE[lang]


def amount(cents: int, currency: str, lang: str) -> str:
    """An amount in words of the language; whole amounts keep their cents.

    Args:
        cents: The amount in the currency's hundredth, negative for a reduction.
        currency: ISO 4217 code.
        lang: `de` or `en`.

    Returns:
        `7,20 €` (no-break space) or `€7.20`.
    """
    sign = SIGNS.get(currency, currency)
    minus = "\N{MINUS SIGN}" if cents < 0 else ""
    whole, hundredths = divmod(abs(cents), 100)
    if lang == "de":
        thousands = f"{whole:,}".replace(",", ".")
        return f"{minus}{thousands},{hundredths:02}{NO_BREAK_SPACE}{sign}"
    gap = NO_BREAK_SPACE if sign == currency else ""
    return f"{minus}{sign}{gap}{whole:,}.{hundredths:02}"
