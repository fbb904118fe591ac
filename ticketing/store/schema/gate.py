"""Tickets, scans, moves, counts, and what stations tell afterwards."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, UniqueConstraint, text

from ticketing.store.schema.base import table
from ticketing.store.types import BigInt, Blob, JsonText, UtcMs, Word
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import Basis, Direction, Reason, TicketState, Verdict

tickets = table(
    "tickets",
    Column("id", Blob, primary_key=True),  # 15 random bytes, in the barcode
    Column("short_code", Text, nullable=False, unique=True),
    Column("offer", Integer, ForeignKey("offers.number"), nullable=False),
    Column("key_id", Integer, nullable=False),
    Column("issue", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("party", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("valid_from", UtcMs, nullable=False),
    Column("valid_until", UtcMs, nullable=False),  # exclusive
    Column("state", Word(TicketState), nullable=False),
    Column("state_reason", Text),
    Column("name_box", Blob),
    Column("visitor", Blob, ForeignKey("visitors.id")),
    Column("reference", Text),
    Column("created_at", UtcMs, nullable=False),
    Column("slot", Text, ForeignKey("slots.id")),
    Column("state_at", UtcMs, nullable=False, server_default="0"),  # since when `state` holds
    Column("issued_at", UtcMs, nullable=False, server_default="0"),  # when this `issue` was made
    Column("pos", BigInt, nullable=False, server_default="0"),  # see `unit.position`
    Index("ix_tickets_created_at", "created_at"),
    Index("ix_tickets_visitor", "visitor"),
    Index("ix_tickets_pos", "pos"),
    Index("ix_tickets_reference", "reference"),
)

scans = table(  # a resource made by the station; refusals are rows too, never the shown text
    "scans",
    Column("scan_id", Blob, primary_key=True),
    Column("station", Text, ForeignKey("stations.id"), nullable=False),
    Column("gate", Text, nullable=False),
    Column("ticket", Blob),  # no foreign key: a forged or unknown id is recorded as well
    Column("issue", Integer),
    Column("text_class", Text, nullable=False),
    Column("digest", Blob, nullable=False),
    Column("direction", Word(Direction), nullable=False),
    Column("people", Integer, nullable=False),
    Column("scanned_at", UtcMs, nullable=False),
    Column("received_at", UtcMs, nullable=False),
    Column("basis", Word(Basis), nullable=False),
    Column("state", Text, nullable=False),  # store.scans.ScanState
    Column("verdict", Word(Verdict), nullable=False),
    Column("reason", Word(Reason), nullable=False),
    Column("until", UtcMs),  # a pending scan lapses then
    Column("outcome", JsonText, nullable=False),  # what was answered, without any personal data
    Column("shown", Text),  # the verdict the station showed last, when its journal has told
    Column("diff_ms", BigInt),  # the station's clock ahead of the service's, if known
    Column("by", Text),  # who settled it
    Column("why", Text),
    Column("settled_at", UtcMs),
    Column("pos", BigInt, nullable=False, server_default="0"),
    Index("ix_scans_pos", "pos"),
    Index("ix_scans_received_at", "received_at"),
    Index("ix_scans_ticket", "ticket"),
    # offline scans alone, which may come weeks later; one that was judged online is not in it
    Index(
        "ix_scans_offline_received_at",
        "received_at",
        sqlite_where=text("basis = 'offline'"),
        postgresql_where=text("basis = 'offline'"),
    ),
)

moves = table(
    "moves",
    Column("ticket_id", Blob, ForeignKey("tickets.id"), primary_key=True),
    Column("move_no", Integer, primary_key=True, autoincrement=False),
    Column("scan_id", Blob, nullable=False),
    Column("kind", Word(MoveKind), nullable=False),
    Column("people", Integer, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("gate", Text, nullable=False),
    Column("pos", BigInt, nullable=False, server_default="0"),
    Index("ix_moves_pos", "pos"),
    Index("ix_moves_at", "at"),
)

counters = table(
    "counters",
    Column("name", Text, primary_key=True),
    Column("n", BigInt, nullable=False),
    Column("cap", BigInt),  # the limit that held at the last addition; NULL = none
)

counts = table(  # people without a ticket, corrections of how many are inside
    "counts",
    Column("id", Blob, primary_key=True),
    Column("gate", Text, nullable=False),
    Column("station", Text, ForeignKey("stations.id")),
    Column("delta", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text),
    Column("at", UtcMs, nullable=False),
    Column("received_at", UtcMs, nullable=False),
    Index("ix_counts_at", "at"),
)

journals = table(
    "journals",
    Column("id", Blob, primary_key=True),
    Column("station", Text, ForeignKey("stations.id"), nullable=False),
    Column("acked", Integer, nullable=False),  # entries 1 to this one are here
    Column("head", Blob, nullable=False),  # hash of entry `acked`
    Column("broken_at", UtcMs),  # when its chain first did not hold
    Column("forked_at", UtcMs),  # when an entry first came with another hash
    Column("created_at", UtcMs, nullable=False),
    Column("pos", BigInt, nullable=False, server_default="0"),
    Index("ix_journals_station", "station"),
)

journal_entries = table(  # as sent: no text, no name is ever in a body
    "journal_entries",
    Column("journal", Blob, ForeignKey("journals.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("hash", Blob, primary_key=True),
    Column("body", Text, nullable=False),
    Column("sig", Blob, nullable=False),
    Column("received_at", UtcMs, nullable=False),
    Column("result", Text, nullable=False),  # accepted | conflict | rejected | fork
    Column("detail", Text),  # the conflict's id, or why it was rejected
    Column("chain", Text, nullable=False),  # good | broken
)

conflicts = table(
    "conflicts",
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # domain.conflicts.ConflictKind
    Column("ticket", Blob),
    Column("counted", Blob),  # scan ids
    Column("extra", Blob, nullable=False),
    Column("reason", Text),  # what the service would have said
    Column("people_extra", Integer, nullable=False),
    Column("found_at", UtcMs, nullable=False),
    Column("state", Text, nullable=False),  # open | explained | ignored
    Column("note", Text),
    Column("closed_by", Text),
    Column("closed_at", UtcMs),
    Column("pos", BigInt, nullable=False, server_default="0"),
    UniqueConstraint("kind", "extra"),
    Index("ix_conflicts_found_at", "found_at"),
    Index("ix_conflicts_ticket", "ticket"),
    Index("ix_conflicts_pos", "pos"),
)
