"""What every table is made with, for SQLite (STRICT) and PostgreSQL alike.

The database promises, not the code: each "exactly once" of the product is a
unique key below. Texts are never names in an address; ids are random bytes.
"""

from typing import Any

from sqlalchemy import MetaData, Table

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def table(name: str, *parts: Any) -> Table:  # noqa: ANN401  columns, keys and indexes alike
    """One table of the schema."""
    return Table(name, metadata, *parts, sqlite_strict=True)
