"""Files that programs send as the body of a call: kept beside memory while they are looked at."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, BinaryIO, Final, TypeVar, cast

from flask import g, request

from ticketing.service import jobs
from ticketing.web.errors import refused

View = TypeVar("View", bound=Callable[..., Any])
TAKES: Final = ("text/csv", "text/plain", "application/octet-stream")
_MARK: Final = "einlass_upload"
_BODY: Final = "einlass_body"


def takes_file(view: View) -> View:
    """Let a call have a file as its body; `pieces` reads it. Stands around `replayable`."""

    @wraps(view)
    def spooled(**arguments: object) -> Any:  # noqa: ANN401  whatever the view gives
        if request.mimetype not in TAKES:
            raise refused(415, "unsupported_media_type", f"The address takes {TAKES[0]}.")
        with tempfile.TemporaryFile() as file:
            digest = hashlib.sha256()
            for piece in jobs.pieces_of(request.stream):
                digest.update(piece)
                file.write(piece)
            setattr(g, _BODY, (file, digest.digest()))
            return view(**arguments)

    setattr(spooled, _MARK, True)
    return cast("View", spooled)


def is_for_files(view: object) -> bool:
    """Whether a view takes a file as its body."""
    return bool(getattr(view, _MARK, False))


def pieces() -> Iterator[bytes]:
    """The file of this request, from its beginning."""
    file: BinaryIO = getattr(g, _BODY)[0]
    file.seek(0)
    return jobs.pieces_of(file)


def body_or_digest() -> bytes:
    """What stands for this request's body where two are compared."""
    kept = g.get(_BODY)
    return request.get_data() if kept is None else bytes(kept[1])
