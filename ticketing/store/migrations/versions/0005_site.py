"""The site's and the API's own: when keys were used, offline scans by their arrival."""

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
