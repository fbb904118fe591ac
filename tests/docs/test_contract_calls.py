"""Every call of the contract is there, or `differences.md` says that it is not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask

from tests.docs.test_documents import text_of
from tests.test_cli import Home
from ticketing import config
from ticketing.app import build

CALLS = Path(__file__).resolve().parents[2] / "docs" / "contract-calls.txt"
API = "/api/v1/"
_CALL = re.compile(r"(GET|POST|PATCH|DELETE) (/[^\s?]+)(?:\?(\S+))?")


@dataclass(frozen=True, slots=True)
class Call:
    """Method and address, whose variables are all alike, and the names of its query."""

    method: str
    path: str
    query: frozenset[str] = frozenset()


def read(line: str) -> Call:
    """A call as it is written."""
    found = _CALL.fullmatch(line)
    assert found is not None, line
    method, path, query = found.groups()
    names = frozenset(re.findall(r"(\w+)=", query or ""))
    return Call(method, re.sub(r"{\w+}", "{}", path), names)


CONTRACT = {line: read(line) for line in CALLS.read_text("utf-8").splitlines()}


@pytest.fixture(scope="module", name="app")
def _app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home = tmp_path_factory.mktemp("contract") / "h"
    Home(home)("init", "--sample")
    built = build(config.load(home))
    yield built.web()
    built.store.close()


def answered(app: APIFlask) -> dict[tuple[str, str], frozenset[str]]:
    """What the service answers, with the names of each query: as documented, and its pages."""
    document: dict[str, Any] = app.test_client().get(f"{API}openapi.json").json or {}
    calls = {
        (method.upper(), re.sub(r"{\w+}", "{}", path)): frozenset(
            one["name"] for one in what.get("parameters", ()) if one["in"] == "query"
        )
        for path, methods in document["paths"].items()
        for method, what in methods.items()
    }
    pages = {
        (method, re.sub(r"<[^>]+>", "{}", rule.rule)): frozenset[str]()
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if not rule.rule.startswith(API)
    }
    return pages | calls


def test_each_call_is_there_or_named_as_missing(app: APIFlask) -> None:
    """No more is named than what is missing, so that a row goes with its call's coming."""
    there = answered(app)
    missing = {one for one in CONTRACT.values() if (one.method, one.path) not in there}
    section = text_of("differences.md").split("## Calls of the contract that are not there")[1]
    named = re.findall(r"^\| `([A-Z]+ [^`]+)` \|", section, re.MULTILINE)
    assert {read(line) for line in named} == missing
    assert set(named) <= set(CONTRACT)


def test_each_query_is_as_the_contract_has_it(app: APIFlask) -> None:
    """More may be asked, none of the contract's is left out."""
    there = answered(app)
    lacking = {
        line: one.query - there[one.method, one.path]
        for line, one in CONTRACT.items()
        if one.query and (one.method, one.path) in there
    }
    assert lacking
    assert not any(lacking.values()), lacking


def test_the_list_is_the_contracts() -> None:
    """As long as it was copied, each call once."""
    lines = CALLS.read_text("utf-8").splitlines()
    assert len(lines) == len(set(CONTRACT.values())) == 67
    assert sum(line.split()[1].startswith(API) for line in lines) == 57
