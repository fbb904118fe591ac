"""The bot's side of a chat as one pure function (domain: pure).

    step(state, event, facts) -> Turn(state, actions)

`model` has the data, `dialogue` the function; `consenting`, `ticketing` and `answering`
hold one subject each. Texts are keys of the wording; a `Line` may hold lines.
"""

from ticketing.domain.conversation.dialogue import step
from ticketing.domain.conversation.model import (
    Action,
    Ask,
    Choice,
    Draft,
    Event,
    EventKind,
    Facts,
    Issue,
    Line,
    OwnTicket,
    Place,
    Record,
    Say,
    SetLang,
    ShowTicket,
    Step,
    Turn,
    line,
    step_from_json,
)
from ticketing.domain.conversation.picture import TicketWords, caption, ticket_words

__all__ = [
    "Action",
    "Ask",
    "Choice",
    "Draft",
    "Event",
    "EventKind",
    "Facts",
    "Issue",
    "Line",
    "OwnTicket",
    "Place",
    "Record",
    "Say",
    "SetLang",
    "ShowTicket",
    "Step",
    "TicketWords",
    "Turn",
    "caption",
    "line",
    "step",
    "step_from_json",
    "ticket_words",
]
