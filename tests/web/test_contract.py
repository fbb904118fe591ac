"""The API is what its document says: schemathesis asks it, with real keys.

All phases and all checks. `positive_data_acceptance` takes a 422 as well, for no schema knows
that a gate does not exist or that a span is backwards; a check of our own looks at those:
what the schema allows must never be refused by a rule of shape.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from apiflask import APIBlueprint, APIFlask
from flask import Response, jsonify
from schemathesis.auths import AuthContext
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.context import EngineContext
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import BaseSchema

from tests.factories import with_tickets
from tests.web.conftest import Headers
from ticketing.domain.accounts import Scope
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.access import open_to_all
from ticketing.web.api.shapes import Out

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("contract")]
DOCUMENT = "/api/v1/openapi.json"
_WORD = re.compile(r"[a-z_]+")
_REFUSED = ["2xx", "401", "403", "404", "409", "410", "422", "429"]
CONFIG: dict[str, Any] = {
    "seed": 20261004,
    "workers": 1,
    "continue-on-failure": True,
    "generation": {
        "max-examples": 6,
        "deterministic": True,
        "database": "none",
        "no-shrink": True,
    },
    "checks": {"positive_data_acceptance": {"expected-statuses": _REFUSED}},
}


@dataclass
class Report:
    """What a run has found: one line for each finding, and how many calls it made."""

    findings: list[str] = field(default_factory=list)
    calls: int = 0
    statuses: set[int] = field(default_factory=set)


@pytest.fixture(autouse=True)
def _plain_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """Schemathesis 4.32 hands options of `requests` (`verify`, `cert` …) to werkzeug."""
    whole = EngineContext.get_transport_kwargs

    def plain(self: EngineContext, operation: Any = None) -> dict[str, Any]:
        given = whole(self, operation)
        return {name: given[name] for name in ("headers", "session") if name in given}

    monkeypatch.setattr(EngineContext, "get_transport_kwargs", plain)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of access lines help nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def run(schema: BaseSchema) -> Report:
    """Ask everything, and list what is wrong."""
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            report.findings.append(f"error: {event.label}: {event.value!r}")
        if isinstance(event, events.FatalError):
            report.findings.append(f"error: {event.exception!r}")
        if isinstance(event, events.ScenarioFinished):
            _read(event.recorder, report)
    return report


def _read(recorder: ScenarioRecorder, report: Report) -> None:
    report.calls += len(recorder.interactions)
    for checks in recorder.checks.values():
        report.findings += [
            f"{recorder.label}: {check.name}: {check.failure_info.failure.title}:"
            f" {check.failure_info.failure.message}: {check.failure_info.code_sample}"
            for check in checks
            if check.failure_info is not None
        ]
    for case_id, interaction in recorder.interactions.items():
        answer, node = interaction.response, recorder.cases.get(case_id)
        if answer is None or node is None:
            continue
        report.statuses.add(answer.status_code)
        meta = node.value.meta
        if meta is None or meta.generation.mode is not GenerationMode.POSITIVE:
            continue
        if answer.status_code == 422 and not _is_of_use_case(answer.json()):
            report.findings.append(f"{recorder.label}: the schema allows it: {answer.text}")


def _is_of_use_case(problem: Any) -> bool:
    """Use cases say a plain word (`range`), rules of shape say pydantic's sentences."""
    return all(_WORD.fullmatch(error["problem"]) for error in problem["errors"])


def signed_in(schema: BaseSchema, tokens: dict[str, Headers]) -> BaseSchema:
    """The schema with the right key for each call: of exactly its scope, or a station's."""

    class Right:
        """Chooses by what the document says of a call."""

        def get(self, _case: Any, context: AuthContext) -> Headers:
            return tokens.get(_scope(context.operation), {})

        def set(self, case: Any, data: Headers, _context: AuthContext) -> None:
            case.headers = {**(case.headers or {}), **data}

    schema.auth(cache_by_key=lambda _case, context: _scope(context.operation))(Right)
    return schema


def _scope(operation: Any) -> str:
    return str(operation.definition.raw.get("x-scope", ""))


def test_the_api_is_as_its_document_says(
    app: APIFlask,
    store: Store,
    house: House,
    key: Callable[..., Headers],
    station: Headers,
) -> None:
    """Thousands of calls, right and wrong ones, with keys of one scope each: no finding."""
    with_tickets(store, house, 3)
    tokens = {scope.value: key(scope) for scope in Scope} | {"station": station}
    config = SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=config)
    report = run(signed_in(schema, tokens))
    assert not report.findings, "\n".join(sorted(set(report.findings)))
    assert report.calls > 2000
    assert {200, 201, 400, 401, 404, 405, 409, 422} <= report.statuses


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (({"n": 1}, 418), "Undocumented status code"),
        (({"n": "one"}, 200), "Response violates schema"),
        (({"n": 1}, 500), "Server error"),
    ],
)
def test_what_the_document_does_not_say_is_found(
    app: APIFlask, answer: tuple[Any, int], finding: str
) -> None:
    """A planted call that answers otherwise than it says."""
    planted = APIBlueprint("planted", __name__)

    class Planted(Out):
        """What it says."""

        n: int

    @planted.get("/api/v1/planted")
    @open_to_all
    @planted.output(Planted)
    def plant() -> Response:
        """Answer something."""
        body, status = answer
        said = jsonify(body)
        said.status_code = status
        return said

    app.register_blueprint(planted)
    config = SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=config)
    report = run(schema.include(path="/api/v1/planted"))
    assert any(f": {finding}:" in found for found in report.findings), report.findings
