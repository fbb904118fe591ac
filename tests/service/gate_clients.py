"""A process of its own with clients at the gate; started by `test_gate_races.py`.

Says `ready`, waits for a line, scans each barcode of a file once, and prints the reasons.
"""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.factories import a_museum, a_request
from tests.fakes import EchoWording, FrozenClock, SeededChance
from ticketing.edge.links import SignedLinks
from ticketing.edge.passkeys import WebAuthn
from ticketing.edge.passwords import Argon2Passwords, Cost
from ticketing.edge.signer import FileSigner
from ticketing.edge.totp import Totp
from ticketing.service.gate import scans, stations
from ticketing.service.ports import House
from ticketing.store.unit import Store


def main(url: str, keys: str, barcodes: str, threads: str) -> None:
    """Scan what stands in a file, with so many clients."""
    store, house = Store(url), _house(Path(keys))
    texts = Path(barcodes).read_text(encoding="ascii").split()
    with store.unit() as unit:
        station = stations.list_stations(unit)[0]

    def scan(barcode: str) -> str:
        scan_id = hashlib.md5(barcode.encode(), usedforsecurity=False).hexdigest()
        request = a_request(barcode, house.clock.now(), scan_id=scan_id)
        with store.unit() as unit:
            result = scans.scan(unit, house, station=station, request=request, lang="de")
        return result.answer.reason.value

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(int(threads)) as pool:
        reasons = list(pool.map(scan, texts))
    store.close()
    sys.stdout.write(" ".join(reasons))


def _house(keys: Path) -> House:
    chance = SeededChance()
    return House(
        museum=a_museum(),
        clock=FrozenClock(),
        chance=chance,
        signer=FileSigner(keys),
        wording=EchoWording(),
        links=SignedLinks(b"links" * 8),
        passwords=Argon2Passwords(chance, cost=Cost(passes=1, memory_kib=8)),
        codes=Totp(),
        passkeys=WebAuthn(),
        secret=b"secret" * 6,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
