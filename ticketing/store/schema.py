"""Every table, for SQLite (STRICT) and PostgreSQL alike.

The database promises, not the code: each "exactly once" of the product is a
unique key below. Texts are never names in an address; ids are random bytes.
"""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

from ticketing.store.types import BigInt, Blob, JsonText, Truth, UtcMs, Word
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import Basis, Direction, Reason, TicketState, Verdict

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _table(name: str, *parts: Any) -> Table:  # noqa: ANN401  columns, keys and indexes alike
    return Table(name, metadata, *parts, sqlite_strict=True)


# ------------------------------------------------------------ the house
offers = _table(
    "offers",
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1..2^24-1, in the barcode
    Column("slug", Text, nullable=False, unique=True),
    Column("name_de", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("pay_at_desk", Truth, nullable=False),
    Column("entries", Integer, nullable=False),  # 0 = unlimited
    Column("per_day", Integer),
    Column("party_max", Integer, nullable=False),
    Column("validity", Text, nullable=False),  # domain.offers.Validity
    Column("valid_from", Text),  # ISO date in the museum's zone
    Column("valid_until", Text),  # ISO date, inclusive
    Column("reentry", Truth, nullable=False),
    Column("gates", JsonText),  # list of gate slugs; NULL = every gate, also later ones
    Column("calendar", Truth, nullable=False),
    Column("proof", Truth, nullable=False),
    Column("identity", Truth, nullable=False),
    Column("offline", Truth, nullable=False),
    Column("live", Text, nullable=False),  # off | on | required
    Column("active", Truth, nullable=False),
    Column("created_at", UtcMs, nullable=False),
)

gates = _table(
    "gates",
    Column("slug", Text, primary_key=True),
    Column("name_de", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
)

stations = _table(
    "stations",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("gate", Text, ForeignKey("gates.slug"), nullable=False),
    Column("public_key", Blob, nullable=False),
    Column("token_hash", Blob, nullable=False, unique=True),
    Column("digest_key", Blob, nullable=False),
    Column("paired_at", UtcMs, nullable=False),
    Column("last_seen_at", UtcMs),
    Column("revoked_at", UtcMs),
)

pairings = _table(
    "pairings",
    Column("code_hash", Blob, primary_key=True),  # SHA-256; the code itself is shown once
    Column("name", Text, nullable=False),
    Column("gate", Text, ForeignKey("gates.slug"), nullable=False),
    Column("expires_at", UtcMs, nullable=False),
    Column("used_at", UtcMs),
    Column("used_key", Blob),
    Column("station", Text, ForeignKey("stations.id")),
)

attempts = _table(  # wrong pairing codes and passwords, for throttling; dropped after a day
    "attempts",
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("who", Blob, nullable=False),  # keyed hash of the address
    Column("at", UtcMs, nullable=False),
    Index("ix_attempts_kind_at", "kind", "at"),
)

api_keys = _table(
    "api_keys",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_hash", Blob, nullable=False, unique=True),
    Column("scopes", JsonText, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("revoked_at", UtcMs),
)

staff = _table(
    "staff",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
)

idempotency = _table(  # stored answers, encrypted under a key made from the caller's own
    "idempotency",
    Column("key_hash", Blob, primary_key=True),  # SHA-256 of caller and Idempotency-Key
    Column("request_hash", Blob, nullable=False),
    Column("answer", Blob),  # NULL while running
    Column("created_at", UtcMs, nullable=False),
)

# ------------------------------------------------------------ people
visitors = _table(
    "visitors",
    Column("id", Blob, primary_key=True),
    Column("lang", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
)

identities = _table(
    "identities",
    Column("id", Blob, primary_key=True),
    Column("visitor", Blob, ForeignKey("visitors.id"), nullable=False),
    Column("channel", Text, nullable=False),  # kind, e.g. webchat
    Column("account", Text, nullable=False),  # the museum's account on it
    Column(
        "address", Blob, nullable=False
    ),  # the visitor's address on it; webchat: hash of the cookie
    Column("created_at", UtcMs, nullable=False),
    UniqueConstraint("channel", "account", "address"),
    Index("ix_identities_visitor", "visitor"),
)

conversations = _table(
    "conversations",
    Column("id", Blob, primary_key=True),
    Column("identity", Blob, ForeignKey("identities.id"), nullable=False, unique=True),
    Column("state", Text, nullable=False),  # bot | waiting | human | closed
    Column("step", JsonText, nullable=False),  # domain.conversation.Step
    Column("lang", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("updated_at", UtcMs, nullable=False),
)

messages = _table(  # what was said, in order; `id` is that order
    "messages",
    Column("id", Integer, primary_key=True),
    Column("conversation", Blob, ForeignKey("conversations.id"), nullable=False),
    Column("direction", Text, nullable=False),  # in | out
    Column("kind", Text, nullable=False),  # text | choices | ticket
    Column("content", JsonText, nullable=False),
    Column("at", UtcMs, nullable=False),
    Index("ix_messages_conversation_id", "conversation", "id"),
)

inbox = _table(  # one row for one delivery of a platform; a repeat is found by the key
    "inbox",
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("raw", Blob, nullable=False),
    Column("received_at", UtcMs, nullable=False),
    Column("message", Integer, ForeignKey("messages.id")),
    Index("ix_inbox_message", "message"),  # without it each erased message reads the whole inbox
)

outbox = _table(
    "outbox",
    Column("id", Integer, primary_key=True),
    Column("message", Integer, ForeignKey("messages.id"), nullable=False, unique=True),
    Column("conversation", Blob, ForeignKey("conversations.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("purpose", Text, nullable=False),  # answer | ticket | a consent purpose
    Column("state", Text, nullable=False),  # domain.delivery.DeliveryState
    Column("reason", Text),
    Column("due_at", UtcMs, nullable=False),
    Column("lease_until", UtcMs),
    Column("fence", Integer, nullable=False),  # +1 with every lease: late results drop
    Column("tries", Integer, nullable=False),
    Column("external_id", Text),
    Column("created_at", UtcMs, nullable=False),
    Column("settled_at", UtcMs),
    Index("ix_outbox_state_due_at", "state", "due_at"),
    Index("ix_outbox_conversation_id", "conversation", "id"),
)

consents = _table(  # append-only; the chain links salted commitments, so erasure keeps it whole
    "consents",
    Column("id", Integer, primary_key=True),
    Column("visitor", Blob),  # erased with the visitor, like salt and fields
    Column("salt", Blob),
    Column(
        "fields", JsonText
    ),  # purpose, action, text id, version, lang, shown hash, channel, message, how
    Column("at", UtcMs, nullable=False),
    Column("commitment", Blob, nullable=False),
    Column("previous", Blob, nullable=False, unique=True),  # unique: the chain cannot fork
    Index("ix_consents_visitor", "visitor"),
)

# ------------------------------------------------------------ tickets and the gate
tickets = _table(
    "tickets",
    Column("id", Blob, primary_key=True),  # 15 random bytes, in the barcode
    Column("short_code", Text, nullable=False, unique=True),
    Column("offer", Integer, ForeignKey("offers.number"), nullable=False),
    Column("key_id", Integer, nullable=False),
    Column("issue", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("party", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("valid_from", UtcMs, nullable=False),
    Column("valid_until", UtcMs, nullable=False),  # exclusive
    Column("state", Word(TicketState), nullable=False),
    Column("state_reason", Text),
    Column("name_box", Blob),
    Column("visitor", Blob, ForeignKey("visitors.id")),
    Column("reference", Text),
    Column("created_at", UtcMs, nullable=False),
    Index("ix_tickets_created_at", "created_at"),
    Index("ix_tickets_visitor", "visitor"),
)

scans = _table(  # a resource made by the station; refusals are rows too, never the shown text
    "scans",
    Column("scan_id", Blob, primary_key=True),
    Column("station", Text, ForeignKey("stations.id"), nullable=False),
    Column("gate", Text, nullable=False),
    Column("ticket", Blob),  # no foreign key: a forged or unknown id is recorded as well
    Column("issue", Integer),
    Column("text_class", Text, nullable=False),
    Column("digest", Blob, nullable=False),
    Column("direction", Word(Direction), nullable=False),
    Column("people", Integer, nullable=False),
    Column("scanned_at", UtcMs, nullable=False),
    Column("received_at", UtcMs, nullable=False),
    Column("basis", Word(Basis), nullable=False),
    Column("state", Text, nullable=False),  # final | pending | confirmed | declined
    Column("verdict", Word(Verdict), nullable=False),
    Column("reason", Word(Reason), nullable=False),
    Column("until", UtcMs),  # a pending scan lapses then
    Column("outcome", JsonText, nullable=False),  # what was answered, without any personal data
    Index("ix_scans_received_at", "received_at"),
    Index("ix_scans_ticket", "ticket"),
)

moves = _table(
    "moves",
    Column("ticket_id", Blob, ForeignKey("tickets.id"), primary_key=True),
    Column("move_no", Integer, primary_key=True, autoincrement=False),
    Column("scan_id", Blob, nullable=False),
    Column("kind", Word(MoveKind), nullable=False),
    Column("people", Integer, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("gate", Text, nullable=False),
)

counters = _table(
    "counters",
    Column("name", Text, primary_key=True),
    Column("n", BigInt, nullable=False),
)
