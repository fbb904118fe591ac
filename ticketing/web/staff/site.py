"""Every noun of the site that has pages."""

from typing import Final

from ticketing.web.staff import (
    account,
    audit,
    batch_changes,
    batch_files,
    batches,
    conflicts,
    desk,
    join,
    numbers,
    offers,
    people,
    programs,
    report,
    sign_in,
    slots,
    stations,
    ticket,
    ticket_sheet,
    tickets,
    today,
)

NOUNS: Final = (
    sign_in,
    join,
    today,
    conflicts,
    desk,
    tickets,
    ticket,
    ticket_sheet,
    offers,
    slots,
    batch_changes,
    batch_files,
    batches,
    stations,
    numbers,
    report,
    people,
    programs,
    audit,
    account,
)
