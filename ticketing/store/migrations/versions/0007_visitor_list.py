"""The list of visitors, newest first, without reading them all."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add its index."""
    op.create_index("ix_visitors_created_at_id", "visitors", ["created_at", "id"])
