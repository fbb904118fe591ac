"""The site's and the API's own: when keys were used, figures of days, late scans."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what keys and figures need."""
    op.add_column("api_keys", sa.Column("last_used_on", sa.Text))
    is_offline = sa.text("basis = 'offline'")
    op.create_index(
        "ix_scans_offline_received_at",
        "scans",
        ["received_at"],
        sqlite_where=is_offline,
        postgresql_where=is_offline,
    )
    _figures()


def _figures() -> None:
    op.create_table(
        "day_figures",
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("quarter", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("exits", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "quarter", name="pk_day_figures"),
        sqlite_strict=True,
    )
    op.create_table(
        "day_reasons",
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "reason", name="pk_day_reasons"),
        sqlite_strict=True,
    )
