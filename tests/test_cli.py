"""`ticketing`: each command in a real home, as a person types it."""

import json
import re
import socket
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.factories import STATION_KEY
from tests.mail_server import MailServer, listening
from ticketing import config, demo
from ticketing.app import opened
from ticketing.cli import first_start, main, trial
from ticketing.cli import server as server_commands
from ticketing.domain.audit import Actor, ActorKind, Entry
from ticketing.service import audit
from ticketing.service.gate import stations
from ticketing.wire.station_api import PairRequest

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str, **options: Any) -> Result:
    """Type a command; a traceback fails the test at once."""
    result = CliRunner().invoke(main, arguments, **options)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


class Home:
    """A home and the commands on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, *arguments: str, **options: Any) -> Result:
        return run("--home", str(self.path), *arguments, **options)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command prints with --json."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.output.splitlines()]


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    assert home("init", "--sample").exit_code == 0
    return home


def test_a_second_init_is_refused_and_changes_nothing(home: Home) -> None:
    """Exit code 1, a sentence, the settings as before."""
    settings = (home.path / "settings.toml").read_bytes()
    again = home("init", "--name", "Other")
    assert again.exit_code == 1
    assert "nothing was changed" in again.output
    assert (home.path / "settings.toml").read_bytes() == settings


def test_an_empty_museum_can_be_made(tmp_path: Path) -> None:
    """Without --sample there is a home without offers."""
    home = Home(tmp_path / "h")
    assert home("init", "--name", "Haus am Tor").exit_code == 0
    assert "No offers yet" in home("offer", "list").output
    assert "No gates yet" in home("gate", "list").output
    assert "No stations yet" in home("station", "list").output
    assert "No tickets" in home("ticket", "list").output


def test_a_command_without_a_home_says_what_to_do(tmp_path: Path) -> None:
    """No settings, no traceback: run init."""
    result = Home(tmp_path)("offer", "list")
    assert result.exit_code == 1
    assert "ticketing init" in result.output


def test_a_ticket_is_issued_shown_listed_and_taken_back(home: Home, tmp_path: Path) -> None:
    """The desk's round with one ticket, the card included."""
    card = tmp_path / "card.png"
    [issued] = home.rows(
        "ticket", "issue", "--offer", "day-free", "--holder", "Zoë Müßig", "--out", str(card)
    )
    assert card.read_bytes().startswith(b"\x89PNG")
    assert len(issued["barcode"]) == 154
    [shown] = home.rows("ticket", "show", issued["id"])
    assert shown["holder"] == "Zoë Müßig"
    [listed] = home.rows("ticket", "list", "--offer", "day-free", "--state", "valid")
    assert listed["id"] == issued["id"]
    [revoked] = home.rows("ticket", "revoke", issued["id"], "--reason", "test")
    assert revoked["state"] == "revoked"


def test_people_read_plain_text(home: Home) -> None:
    """Without --json a ticket is a line with its short code."""
    result = home("ticket", "issue", "--offer", "day-free", "--holder", "Anna", "--party", "2")
    assert re.fullmatch(r"[0-9a-f]{30}  [0-9A-Z]{4}-[0-9A-Z]{4}\n", result.output)
    listed = home("ticket", "list").output.splitlines()
    assert listed[0].split() == ["id", "short_code", "offer", "holder", "state", "valid_from"]
    assert "Anna" in home("ticket", "show", result.output.split()[0]).output


def test_an_unpaid_ticket_starts_unpaid(home: Home) -> None:
    """--unpaid leaves the money to the desk."""
    [issued] = home.rows("ticket", "issue", "--offer", "day-adult", "--holder", "A", "--unpaid")
    assert issued["state"] == "unpaid"


@pytest.mark.parametrize(
    "wrong",
    [
        ("ticket", "issue", "--offer", "no-such", "--holder", "A"),
        ("ticket", "issue", "--offer", "day-free", "--holder", "😀"),
        ("ticket", "issue", "--offer", "day-free", "--holder", "A" * 300),
        ("ticket", "issue", "--offer", "day-free", "--holder", "A", "--party", "99"),
        ("ticket", "show", "rubbish"),
        ("ticket", "revoke", "0" * 30),
        ("station", "revoke", "nobody"),
        ("gate", "add", "Süd Tor", "--name", "x"),
        ("gate", "add", "sued", "--name", "x"),
        ("offer", "add", "day-free", "--name", "x"),
        ("staff", "add", "kim", "--password", "short"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_code_1(
    home: Home, wrong: tuple[str, ...]
) -> None:
    """Refused with a reason, never a traceback, never the text that was typed."""
    result = home(*wrong)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "A" * 300 not in result.output


@pytest.mark.parametrize("wrong", [("nothing",), ("ticket", "issue"), ("serve", "--port", "0")])
def test_wrong_usage_is_exit_code_2(home: Home, wrong: tuple[str, ...]) -> None:
    """Click's own words for what is no command or no number."""
    assert home(*wrong).exit_code == 2


def test_gates_and_offers_are_made_and_listed(home: Home) -> None:
    """The new gate and the new offer stand in their lists."""
    assert home.rows("gate", "add", "west", "--name", "Westtor", "--name-en", "West gate")
    assert "west" in [row["slug"] for row in home.rows("gate", "list")]
    new = ("offer", "add", "tour", "--name", "Führung", "--price-cents", "600", "--pay-at-desk")
    [made] = home.rows(*new, "--validity", "range", "--from", "2026-12-01", "--until", "2026-12-24")
    assert made["number"] == 6
    assert home.rows("offer", "list")[0]["slug"] == "day-free"


def test_a_station_gets_a_code_and_its_gate_is_made(home: Home) -> None:
    """`station add` names the command for the gate PC, and says that it made a gate."""
    [made] = home.rows("station", "add", "Kasse", "--gate", "kasse")
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", made["pairing_code"])
    assert made["gate_made"]
    told = home("station", "add", "Kasse 2", "--gate", "kasse").output
    assert "scanner pair --server" in told
    assert "did not exist" not in told


def test_keys_and_people_are_made(home: Home) -> None:
    """API key, staff and the list of signing keys."""
    [key] = home.rows("apikey", "create", "shop", "--scope", "tickets:read")
    assert key["api_key"].startswith("ek_")
    assert (
        home("staff", "add", "kim", "--password", "lang genug 12", "--role", "admin").exit_code == 0
    )
    [signing] = home.rows("keys", "list")
    assert (signing["id"], signing["state"], signing["tickets"]) == (1, "active", 0)


def test_a_signing_key_is_rotated_retired_and_given_up(home: Home) -> None:
    """Each step says what it did, each refusal what to do; refused is exit code 1."""
    assert "Key 2 is published" in home("keys", "rotate").output
    early = home("keys", "rotate")
    assert (early.exit_code, "--now" in early.output) == (1, True)
    [done] = home.rows("keys", "rotate", "--now")
    assert (done["key"], done["result"], done["unaware"]) == (2, "active", [])
    home("ticket", "issue", "--offer", "day-free", "--holder", "Kim")
    assert "Key 1 is retired." in home("keys", "retire", "1").output
    given_up = home("keys", "compromise", "2").output
    assert "key 3 signs from now on" in given_up
    assert "ticketing ticket reissue --key 2" in given_up
    listed = [(row["id"], row["state"], row["tickets"]) for row in home.rows("keys", "list")]
    assert listed == [(1, "retired", 0), (2, "compromised", 1), (3, "active", 0)]


def test_a_key_with_valid_tickets_is_retired_by_force_alone(home: Home) -> None:
    """Their number is said before and after."""
    home("ticket", "issue", "--offer", "day-free", "--holder", "Kim")
    home("keys", "rotate", "--now")
    kept = home("keys", "retire", "1")
    assert (kept.exit_code, "1 valid tickets" in kept.output) == (1, True)
    forced = home("keys", "retire", "1", "--force")
    assert (forced.exit_code, "refused from now on" in forced.output) == (0, True)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (("retire", "1"), "not in state verify"),
        (("retire", "9"), "no key 9"),
        (("compromise", "9"), "no key 9"),
    ],
)
def test_a_step_that_no_key_can_take_is_refused(
    home: Home, step: tuple[str, ...], says: str
) -> None:
    """One sentence, exit code 1, the ring as before."""
    before = (home.path / "keys" / "ring.json").read_bytes()
    refused = home("keys", *step)
    assert refused.exit_code == 1
    assert says in refused.output
    assert (home.path / "keys" / "ring.json").read_bytes() == before


def test_a_rotation_names_the_stations_that_do_not_know_the_key(home: Home) -> None:
    """And stops, unless forced."""
    [made] = home.rows("station", "add", "Tor", "--gate", "kasse")
    with opened(config.load(home.path)) as app, app.store.unit() as unit:
        asked = PairRequest(made["pairing_code"], "Tor", STATION_KEY)
        paired = stations.pair(unit, app.house, request=asked, address="192.0.2.1").answer
    home("keys", "rotate")
    refused = home("keys", "rotate", "--now")
    assert refused.exit_code == 1
    assert f"{paired.station}  Tor  (kasse)" in refused.output
    assert home("keys", "rotate", "--now", "--force").exit_code == 0


def test_a_station_is_renamed_moved_and_listed(home: Home) -> None:
    """With what it has told; what it has not is empty."""
    [made] = home.rows("station", "add", "Tor", "--gate", "kasse")
    with opened(config.load(home.path)) as app, app.store.unit() as unit:
        asked = PairRequest(made["pairing_code"], "Tor", STATION_KEY)
        paired = stations.pair(unit, app.house, request=asked, address="192.0.2.1").answer
    assert made["pin"] == paired.keys.fingerprint()
    home("gate", "add", "nord", "--name", "Nord")
    assert home("station", "rename", paired.station, "Kasse 2").exit_code == 0
    assert home("station", "move", paired.station, "--gate", "nord").exit_code == 0
    [row] = home.rows("station", "list")
    assert (row["name"], row["gate"], row["state"]) == ("Kasse 2", "nord", "silent")
    assert (row["version"], row["unsent"], row["knows_newest_keys"]) == ("", "", "no")
    for wrong in (("rename", "st_0", "x"), ("move", paired.station, "--gate", "dach")):
        assert home("station", *wrong).exit_code == 1


def test_people_are_added_listed_changed_reset_and_removed(home: Home) -> None:
    """By a link or a password; each link is another one."""
    [kim] = home.rows("staff", "add", "kim", "--role", "admin", "--invite")
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/staff/join/[\w-]{43}", kim["link"])
    assert "It works once, until" in home("staff", "add", "lou", "--invite").output
    asked = home("staff", "add", "bo", "--role", "admin", input="lang genug 12\nlang genug 12\n")
    assert asked.exit_code == 0, asked.output
    states = [(r["name"], r["role"], r["state"]) for r in home.rows("staff", "list")]
    assert states == [
        ("bo", "admin", "active"), ("kim", "admin", "invited"), ("lou", "desk", "invited")
    ]  # fmt: skip
    [again] = home.rows("staff", "reset", "kim")
    assert again["link"] != kim["link"]
    assert home.rows("staff", "role", "lou", "--role", "auditor")[0]["role"] == "auditor"
    assert home("staff", "remove", "lou").exit_code == 0
    assert [row["name"] for row in home.rows("staff", "list")] == ["bo", "kim"]


@pytest.mark.parametrize(
    "command",
    [
        ("remove", "kim"),
        ("role", "kim", "--role", "desk"),
        ("remove", "nobody"),
        ("reset", "nobody"),
        ("role", "nobody", "--role", "desk"),
        ("add", "kim", "--invite"),
    ],
)
def test_what_cannot_be_done_with_people_is_one_line(home: Home, command: tuple[str, ...]) -> None:
    """The last admin stays; nobody who is not there is changed; a name is taken once."""
    home("staff", "add", "kim", "--password", "lang genug 12", "--role", "admin")
    result = home("staff", *command)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1


def test_commands_are_in_the_audit(home: Home) -> None:
    """Somebody with a shell is somebody, too."""
    home("staff", "add", "kim", "--password", "lang genug 12", "--role", "admin")
    home.rows("apikey", "create", "shop", "--scope", "tickets:read")
    with opened(config.load(home.path)) as app, app.store.unit() as unit:
        lines = audit.page(unit).items
    told = [(line.actor.id, line.action.value) for line in lines]
    assert told[:2] == [("apikey create", "api_key.created"), ("staff add", "staff.added")]


def test_a_command_is_named_by_its_words(home: Home) -> None:
    """As it is typed, however the program itself was called; several lines are all its own."""
    seen = {line.number for line in _audit(home)}
    for words, rest in [
        ("gate add", "dach --name Dach"),
        ("offer add", "tour --name Tour --validity slot"),
        ("offer slot add", "tour --from 2030-10-04 --at 10:00 --minutes 30 --capacity 5"),
        ("ticket issue", "--offer day-free --holder Kim"),
        ("batch create", "--name Herbst --prefix HERBST --count 2 --percent 20"),
        ("staff add", "lou --invite"),
        ("station add", "Tor --gate neu"),
    ]:
        result = home(*words.split(), *rest.split())
        assert result.exit_code == 0, result.output
        new = [line for line in _audit(home) if line.number not in seen]
        assert {line.actor for line in new} == {Actor(ActorKind.COMMAND, words)}
        seen |= {line.number for line in new}


def _audit(home: Home) -> Sequence[Entry]:
    with opened(config.load(home.path)) as app, app.store.unit() as unit:
        return audit.page(unit, limit=1000).items


def test_a_supervisor_gets_a_pin(home: Home) -> None:
    """Asked for twice when it is not given, and never printed."""
    home("staff", "add", "kim", "--password", "lang genug 12", "--role", "admin")
    asked = home("staff", "pin", "kim", input="271828\n271828\n")
    assert asked.exit_code == 0, asked.output
    assert "271828" not in asked.output
    [row] = home.rows("staff", "pin", "kim", "--pin", "31415926")
    assert row["pin"] == "set"


@pytest.mark.parametrize(
    ("name", "pin"), [("kim", "12345"), ("kim", "abcdef"), ("lou", "271828"), ("bo", "271828")]
)
def test_nobody_else_gets_a_pin_and_none_too_short(home: Home, name: str, pin: str) -> None:
    """Six digits at least, for a person who is there and is an admin."""
    home("staff", "add", "kim", "--password", "lang genug 12", "--role", "admin")
    home("staff", "add", "bo", "--password", "lang genug 12", "--role", "desk")
    result = home("staff", "pin", name, "--pin", pin)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert pin not in result.output


def test_doctor_finds_a_healthy_home_healthy(home: Home) -> None:
    """Every check is good in a fresh sample home."""
    rows = home.rows("doctor")
    assert {row["check"] for row in rows} >= {"settings", "database", "keys", "clock", "pictures"}
    assert all(row["ok"] for row in rows)


def test_doctor_names_what_is_broken(home: Home) -> None:
    """Lost keys and a lost database are named, with exit code 1."""
    (home.path / "keys" / "ring.json").unlink()
    (home.path / "einlass.sqlite3").unlink()
    result = home("doctor")
    assert result.exit_code == 1
    assert "BAD  database: run `ticketing migrate`" in result.output
    assert "BAD  keys" in result.output


def test_doctor_tells_who_forgot_the_proxy(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with https has one in front; what is told of it reaches the web."""
    monkeypatch.setenv("EINLASS_BASE_URL", "https://tickets.museum.example")
    assert "BAD  proxies: `base_url` is https" in home("doctor").output
    monkeypatch.setenv("EINLASS_PROXIES", "1")
    assert home("doctor").exit_code == 0
    with opened(config.load(home.path)) as app:
        client = app.web().test_client()
        told = client.get("/privacy", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" in told.headers


def test_doctor_without_settings_says_so(tmp_path: Path) -> None:
    """An empty folder is no home."""
    result = Home(tmp_path)("doctor")
    assert result.exit_code == 1
    assert "BAD  settings" in result.output


def test_doctor_tries_the_way_to_the_mail_server(home: Home) -> None:
    """A house without one is healthy, too; one that does not answer is named."""
    assert "mail" not in {row["check"] for row in home.rows("doctor")}
    with listening(MailServer()) as server:
        mail = f"""
mail_server = "127.0.0.1"
mail_port = {server.port}
mail_encryption = "none"
mail_from = "tickets@museum.example"
"""
        settings = home.path / "settings.toml"
        head, opening, rest = settings.read_text("utf-8").partition("[opening]")
        settings.write_text(head + mail + opening + rest, "utf-8")
        assert {"check": "mail", "ok": True, "advice": ""} in home.rows("doctor")
    assert "BAD  mail: the mail server does not answer" in home("doctor").output
    assert not any(line.upper().startswith("MAIL") for line in server.heard)


def test_doctor_asks_for_a_privacy_contact(tmp_path: Path) -> None:
    """A museum without one cannot tell visitors whom to ask."""
    home = Home(tmp_path / "h")
    home("init")
    assert "privacy contact: set `contact`" in home("doctor").output


def test_migrate_is_quiet_when_there_is_nothing_to_do(home: Home) -> None:
    """A current database stays as it is; a lost one is made again."""
    assert home.rows("migrate") == [{"changed": False}]
    (home.path / "einlass.sqlite3").unlink()
    assert "current now" in home("migrate").output


def test_retention_says_how_much_it_has_erased(home: Home) -> None:
    """Counts alone; a fresh home has nothing over its time."""
    [counts] = home.rows("retention", "run")
    assert set(counts) >= {"messages", "inbox", "outbox", "tickets", "visitors", "expired"}
    assert set(counts.values()) == {0}
    assert "Nothing is over its time." in home("retention", "run").output
    database = sqlite3.connect(home.path / "einlass.sqlite3")
    with closing(database), database:
        database.execute("INSERT INTO attempts (kind, who, at) VALUES ('pair', x'00', 0)")
    assert home("retention", "run").output == "Erased: attempts 1.\n"


def test_several_processes_need_postgresql(home: Home) -> None:
    """Two processes on one SQLite file are slower than one: refused with the reason."""
    result = home("serve", "--processes", "2")
    assert result.exit_code == 1
    assert "PostgreSQL" in result.output


def test_a_taken_port_is_a_sentence(home: Home) -> None:
    """`serve` names the port and the option."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = home("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "--port" in result.output


def test_serve_on_an_old_database_says_migrate(home: Home) -> None:
    """The server does not start on a schema it does not know."""
    (home.path / "einlass.sqlite3").unlink()
    result = home("serve", "--port", str(free_port()))
    assert result.exit_code == 1
    assert "ticketing migrate" in result.output


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_serve_hands_the_server_enough_threads(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 64 threads: each open chat holds one, and the gate needs the rest."""
    seen: list[dict[str, Any]] = []

    class Recorder:
        def __init__(self, _target: str, **options: Any) -> None:
            seen.append(options)

        def serve(self) -> None:
            """Do not serve."""

    monkeypatch.setattr(server_commands, "Server", Recorder)
    monkeypatch.setenv("EINLASS_HOME", "unset by the test")
    assert home("serve", "--port", str(free_port())).exit_code == 0
    assert seen[0]["blocking_threads"] >= 64
    assert seen[0]["workers"] == 1
    assert seen[0]["log_access"] is False


def test_the_operators_page_lists_every_command() -> None:
    """docs/operators.md and the program know the same commands."""
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `ticketing ([a-z ]+)` \| (.*) \|$", page, re.MULTILINE)
    commands = []
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        for sub, inner in sorted(getattr(command, "commands", {"": command}).items()):
            commands.append((f"{name} {sub}".strip(), inner.get_short_help_str(200)))
    assert documented == commands


def test_a_demo_that_cannot_start_is_a_sentence(home: Home) -> None:
    """A taken port ends the demo with exit code 1 before anything runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = home("demo", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "is taken" in result.output


def test_serve_can_bring_the_database_up_to_date_first(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--migrate makes what is missing instead of refusing."""
    (home.path / "einlass.sqlite3").unlink()

    class Recorder:
        def __init__(self, _target: str, **_: Any) -> None: ...

        def serve(self) -> None:
            """Do not serve."""

    monkeypatch.setattr(server_commands, "Server", Recorder)
    monkeypatch.setenv("EINLASS_HOME", "unset by the test")
    monkeypatch.setenv("EINLASS_THREADS", "64")
    port = str(free_port())
    assert home("serve", "--migrate", "--port", port, "--threads", "64").exit_code == 0
    assert home.rows("migrate") == [{"changed": False}]


def test_a_broken_database_is_a_sentence_without_its_address(home: Home) -> None:
    """Rubbish instead of a database: one line, no path, no traceback."""
    (home.path / "einlass.sqlite3").write_bytes(b"not a database" * 100)
    result = home("offer", "list")
    assert result.exit_code == 1
    assert "the database cannot be used" in result.output
    assert str(home.path) not in result.output


def test_a_file_that_cannot_be_written_is_named(home: Home, tmp_path: Path) -> None:
    """`--out` into a folder that does not exist."""
    missing = tmp_path / "nowhere" / "card.png"
    result = home("ticket", "issue", "--offer", "day-free", "--holder", "A", "--out", str(missing))
    assert result.exit_code == 1
    assert "card.png" in result.output


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody can cause stays a traceback: it is a defect."""

    def broken(**_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(main, "callback", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        run("offer", "list")


def test_an_unknown_command_is_wrong_usage(home: Home) -> None:
    """Click says so; nothing is loaded."""
    assert home("sell").exit_code == 2


def test_the_demo_makes_its_access_once(home: Home) -> None:
    """The sign-in and the key of the first start are those of the second."""
    path = home.path / "demo.json"
    first_start.prepare(home.path, path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert trial._access(home.path)[1] == kept["api_key"]
    assert path.stat().st_mode & 0o077 == 0
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", first_start.pairing_code(home.path))


def test_the_demo_makes_the_sample_museum(tmp_path: Path) -> None:
    """From nothing: a home with the sample's offers, and what to tell people."""
    login, key = trial._access(tmp_path / "h")
    told = trial._told(
        demo.DemoPlan(
            home=tmp_path / "h",
            port=1,
            station_port=2,
            source="0",
            login=login,
            api_key=key,
        ).addresses()
    )
    assert f"demo / {login.password}" in told
    assert "http://127.0.0.1:1/chat" in told
    assert Home(tmp_path / "h").rows("offer", "list")[0]["slug"] == "day-free"
