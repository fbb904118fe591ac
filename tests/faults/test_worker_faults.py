"""A real worker that is killed: other programs learn of everything, once it is back."""

import json
from pathlib import Path

import pytest

from tests.edge.wire_ends import listening, saying
from tests.faults.processes import Museum
from tests.receivers import signature_is_good

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("faults")]
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


def test_a_killed_worker_tells_later_what_it_missed(tmp_path: Path) -> None:
    """A receiver on loopback, by the operator's leave; signed, in order, each once."""
    allowed = {"webhooks_allow_http": True, "webhooks_allow_private": True}
    with Museum(tmp_path / "home", **allowed) as museum, listening(saying(TAKEN)) as end:
        museum.service.start()
        program = museum.program()
        url = f"http://127.0.0.1:{end.port}/hook"
        made = program.call("POST", "/webhooks", {"url": url, "events": ["ticket.issued"]})
        assert made.status == 201

        def issue() -> str:
            order = {"offer": "day-free", "holder": "Zoë Müßig"}
            return str(program.call("POST", "/tickets", order).body["id"])

        museum.worker.start()
        issued = [issue()]
        log_of = f"/webhooks/{made.body['id']}/deliveries"

        def is_settled() -> bool:  # killed before that, the worker would tell it once more
            items = program.call("GET", log_of).body["items"]
            return [one["state"] for one in items] == ["done"]

        museum.worker.until(is_settled)
        museum.worker.kill()
        issued += [issue() for _ in range(3)]
        museum.worker.start()
        museum.worker.until(lambda: len(end.heard) >= 4)
        assert museum.worker.stop() == 0
        log = museum.worker.output
    told = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in end.heard]
    assert [body["data"]["ticket"] for body in told] == issued
    for request in end.heard:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        assert signature_is_good(made.body["secret"], dict(lines), body)
    assert url not in log
    assert "Traceback" not in log


def test_a_private_receiver_is_refused_where_it_is_not_allowed(tmp_path: Path) -> None:
    """By the service that a stranger would find."""
    with Museum(tmp_path / "home") as museum:
        museum.service.start()
        program = museum.program()
        for url in ("https://127.0.0.1/", "https://169.254.169.254/", "http://example.org/"):
            assert program.call("POST", "/webhooks", {"url": url}).status == 422
        assert program.call("GET", "/webhooks").body["items"] == []
