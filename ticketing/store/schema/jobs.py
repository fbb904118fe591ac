"""Long work: exports, with their files."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text

from ticketing.store.schema.base import table
from ticketing.store.types import BigInt, Blob, JsonText, UtcMs

jobs = table(
    "jobs",
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # domain.jobs.JobKind
    Column("about", Text, nullable=False),
    Column("state", Text, nullable=False),  # domain.jobs.JobState
    Column("facts", JsonText, nullable=False),
    Column("result", JsonText, nullable=False),
    Column("done", BigInt, nullable=False),
    Column("total", BigInt, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("lease_until", UtcMs),
    Column("fence", Integer, nullable=False),  # +1 with every doer
    Index("ix_jobs_about", "about"),
    Index("ix_jobs_state", "state"),
)

job_parts = table(
    "job_parts",
    Column("job", Integer, ForeignKey("jobs.number"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("content", Blob, nullable=False),
)
