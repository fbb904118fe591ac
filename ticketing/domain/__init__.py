"""The domain room: rules, pure; `now` is always a parameter.

Errors for broken input at the border:

    DomainError
    ├── BadOffer     offers.py
    ├── BadHolder    tickets.py
    ├── BadParty     tickets.py
    ├── BadSlot      slots.py
    ├── BadBatch     codes.py
    ├── BadCalendar  calendars.py
    ├── BadSetting   settings.py
    ├── BadWords     own_words.py
    └── BadStep      keys.py
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field; `problem` is a fixed word, never what was sent."""

    field: str
    problem: str


class DomainError(Exception):
    """Root of what the rules refuse; `errors` says which fields and why."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(", ".join(f"{error.field}: {error.problem}" for error in errors))
        self.errors = errors
