"""A full disk is said as such: 503, one line in the log, and not ready."""

import logging
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.faults.disk import full_database
from tests.web.conftest import Headers
from ticketing.cli.failures import sentence
from ticketing.domain.failures import StoreUnavailable
from ticketing.store import unit
from ticketing.store.unit import Store

NAME = {"de": "Tor", "en": "Gate"}


@pytest.fixture
def full_disk(store: Store, api: Headers, museum: None) -> Iterator[None]:
    """SQLite may not add a page."""
    del api, museum  # made before
    with full_database(store):
        yield


def write_until_full(client: FlaskClient, headers: Headers) -> TestResponse:
    """Make gates until one is refused: a few still fit into pages that exist."""
    for number in range(500):
        body = {"slug": f"gate-{number}", "name": NAME}
        answer = client.post("/api/v1/gates", headers=headers, json=body)
        if answer.status_code != 201:
            return answer
    raise AssertionError("the disk was never full")


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("more", [{}, {"Idempotency-Key": "one"}])
def test_a_full_disk_is_503_and_one_line(
    client: FlaskClient, api: Headers, caplog: pytest.LogCaptureFixture, more: Headers
) -> None:
    """A problem with Retry-After; the log names kind and route, without a stack."""
    write_until_full(client, api)
    with caplog.at_level(logging.DEBUG):
        caplog.clear()
        body = {"slug": "last", "name": {"de": "ä" * 100, "en": "ö" * 100}}
        answer = client.post("/api/v1/gates", headers=api | more, json=body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["type"] == "urn:einlass:problem:unavailable"
    assert answer.json["detail"]
    lines = [record.getMessage() for record in caplog.records if record.name == "ticketing.web"]
    said = "the database cannot be used (OperationalError) in POST /api/v1/gates"
    assert lines == [said]
    assert "Traceback" not in caplog.text
    assert client.get("/api/v1/gates", headers=api).status_code == 200


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_not_ready_for_a_while(
    client: FlaskClient, api: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading still works, so the last failed write is remembered, and then forgotten."""
    assert client.get("/readyz").status_code == 200
    write_until_full(client, api)
    assert client.get("/readyz").status_code == 503
    monkeypatch.setattr(unit, "FAILURE_MEMORY_S", 0.0)
    assert client.get("/readyz").status_code == 200


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_a_page_in_both_languages(client: FlaskClient, api: Headers) -> None:
    """People read that it is not their fault."""
    write_until_full(client, api)
    sent = (client.post("/chat/messages", data={"text": "x" * 900}) for _ in range(200))
    answer = next(answer for answer in sent if answer.status_code != 303)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"] == "5"
    assert "It is not your fault" in answer.text
    assert 'lang="de"' in answer.text


def test_the_command_line_says_an_unavailable_database_in_one_sentence() -> None:
    """The same words as for a broken file, and the kind alone."""
    said = sentence(StoreUnavailable("OperationalError"))
    assert said is not None
    assert said.startswith("the database cannot be used (OperationalError)")
