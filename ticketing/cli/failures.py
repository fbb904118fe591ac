"""Which failures a person can cause, and what to tell them."""

from pathlib import PurePath

from sqlalchemy.exc import DBAPIError

from ticketing import config
from ticketing.demo import DemoError
from ticketing.domain.failures import StoreUnavailable
from ticketing.edge.signer import KeysError
from ticketing.service.errors import ServiceError, SoldOut
from ticketing.store.backup import BackupError

EXPECTED = (config.SettingsError, ServiceError, DemoError, KeysError, BackupError)


def sentence(error: Exception) -> str | None:
    """One line for an expected failure, None for a fault of the program."""
    if isinstance(error, SoldOut):
        free = ", ".join(
            f"{p.slot.id} ({p.slot.starts_at:%Y-%m-%d %H:%M} UTC)" for p in error.slots
        )
        return f"sold_out; free: {free}" if free else "sold_out"
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, DBAPIError):
        # the driver's own text can hold the database's address: name the kind alone
        return _database_sentence(type(error.orig).__name__)
    if isinstance(error, StoreUnavailable):
        return _database_sentence(str(error))
    if isinstance(error, OSError):
        name = PurePath(error.filename).name if isinstance(error.filename, str) else ""
        return f"{error.strerror or type(error).__name__}{': ' + name if name else ''}"
    return None


def _database_sentence(kind: str) -> str:
    return f"the database cannot be used ({kind}); `ticketing doctor` looks closer"
