"""The home: one folder with settings, keys and, by default, the SQLite file.

`make_home` fills an empty one and refuses to overwrite. Secrets are files that only
their owner may read; every further secret is derived from `keys/secret` by a label,
so that there is one thing to back up beside the signing keys.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ticketing import config
from ticketing.edge.chance import SystemChance
from ticketing.edge.clock import SystemClock
from ticketing.edge.signer import create_ring

SECRET_BYTES = 32

_HEAD = """\
# Settings of this house. Each one can be overridden by EINLASS_<NAME> in the environment.
museum = {museum}
zone = "Europe/Berlin"
address = {address}
contact = {contact}
base_url = "http://127.0.0.1:8080"
# database_url = "postgresql+psycopg://user@host/einlass"   # default: a SQLite file in this folder
host = "127.0.0.1"
port = 8080
"""

_SAMPLE_OPENING = """
[opening]
tue = "10:00-18:00"
wed = "10:00-18:00"
thu = "10:00-20:00"
fri = "10:00-18:00"
sat = "10:00-18:00"
sun = "10:00-18:00"
last_admission_min = 45

# the same days every year
[opening.yearly]
"01-01" = "closed"
"01-06" = "10:00-18:00"
"05-01" = "10:00-18:00"
"10-03" = "10:00-18:00"
"12-24" = "closed"
"12-25" = "closed"
"12-26" = "10:00-18:00"
"12-31" = "closed"

# days after Easter Sunday: Good Friday, Easter Monday, Ascension, Whit Monday
[opening.easter]
"-2" = "10:00-18:00"
"1" = "10:00-18:00"
"39" = "10:00-18:00"
"50" = "10:00-18:00"

# single days
[opening.dates]
# "2026-11-30" = "closed"
"""

SAMPLE_MUSEUM = "Stadtmuseum Erlenbach"
SAMPLE_ADDRESS = ("Museumsplatz 1", "00000 Erlenbach")
SAMPLE_CONTACT = "datenschutz@stadtmuseum-erlenbach.example"


class HomeExists(Exception):  # noqa: N818  an expected refusal, not a fault
    """The folder already is a home; nothing was changed."""


def make_home(home: Path, *, name: str, sample: bool) -> None:
    """Write settings, keys and secret into `home`. Raises HomeExists; changes nothing then."""
    path = home / config.FILE_NAME
    if path.exists() or (home / "keys").exists():
        raise HomeExists
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    keys = home / "keys"
    keys.mkdir(mode=0o700)
    chance = SystemChance()
    write_private(keys / "secret", chance.draw(SECRET_BYTES))
    create_ring(keys, chance, at=SystemClock().now())
    # last: a home without settings is not a home yet, so a broken start can be seen
    path.write_text(_settings_text(name, sample=sample), encoding="utf-8")


def _settings_text(name: str, *, sample: bool) -> str:
    head = _HEAD.format(
        museum=_quoted(name),
        address="[" + ", ".join(_quoted(line) for line in (SAMPLE_ADDRESS if sample else ())) + "]",
        contact=_quoted(SAMPLE_CONTACT if sample else ""),
    )
    return head + (_SAMPLE_OPENING if sample else "")


def _quoted(text: str) -> str:
    """A TOML basic string."""
    plain = "".join(character for character in text if character.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def secret(home: Path, label: str) -> bytes:
    """32 bytes for one purpose, derived from the home's secret.

    Raises SettingsError when the home has none.
    """
    try:
        master = (home / "keys" / "secret").read_bytes()
    except OSError:
        raise config.SettingsError("keys/secret is missing: restore it from a backup") from None
    derive = HKDF(
        algorithm=SHA256(), length=SECRET_BYTES, salt=b"einlass-home-v1", info=label.encode()
    )
    return derive.derive(master)
