"""What the people of a house have set on its site, over the first values of the settings file."""

from sqlalchemy import Column, Integer, Text

from ticketing.store.schema.base import table
from ticketing.store.types import JsonText, UtcMs

settings = table(
    "settings",
    Column("part", Text, primary_key=True),  # domain.settings.Part; no row: nobody has set it
    Column("version", Integer, nullable=False),  # 1 first, and one more with each change
    Column("facts", JsonText, nullable=False),
    Column("before", JsonText, nullable=False),  # what the last change can be taken back to
    Column("changed_at", UtcMs, nullable=False),
)
