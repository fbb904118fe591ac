"""Full disks, without special rights and for root alike.

`full_for(pid)`: for a running process of ours and its children no file grows any more; each
write fails (EFBIG; SQLite says I/O error), reading works. It is undone at the end, or by
hand, while the process runs on. Linux only.

`full_database(store)`: SQLite in this process may not add a page and says the very words
of a full disk.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from sqlalchemy import event

from ticketing.store.unit import Store

NOTHING_BYTES = 1


@contextmanager
def full_for(pid: int) -> Iterator[None]:
    """A full disk for a process, its children, and theirs."""
    _limit(pid, NOTHING_BYTES)
    try:
        yield
    finally:
        _limit(pid, resource.RLIM_INFINITY)


@contextmanager
def full_database(store: Store) -> Iterator[None]:
    """A full disk for one SQLite database in this process: the very words SQLite has for it."""

    def fill(connection: Any, *_rest: object) -> None:
        connection.execute("PRAGMA max_page_count=1").close()  # the size it has now

    store.close()  # connections remember what they were made with; a closed store keeps none
    event.listen(store.engine, "connect", fill)
    try:
        yield
    finally:
        event.remove(store.engine, "connect", fill)
        store.close()


def _limit(pid: int, most_bytes: int) -> None:
    """The soft limit alone: raising it again up to the hard one needs no rights."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        soft = hard if most_bytes == resource.RLIM_INFINITY else most_bytes
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard))
