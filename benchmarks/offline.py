"""A station alone: text to verdict with 100,000 known tickets, its memory, its changes.

Run as `python -m benchmarks.offline`: one JSON line a figure on stdout, a table on stderr.
Knowledge comes as pages of JSON, as over the line. A verdict is everything from the text of a
barcode on: signature, row, own moves, rule, name; not the journal's fsync, whose time on this
disk stands beside it.
"""

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from zoneinfo import ZoneInfo

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanner.config import StationKey
from scanner.events import OwnMove, ScanEntry, ScanId
from scanner.journal import Journal
from scanner.judge import Judge, Scan
from scanner.knowledge import FILE_NAME, PAGE, Knowledge
from scanner.memory import StationMemory
from scanner.post import Post
from scanner.reading import identify
from ticketing.wire.house import HouseSettings
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.namebox import seal_name
from ticketing.wire.sync_api import KnowledgePage, KnownTicket
from ticketing.wire.texts import Localised
from ticketing.wire.token import Claims, Flag, TicketId, encode, signed_bytes, verify
from ticketing.wire.verdict import Basis, Direction, Reason, TicketState, Verdict

TICKETS, CHANGES, SCANS, OWN = 100_000, 10_000, 2_000, 1_000
NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)
ISSUER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RING = KeyRing((PublicKey(KeyId(1), KeyState.ACTIVE, ISSUER.public_key().public_bytes_raw()),))
ZONE = ZoneInfo("Europe/Berlin")
POST = Post(gate="sued", zone=ZONE, ring=RING, digest_key=bytes(32))
OFFER: dict[str, object] = {
    "number": 7,
    "name": {"de": "Tageskarte", "en": "Day ticket"},
    "gates": None,
    "per_day": None,
    "reentry": False,
    "pay_at_desk": False,
    "calendar": False,
}
SETTINGS = HouseSettings(
    museum="Stadtmuseum Erlenbach",
    zone="Europe/Berlin",
    gate="sued",
    gate_name=Localised("Eingang Süd", "South entrance"),
)


def ticket_id(number: int) -> TicketId:
    """Random ids, the same in each run."""
    return TicketId(random.Random(number).randbytes(15))


def barcode(number: int) -> str:
    """A good day ticket."""
    claims = Claims(
        key_id=KeyId(1),
        ticket_id=ticket_id(number),
        issue=0,
        offer=7,
        not_before=NOW.replace(hour=0),
        not_after=NOW.replace(hour=22),
        entries=1,
        party=1,
        flags=Flag(0),
    )
    return encode(claims, ISSUER.sign(signed_bytes(claims)))


def row(number: int, box: bytes) -> KnownTicket:
    """A ticket as it is told; one in three was used at another gate."""
    plain = KnownTicket(
        id=ticket_id(number),
        issue=0,
        state=TicketState.VALID,
        not_before=NOW.replace(hour=0),
        not_after=NOW.replace(hour=22),
        party=1,
        box=box,
    )
    if number % 3:
        return plain
    at = NOW - timedelta(minutes=number % 100)
    used = replace(plain, people_today=1, uses_total=1, uses_today=1, inside=1, last_move_no=1)
    return replace(used, last_in_at=at, last_in_gate="nord", first_in_at=at, first_in_gate="nord")


def pages(numbers: range) -> Iterator[str]:
    """The JSON of the pages that tell of these tickets."""
    made = iter(numbers)
    while chunk := list(islice(made, PAGE)):
        tickets = tuple(row(n, _box(n)) for n in chunk)
        yield json.dumps(_page(tickets, more=chunk[-1] != numbers[-1], cursor=str(chunk[-1])))


def _page(tickets: tuple[KnownTicket, ...], *, more: bool, cursor: str) -> dict[str, object]:
    return KnowledgePage(
        epoch="0" * 16,
        cursor=cursor,
        more=more,
        server_time=NOW,
        window_from=NOW - timedelta(days=1),
        window_until=NOW + timedelta(days=7),
        keys=RING,
        offers=(OFFER,),
        settings=SETTINGS,
        tickets=tickets,
        acked=None if more else 0,
    ).to_json()


def _box(number: int) -> bytes:
    """Real boxes for the tickets that are shown, bytes of that size for the others."""
    if number >= SCANS:
        return random.Random(-number).randbytes(93)
    return seal_name(verify(barcode(number), RING).raw, "Jördis Kowalewski", bytes(12))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what, its goal, and milliseconds or megabytes."""

    what: str
    facts: dict[str, float | int]

    def tell(self) -> None:
        """As JSON for programs, as a row for people."""
        print(json.dumps({"benchmark": "offline", "what": self.what, **self.facts}))
        shown = "  ".join(f"{name} {value:g}" for name, value in self.facts.items())
        print(f"{self.what:32}{shown}", file=sys.stderr)


def timed_ms(action: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def spread(taken_ms: list[float]) -> dict[str, float | int]:
    """Median and p95."""
    p95_ms = quantiles(taken_ms, n=20)[-1]
    return {
        "median_ms": round(median(taken_ms), 3),
        "p95_ms": round(p95_ms, 3),
        "n": len(taken_ms),
    }


def load(knowledge: Knowledge, texts: Iterator[str]) -> float:
    """Take pages over, from their JSON on; the milliseconds that took."""
    total = 0.0
    for text in texts:
        start = time.perf_counter()
        knowledge.apply(KnowledgePage.from_json(json.loads(text)))
        total += (time.perf_counter() - start) * 1000
    return total


def grown_mb(folder: Path) -> float:
    """Memory of a process that has loaded everything, above one that has loaded nothing."""
    (folder / "pages.jsonl").write_text("\n".join(pages(range(TICKETS))), encoding="utf-8")
    sizes = []
    for count in (0, TICKETS):
        done = subprocess.run(  # noqa: S603  this module again, in a process of its own
            [sys.executable, "-m", "benchmarks.offline", str(folder), str(count)],
            check=True,
            capture_output=True,
            text=True,
        )
        sizes.append(float(done.stdout))
    return sizes[1] - sizes[0]


def remembering(folder: Path, count: int) -> None:
    """In its own process: load, judge, and tell the memory in use."""
    knowledge = Knowledge(folder / f"grown-{count}.sqlite3")
    judge = Judge(POST, StationMemory(knowledge, _journal(folder, str(count))))
    if count:
        with (folder / "pages.jsonl").open(encoding="utf-8") as lines:
            load(knowledge, lines)
    for number in range(200):
        _verdict(judge, barcode(number))
    gc.collect()
    print(psutil.Process().memory_info().rss / 1e6)


def _journal(folder: Path, name: str = "own") -> Journal:
    return Journal(folder / f"{name}.sqlite3", StationKey.of(ISSUER), draw=bytes)


def _verdict(judge: Judge, text: str) -> Verdict:
    reading = identify(text, RING, POST.digest_key)
    scan = Scan(
        scan_id=ScanId("0" * 32), reading=reading, direction=Direction.ENTRY, at=NOW, asked_ms=0
    )
    return judge.alone(scan, NOW).verdict


def _entry(number: int) -> ScanEntry:
    """Somebody came in here with a ticket, offline."""
    scan_id = ScanId(f"{number:032x}")
    move = Move(1, bytes.fromhex(scan_id), MoveKind.ENTRY, 1, NOW, "sued")
    return ScanEntry(
        scan_id=scan_id,
        ticket_id=ticket_id(number),
        issue=0,
        digest=bytes(16),
        text_class="ticket",
        direction=Direction.ENTRY,
        people=1,
        at=NOW,
        mono_ms=number,
        basis=Basis.OFFLINE,
        verdict=Verdict.ADMIT,
        reason=Reason.OK,
        checks=(),
        own=OwnMove(ticket_id(number), 0, move),
    )


def fsyncs_ms(folder: Path) -> list[float]:
    """How long this disk takes to keep a block for sure."""
    with (folder / "block").open("wb") as file:

        def keep() -> None:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())

        return [timed_ms(keep) for _ in range(200)]


def measure(folder: Path) -> Iterator[Figure]:
    """All figures, one after the other."""
    grown = grown_mb(folder)
    yield Figure("memory of 100,000 tickets", {"mb": round(grown, 1), "goal_mb": 10})
    knowledge, journal = Knowledge(folder / FILE_NAME), _journal(folder)
    with (folder / "pages.jsonl").open(encoding="utf-8") as lines:
        load_s = load(knowledge, lines) / 1000
    size_mb = (folder / FILE_NAME).stat().st_size / 1e6
    yield Figure("full load of 100,000 tickets", {"s": round(load_s, 2), "file_mb": round(size_mb)})
    first = random.Random(1).sample(range(SCANS, TICKETS - CHANGES), 1)[0]
    changes_s = load(knowledge, pages(range(first, first + CHANGES))) / 1000
    yield Figure("10,000 changes", {"s": round(changes_s, 2), "goal_s": 2})
    recording = [timed_ms(lambda n=n: journal.append(_entry(n))) for n in range(OWN)]  # type: ignore[misc]
    yield Figure("an entry in the journal", spread(recording))
    judge = Judge(POST, StationMemory(knowledge, journal))
    texts = [barcode(number) for number in range(SCANS)]
    taken = [timed_ms(lambda text=text: _verdict(judge, text)) for text in texts]  # type: ignore[misc]
    yield Figure("text to verdict", spread(taken) | {"goal_p95_ms": 2})
    yield Figure("fsync of this disk", spread(fsyncs_ms(folder)))


def main() -> None:
    """Prints the figures."""
    if len(sys.argv) > 1:
        remembering(Path(sys.argv[1]), int(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        for figure in measure(Path(folder)):
            figure.tell()


if __name__ == "__main__":
    main()
