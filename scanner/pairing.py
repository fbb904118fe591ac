"""Pairing: a code of the service makes this computer a station of it."""

from collections.abc import Callable
from pathlib import Path

from scanner.config import Pairing, make_key, save_pairing
from scanner.events import Failure
from scanner.link import CERTIFICATE, BadAddress, Link, NoReply, Server
from ticketing.wire.check import CodeKind, fold, is_valid
from ticketing.wire.station_api import PairRequest

CODE_SYMBOLS = 10
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


def checked_code(code: str) -> str:
    """The code as the service folds it.

    Raises:
        PairingFailed: mistyped, so that no try is wasted on the service.
    """
    folded = fold(code)
    if len(folded) != CODE_SYMBOLS or not is_valid(folded, CodeKind.PAIRING):
        raise PairingFailed("this is no pairing code (XXXXX-XXXXX); a character is mistyped")
    return folded


def pair(home: Path, server: str, code: str, *, name: str, draw: Callable[[int], bytes]) -> Pairing:
    """Pair this home with a service. After a lost answer the same call works once more.

    The key pair is made first and kept: to the service the same code and key are the same
    station. `draw` gives random bytes.

    Raises:
        PairingFailed: the code, the address or the service is not right.
        ConfigError: the home cannot be written.
    """
    folded = checked_code(code)
    try:
        link = Link(Server.of(server), timeout_s=15)
    except BadAddress as bad:
        raise PairingFailed(str(bad)) from None
    key = make_key(home, draw)
    answer = link.pair(PairRequest(folded, name, key.public))
    link.close()
    if isinstance(answer, NoReply):
        raise PairingFailed(_why(answer))
    pairing = Pairing(server.rstrip("/"), answer)
    save_pairing(home, pairing)
    return pairing


def _why(reply: NoReply) -> str:
    if reply.problem in _PROBLEMS:
        return _PROBLEMS[reply.problem]
    if reply.failure is Failure.BUSY:
        minutes = max(1, -(-(reply.retry_after_s or 60) // 60))
        return f"too many wrong codes; wait {minutes} minutes, then try again"
    if reply.failure in {Failure.REFUSED, Failure.REVOKED} and reply.problem in _NOT_FOUND:
        return _FAILURES[Failure.BROKEN]
    return _FAILURES.get(reply.failure, "the service refused the code; make a new one")
