"""Settings: HOME/settings.toml, overridden by EINLASS_… variables.

Imported by `app` and `cli` alone; everything else gets its settings as arguments.
The table in docs/operators.md is compared with `SETTINGS` by a test.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketing.domain.calendars import (
    DATES,
    EASTER,
    LAST,
    YEARLY,
    BadCalendar,
    calendar_of,
    checked,
)
from ticketing.domain.mails import Encryption, MailRules, find_address
from ticketing.domain.opening import Calendar

HOME_VARIABLE = "EINLASS_HOME"
DEFAULT_HOME = Path("var")
FILE_NAME = "settings.toml"
SQLITE_FILE = "einlass.sqlite3"
_MOST_PORT = 65_535


class SettingsError(Exception):
    """Settings that cannot be used; the message names the setting, never its value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the file, what it is for, its default."""

    name: str
    meaning: str
    default: str | int | bool | tuple[str, ...] = ""

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return "EINLASS_" + self.name.upper()


SETTINGS = (
    Setting("museum", "name of the museum, on cards and pages", "Museum"),
    Setting("zone", "time zone of the house (IANA name)", "Europe/Berlin"),
    Setting("address", "address, a list of lines", ()),
    Setting("contact", "e-mail address for questions about privacy", ""),
    Setting("base_url", "address under which visitors reach the service", "http://127.0.0.1:8080"),
    Setting("capacity", "people who may be inside at once; 0 is no limit", 0),
    Setting("key_publish_days", "days a new signing key is published before it may sign", 7),
    Setting("knowledge_days", "how many days ahead stations know tickets by themselves", 7),
    Setting("database_url", "database; empty is the SQLite file in the home", ""),
    Setting("host", "address to listen on", "127.0.0.1"),
    Setting("port", "port to listen on", 8080),
    Setting("threads", "threads of the server; streams hold at most half of them", 96),
    Setting("processes", "server processes; more than one needs PostgreSQL", 1),
    Setting("proxies", "proxies in front that tell who asks, by `X-Forwarded-For`", 0),
    Setting("api_per_minute", "calls an API key may make in a minute; 0 is no limit", 6000),
    Setting("searches_per_minute", "searches a station may make in a minute; 0 is no limit", 120),
    Setting("webhooks_allow_http", "events may go to plain http addresses", default=False),
    Setting(
        "webhooks_allow_private",
        "events may go to addresses of the house's own network",
        default=False,
    ),
    Setting(
        "admins_need_second_factor",
        "admins sign in with a passkey, or with a one-time code beside the password",
        default=False,
    ),
    Setting("mail_server", "host that takes e-mails; empty: tickets are not sent by e-mail", ""),
    Setting("mail_port", "its port", 587),
    Setting("mail_encryption", "`starttls`, `tls` from the start, or `none`", "starttls"),
    Setting("mail_user", "whom the server knows; empty: nobody signs in", ""),
    Setting("mail_password", "the password of that user", ""),
    Setting("mail_from", "address in whose name e-mails go out", ""),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one home."""

    home: Path
    museum: str
    zone: ZoneInfo
    address: tuple[str, ...]
    contact: str
    base_url: str
    capacity: int
    key_publish_days: int
    knowledge_days: int
    database_url: str
    host: str
    port: int
    threads: int
    processes: int
    proxies: int
    api_per_minute: int
    searches_per_minute: int
    webhooks_allow_http: bool
    webhooks_allow_private: bool
    admins_need_second_factor: bool
    mail: MailRules | None
    hours: Calendar

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    def at(self, *, host: str | None, port: int | None) -> "Settings":
        """The same settings, listening elsewhere."""
        return replace(self, host=host or self.host, port=self.port if port is None else port)


@dataclass(frozen=True, slots=True)
class Home:
    """The folder a command works on."""

    path: Path


def home_from(given: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The home: `--home`, else EINLASS_HOME, else ./var."""
    return Path(given or environment.get(HOME_VARIABLE) or DEFAULT_HOME)


def check_keys(home: Path) -> None:
    """Raise SettingsError when the home's keys are not all there."""
    keys = home / "keys"
    for name in ("secret", "ring.json"):
        if not (keys / name).is_file():
            raise SettingsError(f"keys/{name} is missing: restore it from a backup")


def load(home: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a home. Raises SettingsError with the setting's name."""
    path = home / FILE_NAME
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"no {FILE_NAME} in this home: run `ticketing init` first") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsError(f"{FILE_NAME} is not valid TOML") from None
    unknown = set(file) - set(BY_NAME) - {"opening"}
    if unknown:
        raise SettingsError(f"{FILE_NAME} has settings nobody knows: {', '.join(sorted(unknown))}")
    values = {setting.name: _value(setting, file, environment) for setting in SETTINGS}
    return _settings(home, values, file.get("opening", {}))


def _value(setting: Setting, file: Mapping[str, Any], environment: Mapping[str, str]) -> Any:  # noqa: ANN401  a setting is text, number or list
    if setting.variable in environment:
        return _parsed(setting, environment[setting.variable])
    value = file.get(setting.name, setting.default)
    if isinstance(setting.default, tuple):
        if not isinstance(value, list | tuple):
            raise SettingsError(f"{setting.name} must be a list of texts")
        return tuple(str(line) for line in value)
    if type(value) is not type(setting.default):
        raise SettingsError(f"{setting.name} must be {_KINDS[type(setting.default)]}")
    return value


_KINDS = {bool: "true or false", int: "a number", str: "a text"}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def _parsed(setting: Setting, text: str) -> str | int | bool | tuple[str, ...]:
    if isinstance(setting.default, tuple):
        return tuple(text.split("|"))
    if isinstance(setting.default, bool):
        if text.lower() not in _TRUTHS:
            raise SettingsError(f"{setting.variable} must be true or false")
        return _TRUTHS[text.lower()]
    if not isinstance(setting.default, int):
        return text
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{setting.variable} must be a number") from None


def _settings(home: Path, values: Mapping[str, Any], opening: Mapping[str, Any]) -> Settings:
    try:
        zone = ZoneInfo(values["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError("zone is not a time zone such as Europe/Berlin") from None
    if values["proxies"] < 0:
        raise SettingsError("proxies must be 0 or more")
    database = values["database_url"] or f"sqlite:///{(home / SQLITE_FILE).resolve()}"
    base_url = values["base_url"].rstrip("/")
    own = {"zone": zone, "database_url": database, "base_url": base_url, "mail": _mail(values)}
    kept = {name: value for name, value in values.items() if not name.startswith("mail_")}
    return Settings(home=home, hours=_calendar(opening), **{**kept, **own})


def _mail(values: Mapping[str, Any]) -> MailRules | None:
    """Where mails go out; None for a house that sends none."""
    if not values["mail_server"]:
        return None
    try:
        encryption = Encryption(values["mail_encryption"])
    except ValueError:
        raise SettingsError("mail_encryption must be starttls, tls or none") from None
    sender = find_address(values["mail_from"])
    if sender is None:
        raise SettingsError("mail_from must be one e-mail address")
    if not 0 < values["mail_port"] <= _MOST_PORT:
        raise SettingsError("mail_port must be a port")
    for name in ("mail_user", "mail_password"):
        if not values[name].isascii():
            raise SettingsError(f"{name}: mail servers take letters of ASCII alone")
    if values["mail_user"] and encryption is Encryption.NONE:
        raise SettingsError("mail_encryption: no password goes out without encryption")
    return MailRules(
        server=values["mail_server"],
        port=values["mail_port"],
        encryption=encryption,
        user=values["mail_user"],
        password=values["mail_password"],
        sender=sender,
    )


def _calendar(opening: Mapping[str, Any]) -> Calendar:
    """The calendar of the `[opening]` tables. Without any of them the house is always closed."""
    tables = {name: table for name, table in opening.items() if isinstance(table, Mapping)}
    facts = {name: value for name, value in opening.items() if name not in tables}
    for kind, table in tables.items():
        facts |= {f"{kind}.{day}": hours for day, hours in table.items()}
    try:
        return checked(calendar_of(facts))
    except BadCalendar as error:
        wrong = error.errors[0]
        kind, _, _ = wrong.field.partition(".")
        looks = _LOOKS.get((wrong.problem, kind)) or _LOOKS.get((wrong.problem, "")) or _HOURS_LOOK
        raise SettingsError(f"opening.{kind}: {looks}") from None


_HOURS_LOOK = 'hours look like "10:00-18:00" or "closed"'
_LOOKS = {
    ("day", DATES): "days look like 2026-12-26",
    ("day", YEARLY): "days look like 12-24",
    ("number", EASTER): "days after Easter Sunday look like 1 or -2",
    ("number", LAST): "minutes look like 45",
    ("range", ""): "out of bounds",
    ("order", ""): "it closes before it opens",
    ("too_short", ""): "open for less time than the last admission is before closing",
    ("too_many", ""): "too many of them",
}
