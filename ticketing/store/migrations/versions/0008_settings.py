"""What the people of a house set on its site."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Add the settings; without a row the settings file goes on saying what holds."""
    op.create_table(
        "settings",
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("part", name="pk_settings"),
        sqlite_strict=True,
    )
