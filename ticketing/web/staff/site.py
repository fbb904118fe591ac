"""Every noun of the site that has pages."""

from typing import Final

from ticketing.web.staff import (
    account,
    audit,
    join,
    numbers,
    offers,
    people,
    sign_in,
    stations,
    tickets,
    today,
)

NOUNS: Final = (
    sign_in,
    join,
    today,
    tickets,
    offers,
    stations,
    numbers,
    people,
    audit,
    account,
)
