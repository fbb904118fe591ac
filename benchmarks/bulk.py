"""Another process that makes a batch of discount codes, as a worker or the command line does.

`python -m benchmarks.bulk HOME COUNT` makes them through the product's own use case and prints
one line of JSON: how long it took, the longest hold of the writer lock, the most memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

from ticketing import config
from ticketing.app import opened
from ticketing.domain.codes import Effect, EffectKind
from ticketing.service import code_batches, code_making
from ticketing.service.code_batches import NewBatch


def make(home: Path, count: int) -> dict[str, float | str]:
    """Make so many codes, drawing and publishing included."""
    effect = Effect(EffectKind.PERCENT, 20)
    wanted = NewBatch(name="Bench", prefix="BENCH", count=count, effect=effect)
    with opened(config.load(home)) as app, app.store.unit() as unit:
        started = time.perf_counter()
        claim = code_batches.begin_batch(unit, app.house, wanted=wanted)
        if not code_making.make_all(unit, app.house, claim):
            raise RuntimeError("another maker has taken over")
        taken_s = time.perf_counter() - started
        hold_ms = app.store.longest_hold_ms
    memory_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "batch": claim.batch.id,
        "codes": count,
        "taken_s": round(taken_s, 2),
        "longest_hold_ms": round(hold_ms, 1),
        "memory_mb": round(memory_kb / 1024),
    }


if __name__ == "__main__":
    print(json.dumps(make(Path(sys.argv[1]), int(sys.argv[2]))), flush=True)
