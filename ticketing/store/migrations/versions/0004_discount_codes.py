"""Discount codes in batches."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Add batches, codes, and what is redeemed."""
    _batches()
    _codes()
    _redemptions()
    # whoever follows the house's events follows these from the first one on
    op.execute(
        "INSERT INTO cursors (name, pos, key) SELECT id || '/redemptions', 0, '' FROM webhooks"
    )


def _batches() -> None:
    op.create_table(
        "code_batches",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("valid_from", BIG),
        sa.Column("valid_until", BIG),
        sa.Column("max_uses", sa.Integer),
        sa.Column("per_visitor", sa.Integer),
        sa.Column("offers", sa.Text),
        sa.Column("min_amount_cents", sa.Integer),
        sa.Column("budget_cents", BIG),
        sa.Column("tag", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("lease_until", BIG),
        sa.Column("fence", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        *(sa.Column(name, BIG, nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("number", name="pk_code_batches"),
        sa.UniqueConstraint("id", name="uq_code_batches_id"),
        sqlite_strict=True,
    )
    for column in ("tag", "state"):
        op.create_index(f"ix_code_batches_{column}", "code_batches", [column])


_COUNTS = ("made", "sent", "delivered", "used")
_SUMS = ("redeemed", "released", "given_cents")


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("bits", BIG, nullable=False, autoincrement=False),
        sa.Column("batch", sa.Integer, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("visitor", sa.LargeBinary),
        *(sa.Column(name, BIG) for name in ("sent_at", "delivered_at", "first_at", "last_at")),
        sa.PrimaryKeyConstraint("bits", name="pk_codes"),
        sa.ForeignKeyConstraint(["batch"], ["code_batches.number"], name="fk_codes_batch"),
        sqlite_strict=True,
    )
    op.create_index("ix_codes_batch_bits", "codes", ["batch", "bits"])
    for name, columns, where in (
        ("ix_codes_batch_uses", ["batch", "uses"], "uses > 0"),
        ("ix_codes_visitor", ["visitor"], "visitor IS NOT NULL"),
    ):
        only = sa.text(where)
        op.create_index(name, "codes", columns, sqlite_where=only, postgresql_where=only)
    op.create_table(
        "code_visitors",
        sa.Column("batch", sa.Integer, nullable=False),
        sa.Column("visitor", sa.LargeBinary, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("batch", "visitor", name="pk_code_visitors"),
        sa.ForeignKeyConstraint(["batch"], ["code_batches.number"], name="fk_code_visitors_batch"),
        sqlite_strict=True,
    )
    op.create_table(
        "code_scans",
        sa.Column("scan_id", sa.LargeBinary, nullable=False),
        sa.Column("code", BIG, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name="pk_code_scans"),
        sqlite_strict=True,
    )


def _redemptions() -> None:
    op.create_table(
        "redemptions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("code", BIG, nullable=False),
        sa.Column("batch", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("offer", sa.Integer),
        sa.Column("amount_cents", sa.Integer),
        sa.Column("off_cents", sa.Integer, nullable=False),
        sa.Column("visitor", sa.LargeBinary),
        sa.Column("gate", sa.Text),
        sa.Column("station", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("released_at", BIG),
        sa.Column("pos", BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_redemptions"),
        sa.ForeignKeyConstraint(["code"], ["codes.bits"], name="fk_redemptions_code"),
        sa.ForeignKeyConstraint(["batch"], ["code_batches.number"], name="fk_redemptions_batch"),
        sa.ForeignKeyConstraint(["offer"], ["offers.number"], name="fk_redemptions_offer"),
        sqlite_strict=True,
    )
    op.create_index("ix_redemptions_batch_at", "redemptions", ["batch", "at"])
    for column in ("code", "pos", "visitor"):
        op.create_index(f"ix_redemptions_{column}", "redemptions", [column])
