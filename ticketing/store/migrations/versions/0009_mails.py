"""Tickets by e-mail, on their way out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Add mails."""
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("ticket", sa.LargeBinary, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("address", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("lease_until", BIG),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("settled_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("key", name="uq_mails_key"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.id"], name="fk_mails_ticket"),
        sqlite_strict=True,
    )
    op.create_index("ix_mails_state_due_at", "mails", ["state", "due_at"])
    op.create_index("ix_mails_ticket", "mails", ["ticket"])
