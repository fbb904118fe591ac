"""What the station would say to a picture: `scanner check`. Records nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from scanner.camera import BadSource
from scanner.config import Pairing
from scanner.events import ScanId
from scanner.judge import Judge, Scan
from scanner.link import Link, NoReply
from scanner.memory import Memory
from scanner.post import Post
from scanner.reading import Reading, identify
from scanner.screen import Result, by_service
from scanner.sight import decode_file
from ticketing.wire.station_api import ScanRequest
from ticketing.wire.textclass import TextClass
from ticketing.wire.texts import render, verdict_word
from ticketing.wire.verdict import Direction


@dataclass(frozen=True, slots=True)
class Trial:
    """Where and how is asked; without a link the station decides by itself."""

    pairing: Pairing
    memory: Memory
    link: Link | None
    timeout_s: float

    @property
    def post(self) -> Post:
        """The gate that is asked."""
        answer = self.pairing.answer
        return Post(
            gate=answer.gate,
            zone=self.pairing.zone,
            ring=answer.keys,
            digest_key=answer.digest_key,
        )


@dataclass(frozen=True, slots=True)
class Tried:
    """One code of one file; `result` is None where there is none, `says` then tells why."""

    file: str
    text_class: str
    result: Result | None
    says: str

    def to_json(self) -> dict[str, object]:
        """As JSON, the text of the code left out."""
        result = self.result
        if result is None:
            return {"file": self.file, "verdict": None, "reason": None, "text": self.says}
        return {
            "file": self.file,
            "class": self.text_class,
            "verdict": result.verdict.value,
            "reason": result.reason.value,
            "basis": result.basis.value,
            "checks": [check.value for check in result.checks],
            "people": result.people,
            "remaining": {"uses": result.remaining_uses, "people": result.remaining_people},
            "text": self.says,
        }

    def __str__(self) -> str:
        if self.result is None:
            return f"{self.file}: {self.says}"
        word = verdict_word(self.result.verdict, "en")
        return f"{self.file}: {word} ({self.result.reason}, {self.result.basis}). {self.says}"


def tried(
    trial: Trial, file: str, at: datetime, *, scan_id: Callable[[], ScanId]
) -> Iterator[Tried]:
    """The verdict of each code in a file, or one line that says why there is none."""
    try:
        texts = decode_file(file).texts
    except BadSource as bad:
        yield Tried(file, "", None, bad.detail)
        return
    if not texts:
        yield Tried(file, "", None, "there is no code in it")
    post = trial.post
    judge = Judge(post, trial.memory)
    for text in texts:
        reading = identify(text, post.ring, post.digest_key)
        scan = Scan(
            scan_id=scan_id(), reading=reading, direction=Direction.CHECK, at=at, asked_ms=0
        )
        result = _asked(trial, scan) or judge.alone(scan, at)
        yield Tried(file, reading.kind.value, result, _says(trial, result, at))


def _asked(trial: Trial, scan: Scan) -> Result | None:
    """The service's verdict; None if it is not asked, or silent. Foreign texts stay here."""
    if trial.link is None or _stays(scan.reading):
        return None
    request = ScanRequest(
        scan_id=scan.scan_id,
        barcode=scan.reading.text,
        direction=Direction.CHECK,
        scanned_at=scan.at,
        gate=trial.pairing.answer.gate,
    )
    # A command may wait a little longer than a visitor.
    answer = replace(trial.link, timeout_s=max(2.0, trial.timeout_s)).ask(request)
    return None if isinstance(answer, NoReply) else by_service(answer)


def _stays(reading: Reading) -> bool:
    return reading.kind is TextClass.FOREIGN


def _says(trial: Trial, result: Result, at: datetime) -> str:
    first, here = result.first_use, trial.pairing.answer
    if first is not None:
        name = first.gate_name.en
    else:
        name = here.gate_name.en if result.evidence.gate == here.gate else ""
    text = render(result.reason, "en", result.evidence, trial.pairing.zone, at, name)
    return f"{text.title}. {text.next}" if text.next else text.title
