"""Long work that is left behind and looked at later; in the domain room.

A job is a row with a file, in the database: it survives a restart, and any machine can do it
and any hand it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

KEPT: Final = timedelta(hours=24)
"""A job and its file go after so long."""
PART_BYTES: Final = 256 * 1024
"""A file is kept in parts of so many bytes, each stored in a transaction of its own."""
UPLOADS_BYTES: Final = 2 * 1024**3
"""So much of what came from outside is kept, about; more must wait until some has gone."""


class JobKind(StrEnum):
    """What is to be done."""

    EXPORT = "export"
    UPLOAD = "upload"  # a file that came from outside; there is nothing to be done
    IMPORT = "import"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: `about` is the id of a batch or "", `facts` what is wanted, `result` what came.

    `facts` and `result` are JSON; `done` of `total` steps are behind it.
    """

    id: str
    kind: JobKind
    about: str
    state: JobState
    created_at: datetime
    created_by: str
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    result: Mapping[str, Any] = field(default_factory=dict, repr=False)
    done: int = 0
    total: int = 0
    number: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether it will go on by itself."""
        return self.state in {JobState.QUEUED, JobState.RUNNING}
