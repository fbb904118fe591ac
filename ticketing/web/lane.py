"""The gate's lane: `POST /api/v1/scans` without what Flask does around a view.

A scan's own work takes less time than Flask, APIFlask and the hooks around it (measured), and
a queue at the door waits for both. The lane takes only what is all in order: a station's
token, JSON of the right shape, a scan that is judged. Anything else it leaves to the
application behind it, untouched: there alone errors are answered, and there the same call
is documented. A scan that was judged twice is judged once: it is found by its id.
"""

import io
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from pydantic_core import to_json
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from ticketing.domain.failures import StoreUnavailable
from ticketing.service.errors import ServiceError
from ticketing.service.gate import scans, stations
from ticketing.service.gate.scans import ScanResult
from ticketing.web import headers
from ticketing.web.api.gate_shapes import ScanIn, scan_request
from ticketing.web.parts import Parts
from ticketing.web.words import LANGS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH: Final = "/api/v1/scans"
_BEARER: Final = "Bearer "
_LIMIT_BYTES: Final = 64 * 1024
_STATUS: Final = {True: (201, "201 CREATED"), False: (200, "200 OK")}


class Lane:
    """A WSGI application in front of another."""

    def __init__(self, behind: "WSGIApplication", parts: Parts) -> None:
        self._behind = behind
        self._parts = parts

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a scan that is all in order, hand on everything else."""
        started = time.perf_counter()
        if not _is_scan(environ):
            return self._behind(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        result = self._judged(environ, body)
        if result is None:
            environ["wsgi.input"] = io.BytesIO(body)
            return self._behind(environ, start_response)
        return _answered(result, environ, start_response, started)

    def _judged(self, environ: "WSGIEnvironment", body: bytes) -> ScanResult | None:
        """What came of it; None if there is anything to object to."""
        lang = _lang(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        token = environ["HTTP_AUTHORIZATION"].removeprefix(_BEARER)
        try:
            request = scan_request(ScanIn.model_validate_json(body))
            house = self._parts.house.fresh()
            work = scans.scanning(house, token=token, request=request, lang=lang)
            return self._parts.store.together(work, scans.scan_each)
        except (ValidationError, ServiceError, StoreUnavailable):
            return None


def _is_scan(environ: "WSGIEnvironment") -> bool:
    """Whether it is a plain call of the route, by a station as it seems."""
    return (
        environ["PATH_INFO"] == PATH
        and environ["REQUEST_METHOD"] == "POST"
        and not environ.get("QUERY_STRING")
        and not environ.get("SCRIPT_NAME")
        and environ.get("CONTENT_TYPE") == "application/json"
        and environ.get("HTTP_AUTHORIZATION", "").startswith(_BEARER + stations.TOKEN_PREFIX)
        and _is_small(environ.get("CONTENT_LENGTH") or "")
    )


def _is_small(length: str) -> bool:
    return length.isascii() and length.isdigit() and int(length) <= _LIMIT_BYTES


@lru_cache(maxsize=64)  # a gate's stations all say the same
def _lang(accepted: str) -> str:
    """The language of a request that asks for none in its address."""
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGS) or "de"


def _answered(
    result: ScanResult,
    environ: "WSGIEnvironment",
    start_response: Callable[..., object],
    started: float,
) -> Iterable[bytes]:
    body = to_json(result.answer.to_json()) + b"\n"
    status, line = _STATUS[result.created]
    is_secure = environ["wsgi.url_scheme"] == "https"
    start_response(line, headers.of_json(len(body), is_secure=is_secure))
    headers.log_answer("POST", PATH, status, started)
    return [body]
