"""Prepared statements do what SQLAlchemy's own execution does, faults included."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    LargeBinary,
    Text,
    bindparam,
    cast,
    insert,
    literal_column,
    null,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from ticketing.store import schema
from ticketing.store.prepared import Prepared
from ticketing.store.types import BigInt
from ticketing.store.unit import Store

AT = datetime(2026, 10, 4, 12, tzinfo=UTC)
T = schema.gates.c
_ADD = Prepared(
    insert(schema.gates)
    .values({column.name: bindparam(column.name, type_=column.type) for column in T})
    .returning(T.slug)
)
_FIND = Prepared(select(schema.gates, T.slug.label("again")).where(T.slug == bindparam("wanted")))
ROW = {"slug": "sued", "name_de": "Süd", "name_en": "South", "created_at": AT}


def test_values_and_rows_pass_through_the_columns_types(store: Store) -> None:
    """A time goes in aware and comes back aware; rows are read by column or by label."""
    with store.unit() as unit:
        unit.begin()
        assert unit.fetch(_ADD, ROW) == [{T.slug: "sued"}]
        unit.commit()
        [row] = unit.fetch(_FIND, {"wanted": "sued"})
    assert (row[T.created_at], row[T.name_de], row["again"]) == (AT, "Süd", "sued")


def test_what_is_not_there_is_no_row(store: Store) -> None:
    """And every execution counts as a statement."""
    with store.unit() as unit:
        assert unit.fetch(_FIND, {"wanted": "nord"}) == []
        assert unit.statements == 1


def test_a_broken_key_is_the_error_that_it_is_elsewhere(store: Store) -> None:
    """Without what was to be stored."""
    with store.unit() as unit:
        unit.begin()
        unit.fetch(_ADD, ROW)
        with pytest.raises(IntegrityError) as caught:
            unit.fetch(_ADD, ROW)
    shown = str(caught.value).split("DETAIL", maxsplit=1)[0]
    assert not re.search("South|Süd", shown)


def test_a_naive_time_is_refused_before_the_database_is_asked(store: Store) -> None:
    """As the column's type does everywhere."""
    with store.unit() as unit, pytest.raises(ValueError, match="aware"):
        unit.fetch(_ADD, ROW | {"created_at": AT.replace(tzinfo=None)})


def test_a_value_that_is_missing_is_a_fault(store: Store) -> None:
    """Nothing is guessed."""
    with store.unit() as unit, pytest.raises(KeyError):
        unit.fetch(_FIND, {})


@pytest.mark.only("postgres")
def test_a_lost_server_is_noticed_and_the_next_unit_gets_another_connection(store: Store) -> None:
    """The connection is not used again."""
    with store.unit() as unit:
        mine = unit.run(text("SELECT pg_backend_pid()")).scalar_one()
        with store.unit() as other:
            other.run(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        with pytest.raises(DBAPIError) as caught:
            unit.fetch(_FIND, {"wanted": "sued"})
    assert caught.value.connection_invalidated
    with store.unit() as unit:
        assert unit.fetch(_FIND, {"wanted": "sued"}) == []


@pytest.mark.parametrize("number", [0, -1, 127, -(2**31), 2**40])
def test_numbers_nothing_and_truth_come_back_as_they_are(store: Store, number: int) -> None:
    """Of any size; a comparison is a truth or a number, as the engine has it."""
    mine = bindparam("mine", type_=BigInt)
    echo = Prepared(
        select(
            cast(mine, BigInt).label("same"),
            null().label("none"),
            (cast(mine, BigInt) > 0).label("is_more"),
        )
    )
    with store.unit() as unit:
        [row] = unit.fetch(echo, {"mine": number})
    assert (row["same"], row["none"], bool(row["is_more"])) == (number, None, number > 0)


def test_bytes_and_umlauts_pass_through(store: Store) -> None:
    """NUL within bytes too."""
    echo = Prepared(
        select(
            cast(bindparam("raw", type_=LargeBinary), LargeBinary).label("raw"),
            cast(bindparam("word", type_=Text), Text).label("word"),
        )
    )
    values = {"raw": b"\x00\xff%s", "word": "Übergrößenträger %s $1 ß€"}
    with store.unit() as unit:
        assert unit.fetch(echo, values) == [values]


def test_a_statement_that_is_wrong_says_so(store: Store) -> None:
    """A table that is missing is an error of the database, not of its reader."""
    wrong = Prepared(select(literal_column("1")).select_from(text("nowhere")))
    with store.unit() as unit, pytest.raises(DBAPIError):
        unit.fetch(wrong, {})


@pytest.mark.only("postgres")
def test_a_type_nobody_has_taught_is_a_fault(store: Store) -> None:
    """It is not guessed what its bytes mean."""
    odd = Prepared(select(literal_column("point(1, 2)").label("odd")))
    with store.unit() as unit, pytest.raises(KeyError):
        unit.fetch(odd, {})


def test_a_statement_outlives_a_rollback(store: Store) -> None:
    """Psycopg would drop what is prepared on a connection."""
    with store.unit() as unit:
        for _ in range(12):
            unit.begin()
            unit.run(text("SELECT 1"))
            unit.fetch(_ADD, ROW)
            unit.rollback()
        assert unit.fetch(_FIND, {"wanted": "sued"}) == []
