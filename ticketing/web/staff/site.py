"""Every noun of the site that has pages."""

from typing import Final

from ticketing.web.staff import (
    account,
    audit,
    conflicts,
    join,
    numbers,
    offers,
    people,
    sign_in,
    slots,
    stations,
    tickets,
    today,
)

NOUNS: Final = (
    sign_in,
    join,
    today,
    conflicts,
    tickets,
    offers,
    slots,
    stations,
    numbers,
    people,
    audit,
    account,
)
