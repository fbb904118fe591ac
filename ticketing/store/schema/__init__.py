"""Every table. The database promises, not the code: each "exactly once" is a unique key here."""

from ticketing.store.schema.accounts import (
    audit,
    staff_links,
    staff_passkeys,
    staff_recovery,
    staff_sessions,
    staff_steps,
)
from ticketing.store.schema.base import metadata
from ticketing.store.schema.codes import (
    code_batches,
    code_scans,
    code_visitors,
    codes,
    redemptions,
)
from ticketing.store.schema.events import cursors, webhook_deliveries, webhooks
from ticketing.store.schema.figures import day_figures, day_reasons
from ticketing.store.schema.gate import (
    conflicts,
    counters,
    counts,
    journal_entries,
    journals,
    moves,
    scans,
    tickets,
)
from ticketing.store.schema.house import (
    api_keys,
    attempts,
    gates,
    idempotency,
    offers,
    pairings,
    slots,
    staff,
    stations,
)
from ticketing.store.schema.jobs import job_parts, jobs
from ticketing.store.schema.mails import mails
from ticketing.store.schema.money import payments, sales
from ticketing.store.schema.people import (
    consents,
    conversations,
    identities,
    inbox,
    messages,
    outbox,
    visitors,
)
from ticketing.store.schema.settings import settings

__all__ = [
    "api_keys",
    "attempts",
    "audit",
    "code_batches",
    "code_scans",
    "code_visitors",
    "codes",
    "conflicts",
    "consents",
    "conversations",
    "counters",
    "counts",
    "cursors",
    "day_figures",
    "day_reasons",
    "gates",
    "idempotency",
    "identities",
    "inbox",
    "job_parts",
    "jobs",
    "journal_entries",
    "journals",
    "mails",
    "messages",
    "metadata",
    "moves",
    "offers",
    "outbox",
    "pairings",
    "payments",
    "redemptions",
    "sales",
    "scans",
    "settings",
    "slots",
    "staff",
    "staff_links",
    "staff_passkeys",
    "staff_recovery",
    "staff_sessions",
    "staff_steps",
    "stations",
    "tickets",
    "visitors",
    "webhook_deliveries",
    "webhooks",
]
