"""What the machine may fail at, in words every room may know; in the domain room."""


class StoreUnavailable(OSError):  # noqa: N818  agreed name
    """The database cannot be used now: full disk, lost connection, locked by another.

    It is the machine's fault, not the program's: trying again later may help. The
    message is the kind of the driver's error alone, for its text can hold an address.
    """


class Busy(Exception):  # noqa: N818  agreed name
    """Too much of something slow is being done at once; trying again in a moment helps."""
