"""The house: offers, slots, gates, stations, keys, staff."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, UniqueConstraint

from ticketing.store.schema.base import table
from ticketing.store.types import BigInt, Blob, JsonText, Truth, UtcMs

offers = table(
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
    # entry so many minutes before and after a slot; for offers of validity `slot`
    Column("early_min", Integer, nullable=False, server_default="15"),
    Column("late_min", Integer, nullable=False, server_default="15"),
)

slots = table(
    "slots",
    Column("id", Text, primary_key=True),
    Column("offer", Integer, ForeignKey("offers.number"), nullable=False),
    Column("starts_at", UtcMs, nullable=False),
    Column("ends_at", UtcMs, nullable=False),
    Column("capacity", Integer, nullable=False),  # persons
    Column("created_at", UtcMs, nullable=False),
    UniqueConstraint("offer", "starts_at"),
)

gates = table(
    "gates",
    Column("slug", Text, primary_key=True),
    Column("name_de", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
)

stations = table(
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
    # what the station last told of itself
    Column("version", Text),
    Column("unsent", BigInt),  # entries the service has not got yet
    Column("clock_diff_ms", BigInt),  # its clock ahead of the service's
    Column("ring", Text),  # fingerprint of the key ring it has
)

pairings = table(
    "pairings",
    Column("code_hash", Blob, primary_key=True),  # SHA-256; the code itself is shown once
    Column("name", Text, nullable=False),
    Column("gate", Text, ForeignKey("gates.slug"), nullable=False),
    Column("expires_at", UtcMs, nullable=False),
    Column("used_at", UtcMs),
    Column("used_key", Blob),
    Column("station", Text, ForeignKey("stations.id")),
)

attempts = table(  # wrong pairing codes and passwords, for throttling; dropped after a day
    "attempts",
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("who", Blob, nullable=False),  # keyed hash of the address
    Column("at", UtcMs, nullable=False),
    Index("ix_attempts_kind_at", "kind", "at"),
)

api_keys = table(
    "api_keys",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_hash", Blob, nullable=False, unique=True),
    Column("scopes", JsonText, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("revoked_at", UtcMs),
    Column("last_used_on", Text),  # ISO date in the museum's zone
)

staff = table(
    "staff",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),  # empty: none, nothing matches
    Column("role", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("pin_hash", Text),  # of a supervisor, for overruling a refusal at a station
    Column("joined_at", UtcMs),  # NULL: invited, and has not come yet
    Column("removed_at", UtcMs),
    Column("removed_name", Text),  # the row stays for the audit; its name is free again
    Column("totp_box", Blob),  # the secret of the one-time codes, sealed by the service
    Column("totp_step", BigInt),  # of the last code that was taken: none is taken twice
)

idempotency = table(  # stored answers, encrypted under a key made from the caller's own
    "idempotency",
    Column("key_hash", Blob, primary_key=True),  # SHA-256 of caller and Idempotency-Key
    Column("request_hash", Blob, nullable=False),
    Column("answer", Blob),  # NULL while running
    Column("created_at", UtcMs, nullable=False),
)
