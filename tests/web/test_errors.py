"""Errors: a problem for programs, a page for people, and never what was sent."""

import logging
import re
from io import BytesIO
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.web.conftest import Headers
from ticketing.service import errors as service_errors
from ticketing.service.errors import ServiceError
from ticketing.web import errors
from ticketing.web.access import open_to_all
from ticketing.web.errors import refused
from ticketing.wire.verdict import TicketState

SECRET = "Geheimnis-Kowalewski"  # noqa: S105  a word to look for, no password


def test_broken_json_is_400(client: FlaskClient, api: Headers) -> None:
    """What is no JSON is not understood."""
    answer = client.post("/api/v1/tickets", headers=api, data='{"holder": "' + SECRET)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["type"] == "urn:einlass:problem:bad_request"
    assert SECRET not in answer.text


@pytest.mark.parametrize("body", ["[" * 200_000, '{"holder": "\\ud800"}', "1" * 5000, "NaN{"])
def test_hostile_json_is_400(client: FlaskClient, api: Headers, body: str) -> None:
    """Endless nesting, half characters and giant numbers are bad requests, not faults."""
    answer = client.post("/api/v1/tickets", headers=api, data=body)
    assert answer.status_code == 400


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "7", "true"])
def test_json_that_is_no_object_is_422(client: FlaskClient, api: Headers, body: str) -> None:
    """Valid JSON of another shape lacks every field."""
    answer = client.post("/api/v1/tickets", headers=api, data=body)
    assert answer.status_code == 422


def test_wrong_fields_are_named_and_their_values_are_not(client: FlaskClient, api: Headers) -> None:
    """A 422 lists field and problem, and repeats nothing that was sent."""
    body = {"offer": 7, "holder": ["x", SECRET], "on": SECRET, SECRET: SECRET, "party": SECRET}
    answer = client.post("/api/v1/tickets", headers=api, json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    fields = {error["field"] for error in answer.json["errors"]}
    assert fields == {"offer", "holder", "on", "party", ""}
    assert all(set(error) == {"field", "problem"} for error in answer.json["errors"])
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [("holder_name", "holder_name"), ("x" * 50, "x" * 40), ("Ayşe", ""), ("a@b.example", "")],
)
def test_an_unknown_field_is_named_if_it_is_a_plain_word(
    client: FlaskClient, api: Headers, name: str, shown: str
) -> None:
    """Anything else under the name of a field may be somebody's own."""
    body = {"offer": "day", "holder": "A", name: 1}
    answer = client.post("/api/v1/tickets", headers=api, json=body)
    assert answer.json is not None
    assert answer.json["errors"] == [{"field": shown, "problem": "unknown field"}]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503])
def test_no_problem_is_without_a_sentence(app: APIFlask, status: int) -> None:
    """Also one whose reason nobody wrote a sentence for."""

    @app.get("/api/v1/refused")
    @open_to_all
    def refuse() -> str:
        raise refused(status, "nameless")

    said = app.test_client().get("/api/v1/refused").json
    assert said is not None
    assert said["detail"].endswith(".")


def test_every_conflict_of_a_use_case_has_a_sentence_of_its_own() -> None:
    """The fixed words are read from the code, so that a new one is not forgotten."""
    folder = Path(service_errors.__file__).parent
    code = "".join(path.read_text() for path in folder.glob("*.py"))
    reasons = set(re.findall(r'Conflict\("(\w+)"\)', code))
    reasons |= {f"ticket_{state.value}" for state in TicketState}
    assert "offer_exists" in reasons
    assert reasons - set(errors._DETAILS) == set()


@pytest.mark.parametrize("path", ["/api/v1/tickets", "/api/v1/scans", "/api/v1/stations/pair"])
def test_the_api_takes_a_megabyte(client: FlaskClient, path: str) -> None:
    """More is refused before it is read, signed in or not."""
    answer = client.post(path, data=b"x" * (3 * 1024 * 1024))
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_a_body_of_unknown_length_is_cut_off(app: APIFlask, api: Headers) -> None:
    """Chunked bodies have no length to look at first; a part of one is no JSON."""
    environ = EnvironBuilder(
        "/api/v1/tickets",
        method="POST",
        headers=[*api.items()],
        input_stream=BytesIO(b"[" * 2_000_000),
    ).get_environ()
    environ |= {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    environ.pop("CONTENT_LENGTH", None)
    assert run_wsgi_app(app, environ)[1].startswith(("400 ", "413 "))


def test_the_chat_takes_64_kilobytes(client: FlaskClient) -> None:
    """Beyond that there is a clear page, or a problem for the script."""
    form = client.post("/chat/messages", data={"text": "x" * (3 * 1024 * 1024)})
    assert (form.status_code, form.mimetype) == (413, "text/html")
    assert "Das ist zu viel auf einmal" in form.text
    script = client.post("/chat/messages", json={"text": "x" * 70_000})
    assert (script.status_code, script.mimetype) == (413, "application/problem+json")


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    """405 keeps its Allow header, for people and programs."""
    answer = client.delete("/api/v1/tickets")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert answer.content_type == "application/problem+json"
    assert client.put("/privacy").headers["Allow"]


def test_an_unknown_api_address_is_a_problem(client: FlaskClient) -> None:
    """Programs get JSON whatever they ask for."""
    answer = client.get(f"/api/v1/{SECRET}")
    assert answer.status_code == 404
    assert answer.json == {
        "type": "urn:einlass:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing under this address.",
    }


@pytest.mark.parametrize(("lang", "text"), [("de", "Hier ist nichts"), ("en", "There is nothing")])
def test_an_unknown_address_is_a_page_in_both_languages(
    client: FlaskClient, lang: str, text: str
) -> None:
    """The browser's language comes first, the other one follows."""
    answer = client.get(f"/{SECRET}", headers={"Accept-Language": lang})
    assert answer.status_code == 404
    assert f'<html lang="{lang}">' in answer.text
    assert f"<h1>{text}" in answer.text
    assert "Hier ist nichts" in answer.text
    assert "There is nothing here" in answer.text
    assert SECRET not in answer.text


def test_a_script_that_asks_for_json_gets_a_problem(client: FlaskClient) -> None:
    """Outside the API the Accept header decides."""
    answer = client.get("/t/nothing", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_fault_shows_and_logs_nothing_that_was_sent(
    app: APIFlask, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names kind, route and lines of code; the message may hold a name."""

    @app.get("/broken/<what>")
    @open_to_all
    def broken(what: str) -> str:
        raise ValueError(what)

    with caplog.at_level(logging.DEBUG):
        answer = app.test_client().get(f"/broken/{SECRET}")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert SECRET not in caplog.text
    assert "ValueError in GET /broken/<what>" in caplog.text
    assert "in broken" in caplog.text


def test_a_refusal_without_a_shape_is_a_plain_400(app: APIFlask) -> None:
    """A new kind of refusal is never shown by accident."""

    @app.get("/api/v1/strange")
    @open_to_all
    def strange() -> str:
        raise ServiceError(SECRET)

    answer = app.test_client().get("/api/v1/strange")
    assert answer.status_code == 400
    assert SECRET not in answer.text


def test_a_fault_outside_a_route_is_logged_too(
    app: APIFlask, caplog: pytest.LogCaptureFixture
) -> None:
    """The log survives a request that has no route."""
    with app.test_request_context("/"):
        app.log_exception((None, None, None))
    assert len(caplog.records) == 1
