"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("revoked_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
        sqlite_strict=True,
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("who", sa.LargeBinary, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sqlite_strict=True,
    )
    op.create_index("ix_attempts_kind_at", "attempts", ["kind", "at"])
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("visitor", sa.LargeBinary),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("fields", sa.Text),
        sa.Column("at", BIG, nullable=False),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.UniqueConstraint("previous", name="uq_consents_previous"),
        sqlite_strict=True,
    )
    op.create_index("ix_consents_visitor", "consents", ["visitor"])
    op.create_table(
        "counters",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("n", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
        sqlite_strict=True,
    )
    op.create_table(
        "gates",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name_de", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_gates"),
        sqlite_strict=True,
    )
    op.create_table(
        "idempotency",
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_idempotency"),
        sqlite_strict=True,
    )
    op.create_table(
        "offers",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name_de", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("pay_at_desk", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("per_day", sa.Integer),
        sa.Column("party_max", sa.Integer, nullable=False),
        sa.Column("validity", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Text),
        sa.Column("valid_until", sa.Text),
        sa.Column("reentry", sa.Integer, nullable=False),
        sa.Column("gates", sa.Text),
        sa.Column("calendar", sa.Integer, nullable=False),
        sa.Column("proof", sa.Integer, nullable=False),
        sa.Column("identity", sa.Integer, nullable=False),
        sa.Column("offline", sa.Integer, nullable=False),
        sa.Column("live", sa.Text, nullable=False),
        sa.Column("active", sa.Integer, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_offers"),
        sa.UniqueConstraint("slug", name="uq_offers_slug"),
        sqlite_strict=True,
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("name", name="uq_staff_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "visitors",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visitors"),
        sqlite_strict=True,
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("visitor", sa.LargeBinary, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.ForeignKeyConstraint(["visitor"], ["visitors.id"], name="fk_identities_visitor"),
        sa.UniqueConstraint(
            "channel", "account", "address", name="uq_identities_channel_account_address"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_identities_visitor", "identities", ["visitor"])
    op.create_table(
        "stations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("digest_key", sa.LargeBinary, nullable=False),
        sa.Column("paired_at", BIG, nullable=False),
        sa.Column("last_seen_at", BIG),
        sa.Column("revoked_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_stations"),
        sa.ForeignKeyConstraint(["gate"], ["gates.slug"], name="fk_stations_gate"),
        sa.UniqueConstraint("token_hash", name="uq_stations_token_hash"),
        sqlite_strict=True,
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("short_code", sa.Text, nullable=False),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("key_id", sa.Integer, nullable=False),
        sa.Column("issue", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("party", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("flags", sa.Integer, nullable=False),
        sa.Column("valid_from", BIG, nullable=False),
        sa.Column("valid_until", BIG, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("name_box", sa.LargeBinary),
        sa.Column("visitor", sa.LargeBinary),
        sa.Column("reference", sa.Text),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.ForeignKeyConstraint(["offer"], ["offers.number"], name="fk_tickets_offer"),
        sa.ForeignKeyConstraint(["visitor"], ["visitors.id"], name="fk_tickets_visitor"),
        sa.UniqueConstraint("short_code", name="uq_tickets_short_code"),
        sqlite_strict=True,
    )
    op.create_index("ix_tickets_created_at", "tickets", ["created_at"])
    op.create_index("ix_tickets_visitor", "tickets", ["visitor"])
    op.create_table(
        "conversations",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("identity", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(["identity"], ["identities.id"], name="fk_conversations_identity"),
        sa.UniqueConstraint("identity", name="uq_conversations_identity"),
        sqlite_strict=True,
    )
    op.create_table(
        "moves",
        sa.Column("ticket_id", sa.LargeBinary, nullable=False),
        sa.Column("move_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("scan_id", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "move_no", name="pk_moves"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_moves_ticket_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "pairings",
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.Column("used_at", BIG),
        sa.Column("used_key", sa.LargeBinary),
        sa.Column("station", sa.Text),
        sa.PrimaryKeyConstraint("code_hash", name="pk_pairings"),
        sa.ForeignKeyConstraint(["gate"], ["gates.slug"], name="fk_pairings_gate"),
        sa.ForeignKeyConstraint(["station"], ["stations.id"], name="fk_pairings_station"),
        sqlite_strict=True,
    )
    op.create_table(
        "scans",
        sa.Column("scan_id", sa.LargeBinary, nullable=False),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("ticket", sa.LargeBinary),
        sa.Column("issue", sa.Integer),
        sa.Column("text_class", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("scanned_at", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", BIG),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name="pk_scans"),
        sa.ForeignKeyConstraint(["station"], ["stations.id"], name="fk_scans_station"),
        sqlite_strict=True,
    )
    op.create_index("ix_scans_received_at", "scans", ["received_at"])
    op.create_index("ix_scans_ticket", "scans", ["ticket"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("conversation", sa.LargeBinary, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_messages_conversation"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation", "id"])
    op.create_table(
        "inbox",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("message", sa.Integer),
        sa.PrimaryKeyConstraint("channel", "account", "external_id", name="pk_inbox"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_inbox_message"),
        sqlite_strict=True,
    )
    op.create_index("ix_inbox_message", "inbox", ["message"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("message", sa.Integer, nullable=False),
        sa.Column("conversation", sa.LargeBinary, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("lease_until", BIG),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("settled_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_outbox_conversation"
        ),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_outbox_message"),
        sa.UniqueConstraint("message", name="uq_outbox_message"),
        sqlite_strict=True,
    )
    op.create_index("ix_outbox_conversation_id", "outbox", ["conversation", "id"])
    op.create_index("ix_outbox_state_due_at", "outbox", ["state", "due_at"])
