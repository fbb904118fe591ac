"""A process of its own that redeems every code of a file once; see `test_code_races.py`.

Says `ready`, waits for a line, redeems with four clients, and prints what came of each.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.service.gate_clients import house_of
from ticketing.service import codes
from ticketing.service.code_guessing import Guesser
from ticketing.service.codes import Asked
from ticketing.service.errors import CodeRefused
from ticketing.store.unit import Store

CLIENTS = 4


def main(url: str, keys: str, texts: str, own: str) -> None:
    """Redeem what stands in a file; `own` makes this process's ids its own."""
    store, house = Store(url), house_of(Path(keys))
    found = Path(texts).read_text(encoding="ascii").split()

    def redeem(numbered: tuple[int, str]) -> str:
        place, code = numbered
        try:
            with store.unit() as unit:
                codes.redeem_code(
                    unit,
                    house,
                    asked=Asked(code=code),
                    redemption_id=f"{own}-{place}",
                    guesser=Guesser("key_1"),
                )
        except CodeRefused as refused:
            return refused.reason
        return "ok"

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(CLIENTS) as pool:
        said = list(pool.map(redeem, enumerate(found)))
    store.close()
    sys.stdout.write(" ".join(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
