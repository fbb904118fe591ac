"""Pairing: a code of the service makes this computer a station of it.

The QR code on the staff page says more than the code: `{"u": address, "c": code, "k": pin}`.
The pin is the fingerprint of the service's key ring. Whoever stands between can pass on an
address and a code, but not answer with another ring than the pinned one.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scanner.config import Pairing, make_key, save_pairing
from scanner.events import Failure
from scanner.link import CERTIFICATE, BadAddress, Link, NoReply, Server
from ticketing.wire.check import CodeKind, fold, is_valid
from ticketing.wire.station_api import PairRequest

CODE_SYMBOLS = 10
_PIN = re.compile("[A-Za-z0-9_-]{43}")
_OTHER_KEYS = (
    "the service that answered does not have the pinned keys: somebody may stand between, or"
    " its keys have changed since the code was made. Nothing was kept; make a new code"
)
_PROBLEMS = {
    "unknown_code": "there is no such pairing code; look at it again, or make a new one",
    "expired_code": "this pairing code is over (it lives 15 minutes); make a new one",
    "used_code": "this pairing code was used by another station; make a new one",
    CERTIFICATE: "the service's certificate is not trusted by this computer",
}
_FAILURES = {
    Failure.UNREACHABLE: "the service cannot be reached; is the address right, and is it running?",
    Failure.TIMEOUT: "the service did not answer in time; try again, the code stays good",
    Failure.BROKEN: "no Einlass service answers at this address; is it right?",
    Failure.SERVER: "the service has a fault; try again, the code stays good",
}


_NOT_FOUND = frozenset({"", "not_found", "method_not_allowed"})
"""Problems of a wrong address: of a path below the service, or of another web server."""


class PairingFailed(Exception):  # noqa: N818  says what it is
    """The station was not paired; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom to ask with which code; `pin` is the fingerprint of the ring, empty without one."""

    server: str
    code: str = field(repr=False)
    pin: str = ""


def invitation_of(text: str) -> Invitation:
    """The invitation that the QR code of the staff page holds as its text.

    Raises:
        PairingFailed: it is another text.
    """
    found = _invitation(text)
    if found is None:
        raise PairingFailed("this is not the text of a pairing QR code")
    return found


def invitation_among(texts: Iterable[str]) -> Invitation:
    """The one invitation among the texts of a picture.

    Raises:
        PairingFailed: none or several; says nothing of the other texts.
    """
    found = {one for text in texts if (one := _invitation(text)) is not None}
    if len(found) != 1:
        count = "several pairing QR codes are" if found else "no pairing QR code is"
        raise PairingFailed(f"{count} in this picture; take one of the staff page's code alone")
    return found.pop()


def checked_code(code: str) -> str:
    """The code as the service folds it.

    Raises:
        PairingFailed: mistyped, so that no try is wasted on the service.
    """
    folded = fold(code)
    if len(folded) != CODE_SYMBOLS or not is_valid(folded, CodeKind.PAIRING):
        raise PairingFailed("this is no pairing code (XXXXX-XXXXX); a character is mistyped")
    return folded


def checked_pin(pin: str) -> str:
    """The pin, if it can be one.

    Raises:
        PairingFailed: mistyped, so that no code is used up in vain.
    """
    if pin and not _PIN.fullmatch(pin):
        raise PairingFailed("the pin has 43 letters, digits, - and _; a character is missing")
    return pin


def pair(home: Path, invitation: Invitation, *, name: str, draw: Callable[[int], bytes]) -> Pairing:
    """Pair this home with a service. After a lost answer the same call works once more.

    The key pair is made first and kept: to the service the same code and key are the same
    station. `draw` gives random bytes. Nothing of an answer is kept whose key ring is not
    the pinned one.

    Raises:
        PairingFailed: the code, the pin, the address or the service is not right.
        ConfigError: the home cannot be written.
    """
    folded, pin = checked_code(invitation.code), checked_pin(invitation.pin)
    try:
        link = Link(Server.of(invitation.server), timeout_s=15)
    except BadAddress as bad:
        raise PairingFailed(str(bad)) from None
    key = make_key(home, draw)
    answer = link.pair(PairRequest(folded, name, key.public))
    link.close()
    if isinstance(answer, NoReply):
        raise PairingFailed(_why(answer))
    if pin and answer.keys.fingerprint() != pin:
        raise PairingFailed(_OTHER_KEYS)
    pairing = Pairing(invitation.server.rstrip("/"), answer)
    save_pairing(home, pairing)
    return pairing


def _invitation(text: str) -> Invitation | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match data:
        case {"u": str(server), "c": str(code), "k": str(pin)} if pin:
            return Invitation(server, code, pin)
        case {"u": str(), "c": str(), "k": _}:
            return None  # a pin that is none must not count as no pin
        case {"u": str(server), "c": str(code)}:
            return Invitation(server, code)
        case _:
            return None


def _why(reply: NoReply) -> str:
    if reply.problem in _PROBLEMS:
        return _PROBLEMS[reply.problem]
    if reply.failure is Failure.BUSY:
        minutes = max(1, -(-(reply.retry_after_s or 60) // 60))
        return f"too many wrong codes; wait {minutes} minutes, then try again"
    if reply.failure in {Failure.REFUSED, Failure.REVOKED} and reply.problem in _NOT_FOUND:
        return _FAILURES[Failure.BROKEN]
    return _FAILURES.get(reply.failure, "the service refused the code; make a new one")
