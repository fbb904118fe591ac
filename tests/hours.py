"""The opening hours of the sample museum, as a calendar."""

from datetime import time

from ticketing.domain.opening import Calendar, Hours, Movable, Yearly

_DAY = Hours(time(10), time(18))
_LATE = Hours(time(10), time(20))
# Days off in the whole country that are not closed days: from 10 to 18, Mondays too.
_GOOD_FRIDAY, _EASTER_MONDAY, _ASCENSION, _WHIT_MONDAY = -2, 1, 39, 50
HOURS = Calendar(
    weekly=(None, _DAY, _DAY, _LATE, _DAY, _DAY, _DAY),
    yearly=(
        Yearly(1, 1, None),
        Yearly(5, 1, _DAY),
        Yearly(10, 3, _DAY),
        Yearly(12, 24, None),
        Yearly(12, 25, None),
        Yearly(12, 26, _DAY),
        Yearly(12, 31, None),
    ),
    movable=tuple(
        Movable(day, _DAY) for day in (_GOOD_FRIDAY, _EASTER_MONDAY, _ASCENSION, _WHIT_MONDAY)
    ),
    last_admission_min=45,
)
