"""What happened at the gates on days gone by, added up: read instead of a year of scans."""

from sqlalchemy import Column, Integer, Text

from ticketing.store.schema.base import table

day_figures = table(
    "day_figures",
    Column("day", Text, primary_key=True),  # ISO date in the museum's zone
    Column("quarter", Integer, primary_key=True, autoincrement=False),  # of an hour, from midnight
    Column("entries", Integer, nullable=False),  # people
    Column("exits", Integer, nullable=False),  # people
    Column("refused", Integer, nullable=False),  # scans
)

day_reasons = table(
    "day_reasons",
    Column("day", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("n", Integer, nullable=False),  # refused scans
)
