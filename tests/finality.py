"""PostgreSQL: transactions of other tests on the same server hold back what is final."""

import threading

from sqlalchemy import text

from ticketing.store.unit import Store

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
    " AND datname IS DISTINCT FROM current_database()"
    " AND backend_xid::text::bigint <= :newest"
)
_NEWEST = text(
    "SELECT greatest((SELECT coalesce(max(pos), 0) FROM tickets),"
    " (SELECT coalesce(max(pos), 0) FROM moves), (SELECT coalesce(max(pos), 0) FROM scans),"
    " (SELECT coalesce(max(pos), 0) FROM conflicts), (SELECT coalesce(max(pos), 0) FROM journals))"
)


def await_others(store: Store) -> None:
    """Wait until no transaction of another database is older than what is written here."""
    if store.engine.dialect.name == "sqlite":
        return
    pause = threading.Event()
    for _ in range(16_000):  # the longest test beside it takes 45 seconds
        with store.unit() as unit:
            newest = unit.run(_NEWEST).scalar_one()
            if not unit.run(_OTHERS, {"newest": newest}).scalar_one():
                return
        pause.wait(0.005)
    raise AssertionError("other tests never came to an end")
