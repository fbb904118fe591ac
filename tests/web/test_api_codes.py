"""/code-batches and /codes: made, changed, followed, redeemed; no code in an address."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes import FrozenClock
from tests.web.conftest import Headers
from ticketing.domain.accounts import Scope
from ticketing.service.code_guessing import WRONG_OF_CLIENT
from ticketing.service.code_making import Maker
from ticketing.service.ports import House
from ticketing.store.unit import Store

AUTUMN = {
    "name": "Herbst",
    "prefix": "Herbst",
    "count": 3,
    "effect": {"kind": "percent", "value": 20},
}
URL = "/api/v1/code-batches"
ANNA = "a" * 32


@pytest.fixture(autouse=True)
def _offer(client: FlaskClient, api: Headers, museum: None) -> None:
    """An offer for 9 euros beside the free one."""
    del museum
    offer = {"slug": "full", "name": {"de": "Voll", "en": "Full"}, "price_cents": 900}
    assert client.post("/api/v1/offers", headers=api, json=offer).status_code == 201


class Caller:
    """Calls with a key that may do all."""

    def __init__(self, client: FlaskClient, headers: Headers) -> None:
        self._client, self._headers = client, headers

    def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and body."""
        answer = self._client.open(path, method=method, headers=self._headers, **options)
        return answer.status_code, answer.get_json(silent=True)

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        """Status and body of a POST."""
        return self("POST", path, json=body)

    def batch(self, **changes: Any) -> Any:
        """A new batch."""
        status, made = self.post(URL, **AUTUMN | changes)
        assert status == 201
        return made

    def codes(self, batch: Any) -> list[str]:
        """Its codes."""
        found = self("GET", f"{URL}/{batch['id']}/codes")[1]
        return [one["code"] for one in found["items"]]


@pytest.fixture
def call(client: FlaskClient, api: Headers) -> Caller:
    """A program with every scope."""
    return Caller(client, api)


def test_a_batch_is_made_listed_and_followed(call: Caller) -> None:
    """Its codes keep the prefix; what comes of them is in its tally."""
    made = call.batch(tag="presse", budget_cents=10_000)
    assert (made["state"], made["tally"]["made"], made["max_uses"]) == ("ready", 3, 1)
    assert made["created_by"].startswith("key_")
    codes = call.codes(made)
    assert all(code.startswith("Herbst-") for code in codes)
    body = {"code": codes[0], "redemption_id": "r1", "offer": "full"}
    status, redeemed = call.post("/api/v1/codes/redeem", **body)
    assert status == 200
    assert redeemed["redeemed_at"].startswith("2026-10-04T12:00")
    del redeemed["redeemed_at"]
    assert redeemed == {
        "redemption_id": "r1",
        "state": "redeemed",
        "batch": made["id"],
        "effect": {"kind": "percent", "value": 20},
        "offer": "full",
        "amount_cents": 900,
        "discount_cents": 180,
        "to_pay_cents": 720,
        "uses_left": 0,
        "released_at": None,
    }
    tally = call("GET", f"{URL}/{made['id']}")[1]["tally"]
    assert (tally["redeemed"], tally["used"], tally["given_cents"]) == (1, 1, 180)
    assert [one["id"] for one in call("GET", f"{URL}?tag=presse")[1]["items"]] == [made["id"]]
    [tag] = call("GET", "/api/v1/code-tags")[1]["items"]
    assert (tag["tag"], tag["batches"], tag["tally"]["redeemed"]) == ("presse", 1, 1)


def test_a_check_shows_every_offer(call: Caller) -> None:
    """What it costs with the code; an amount is worked out as well."""
    code = call.codes(call.batch())[0]
    status, found = call.post("/api/v1/codes/check", code=code)
    assert (status, found["discount_cents"], found["to_pay_cents"]) == (200, 180, None)
    assert [(o["offer"], o["reduced_cents"]) for o in found["offers"]] == [("full", 720)]
    found = call.post("/api/v1/codes/check", code=code.lower(), amount_cents=5000)[1]
    assert (found["discount_cents"], found["to_pay_cents"]) == (1000, 4000)


def test_a_refusal_names_its_reason_and_repeats_nothing(call: Caller) -> None:
    """409, a type that ends in the reason, no code in the answer."""
    code = call.codes(call.batch())[0]
    call.post("/api/v1/codes/redeem", code=code, redemption_id="r1")
    for path, extra in (("check", {}), ("redeem", {"redemption_id": "r2"})):
        status, said = call.post(f"/api/v1/codes/{path}", code=code, **extra)
        assert (status, said["type"]) == (409, "urn:einlass:problem:code_used_up")
        assert code not in str(said)
    unknown = call.post("/api/v1/codes/check", code="HERBST-00000000000")[1]
    assert unknown["type"].endswith("unknown_code")


def test_a_redemption_is_repeated_and_released(call: Caller) -> None:
    """The stored answer; another question under the same id is refused; a release once."""
    code = call.codes(call.batch())[0]
    body = {"code": code, "redemption_id": "r1", "amount_cents": 900}
    first = call.post("/api/v1/codes/redeem", **body)
    assert call.post("/api/v1/codes/redeem", **body) == first
    status, said = call.post("/api/v1/codes/redeem", **body | {"amount_cents": 1})
    assert (status, said["type"].rpartition(":")[2]) == (409, "redemption_id_reused")
    released = call.post("/api/v1/codes/release", redemption_id="r1")
    assert (released[0], released[1]["state"]) == (200, "released")
    assert call.post("/api/v1/codes/release", redemption_id="r1") == released
    assert call.post("/api/v1/codes/release", redemption_id="r9")[0] == 404


def test_a_till_redeems_and_sees_no_list(
    client: FlaskClient, call: Caller, key: Callable[..., Headers]
) -> None:
    """Its key can do nothing but what a till does."""
    batch = call.batch()
    code = call.codes(batch)[0]
    till = Caller(client, key(Scope.CODES_REDEEM))
    assert till.post("/api/v1/codes/check", code=code)[0] == 200
    assert till.post("/api/v1/codes/redeem", code=code, redemption_id="bon-1")[0] == 200
    assert till.post("/api/v1/codes/release", redemption_id="bon-1")[0] == 200
    assert till("GET", f"{URL}/{batch['id']}/codes")[0] == 403
    assert till("GET", f"{URL}/{batch['id']}/export.csv")[0] == 403
    assert till.post(URL, **AUTUMN)[0] == 403


def test_a_repeat_is_the_first_answer_to_the_letter(
    client: FlaskClient, call: Caller, api: Headers, clock: FrozenClock
) -> None:
    """Also by a clock that knows more than the store keeps of a time."""
    clock.tick(microseconds=864_359)
    code = call.codes(call.batch())[0]
    body = {"code": code, "redemption_id": "r1", "amount_cents": 900}
    said = [client.post("/api/v1/codes/redeem", headers=api, json=body).data for _ in range(2)]
    assert said[0] == said[1]
    assert b".864000Z" in said[0]


def test_whoever_guesses_is_told_to_wait(client: FlaskClient, call: Caller, api: Headers) -> None:
    """429 with the seconds, for a good code too."""
    code = call.codes(call.batch())[0]
    wrong = {"code": "HERBST-00000000000", "client": "basket 7"}
    for _ in range(WRONG_OF_CLIENT.each):
        assert call.post("/api/v1/codes/check", **wrong)[0] == 409
    body = {"code": code, "redemption_id": "r", "client": "basket 7"}
    answer = client.post("/api/v1/codes/redeem", headers=api, json=body)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    for other in ({"client": "basket 8"}, {}):
        assert call.post("/api/v1/codes/check", code=code, **other)[0] == 200
    assert call.post("/api/v1/codes/check", code=code, client="")[0] == 422


def test_a_batch_is_changed_stopped_and_resumed(call: Caller) -> None:
    """Null lifts a limit; what is not told stays; the version counts."""
    made = call.batch(budget_cents=500, note="x")
    url = f"{URL}/{made['id']}"
    status, new = call("PATCH", url, json={"budget_cents": None, "name": "Neu", "version": 0})
    assert (status, new["budget_cents"], new["name"], new["note"]) == (200, None, "Neu", "x")
    status, said = call("PATCH", url, json={"name": "Alt", "version": 0})
    assert (status, said["type"].rpartition(":")[2]) == (409, "changed")
    assert call.post(f"{url}/stop")[1]["state"] == "stopped"
    refused = call.post("/api/v1/codes/check", code=call.codes(made)[0])
    assert refused[1]["type"].endswith("code_not_applicable")
    assert call.post(f"{url}/resume")[1]["state"] == "ready"
    status, said = call("PATCH", url, json={"effect": {"kind": "free"}})
    assert (status, said["effect"]) == (200, {"kind": "free", "value": 0})


def test_no_limit_goes_below_what_is_used(call: Caller) -> None:
    """422 with the field."""
    made = call.batch(max_uses=3)
    code = call.codes(made)[0]
    for place in range(2):
        call.post("/api/v1/codes/redeem", code=code, redemption_id=f"r{place}")
    status, said = call("PATCH", f"{URL}/{made['id']}", json={"max_uses": 1})
    assert (status, said["errors"]) == (422, [{"field": "max_uses", "problem": "below_used"}])


@pytest.mark.parametrize("field", ["tally", "redeemed", "given_cents"])
def test_nobody_writes_how_often_a_code_was_redeemed(call: Caller, field: str) -> None:
    """Peers 65: it is counted, and the count cannot be changed from outside."""
    made = call.batch()
    call.post("/api/v1/codes/redeem", code=call.codes(made)[0], redemption_id="r1")
    status, said = call("PATCH", f"{URL}/{made['id']}", json={field: {"redeemed": 0}})
    assert status == 422
    assert any(field in error["field"] for error in said["errors"]), said
    assert call("GET", f"{URL}/{made['id']}")[1]["tally"]["redeemed"] == 1


def test_only_unused_codes_are_deleted(call: Caller) -> None:
    """A batch of them goes; one with a redeemed code keeps that."""
    fresh, used = call.batch(), call.batch()
    assert call("DELETE", f"{URL}/{fresh['id']}")[0] == 204
    assert call("GET", f"{URL}/{fresh['id']}")[0] == 404
    call.post("/api/v1/codes/redeem", code=call.codes(used)[0], redemption_id="r1")
    status, said = call("DELETE", f"{URL}/{used['id']}")
    assert (status, said["type"].rpartition(":")[2]) == (409, "batch_redeemed")
    assert call.post(f"{URL}/{used['id']}/delete-unused") == (200, {"deleted": 2})
    assert len(call.codes(used)) == 1


def test_a_code_is_bound(call: Caller) -> None:
    """Then it needs its visitor."""
    code = call.codes(call.batch())[0]
    assert call.post("/api/v1/codes/bind", code=code, visitor=ANNA)[0] == 204
    assert call.post("/api/v1/codes/check", code=code)[0] == 422
    assert call.post("/api/v1/codes/check", code=code, visitor="b" * 32)[0] == 409
    assert call.post("/api/v1/codes/check", code=code, visitor=ANNA)[0] == 200
    assert call.post("/api/v1/codes/bind", code="HERBST-00000000000")[0] == 404


def test_codes_come_in_pages(call: Caller) -> None:
    """By a cursor; one that nobody gave out is refused."""
    made = call.batch(count=5)
    url = f"{URL}/{made['id']}/codes"
    first = call("GET", f"{url}?limit=3")[1]
    second = call("GET", f"{url}?limit=3&cursor={first['next_cursor']}")[1]
    assert [len(first["items"]), len(second["items"])] == [3, 2]
    assert second["next_cursor"] is None
    moved = f"{URL}/{call.batch()['id']}/codes?cursor={first['next_cursor']}"
    for wrong in (f"{url}?cursor=ü", f"{url}?cursor=0123456789abcdef", moved):
        status, said = call("GET", wrong)
        assert (status, said["errors"]) == (422, [{"field": "cursor", "problem": "malformed"}])
    assert call("GET", f"{URL}?cursor=x")[0] == 422


def test_a_batch_is_exported_as_csv(client: FlaskClient, call: Caller, api: Headers) -> None:
    """A line for each code with what has come of it, its times exact; sent piece by piece."""
    made = call.batch(count=600)
    codes = call.codes(made)
    call.post("/api/v1/codes/bind", code=codes[0], visitor=ANNA)
    call.post("/api/v1/codes/redeem", code=codes[0], redemption_id="r", visitor=ANNA, offer="full")
    answer = client.get(f"{URL}/{made['id']}/export.csv", headers=api)
    lines = answer.text.split("\r\n")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert made["id"] in answer.headers["Content-Disposition"]
    at = "2026-10-04T14:00:00+02:00"
    assert lines[0] == "code,state,sent,delivered,redeemed,last,uses,gate,discount_cents"
    assert lines[1] == f"{codes[0]},redeemed,,,{at},{at},1,,180"
    assert lines[2] == f"{codes[1]},open,,,,,0,,0"
    assert len(lines) == 602
    assert ANNA not in answer.text
    listed = call("GET", f"{URL}/{made['id']}/codes")[1]["items"]
    assert [one["visitor"] for one in listed[:2]] == [ANNA, None]
    assert not any(line.startswith(("=", "+", "-", "@", "\t")) for line in lines)


def test_a_large_batch_waits_for_the_worker(call: Caller, store: Store, house: House) -> None:
    """`building` at once, its progress to be read, its codes good for nothing until it is ready."""
    made = call.batch(count=5_001)
    url = f"{URL}/{made['id']}"
    assert (made["state"], made["tally"]["made"]) == ("building", 0)
    maker = Maker(store, house)
    maker.look()
    assert 0 < call("GET", url)[1]["tally"]["made"] < 5_001
    code = call.codes(made)[0]
    assert call.post("/api/v1/codes/check", code=code)[1]["type"].endswith("unknown_code")
    for path in ("export.csv", "stop"):
        method = "GET" if path == "export.csv" else "POST"
        status, said = call(method, f"{url}/{path}")
        assert (status, said["type"].rpartition(":")[2]) == (409, "batch_building")
    while maker.look():
        pass
    assert call("GET", url)[1]["state"] == "ready"
    assert call.post("/api/v1/codes/check", code=code)[0] == 200


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("count", {"count": 0}),
        ("count", {"count": -1}),
        ("count", {"count": 1_000_001}),
        ("count", {"count": "3"}),
        ("effect.value", {"effect": {"kind": "percent", "value": 110}}),
        ("kind", {"effect": {"kind": "double"}}),
        ("valid_until", {"valid_from": "2026-10-05T00:00Z", "valid_until": "2026-10-04T00:00Z"}),
        ("valid_until", {"valid_until": "2026-10-04"}),
        ("budget_cents", {"budget_cents": -1}),
        ("budget_cents", {"budget_cents": 0}),
        ("valid_until", {"valid_until": "2020-10-04T00:00Z"}),
        ("prefix", {"prefix": "WICHSER"}),
        ("min_amount_cents", {"min_amount_cents": 1.5}),
        ("prefix", {"prefix": "Ä-1"}),
        ("offers", {"offers": ["moon"]}),
        ("max_uses", {"max_uses": 0}),
        ("colour", {"colour": "red"}),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    call: Caller, field: str, changes: dict[str, Any]
) -> None:
    """422 with the field; nothing is made."""
    status, said = call.post(URL, **AUTUMN | changes)
    assert status == 422
    assert any(field in error["field"] for error in said["errors"]), said
    assert call("GET", URL)[1]["items"] == []


@pytest.mark.parametrize(
    "changes", [{"redemption_id": "a b"}, {"redemption_id": ""}, {"code": ""}, {"visitor": "x"}]
)
def test_a_redemption_that_cannot_be_is_refused(call: Caller, changes: dict[str, str]) -> None:
    """422, and nothing of it is repeated."""
    body = {"code": "HERBST-00000000000", "redemption_id": "r1"} | changes
    assert call.post("/api/v1/codes/redeem", **body)[0] == 422
