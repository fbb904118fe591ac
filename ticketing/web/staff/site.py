"""Every noun of the site that has pages."""

from typing import Final

from ticketing.web.staff import (
    batch_changes,
    batch_files,
    batches,
    offers,
    sign_in,
    stations,
    tickets,
    today,
)

NOUNS: Final = (sign_in, today, tickets, offers, batch_changes, batch_files, batches, stations)
