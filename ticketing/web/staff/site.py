"""Every noun of the site that has pages."""

from typing import Final

from ticketing.web.staff import desk, offers, sign_in, stations, ticket, tickets, today

NOUNS: Final = (sign_in, today, desk, tickets, ticket, offers, stations)
