"""Names are found however their umlauts are written: what a search compares is folded anew."""

import sqlalchemy as sa
from alembic import op

from ticketing.domain.names import search_key

revision = "0010"
down_revision = "0009"

AT_ONCE = 5_000


def upgrade() -> None:
    """Write the keys that are another now; a cleared one belongs to nobody and stays cleared."""
    tickets = sa.table("tickets", sa.column("id"), sa.column("holder"), sa.column("holder_key"))
    t, bind = tickets.c, op.get_bind()
    fill = (
        sa.update(tickets)
        .where(t.id == sa.bindparam("of_id"))
        .values(holder_key=sa.bindparam("key"))
    )
    last = b""
    while True:
        query = sa.select(t.id, t.holder, t.holder_key).where(t.id > last, t.holder_key != "")
        rows = bind.execute(query.order_by(t.id).limit(AT_ONCE)).all()
        if not rows:
            return
        keys = [(row.id, row.holder_key, search_key(row.holder)) for row in rows]
        changed = [{"of_id": of_id, "key": new} for of_id, old, new in keys if new != old]
        if changed:
            bind.execute(fill, changed)
        last = rows[-1].id
