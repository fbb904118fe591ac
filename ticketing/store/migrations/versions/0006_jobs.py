"""Long work that is left behind: exports and imports with their files."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT


def upgrade() -> None:
    """Add jobs and the parts of their files."""
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("done", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("lease_until", BIG),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sqlite_strict=True,
    )
    for column in ("about", "state"):
        op.create_index(f"ix_jobs_{column}", "jobs", [column])
    op.create_table(
        "job_parts",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("job", "n", name="pk_job_parts"),
        sa.ForeignKeyConstraint(["job"], ["jobs.number"], name="fk_job_parts_job"),
        sqlite_strict=True,
    )


_TEXTS = ("id", "kind", "about", "state", "facts", "result")
