"""/messages: what other programs say to a visitor."""

from enum import StrEnum
from typing import Annotated, Self

from apiflask import APIBlueprint
from pydantic import ConfigDict, StringConstraints, model_validator
from pydantic.config import JsonDict

from ticketing.domain.accounts import Scope
from ticketing.domain.delivery import Errand
from ticketing.domain.ids import IdentityId, VisitorId
from ticketing.domain.messages import TEXT_MAX, with_code
from ticketing.service import sending
from ticketing.service.sending import MessageOrder
from ticketing.web.access import needs
from ticketing.web.api import shapes
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts
from ticketing.wire.token import TicketId

bp = APIBlueprint("messages", __name__, url_prefix="/api/v1", tag="Messages")
TicketIdText = Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-f]{30}$")]
Said = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=TEXT_MAX)]
CodeText = Annotated[str, StringConstraints(strict=True, pattern="^[A-Za-z0-9-]{4,60}$")]


class Kind(StrEnum):
    """What is sent."""

    TEXT = "text"
    TICKET = "ticket"
    CODE = "code"


class TextFor(StrEnum):
    """What a text is for: news need consent, an answer the visitor's word of the last 24 hours."""

    NEWS = "news"
    ANSWER = "answer"


_OWN_FIELDS = {
    Kind.TEXT: ({"text"}, {"text", "purpose"}),
    Kind.TICKET: ({"ticket"}, {"ticket"}),
    Kind.CODE: ({"code"}, {"code", "text"}),
}
_CONTENT_FIELDS = frozenset({"text", "purpose", "ticket", "code"})


_NEVER: JsonDict = {"not": {}}
_TEXT: JsonDict = {"type": "string"}
# what `MessageIn` checks by itself, said in the document too
_FITS: JsonDict = {
    "allOf": [
        {
            "oneOf": [
                {"required": ["visitor"], "properties": {"visitor": _TEXT, "identity": _NEVER}},
                {"required": ["identity"], "properties": {"identity": _TEXT, "visitor": _NEVER}},
            ]
        },
        {
            "oneOf": [
                {
                    "required": [*sorted(needed)],
                    "properties": {
                        "kind": {"const": kind.value},
                        **dict.fromkeys(sorted(needed), _TEXT),
                        **dict.fromkeys(sorted(_CONTENT_FIELDS - taken), _NEVER),
                    },
                }
                for kind, (needed, taken) in _OWN_FIELDS.items()
            ]
        },
    ]
}


class MessageIn(shapes.In):
    """A message to a visitor, where they wrote last, or to one of their identities.

    `text` takes `text` and `purpose`, `ticket` the visitor's own `ticket`, `code` a `code` and,
    if wanted, a `text` before it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_FITS)

    visitor: shapes.VisitorIdText | None = None
    identity: shapes.VisitorIdText | None = None
    kind: Kind
    text: Said | None = None
    purpose: TextFor = TextFor.NEWS
    ticket: TicketIdText | None = None
    code: CodeText | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        told = self.model_fields_set
        if len(told & {"visitor", "identity"}) != 1 or not (self.visitor or self.identity):
            raise ValueError("exactly one of visitor and identity is wanted")
        needed, taken = _OWN_FIELDS[self.kind]
        given = {name for name in needed if getattr(self, name) is not None}
        if given != needed or (told & _CONTENT_FIELDS) - taken:
            raise ValueError("other fields are wanted for this kind")
        return self


class MessageOut(shapes.Out):
    """The id of the message on its way."""

    message: str


@bp.post("/messages")
@needs(Scope.MESSAGES_WRITE)
@replayable
@bp.input(MessageIn)
@bp.output(MessageOut, status_code=202)
@bp.doc(responses=[404, 409])
def send(json_data: MessageIn) -> MessageOut:
    """Send a text, a ticket or a code to a visitor, if consent and the 24 hours allow it."""
    parts = the_parts()
    with parts.store.unit() as unit:
        message = sending.send(unit, parts.house, order=_order(json_data))
    return MessageOut(message=str(message))


def _order(given: MessageIn) -> MessageOrder:
    visitor, identity = given.visitor, given.identity
    return MessageOrder(
        visitor=VisitorId(bytes.fromhex(visitor)) if visitor else None,
        identity=IdentityId(bytes.fromhex(identity)) if identity else None,
        errand=_errand(given),
        text=with_code(given.text or "", given.code or ""),
        ticket=TicketId(bytes.fromhex(given.ticket)) if given.ticket else None,
    )


def _errand(given: MessageIn) -> Errand:
    match given.kind:
        case Kind.TICKET:
            return Errand.TICKET
        case Kind.CODE:
            return Errand.CODES
        case Kind.TEXT:
            return Errand.ANSWER if given.purpose is TextFor.ANSWER else Errand.NEWS
