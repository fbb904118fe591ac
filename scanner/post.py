"""Where a gate stands, what it trusts, and how patient it is. Pure data.

The gate's room: no clock, no chance, no I/O.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ticketing.wire.keys import KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where this gate stands, what it trusts, and how patient it is.

    `deadline_ms`: how long the service has; `patience_ms`: the same where the station
    cannot decide alone; `gone_ms`: out of sight this long, a code may be presented anew;
    `ready_ms`: a verdict stays at least so long before the next visitor's code is judged,
    `hold_ms` while its own code is still held up beside the other one, `attention_hold_ms`
    where staff still have to settle it; `alert_ms`: how long the line about an overruled
    scan stays.
    """

    gate: str
    zone: ZoneInfo
    ring: KeyRing
    digest_key: bytes = field(repr=False)
    deadline_ms: int = 400
    patience_ms: int = 2_000
    gone_ms: int = 1_500
    ready_ms: int = 250
    hold_ms: int = 800
    attention_hold_ms: int = 10_000
    alert_ms: int = 30_000
