"""Discount codes: batches, codes, what was redeemed.

A code's key is its fifty random bits, so a look-up by text is one by primary key, a batch that
is made in key order only appends, and no two codes can have the same symbols. What a batch
has come to is kept in its own row: it is read without counting a million codes, and its limits
hold by the one conditional update that every redemption ends with.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, text

from ticketing.store.schema.base import table
from ticketing.store.types import BigInt, Blob, JsonText, UtcMs

code_batches = table(
    "code_batches",
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # as given; compared folded
    Column("count", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # domain.codes.EffectKind
    Column("value", Integer, nullable=False),  # percent or cents
    Column("valid_from", UtcMs),
    Column("valid_until", UtcMs),  # exclusive
    Column("max_uses", Integer),  # of each code; NULL = unlimited
    Column("per_visitor", Integer),
    Column("offers", JsonText),  # list of slugs; NULL = every offer, also later ones
    Column("min_amount_cents", Integer),
    Column("budget_cents", BigInt),
    Column("tag", Text),
    Column("note", Text),
    Column("state", Text, nullable=False),  # domain.codes.BatchState
    Column("created_at", UtcMs, nullable=False),
    Column("created_by", Text),
    Column("version", Integer, nullable=False),  # +1 with every edit: a redemption asks for it
    Column("lease_until", UtcMs),  # whoever makes its codes has not been heard of since
    Column("fence", Integer, nullable=False),  # +1 with every maker
    # what has come of it; domain.codes.Tally
    Column("made", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("redeemed", BigInt, nullable=False),
    Column("released", BigInt, nullable=False),
    Column("given_cents", BigInt, nullable=False),
    Index("ix_code_batches_tag", "tag"),
    Index("ix_code_batches_state", "state"),
)

codes = table(
    "codes",
    Column("bits", BigInt, primary_key=True, autoincrement=False),
    Column("batch", Integer, ForeignKey("code_batches.number"), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("visitor", Blob),  # no foreign key: other programs bind codes to ids of their own
    Column("sent_at", UtcMs),
    Column("delivered_at", UtcMs),
    Column("first_at", UtcMs),
    Column("last_at", UtcMs),
    Index("ix_codes_batch_bits", "batch", "bits"),
    Index(  # the greatest number of uses without looking at a million codes
        "ix_codes_batch_uses",
        "batch",
        "uses",
        sqlite_where=text("uses > 0"),
        postgresql_where=text("uses > 0"),
    ),
    Index(
        "ix_codes_visitor",
        "visitor",
        sqlite_where=text("visitor IS NOT NULL"),
        postgresql_where=text("visitor IS NOT NULL"),
    ),
)

code_visitors = table(  # how often a visitor has used a batch that limits it
    "code_visitors",
    Column("batch", Integer, ForeignKey("code_batches.number"), primary_key=True),
    Column("visitor", Blob, primary_key=True),
    Column("n", Integer, nullable=False),
)

code_scans = table(  # which code a pending scan is about; a scan itself keeps no text
    "code_scans",
    Column("scan_id", Blob, primary_key=True),
    Column("code", BigInt, nullable=False),
)

redemptions = table(
    "redemptions",
    Column("id", Text, primary_key=True),  # the caller's; at a gate the scan's
    Column("code", BigInt, ForeignKey("codes.bits"), nullable=False),
    Column("batch", Integer, ForeignKey("code_batches.number"), nullable=False),
    Column("state", Text, nullable=False),  # redeemed | released
    Column("offer", Integer, ForeignKey("offers.number")),
    Column("amount_cents", Integer),  # NULL where nobody knew it
    Column("off_cents", Integer, nullable=False),
    Column("visitor", Blob),
    Column("gate", Text),
    Column("station", Text),
    Column("source", Text, nullable=False),  # api | gate
    Column("asked", Blob, nullable=False),  # hash of what was asked: the same id asks the same
    Column("at", UtcMs, nullable=False),
    Column("released_at", UtcMs),
    Column("pos", BigInt, nullable=False, server_default="0"),
    Index("ix_redemptions_batch_at", "batch", "at"),
    Index("ix_redemptions_code", "code"),
    Index("ix_redemptions_pos", "pos"),
    Index("ix_redemptions_visitor", "visitor"),
)
