"""Slots, journals, conflicts, counts, events out, and positions in commit order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Add what admission needs beside the first tables."""
    _slots()
    _columns()
    _gates()
    _webhooks()


def _slots() -> None:
    op.create_table(
        "slots",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("starts_at", BIG, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slots"),
        sa.ForeignKeyConstraint(["offer"], ["offers.number"], name="fk_slots_offer"),
        sa.UniqueConstraint("offer", "starts_at", name="uq_slots_offer_starts_at"),
        sqlite_strict=True,
    )
    # Alembic adds a foreign key as a second step, which SQLite does not know.
    op.execute(
        "ALTER TABLE tickets ADD COLUMN slot TEXT CONSTRAINT fk_tickets_slot REFERENCES slots (id)"
    )


def _columns() -> None:
    for name in ("early_min", "late_min"):
        op.add_column("offers", sa.Column(name, sa.Integer, nullable=False, server_default="15"))
    for name, kind in (
        ("version", sa.Text()),
        ("unsent", BIG),
        ("clock_diff_ms", BIG),
        ("ring", sa.Text()),
    ):
        op.add_column("stations", sa.Column(name, kind))
    op.add_column("staff", sa.Column("pin_hash", sa.Text))
    for name in ("state_at", "issued_at"):
        op.add_column("tickets", sa.Column(name, BIG, nullable=False, server_default="0"))
    op.execute("UPDATE tickets SET state_at = created_at, issued_at = created_at")
    op.create_index("ix_tickets_reference", "tickets", ["reference"])
    for name, kind in (
        ("shown", sa.Text()),
        ("diff_ms", BIG),
        ("by", sa.Text()),
        ("why", sa.Text()),
        ("settled_at", BIG),
    ):
        op.add_column("scans", sa.Column(name, kind))
    op.create_index("ix_moves_at", "moves", ["at"])
    for table in ("tickets", "scans", "moves"):
        op.add_column(table, sa.Column("pos", BIG, nullable=False, server_default="0"))
        op.create_index(f"ix_{table}_pos", table, ["pos"])
    op.add_column("counters", sa.Column("cap", BIG))


def _gates() -> None:
    op.create_table(
        "counts",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("station", sa.Text),
        sa.Column("delta", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("at", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_counts"),
        sa.ForeignKeyConstraint(["station"], ["stations.id"], name="fk_counts_station"),
        sqlite_strict=True,
    )
    op.create_index("ix_counts_at", "counts", ["at"])
    op.create_table(
        "journals",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("acked", sa.Integer, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("broken_at", BIG),
        sa.Column("forked_at", BIG),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("pos", BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_journals"),
        sa.ForeignKeyConstraint(["station"], ["stations.id"], name="fk_journals_station"),
        sqlite_strict=True,
    )
    op.create_index("ix_journals_station", "journals", ["station"])
    op.create_table(
        "journal_entries",
        sa.Column("journal", sa.LargeBinary, nullable=False),
        sa.Column("n", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sig", sa.LargeBinary, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
        sa.Column("chain", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("journal", "n", "hash", name="pk_journal_entries"),
        sa.ForeignKeyConstraint(["journal"], ["journals.id"], name="fk_journal_entries_journal"),
        sqlite_strict=True,
    )
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ticket", sa.LargeBinary),
        sa.Column("counted", sa.LargeBinary),
        sa.Column("extra", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("people_extra", sa.Integer, nullable=False),
        sa.Column("found_at", BIG, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("closed_by", sa.Text),
        sa.Column("closed_at", BIG),
        sa.Column("pos", BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_conflicts"),
        sa.UniqueConstraint("kind", "extra", name="uq_conflicts_kind_extra"),
        sqlite_strict=True,
    )
    for column in ("found_at", "pos", "ticket"):
        op.create_index(f"ix_conflicts_{column}", "conflicts", [column])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("old_secret", sa.LargeBinary),
        sa.Column("old_until", BIG),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("failing_since", BIG),
        sa.Column("disabled_at", BIG),
        sa.Column("disabled_why", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sqlite_strict=True,
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("webhook", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("lease_until", BIG),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("problem", sa.Text),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("settled_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(["webhook"], ["webhooks.id"], name="fk_webhook_deliveries_webhook"),
        sa.UniqueConstraint("webhook", "event", name="uq_webhook_deliveries_webhook_event"),
        sqlite_strict=True,
    )
    op.create_index("ix_webhook_deliveries_state_due_at", "webhook_deliveries", ["state", "due_at"])
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("pos", BIG, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
        sqlite_strict=True,
    )
