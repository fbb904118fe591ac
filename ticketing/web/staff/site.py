"""Every noun of the site that has pages."""

from typing import Final

from ticketing.web.staff import numbers, offers, sign_in, stations, tickets, today

NOUNS: Final = (sign_in, today, tickets, offers, stations, numbers)
