"""No error of the API and no line of its log repeats anything that was sent, anywhere."""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import Headers
from ticketing.clerk import Clerk
from ticketing.domain.code_texts import text_of
from ticketing.domain.jobs import JobKind
from ticketing.service.code_imports import Importer
from ticketing.service.ports import House
from ticketing.store.unit import Store

CANARY = "Kowalewski Canary"
AS_SLUG = "kowalewski-canary"
AS_ID = "c0ffee" * 5 + "c0"
NOTHING = "0" * 32
CODE = text_of("NEU", 977_777)
TIME = "2026-10-04T12:00:00Z"
BOTH = {"de": "Tor", "en": "Gate"}

# What is right but for one field at a time, so that the use case itself is asked.
GOOD: dict[str, dict[str, Any]] = {
    "POST /offers": {"slug": "new", "name": BOTH, "gates": ["sued"]},
    "PATCH /offers/{slug}": {"name": BOTH, "gates": ["sued"]},
    "POST /offers/{slug}/slots": {"starts_at": TIME, "ends_at": TIME, "capacity": 1},
    "POST /offers/{slug}/slots/series": {
        "from": "2026-10-04",
        "until": "2026-10-05",
        "times": ["10:00"],
        "length_min": 60,
        "capacity": 1,
    },
    "POST /gates": {"slug": "west", "name": BOTH},
    "POST /tickets": {"offer": "day", "holder": "A", "reference": "R", "visitor": NOTHING},
    "POST /tickets/batch": {"tickets": [{"offer": "day", "holder": "A"}]},
    "POST /tickets/search": {"holder": "Abc"},
    "POST /tickets/{ticket}/revoke": {"reason": "lost"},
    "POST /counts": {"gate": "sued", "delta": 1, "reason": "x"},
    "POST /conflicts/{conflict}/close": {"state": "ignored", "note": "x"},
    "POST /scans": {"scan_id": NOTHING, "barcode": "x", "scanned_at": TIME, "gate": "sued"},
    "POST /scans/batch": {
        "journal": "A" * 22,
        "entries": [{"n": 1, "body": "x", "sig": "x"}],
        "previous": "A" * 43,
    },
    "POST /scans/{scan_id}/confirm": {"checks": ["proof"], "by": "x"},
    "POST /scans/{scan_id}/decline": {"why": "x"},
    "POST /scans/{scan_id}/annul": {"reason": "x", "by": "x"},
    "POST /scans/{scan_id}/override": {"why": "x", "by": "x", "pin": "1234"},
    "POST /stations/pair": {"pairing_code": "x", "name": "x", "public_key": "A" * 43},
    "PATCH /stations/{station}": {"name": "x", "gate": "sued"},
    "POST /messages": {"visitor": NOTHING, "kind": "text", "text": "x"},
    "POST /code-batches": {
        "name": "x",
        "prefix": "AB",
        "count": 1,
        "effect": {"kind": "percent", "value": 1},
        "offers": ["day"],
        "tag": "x",
        "note": "x",
    },
    "PATCH /code-batches/{batch}": {"name": "x", "offers": ["day"], "tag": "x", "note": "x"},
    "POST /codes/check": {"code": "AB-00000000000", "offer": "day", "visitor": NOTHING},
    "POST /codes/redeem": {
        "code": "AB-00000000000",
        "redemption_id": "r1",
        "offer": "day",
        "visitor": NOTHING,
    },
    "POST /codes/release": {"redemption_id": "r1"},
    "POST /codes/bind": {"code": "AB-00000000000", "visitor": NOTHING},
    "POST /webhooks": {"url": "https://a.example/", "events": []},
}


@pytest.fixture(name="calls")
def _calls(client: FlaskClient) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, pattern and operation of every call that the document lists."""
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    return [
        (method.upper(), path.removeprefix("/api/v1"), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def spoiled(body: Any, canary: str) -> Iterator[Any]:
    """The same body with the canary in the place of one value, for each of its values."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from ({**body, name: other} for other in spoiled(value, canary))
    elif isinstance(body, list):
        for other in spoiled(body[0], canary) if body else ():
            yield [other, *body[1:]]
        yield [canary]
    else:
        yield from (canary, [canary], {canary: canary}, {"x": {"y": canary}})


def bodies(name: str, operation: dict[str, Any]) -> Iterator[Any]:
    """Every way to say the canary in a body."""
    if "application/json" not in operation.get("requestBody", {}).get("content", {}):
        yield {CANARY: CANARY}
        return
    assert name in GOOD, f"a good body is missing: {name}"
    for canary in (CANARY, AS_SLUG, AS_ID, CANARY * 500, f"{CANARY}\0"):
        yield from spoiled(GOOD[name], canary)
    yield from ({**GOOD[name], CANARY: CANARY}, [CANARY], CANARY, {CANARY: {CANARY: CANARY}})


def lists(canary: str) -> Iterator[str]:
    """Every way to say the canary in a list of codes, but as the name of a batch that is made."""
    yield from (canary, f"code;{canary}\n{CODE};x\n", f'code;note\n{CODE};"{canary}\n')
    yield f"code;batch\n{canary};{canary}\n"
    for title in ("visitor", "percent", "amount", "free", "valid_until", "max_uses", "offers"):
        yield f"code;{title};tag;note\n{CODE};{canary};{canary};{canary};{canary}\n"
        yield f"code;{title};tag;note\n{CODE};{canary};{canary};{canary}\n"


def says(answer: TestResponse) -> bool:
    """Whether an error has the canary in its body or headers."""
    return answer.status_code >= 400 and shows(answer)


def shows(answer: TestResponse) -> bool:
    """Whether any answer has it."""
    shown = (answer.text + str(answer.headers)).lower()
    return any(one in shown for one in ("kowalewski", "c0ffee", "canary"))


def test_no_error_repeats_a_body(
    client: FlaskClient,
    api: Headers,
    station: Headers,
    calls: list[tuple[str, str, dict[str, Any]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each field of each call, as text, list and object; names of fields as well."""
    said, errors = [], 0
    with caplog.at_level(logging.DEBUG):
        for method, pattern, operation in calls:
            name = f"{method} {pattern}"
            headers = station if operation.get("x-scope") == "station" else api
            path = "/api/v1" + pattern.replace("{slug}", "day").replace("{", "").replace("}", "")
            for body in bodies(name, operation):
                answer = client.open(path, method=method, headers=headers, json=body)
                errors += answer.status_code >= 400
                said += [(name, answer.status_code)] if says(answer) else []
    assert said == []
    assert errors > 500
    assert "kowalewski" not in caplog.text.lower()
    assert "c0ffee" not in caplog.text


@pytest.mark.parametrize("mode", ["check", "all", "good"])
def test_no_import_repeats_a_list(
    client: FlaskClient,
    api: Headers,
    store: Store,
    house: House,
    calls: list[tuple[str, str, dict[str, Any]]],
    caplog: pytest.LogCaptureFixture,
    mode: str,
) -> None:
    """Neither the call nor what a clerk says of the list, nor the file of its problems."""
    paths = [
        f"/api/v1{pattern}"
        for _, pattern, operation in calls
        if "text/csv" in operation.get("requestBody", {}).get("content", {})
    ]
    clerk = Clerk(store, house, {JobKind.IMPORT: Importer(store, house)})
    headers, statuses = {"Content-Type": "text/csv"} | api, Counter[int]()
    with caplog.at_level(logging.DEBUG):
        for path in paths:
            for content in (one for canary in (CANARY, CANARY * 70) for one in lists(canary)):
                answer = client.post(f"{path}?mode={mode}", headers=headers, data=content)
                statuses[answer.status_code] += 1
                assert not shows(answer), content
                if answer.status_code == 202 and answer.json:
                    clerk.run_once()
                    job = f"{path}/{answer.json['id']}"
                    told = [client.get(job + end, headers=api) for end in ("", "/problems.csv")]
                    assert not any(map(shows, told)), content
                    told_of = told[0].json or {}
                    assert told_of["state"] == "done"
                    assert told_of["problems"] or told_of["file"], content
    assert statuses[202] > 20
    assert statuses.keys() == {202, 422}
    assert "kowalewski" not in caplog.text.lower()


def test_no_error_repeats_an_address_or_a_header(
    client: FlaskClient,
    api: Headers,
    station: Headers,
    calls: list[tuple[str, str, dict[str, Any]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Path, query (known and unknown names), Idempotency-Key, Accept-Language, key."""
    said = []
    with caplog.at_level(logging.DEBUG):
        for method, pattern, operation in calls:
            headers = station if operation.get("x-scope") == "station" else api
            own = {one["name"]: one["in"] for one in operation.get("parameters", [])}
            for canary in (CANARY, AS_SLUG, AS_ID):
                path = "/api/v1" + pattern
                for name, place in own.items():
                    path = path.replace(f"{{{name}}}", canary) if place == "path" else path
                query = {name: canary for name, place in own.items() if place == "query"}
                for asked in (query, {CANARY: canary}, {}):
                    for more in ({}, {"Idempotency-Key": canary * 60, "Accept-Language": canary}):
                        answer = client.open(
                            path,
                            method=method,
                            headers=headers | more,
                            query_string=asked,
                            json=GOOD.get(f"{method} {pattern}"),
                        )
                        said += [(method, pattern, answer.status_code)] if says(answer) else []
            unknown = {"Authorization": f"Bearer ek_{AS_ID}"}
            answer = client.open("/api/v1" + pattern, method=method, headers=unknown)
            said += [(method, pattern, 401)] if says(answer) else []
    assert said == []
    assert "kowalewski" not in caplog.text.lower()
    assert "c0ffee" not in caplog.text
