"""The OpenAPI document and its page."""

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from ticketing.web.api import openapi

ERRORS = "application/problem+json"


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The document."""
    answer = client.get("/api/v1/openapi.json")
    assert answer.json is not None
    found: dict[str, Any] = answer.json
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each operation with its method and path."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_lists_exactly_the_api(app: APIFlask, document: dict[str, Any]) -> None:
    """Every route under /api/v1 but the document itself and its page."""
    routes = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith(("openapi.json", "docs"))
    }
    assert {name for name, _ in operations(document)} == routes
    assert document["openapi"] == "3.1.0"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No schema is missing."""
    schemas = set(document["components"]["schemas"])

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [ref for value in node.values() for ref in references(value)]
        return (
            [ref for value in node for ref in references(value)] if isinstance(node, list) else []
        )

    found = {ref.removeprefix("#/components/schemas/") for ref in references(document)}
    assert found <= schemas
    assert found


def test_bodies_are_required_and_errors_are_problems(document: dict[str, Any]) -> None:
    """What APIFlask leaves out is put right."""
    for name, operation in operations(document):
        assert operation.get("requestBody", {"required": True})["required"] is True, name
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == [ERRORS], (name, status)


def test_each_call_says_its_key(document: dict[str, Any]) -> None:
    """Scopes and stations are in the document; pairing needs none."""
    needs = {name: operation.get("x-scope") for name, operation in operations(document)}
    assert needs["POST /api/v1/tickets"] == "tickets:write"
    assert needs["POST /api/v1/scans"] == "station"
    assert needs["POST /api/v1/stations/pair"] is None
    for name, operation in operations(document):
        assert ("security" in operation) == (needs[name] is not None), name


def test_a_scan_may_be_read_by_stations_and_by_keys(document: dict[str, Any]) -> None:
    """Either scheme opens it; scanning is for stations alone."""
    paths = document["paths"]
    both = paths["/api/v1/scans/{scan_id}"]["get"]["security"]
    assert both == [{"station": []}, {"key": []}]
    assert paths["/api/v1/scans"]["post"]["security"] == [{"station": []}]


def test_writes_offer_the_idempotency_key(document: dict[str, Any]) -> None:
    """On every write but scans and pairing; searches and exports write nothing."""
    offering = {
        name
        for name, operation in operations(document)
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    }
    writes = {name for name, _ in operations(document) if not name.startswith("GET")}
    without = {n for n in writes if "/scans" in n or n.endswith(("/pair", "/search", "/export"))}
    assert offering == writes - without


def test_no_address_takes_a_name_or_a_code(document: dict[str, Any]) -> None:
    """Only these words may stand in one; searches are POSTs. A new one is written down here."""
    ids = {
        "batch",
        "conflict",
        "delivery",
        "job",
        "scan_id",
        "slug",
        "station",
        "ticket",
        "visitor",
        "webhook",
    }
    paging = {"cursor", "limit", "offer", "state", "tag", "from", "until", "to", "step", "lang"}
    paging |= {"mode"}
    stations = {"epoch", "journal", "unsent", "version", "ring", "clock_diff_ms"}
    named = {
        one["name"]
        for _, operation in operations(document)
        for one in operation.get("parameters", [])
        if one["in"] in {"path", "query"}
    }
    assert named == ids | paging | stations


def test_every_list_pages(document: dict[str, Any]) -> None:
    """What answers with items takes cursor and limit, in the address or in the body."""
    schemas = document["components"]["schemas"]
    for name, operation in operations(document):
        shown = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        shape = schemas.get(shown.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1], {})
        if "next_cursor" not in shape.get("properties", {}):
            continue
        asked = {one["name"] for one in operation.get("parameters", [])}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        reference = body.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        asked |= set(schemas.get(reference, {}).get("properties", {}))
        assert asked >= {"cursor", "limit"}, name


def test_every_call_with_a_key_may_be_429(document: dict[str, Any]) -> None:
    """With the seconds to wait."""
    for name, operation in operations(document):
        if operation.get("x-scope") is not None:
            headers = operation["responses"]["429"].get("headers", {})
            assert "Retry-After" in headers or "override" in name, name


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_page_lists_every_call(
    client: FlaskClient, document: dict[str, Any], lang: str
) -> None:
    """Server-rendered, nothing loaded from elsewhere."""
    text = client.get(f"/api/v1/docs?lang={lang}").text
    for name, operation in operations(document):
        assert name.split(" ")[1] in text
        assert operation["summary"] in text
    assert "https://" not in text


def test_a_document_in_yaml_is_left_alone() -> None:
    """Only JSON is put right."""
    assert openapi._put_right("openapi: 3.1.0") == "openapi: 3.1.0"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "any"),
        ({"type": "string", "format": "date"}, "string (date)"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer | null"),
        ({"$ref": "#/components/schemas/OfferIn.Live"}, "Live"),
    ],
)
def test_a_schema_in_a_few_words(schema: dict[str, Any], words: str) -> None:
    """Enough to know what to send."""
    assert openapi._kind(schema) == words
