"""`ticketing`: slots, and what the desk does with tickets."""

from pathlib import Path

import pytest

from tests.test_cli import Home


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    assert home("init", "--sample").exit_code == 0
    return home


def _tour(home: Home, *, capacity: int = 1) -> list[str]:
    home("offer", "add", "tour", "--name", "Führung", "--validity", "slot")
    made = home.rows(
        *("offer", "slot", "add", "tour", "--from", "2090-05-01", "--until", "2090-05-02"),
        *("--at", "10:00", "--minutes", "60", "--capacity", str(capacity)),
    )
    return [row["id"] for row in made]


def _issue(home: Home, slot: str) -> tuple[int, str]:
    result = home("ticket", "issue", "--offer", "tour", "--holder", "Anna", "--slot", slot)
    return result.exit_code, result.output


def test_slots_are_added_listed_and_sold_out(home: Home) -> None:
    """The command names the next free slot when one is full."""
    first, second = _tour(home)
    assert _issue(home, first)[0] == 0
    code, said = _issue(home, first)
    assert code == 1
    assert f"sold_out; free: {second}" in said
    listed = home.rows("offer", "slot", "list", "tour")
    assert [(row["id"], row["free"]) for row in listed] == [(first, 0), (second, 1)]
    assert home.rows("ticket", "list", "--offer", "tour")[0]["slot"] == first


def test_slots_that_exist_are_said_to(home: Home) -> None:
    """The same command again makes nothing; other mistakes are one line."""
    _tour(home)
    again = home(
        *("offer", "slot", "add", "tour", "--from", "2090-05-01"),
        *("--at", "10:00", "--minutes", "60", "--capacity", "3"),
    )
    assert "exist already" in again.output
    odd = home(
        *("offer", "slot", "add", "tour", "--from", "2090-05-01"),
        *("--at", "ten", "--minutes", "60", "--capacity", "3"),
    )
    assert odd.exit_code == 2
    assert _issue(home, "nothing")[0] == 1


def test_a_ticket_is_paid_blocked_unblocked_and_reissued(home: Home) -> None:
    """Each step says the state; a step that does not fit is refused in one line."""
    [made] = home.rows("ticket", "issue", "--offer", "day-adult", "--holder", "A", "--unpaid")
    for command, state in (("pay", "valid"), ("block", "blocked"), ("unblock", "valid")):
        assert home.rows("ticket", command, made["id"])[0]["state"] == state
    [fresh] = home.rows("ticket", "reissue", made["id"])
    assert fresh["issue"] == 1
    assert fresh["barcode"] != made["barcode"]
    home("ticket", "block", made["id"])
    refused = home("ticket", "pay", made["id"])
    assert (refused.exit_code, "ticket_blocked" in refused.output) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("0" * 30, "--key", "1"), ("--key", "256")])
def test_reissue_takes_a_ticket_or_a_key(home: Home, arguments: tuple[str, ...]) -> None:
    """Wrong usage is exit code 2."""
    assert home("ticket", "reissue", *arguments).exit_code == 2


def test_the_active_key_s_tickets_are_not_reissued(home: Home) -> None:
    """There is no other key to sign with; a key without tickets is done at once."""
    active = home.rows("keys", "list")[0]
    [key] = [value for name, value in active.items() if name in {"id", "key", "key_id"}]
    refused = home("ticket", "reissue", "--key", str(key))
    assert (refused.exit_code, "key_is_active" in refused.output) == (1, True)
    [done] = home.rows("ticket", "reissue", "--key", str((int(key) + 1) % 256))
    assert done["reissued"] == 0
