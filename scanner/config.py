"""What a station keeps in its home: settings, its key, and what pairing gave it.

    HOME/settings.toml   what the operator sets; all of it may be missing
    HOME/key.pem         the station's private key, readable by its owner only
    HOME/station.json    what pairing gave: token, gate, public keys (owner only)
    HOME/camera.json     the camera that staff have chosen on the page, if they have
    HOME/journal.sqlite3 the journal (`journal.py`)

Imported by `station` and `cli` alone; everything else gets its settings as arguments.
"""

import json
import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ticketing.wire.station_api import BadMessage, PairAnswer
from ticketing.wire.texts import LANGUAGES

HOME_VARIABLE: Final = "EINLASS_STATION_HOME"
DEFAULT_HOME: Final = Path("var/station")
SETTINGS_FILE: Final = "settings.toml"
KEY_FILE: Final = "key.pem"
PAIRING_FILE: Final = "station.json"
CAMERA_FILE: Final = "camera.json"
_PORTS = range(1, 65536)
_DEADLINES_MS = range(50, 10_001)
_SEED_BYTES = 32


class ConfigError(Exception):
    """A home that cannot be used as it is; the message says what to do."""


class NotPaired(ConfigError):  # noqa: N818  says what it is
    """The station has no gate yet."""

    def __init__(self) -> None:
        super().__init__(
            "this station is not paired yet. On the service: ticketing station add NAME --gate"
            " GATE. Then here: scanner pair --server URL CODE"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set.

    `port` of the page on loopback; `source` of the frames (camera number, file, folder or
    MJPEG address); `deadline_ms`: how long the service has to answer; `language` of the
    page at the start, de or en.
    """

    port: int = 8081
    source: str = "0"
    deadline_ms: int = 400
    language: str = "de"


@dataclass(frozen=True, slots=True)
class StationKey:
    """The station's Ed25519 key pair: `public` has 32 raw bytes."""

    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> Self:
        """The pair of a private key."""
        return cls(private.public_key().public_bytes_raw(), private)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Where the station belongs: the service's address and what it answered."""

    server: str
    answer: PairAnswer

    @property
    def zone(self) -> ZoneInfo:
        """The museum's time zone."""
        return ZoneInfo(self.answer.zone)


def home_from(given: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The home: `--home`, else EINLASS_STATION_HOME, else ./var/station."""
    return Path(given or environment.get(HOME_VARIABLE) or DEFAULT_HOME)


def load_settings(home: Path) -> Settings:
    """The settings of a home; what is not set has its default.

    Which camera is used was chosen last either in the file or on the page.

    Raises:
        ConfigError: names the setting, never its value.
    """
    settings = _settings_of_file(home)
    chosen = _chosen_source(home)
    return replace(settings, source=chosen) if chosen else settings


def choose_source(home: Path, source: str) -> None:
    """Keep which camera staff have chosen, for the next start.

    Raises:
        ConfigError: the home cannot be written.
    """
    _write_private(home / CAMERA_FILE, json.dumps({"source": source}).encode())


def _chosen_source(home: Path) -> str:
    """What staff have chosen since somebody last wrote the settings; empty if nothing."""
    file, settings = home / CAMERA_FILE, home / SETTINGS_FILE
    try:
        if settings.exists() and settings.stat().st_mtime_ns > file.stat().st_mtime_ns:
            return ""
        chosen = json.loads(file.read_bytes())["source"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return chosen if isinstance(chosen, str) else ""


def _settings_of_file(home: Path) -> Settings:
    try:
        given = tomllib.loads((home / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        raise ConfigError(f"{SETTINGS_FILE} is not readable TOML") from None
    known = {one.name: one.type for one in fields(Settings)}
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"{SETTINGS_FILE} has a setting nobody knows: {name}")
        if type(value) is not known[name]:
            kind = "a number" if known[name] is int else "a text"
            raise ConfigError(f"{SETTINGS_FILE}: {name} must be {kind}")
    return _checked(Settings(**given))


def load_key(home: Path) -> StationKey:
    """The station's key.

    Raises:
        NotPaired: there is none.
        ConfigError: the file is damaged.
    """
    try:
        pem = (home / KEY_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotPaired from None
    except OSError:
        raise ConfigError(f"{KEY_FILE} cannot be read") from None
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"{KEY_FILE} is damaged; move it away and pair the station anew")
    return StationKey.of(private)


def make_key(home: Path, draw: Callable[[int], bytes]) -> StationKey:
    """The station's key, made if there is none: pairing again keeps it.

    Raises:
        ConfigError: the file is damaged or the home cannot be written.
    """
    try:
        return load_key(home)
    except NotPaired:
        private = Ed25519PrivateKey.from_private_bytes(draw(_SEED_BYTES))
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_private(home / KEY_FILE, pem)
    return StationKey.of(private)


def load_pairing(home: Path) -> Pairing:
    """What pairing gave.

    Raises:
        NotPaired: nothing yet.
        ConfigError: the file is damaged.
    """
    try:
        data = json.loads((home / PAIRING_FILE).read_bytes())
        pairing = Pairing(str(data["server"]), PairAnswer.from_json(data["answer"]))
        ZoneInfo(pairing.answer.zone)
    except (FileNotFoundError, NotADirectoryError):
        raise NotPaired from None
    except (OSError, ValueError, KeyError, TypeError, BadMessage, ZoneInfoNotFoundError):
        raise ConfigError(f"{PAIRING_FILE} is damaged; pair the station anew") from None
    return pairing


def save_pairing(home: Path, pairing: Pairing) -> None:
    """Keep what pairing gave; the file is replaced as a whole.

    Raises:
        ConfigError: the home cannot be written.
    """
    data = {"server": pairing.server, "answer": pairing.answer.to_json()}
    _write_private(home / PAIRING_FILE, json.dumps(data, ensure_ascii=False, indent=1).encode())


def _checked(settings: Settings) -> Settings:
    if settings.port not in _PORTS:
        raise ConfigError(f"{SETTINGS_FILE}: port must be 1 to 65535")
    if settings.deadline_ms not in _DEADLINES_MS:
        raise ConfigError(f"{SETTINGS_FILE}: deadline_ms must be 50 to 10000")
    if settings.language not in LANGUAGES:
        raise ConfigError(f"{SETTINGS_FILE}: language must be de or en")
    return settings


def _write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, and never readable by others (mkstemp makes it 0600)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise ConfigError(f"the station's home cannot be written: {error.strerror}") from None
