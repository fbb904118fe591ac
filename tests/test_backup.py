"""`ticketing backup`, `restore` and `conflict list`, as a person types them."""

import socket
from pathlib import Path

import pytest

from tests.test_cli import Home


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    assert home("init", "--sample").exit_code == 0
    (home.path / "settings.toml").write_text(
        (home.path / "settings.toml").read_text().replace("8080\n", f"{free_port()}\n")
    )
    return home


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_backup_is_put_back(home: Home, tmp_path: Path) -> None:
    """What was made after it is gone, the file before it stays beside the database."""
    copy = tmp_path / "copy"
    home("gate", "add", "alt", "--name", "Altes Tor")
    assert "HOME/keys" in home("backup", str(copy)).output
    home("gate", "add", "neu", "--name", "Neues Tor")
    [row] = home.rows("restore", str(copy))
    assert Path(row["replaced"]).is_file()
    slugs = {gate["slug"] for gate in home.rows("gate", "list")}
    assert "alt" in slugs
    assert "neu" not in slugs


def test_a_second_backup_into_the_same_file_is_refused(home: Home, tmp_path: Path) -> None:
    """One sentence, exit code 1."""
    assert home("backup", str(tmp_path / "copy")).exit_code == 0
    again = home("backup", str(tmp_path / "copy"))
    assert (again.exit_code, "never written over" in again.output) == (1, True)


def test_restore_refuses_while_a_service_listens(home: Home, tmp_path: Path) -> None:
    """The port of the settings is taken."""
    copy = tmp_path / "copy"
    home("backup", str(copy))
    port = int(home.path.joinpath("settings.toml").read_text().split("port = ")[1].split()[0])
    with socket.socket() as service:
        service.bind(("127.0.0.1", port))
        service.listen()
        refused = home("restore", str(copy))
    assert (refused.exit_code, "stop it" in refused.output) == (1, True)


def test_restore_refuses_what_is_no_backup(home: Home, tmp_path: Path) -> None:
    """A letter is none."""
    (tmp_path / "letter").write_text("Dear museum")
    refused = home("restore", str(tmp_path / "letter"))
    assert (refused.exit_code, "no whole backup" in refused.output) == (1, True)


def test_a_quiet_house_has_no_conflicts(home: Home) -> None:
    """And says so."""
    assert home("conflict", "list").output == "No conflicts.\n"
    assert home.rows("conflict", "list", "--all") == []
