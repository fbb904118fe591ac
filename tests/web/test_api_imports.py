"""/code-batches/import: a list comes in as a body, and nothing of it is ever said back."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Headers
from ticketing.clerk import Clerk
from ticketing.domain.code_texts import text_of
from ticketing.domain.jobs import JobKind
from ticketing.service.code_imports import Importer
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web import guard

URL = "/api/v1/code-batches/import"
CODES = [text_of("NEU", n * 977_777) for n in range(1, 6)]
LIST = "\n".join(["code;batch;percent", *(f"{code};Händler;20" for code in CODES)])
FAULTY = f"{LIST}\nKowalewski;Händler;20\n{CODES[0]};Händler;Kowalewski\n"


@pytest.fixture
def clerk(store: Store, house: House) -> Clerk:
    """Somebody who does imports."""
    return Clerk(store, house, {JobKind.IMPORT: Importer(store, house)})


class Sender:
    """Sends lists with a key that may do all."""

    def __init__(self, client: FlaskClient, headers: Headers, clerk: Clerk) -> None:
        self._client, self._headers, self._clerk = client, headers, clerk

    def send(self, content: str | bytes, mode: str = "", **more: str) -> tuple[int, Any]:
        """Status and body."""
        answer = self._client.post(
            URL + (f"?mode={mode}" if mode else ""),
            headers={"Content-Type": "text/csv"} | self._headers | more,
            data=content,
        )
        return answer.status_code, answer.json

    def done(self, begun: Any) -> Any:
        """An import when a clerk has been there."""
        self._clerk.run_once()
        return self.get(f"/{begun['id']}")

    def get(self, path: str) -> Any:
        """What an address below says."""
        return self._client.get(URL + path, headers=self._headers).json

    def text(self, path: str) -> tuple[int, str]:
        """The same as text."""
        answer = self._client.get(URL + path, headers=self._headers)
        return answer.status_code, answer.text

    def confirm(self, begun: Any) -> tuple[int, Any]:
        """Store what is good."""
        answer = self._client.post(f"{URL}/{begun['id']}/confirm", headers=self._headers)
        return answer.status_code, answer.json


@pytest.fixture
def sender(client: FlaskClient, api: Headers, clerk: Clerk) -> Sender:
    """Somebody with lists."""
    return Sender(client, api, clerk)


def test_a_list_is_brought_in(sender: Sender, client: FlaskClient, api: Headers) -> None:
    """All of it; the same again changes nothing."""
    status, begun = sender.send(LIST)
    assert (status, begun["state"], begun["mode"], begun["stored"]) == (202, "queued", "all", None)
    done = sender.done(begun)
    assert (done["state"], done["stored"], done["problems"]) == ("done", True, [])
    assert done["counts"] == {"lines": 5, "new": 5, "changed": 0, "unchanged": 0, "faulty": 0}
    (batch,) = done["batches"]
    assert (batch["kind"], batch["new"]) == ("made", 5)
    found = client.get(f"/api/v1/code-batches/{batch['id']}", headers=api).json
    assert found is not None
    assert (found["state"], found["count"], found["created_by"][:4]) == ("ready", 5, "key_")
    assert done["stopped"] == []
    client.post(f"/api/v1/code-batches/{batch['id']}/stop", headers=api)
    again = sender.done(sender.send(LIST)[1])
    assert again["counts"]["unchanged"] == 5
    assert again["stopped"] == [{"id": batch["id"], "name": "Händler"}]


def test_one_faulty_line_keeps_all_out(sender: Sender) -> None:
    """It is told by line, column and a word, never by what stands there."""
    done = sender.done(sender.send(FAULTY)[1])
    assert (done["stored"], done["counts"]["faulty"]) == (False, 2)
    assert done["problems"] == [
        {"line": 7, "column": "code", "problem": "not_a_code"},
        {"line": 8, "column": "percent", "problem": "not_whole"},
    ]
    told = sender.text(f"/{done['id']}/problems.csv")
    assert told == (200, "line,column,problem\r\n7,code,not_a_code\r\n8,percent,not_whole\r\n")


def test_a_list_is_looked_through_and_confirmed(sender: Sender) -> None:
    """Its good lines are stored once, however often one confirms."""
    _, begun = sender.send(FAULTY, "check")
    assert sender.text(f"/{begun['id']}/problems.csv")[0] == 404
    checked = sender.done(begun)
    assert (checked["stored"], checked["counts"]["new"]) == (False, 5)
    first, again = sender.confirm(begun), sender.confirm(begun)
    assert first == again
    assert first[0] == 202
    assert sender.done(first[1])["counts"] == checked["counts"]
    good = sender.done(sender.send(FAULTY, "good")[1])
    assert good["counts"]["unchanged"] == 5


@pytest.mark.parametrize(
    ("content", "field", "problem"),
    [
        (b"", "file", "empty"),
        (b"PK\x03\x04", "file", "workbook"),
        (b"code;Kowalewski\n", "column_2", "unknown_column"),
    ],
)
def test_what_is_no_list_is_refused(
    sender: Sender, content: bytes, field: str, problem: str
) -> None:
    """At once, by the column's number."""
    status, told = sender.send(content)
    assert status == 422
    assert told["errors"] == [{"field": field, "problem": problem}]
    assert "Kowalewski" not in str(told)


def test_a_list_for_which_there_is_no_room_is_refused(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the same key it may come again."""
    with monkeypatch.context() as full:
        full.setattr("ticketing.service.jobs.UPLOADS_BYTES", 0)
        status, told = sender.send(LIST, **{"Idempotency-Key": "k"})
    assert (status, told["type"]) == (409, "urn:einlass:problem:uploads_full")
    assert sender.send(LIST, **{"Idempotency-Key": "k"})[0] == 202


def test_a_list_that_breaks_off_is_told(sender: Sender) -> None:
    """With its line; there is no file of problems."""
    done = sender.done(sender.send(f'{LIST}\n"x\n{CODES[0]}\n')[1])
    assert (done["counts"], done["stored"]) == (None, False)
    assert done["file"] == {"problem": "open_quote", "line": 7, "column": 0}
    assert sender.text(f"/{done['id']}/problems.csv")[0] == 404


def test_other_bodies_are_refused(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, client: FlaskClient, api: Headers
) -> None:
    """JSON, and more than a list may be."""
    assert client.post(URL, headers=api, json={"code": "x"}).status_code == 415
    assert sender.send(LIST, "some")[0] == 422
    monkeypatch.setattr(guard, "LIST_LIMIT_BYTES", 10)
    assert sender.send(LIST)[0] == 413
    assert client.get(f"{URL}/{'0' * 32}", headers=api).status_code == 404


def test_a_repeat_with_a_key_is_one_import(sender: Sender) -> None:
    """The body is told apart by its digest; another one under the same key is refused."""
    first = sender.send(LIST, **{"Idempotency-Key": "k"})
    assert sender.send(LIST, **{"Idempotency-Key": "k"}) == first
    status, told = sender.send(FAULTY, **{"Idempotency-Key": "k"})
    assert (status, told["type"]) == (409, "urn:einlass:problem:idempotency_key_reused")
