"""Another process that makes rows by the million, as code batches do: drawn first, in key order.

`python -m benchmarks.bulk URL COUNT` writes them through the product's own Store in chunks
of 500, each a transaction of its own, and prints one line of JSON.
"""

import json
import os
import sys
import time

from sqlalchemy import Column, LargeBinary, MetaData, Table, insert

from ticketing.store.unit import Store

CHUNK = 500
_KEY_BYTES = 10
_rows = Table("bench_rows", MetaData(), Column("code", LargeBinary, primary_key=True))


def make(url: str, count: int) -> dict[str, float]:
    """Make so many rows; how long it took, and the longest hold of the lock."""
    store = Store(url)
    with store.unit() as unit:
        unit.begin()
        _rows.create(unit.connection, checkfirst=True)
        unit.commit()
    keys = sorted(os.urandom(_KEY_BYTES) for _ in range(count))
    started = time.perf_counter()
    for at in range(0, count, CHUNK):
        with store.unit() as unit:
            unit.begin()
            unit.run(insert(_rows), [{"code": key} for key in keys[at : at + CHUNK]])
            unit.commit()
    taken_s, hold_ms = time.perf_counter() - started, store.longest_hold_ms
    store.close()
    return {"rows": count, "taken_s": round(taken_s, 2), "longest_hold_ms": round(hold_ms, 1)}


if __name__ == "__main__":
    print(json.dumps(make(sys.argv[1], int(sys.argv[2]))), flush=True)
