"""The site's and the API's own: use of keys, figures of days, lists of tickets, money, sales."""

import sqlalchemy as sa
from alembic import op

from ticketing.domain.names import search_key

revision = "0005"
down_revision = "0004"

BIG: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # STRICT tables refuse BIGINT
AT_ONCE = 5_000


def upgrade() -> None:
    """Add what the site and the API need."""
    _keys_and_figures()
    _ticket_lists()
    _payments()
    _sales()


def _keys_and_figures() -> None:
    op.add_column("api_keys", sa.Column("last_used_on", sa.Text))
    is_offline = sa.text("basis = 'offline'")
    op.create_index(
        "ix_scans_offline_received_at",
        "scans",
        ["received_at"],
        sqlite_where=is_offline,
        postgresql_where=is_offline,
    )
    _figures()


def _figures() -> None:
    op.create_table(
        "day_figures",
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("quarter", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("exits", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "quarter", name="pk_day_figures"),
        sqlite_strict=True,
    )
    op.create_table(
        "day_reasons",
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "reason", name="pk_day_reasons"),
        sqlite_strict=True,
    )


def _ticket_lists() -> None:
    key = sa.Column("holder_key", sa.Text, nullable=False, server_default=sa.text("''"))
    op.add_column("tickets", key)
    _fill_keys()
    op.drop_index("ix_tickets_created_at", "tickets")
    op.create_index("ix_tickets_created_at_holder_key", "tickets", ["created_at", "holder_key"])
    op.create_index("ix_tickets_offer_created_at", "tickets", ["offer", "created_at"])
    is_rare = sa.text("state <> 'valid'")
    op.create_index(
        "ix_tickets_state_created_at",
        "tickets",
        ["state", "created_at"],
        sqlite_where=is_rare,
        postgresql_where=is_rare,
    )
    op.create_index("ix_tickets_valid_from", "tickets", ["valid_from"])


def _fill_keys() -> None:
    """What a search compares, for the tickets that are there."""
    tickets = sa.table("tickets", sa.column("id"), sa.column("holder"), sa.column("holder_key"))
    t, bind = tickets.c, op.get_bind()
    last = b""
    while True:
        query = sa.select(t.id, t.holder).where(t.id > last).order_by(t.id).limit(AT_ONCE)
        rows = bind.execute(query).all()
        if not rows:
            return
        fill = (
            sa.update(tickets)
            .where(t.id == sa.bindparam("of_id"))
            .values(holder_key=sa.bindparam("key"))
        )
        bind.execute(fill, [{"of_id": row.id, "key": search_key(row.holder)} for row in rows])
        last = rows[-1].id


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("ticket", sa.LargeBinary, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("cents", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("ticket", "flow", name="pk_payments"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.id"], name="fk_payments_ticket"),
        sa.ForeignKeyConstraint(["offer"], ["offers.number"], name="fk_payments_offer"),
        sqlite_strict=True,
    )
    op.create_index("ix_payments_at", "payments", ["at"])


def _sales() -> None:
    op.create_table(
        "sales",
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        sa.Column("ticket", sa.LargeBinary, nullable=False),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("done_at", BIG),
        sa.PrimaryKeyConstraint("token", name="pk_sales"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.id"], name="fk_sales_ticket"),
        sqlite_strict=True,
    )
    op.create_index("ix_sales_desk_at", "sales", ["desk", "at"])
