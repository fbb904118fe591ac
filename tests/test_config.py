"""Settings: read once, refused with a name, never with a value."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from ticketing import config
from ticketing.domain.mails import Encryption
from ticketing.domain.opening import Hours, opening_on
from ticketing.home import SAMPLE_MUSEUM, HomeExists, make_home, secret, write_private

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    make_home(home, name=SAMPLE_MUSEUM, sample=True)
    return home


def write(home: Path, text: str) -> Path:
    """Replace the settings of a home."""
    (home / config.FILE_NAME).write_text(text, encoding="utf-8")
    return home


def test_a_new_home_loads_with_the_sample_museum(home: Path) -> None:
    """What `init --sample` writes is what `load` reads."""
    settings = config.load(home, {})
    assert settings.museum == SAMPLE_MUSEUM
    assert settings.address == ("Museumsplatz 1", "00000 Erlenbach")
    assert settings.is_sqlite
    assert settings.database_url.endswith("einlass.sqlite3")


def test_the_sample_calendar_is_the_sample_museums(home: Path) -> None:
    """Closed on Mondays, long on Thursdays, open on Easter Monday, closed at Christmas."""
    hours = config.load(home, {}).hours
    assert opening_on(hours, date(2026, 11, 23)) is None
    assert opening_on(hours, date(2026, 11, 26)) == Hours(time(10), time(20))
    assert opening_on(hours, date(2026, 4, 6)) == Hours(time(10), time(18))
    assert opening_on(hours, date(2026, 12, 24)) is None


def test_the_environment_overrides_the_file(home: Path) -> None:
    """EINLASS_PORT and friends win; a list is separated by bars."""
    settings = config.load(
        home,
        {
            "EINLASS_PORT": "9000",
            "EINLASS_ADDRESS": "Am Tor 1|12345 Ort",
            "EINLASS_DATABASE_URL": "postgresql+psycopg://db/einlass",
        },
    )
    assert (settings.port, settings.address) == (9000, ("Am Tor 1", "12345 Ort"))
    assert not settings.is_sqlite


def test_a_port_given_on_the_command_line_wins(home: Path) -> None:
    """`serve --port` changes the port and nothing else."""
    settings = config.load(home, {})
    assert settings.at(host=None, port=9).port == 9
    assert settings.at(host="0.0.0.0", port=None).port == settings.port  # noqa: S104  only a value here


def test_the_home_is_the_option_then_the_variable_then_var() -> None:
    """--home beats EINLASS_HOME beats ./var."""
    assert config.home_from("a", {"EINLASS_HOME": "b"}) == Path("a")
    assert config.home_from(None, {"EINLASS_HOME": "b"}) == Path("b")
    assert config.home_from(None, {}) == Path("var")


def test_a_missing_home_says_what_to_do(tmp_path: Path) -> None:
    """No settings: run init first."""
    with pytest.raises(config.SettingsError, match="ticketing init"):
        config.load(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("museum = [", "not valid TOML"),
        ('colour = "red"', "colour"),
        ('port = "x"', "port must be a number"),
        ("museum = 1", "museum must be a text"),
        ('address = "x"', "address must be a list"),
        ('zone = "Mars/Olympus"', "zone"),
        ("proxies = -1", "proxies must be 0 or more"),
        ('[opening]\nmon = "early"', "hours look like"),
        ('[opening.dates]\n"someday" = "closed"', "opening.dates"),
        ('[opening.yearly]\n"13-40" = "closed"', "opening.yearly"),
        ('[opening.easter]\n"soon" = "closed"', "opening.easter"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(home: Path, text: str, named: str) -> None:
    """The message names the setting, so that an operator finds the line."""
    with pytest.raises(config.SettingsError, match=named):
        config.load(write(home, text), {})


def test_a_wrong_variable_is_refused_without_its_value(home: Path) -> None:
    """A value may be a secret; it is not repeated."""
    with pytest.raises(config.SettingsError) as refused:
        config.load(home, {"EINLASS_PORT": "geheim"})
    assert "EINLASS_PORT" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_special_days_are_read(home: Path) -> None:
    """A date, a yearly day and a day after Easter each override the weekday."""
    text = (
        '[opening]\nmon = "10:00-18:00"\n[opening.dates]\n"2026-11-23" = "closed"\n'
        '[opening.yearly]\n"02-29" = "12:00-13:00"\n[opening.easter]\n"1" = "11:00-12:00"\n'
    )
    hours = config.load(write(home, text), {}).hours
    assert opening_on(hours, date(2026, 11, 23)) is None
    assert opening_on(hours, date(2026, 11, 30)) == Hours(time(10), time(18))
    assert opening_on(hours, date(2028, 2, 29)) == Hours(time(12), time(13))
    assert opening_on(hours, date(2026, 4, 6)) == Hours(time(11), time(12))


def test_a_second_init_changes_nothing(home: Path) -> None:
    """A home is never overwritten: its keys have signed tickets."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(HomeExists):
        make_home(home, name="Other", sample=False)
    assert before == {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_only_the_owner_reads_the_home_and_its_secret(home: Path) -> None:
    """Folder 0700, secret 0600."""
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "keys" / "secret").stat().st_mode & 0o077 == 0


def test_a_name_with_quotes_and_controls_makes_valid_settings(tmp_path: Path) -> None:
    """A name cannot break out of the settings file."""
    make_home(tmp_path / "h", name='Haus "am Tor"\n[opening]\\', sample=False)
    assert config.load(tmp_path / "h", {}).museum == 'Haus "am Tor"[opening]\\'


def test_secrets_differ_by_label_and_stay_the_same(home: Path) -> None:
    """One master, one derived secret for each purpose."""
    assert secret(home, "links") == secret(home, "links")
    assert secret(home, "links") != secret(home, "session")


def test_a_lost_secret_is_named(home: Path) -> None:
    """Without the secret nothing can start; the message says where it belongs."""
    (home / "keys" / "secret").unlink()
    with pytest.raises(config.SettingsError, match="keys/secret"):
        secret(home, "links")


def test_a_private_file_is_never_written_twice(tmp_path: Path) -> None:
    """An existing secret is not replaced."""
    write_private(tmp_path / "x", b"1")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "x", b"2")


def test_the_operators_page_lists_every_setting() -> None:
    """docs/operators.md and the code name the same settings, with the same defaults."""
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    documented = re.findall(
        r"^\| `(\w+)` \| `(EINLASS_\w+)` \| (.*?) \| (.*?) \|$", page, re.MULTILINE
    )
    expected = [
        (s.name, s.variable, s.meaning, f"`{s.default}`" if s.default else "")
        for s in config.SETTINGS
    ]
    assert documented == expected


def test_a_yes_or_no_is_read_from_file_and_environment(home: Path) -> None:
    """In the file as TOML has it, in a variable as people write it."""
    assert not config.load(home, {}).webhooks_allow_http
    path = write(home, "webhooks_allow_http = true\n")
    assert config.load(path, {}).webhooks_allow_http
    assert not config.load(path, {"EINLASS_WEBHOOKS_ALLOW_HTTP": "False"}).webhooks_allow_http
    assert config.load(path, {"EINLASS_WEBHOOKS_ALLOW_PRIVATE": "1"}).webhooks_allow_private


def test_a_yes_or_no_that_is_neither_is_refused(home: Path) -> None:
    """A safety switch must not be guessed."""
    with pytest.raises(config.SettingsError, match="true or false"):
        config.load(home, {"EINLASS_WEBHOOKS_ALLOW_PRIVATE": "perhaps"})
    with pytest.raises(config.SettingsError, match="webhooks_allow_http must be true or false"):
        config.load(write(home, "webhooks_allow_http = 1\n"), {})


MAIL = """
mail_server = "mail.example.org"
mail_user = "kasse"
mail_password = "geheim"
mail_from = "tickets@museum.example"
"""


def test_a_mail_server_is_read(home: Path) -> None:
    """From the file and the environment; without a server there is none, whatever else is set."""
    assert config.load(home, {}).mail is None
    path = write(home, MAIL)
    mail = config.load(path, {"EINLASS_MAIL_PORT": "465", "EINLASS_MAIL_ENCRYPTION": "tls"}).mail
    assert mail is not None
    assert (mail.server, mail.port, mail.encryption) == ("mail.example.org", 465, Encryption.TLS)
    assert (mail.user, mail.password, mail.sender) == ("kasse", "geheim", "tickets@museum.example")
    assert "geheim" not in repr(config.load(path, {}))
    assert config.load(path, {"EINLASS_MAIL_SERVER": ""}).mail is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"EINLASS_MAIL_ENCRYPTION": "ssl3"}, "mail_encryption"),
        ({"EINLASS_MAIL_ENCRYPTION": "none"}, "mail_encryption"),
        ({"EINLASS_MAIL_FROM": ""}, "mail_from"),
        ({"EINLASS_MAIL_FROM": "Museum <tickets@museum.example>"}, "mail_from"),
        ({"EINLASS_MAIL_PORT": "0"}, "mail_port"),
        ({"EINLASS_MAIL_PORT": "65536"}, "mail_port"),
    ],
)
def test_a_wrong_mail_setting_is_refused_by_its_name(
    home: Path, changes: dict[str, str], named: str
) -> None:
    """A password without encryption, too; no value is repeated."""
    with pytest.raises(config.SettingsError, match=named) as refusal:
        config.load(write(home, MAIL), changes)
    assert "geheim" not in str(refusal.value)
