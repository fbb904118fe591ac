"""What a use case refuses at the border; the web turns each into a problem answer.

    ServiceError
    ├── NotFound        nothing of that kind under that id
    ├── Gone            what the caller goes on from is not there any more: begin anew
    ├── Conflict        the state of things forbids it; `reason` is a fixed word
    │   ├── SoldOut     the places of a slot are gone; names slots that have some
    │   └── CodeRefused a discount code that is not good now
    ├── Invalid         what was sent is wrong; `errors` name fields and problems
    ├── InvalidRows     some rows of many are wrong; `rows` name index, field and problem
    ├── Throttled       too many wrong codes; says how long to wait
    ├── PairingRefused  a pairing code that does not pair (stations.py)
    └── PinRefused      a supervisor's PIN that is none (supervisors.py)

No message repeats what was sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ticketing.domain import DomainError, FieldError
from ticketing.domain.codes import Refusal
from ticketing.domain.slots import SlotPlaces

__all__ = [
    "CodeRefused",
    "Conflict",
    "FieldError",
    "Gone",
    "Invalid",
    "InvalidRows",
    "NotFound",
    "PairingRefused",
    "PinRefused",
    "RowError",
    "ServiceError",
    "SoldOut",
    "Throttled",
]


class ServiceError(Exception):
    """Root of what a use case refuses."""


class NotFound(ServiceError):  # noqa: N818  agreed name
    """No such thing; `what` is its kind, e.g. `ticket`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no such {what}")
        self.what = what


class Gone(ServiceError):  # noqa: N818  agreed name
    """A cursor of another time or place; the caller loads everything anew."""


class Conflict(ServiceError):  # noqa: N818  agreed name
    """The present state forbids it; `reason` is a fixed word, e.g. `scan_id_reused`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SoldOut(Conflict):
    """A slot has too few places left; `slots` are the next ones that have enough."""

    def __init__(self, slots: tuple[SlotPlaces, ...]) -> None:
        super().__init__("sold_out")
        self.slots = slots


class CodeRefused(Conflict):
    """A discount code that is not good now: its reason in the words of the gate, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason.value)
        self.refusal = refusal


class Throttled(ServiceError):  # noqa: N818  agreed name
    """Too many wrong codes; nothing is looked at for so many seconds."""

    def __init__(self, *, retry_after_s: int) -> None:
        self.reason = "throttled"
        super().__init__(self.reason)
        self.retry_after_s = retry_after_s


class Invalid(ServiceError):  # noqa: N818  agreed name
    """Fields that are wrong."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(", ".join(f"{error.field}: {error.problem}" for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row of many; `index` counts from 0."""

    index: int
    field: str
    problem: str


class InvalidRows(ServiceError):  # noqa: N818  agreed name
    """Rows that are wrong, each with its first error; nothing of any row was stored."""

    def __init__(self, rows: tuple[RowError, ...]) -> None:
        super().__init__(f"{len(rows)} rows are wrong")
        self.rows = rows


class PairingRefused(ServiceError):  # noqa: N818  agreed name
    """No pairing: `unknown_code`, `expired_code`, `used_code` or `throttled`.

    `retry_after_s` is set for `throttled` alone.
    """

    def __init__(self, reason: str, *, retry_after_s: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class PinRefused(ServiceError):  # noqa: N818  agreed name
    """No supervisor: `wrong_pin`, or `throttled` for so many seconds.

    An unknown name, a person who is no supervisor and a missing PIN are `wrong_pin` too.
    """

    def __init__(self, reason: str, *, retry_after_s: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


@contextmanager
def as_invalid() -> Iterator[None]:
    """Turn what a rule refuses into what a use case refuses."""
    try:
        yield
    except DomainError as error:
        raise Invalid(*error.errors) from None
