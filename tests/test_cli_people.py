"""`ticketing visitor` and `ticketing apikey`, as a person types them."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.test_cli import Home
from ticketing import config
from ticketing.app import opened
from ticketing.service import chat
from ticketing.service.channels import ChannelRef, Incoming, IncomingKind
from ticketing.store import schema


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    assert home("init", "--sample").exit_code == 0
    return home


def test_api_keys_are_listed_and_revoked(home: Home) -> None:
    """Without the key itself; a revoked one stays in the list."""
    assert "apikey create" in home("apikey", "list").output
    [made] = home.rows("apikey", "create", "shop", "--scope", "tickets:read")
    [listed] = home.rows("apikey", "list")
    assert (listed["id"], listed["state"], listed["last_used_on"]) == (made["id"], "active", "")
    assert made["api_key"] not in str(listed)
    assert home("apikey", "revoke", made["id"]).exit_code == 0
    assert home.rows("apikey", "list")[0]["state"] == "revoked"
    assert home("apikey", "revoke", "key_nobody").exit_code == 1


@pytest.mark.parametrize("text", ["0" * 32, "Kowalewski", "00"])
@pytest.mark.parametrize("command", ["export", "erase"])
def test_a_visitor_nobody_knows_is_a_sentence(home: Home, command: str, text: str) -> None:
    """No traceback, and not what was typed."""
    result = home("visitor", command, text)
    assert (result.exit_code, result.output.startswith("Error: ")) == (1, True)
    assert "Kowalewski" not in result.output


def test_a_visitor_is_exported_and_erased(home: Home) -> None:
    """As JSON for the visitor to have; afterwards there is nobody."""
    said = Incoming(address=b"a", external_id="e1", kind=IncomingKind.START)
    with opened(config.load(home.path)) as app, app.store.unit() as unit:
        chat.receive(unit, app.house, channel=ChannelRef("webchat", "main"), event=said, raw=b"{}")
        visitor = unit.run(select(schema.visitors.c.id)).scalar_one().hex()
    [told] = home.rows("visitor", "export", visitor)
    assert (told["id"], told["addresses"][0]["address"]) == (visitor, b"a".hex())
    assert visitor in home("visitor", "export", visitor).output
    assert "1 addresses" in home("visitor", "erase", visitor).output
    assert home("visitor", "export", visitor).exit_code == 1
