"""What station and service exchange beside scans: journal upload and knowledge.

JSON in and out as in `protocol.md` (UPLOAD, KNOWLEDGE). Every `from_json` raises
`BadMessage` on rubbish.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from ticketing.wire.codec import from_base64url, to_base64url
from ticketing.wire.house import HouseSettings
from ticketing.wire.journal import from_ms, to_ms
from ticketing.wire.keys import BadKey, KeyRing
from ticketing.wire.messages import BadMessage, Fields, JsonObject
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

MOST_ENTRIES: Final = 500
"""Entries of one upload."""
MOST_TICKETS: Final = 5_000
"""Tickets of one page of knowledge."""
_TICKET_BYTES = 15
_HASH_BYTES = 32
_MINUTE_MS = 60_000
_ROW = 13


# ------------------------------------------------------------ upload
class Result(StrEnum):
    """What became of an entry; all but `rejected` are processed, all are kept."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class SentEntry:
    """One entry: its number, its body as hashed, its signature (64 bytes)."""

    n: int
    body: str = field(repr=False)
    sig: bytes

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {"n": self.n, "body": self.body, "sig": to_base64url(self.sig)}


@dataclass(frozen=True, slots=True)
class Upload:
    """A run of entries without a gap, in order; `journal` has 16 bytes.

    `previous` is the hash before the first entry. The service takes its own where it has
    it; where it has not (it was restored, or a batch came first) the entries are processed
    all the same and marked.
    """

    journal: bytes
    entries: tuple[SentEntry, ...]
    previous: bytes | None = None

    def to_json(self) -> JsonObject:
        """As JSON."""
        body: JsonObject = {
            "journal": to_base64url(self.journal),
            "entries": [entry.to_json() for entry in self.entries],
        }
        return body if self.previous is None else body | {"previous": to_base64url(self.previous)}


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one entry; `detail` is the conflict's id or why it was rejected."""

    n: int
    result: Result
    detail: str = ""

    def to_json(self) -> JsonObject:
        """As JSON."""
        row: JsonObject = {"n": self.n, "result": self.result.value}
        name = "conflict" if self.result is Result.CONFLICT else "reason"
        return row | {name: self.detail} if self.detail else row

    @classmethod
    def from_json(cls, data: object) -> "EntryResult":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        detail = got.optional("conflict", got.text) or got.optional("reason", got.text)
        return cls(got.whole("n"), got.choice("result", Result), detail or "")


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """A result for each entry; the service has all entries up to `acked`, whose hash is `head`."""

    items: tuple[EntryResult, ...]
    acked: int
    head: bytes

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "items": [item.to_json() for item in self.items],
            "acked": self.acked,
            "head": to_base64url(self.head),
        }

    @classmethod
    def from_json(cls, data: object) -> "UploadAnswer":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        items = tuple(EntryResult.from_json(item) for item in got.items("items"))
        head = got.raw("head")
        if len(head) != _HASH_BYTES or got.whole("acked") < 0:
            raise BadMessage("head, acked: a hash and a number are wanted")
        return cls(items, got.whole("acked"), head)


# ------------------------------------------------------------ knowledge
@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTicket:
    """What a station may know of a ticket; no name, no barcode.

    Times aware UTC. `people_today` and `uses_today` belong to the local day of `last_in_at`
    and end with it; `inside` are those of the last use who have not left, `has_left` that
    the last move is an exit; `first_in_*` is the first entry of the last use. `box` opens
    with the presented barcode alone.
    """

    id: TicketId
    issue: int
    state: TicketState
    not_before: datetime
    not_after: datetime
    party: int
    people_today: int = 0
    uses_total: int = 0
    last_move_no: int = 0
    last_in_at: datetime | None = None
    last_in_gate: str | None = None
    inside: int = 0
    box: bytes | None = None
    uses_today: int = 0
    first_in_at: datetime | None = None
    first_in_gate: str | None = None
    has_left: bool = False

    def to_row(self) -> list[object]:
        """As a row: validity in minutes since 1970, other times in milliseconds.

        From `uses_today` on it is more than `protocol.md` lists, without which limits per
        day, re-entry and "used at" cannot be judged; a ticket without moves ends there.
        """
        used = [] if self.first_in_at is None else [to_ms(self.first_in_at), self.first_in_gate]
        return [
            to_base64url(self.id + bytes([self.issue])),
            self.state.value,
            to_ms(self.not_before) // _MINUTE_MS,
            to_ms(self.not_after) // _MINUTE_MS,
            self.party,
            self.people_today,
            self.uses_total,
            self.last_move_no,
            None if self.last_in_at is None else to_ms(self.last_in_at),
            self.last_in_gate,
            self.inside,
            None if self.box is None else to_base64url(self.box),
            self.uses_today,
            *(used and [*used, int(self.has_left)]),
        ]

    @classmethod
    def from_row(cls, row: object) -> "KnownTicket":
        """From a row.

        Raises:
            BadMessage: anything else.
        """
        if not isinstance(row, list) or len(row) < _ROW - 1:
            raise BadMessage("tickets: a row is wanted")
        got = Fields({str(place): value for place, value in enumerate(row)})
        key = got.raw("0")
        if len(key) != _TICKET_BYTES + 1:
            raise BadMessage("tickets: an id and an issue are wanted")
        return cls(
            id=TicketId(key[:_TICKET_BYTES]),
            issue=key[_TICKET_BYTES],
            state=got.choice("1", TicketState),
            not_before=from_ms(got.whole("2") * _MINUTE_MS),
            not_after=from_ms(got.whole("3") * _MINUTE_MS),
            party=got.whole("4"),
            people_today=got.whole("5"),
            uses_total=got.whole("6"),
            last_move_no=got.whole("7"),
            last_in_at=got.optional("8", lambda name: from_ms(got.whole(name))),
            last_in_gate=got.optional("9", got.text),
            inside=got.whole("10"),
            box=got.optional("11", got.raw),
            uses_today=got.optional("12", got.whole) or 0,
            first_in_at=got.optional("13", lambda name: from_ms(got.whole(name))),
            first_in_gate=got.optional("14", got.text),
            has_left=bool(got.optional("15", got.whole)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgePage:
    """One page of what a station may know.

    `offers` are the Offer objects of the contract; `acked`: entries of the station's journal
    up to this one are part of the rows (None: cannot be told now); `gone` are tickets to
    forget. `held` are the entries behind `acked` that are part of them too, as first and
    last numbers of runs, in order. `behind_ms`: for so long before `server_time` a change
    may have been made that is not told yet, on the last page; what the service decided in
    that time may not be part of the rows, and `acked` is of before.
    """

    epoch: str
    cursor: str
    more: bool
    server_time: datetime
    window_from: datetime
    window_until: datetime
    keys: KeyRing
    offers: tuple[JsonObject, ...]
    settings: HouseSettings
    tickets: tuple[KnownTicket, ...]
    gone: tuple[TicketId, ...] = ()
    acked: int | None = None
    behind_ms: int = 0
    held: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> JsonObject:
        """As JSON; keys, settings and what is to be forgotten come first."""
        return {
            "epoch": self.epoch,
            "cursor": self.cursor,
            "more": self.more,
            "server_time": self.server_time.isoformat(),
            "window": {
                "from": self.window_from.isoformat(),
                "until": self.window_until.isoformat(),
            },
            "keys": self.keys.to_json(),
            "offers": list(self.offers),
            "settings": self.settings.to_json(),
            "drop": [to_base64url(ticket) for ticket in self.gone],
            "acked": self.acked,
            "behind_ms": self.behind_ms,
            "held": [list(run) for run in self.held],
            "tickets": [ticket.to_row() for ticket in self.tickets],
        }

    @classmethod
    def from_json(cls, data: object) -> "KnowledgePage":
        """From JSON.

        Raises:
            BadMessage: anything else, keys one may not trust among it.
        """
        got = Fields.of(data)
        window = got.part("window")
        try:
            ring = KeyRing.from_json(got.items("keys"))
        except BadKey:
            raise BadMessage("keys: a key ring is wanted") from None
        return cls(
            epoch=got.text("epoch"),
            cursor=got.text("cursor"),
            more=got.data.get("more") is True,
            server_time=got.time("server_time"),
            window_from=window.time("from"),
            window_until=window.time("until"),
            keys=ring,
            offers=tuple(Fields.of(offer).data for offer in got.items("offers")),
            settings=HouseSettings.from_json(got.data.get("settings")),
            tickets=tuple(KnownTicket.from_row(row) for row in got.items("tickets")),
            gone=tuple(_ticket_id(item) for item in got.items("drop")),
            acked=got.optional("acked", got.whole),
            behind_ms=got.optional("behind_ms", got.whole) or 0,
            held=tuple(_run(item) for item in got.optional("held", got.items) or ()),
        )


def _run(item: object) -> tuple[int, int]:
    match item:
        case [int(first), int(last)] if 0 < first <= last:
            return first, last
        case _:
            raise BadMessage("held: runs of entries are wanted")


def _ticket_id(item: object) -> TicketId:
    raw = from_base64url(item) if isinstance(item, str) else None
    if raw is None or len(raw) != _TICKET_BYTES:
        raise BadMessage("drop: ticket ids are wanted")
    return TicketId(raw)
