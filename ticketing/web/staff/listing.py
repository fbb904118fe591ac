"""Long lists: how they are sorted, which part is shown, and the addresses of the others.

Only harmless facts stand in an address: a sort, a state, a cursor. Whoever looks for a name or
a code sends a form, and its answer is not paged but asks for more letters.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self
from urllib.parse import urlencode

from flask import request

from ticketing.web.staff.speaker import Speaker

LIMIT: Final = 25
_START: Final = re.compile(r"[0-9]{1,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One part of a list; `kept` are the filters, `start` counts what is before this part.

    `downs` are the columns whose greatest comes first when they are pressed.
    """

    path: str
    speaker: Speaker
    sort: str
    is_down: bool
    cursor: str | None
    start: int
    kept: Mapping[str, str]
    downs: Collection[str] = ()
    shown: int = 0
    total: int | None = None
    next_cursor: str | None = None

    @classmethod
    def asked(
        cls,
        speaker: Speaker,
        sorts: Collection[str],
        kept: Mapping[str, str] | None = None,
        *,
        path: str = "",
        downs: Collection[str] = (),
    ) -> Self:
        """What this request asks for; the first of `sorts` unless it names one of them.

        `path` is where the list is read, if this request's own address is another one.
        """
        first = next(iter(sorts))
        asked = request.args.get("sort", first)
        start = request.args.get("start", "")
        return cls(
            path=path or request.path,
            speaker=speaker,
            sort=asked if asked in sorts else first,
            is_down=request.args.get("down") == "yes",
            cursor=request.args.get("cursor") or None,
            start=int(start) if _START.fullmatch(start) else 0,
            kept={name: value for name, value in (kept or {}).items() if value},
            downs=downs,
        )

    def found(self, shown: int, next_cursor: str | None, total: int | None = None) -> Self:
        """The same with what came of it."""
        return replace(self, shown=shown, next_cursor=next_cursor, total=total)

    def sorted_by(self, key: str) -> str:
        """The address of the list sorted by a column; a second press turns it round."""
        is_down = not self.is_down if key == self.sort else key in self.downs
        return self._address({"sort": key, **({"down": "yes"} if is_down else {})})

    @property
    def range(self) -> str:
        """Which rows these are: "26 bis 50 von 2.000"."""
        first, last = self.start + 1, self.start + self.shown
        numbers = {"first": self.speaker.number(first), "last": self.speaker.number(last)}
        if not self.shown:
            return ""
        if self.total is None:
            return self.speaker.say("page_part", **numbers)
        return self.speaker.say("page_range", **numbers, all=self.speaker.number(self.total))

    @property
    def first(self) -> str:
        """The address of the beginning, "" there."""
        return self._address(self._order) if self.cursor else ""

    @property
    def next(self) -> str:
        """The address of what follows, "" at the end."""
        if self.next_cursor is None:
            return ""
        start = str(self.start + self.shown)
        return self._address({**self._order, "cursor": self.next_cursor, "start": start})

    @property
    def _order(self) -> dict[str, str]:
        return {"sort": self.sort, **({"down": "yes"} if self.is_down else {})}

    def _address(self, more: Mapping[str, str]) -> str:
        return f"{self.path}?{urlencode({**self.kept, **more})}"
