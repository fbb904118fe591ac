"""What `ticketing doctor` looks at: one finding a check, each with what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ticketing import config
from ticketing.app import App, opened
from ticketing.edge.painter import Painter
from ticketing.edge.signer import KeysError
from ticketing.service.ports import CardCaptions, CardFacts
from ticketing.store import migrate
from ticketing.wire.keys import KeyState

OLDEST_PLAUSIBLE_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, whether it is good, and what to do if not."""

    name: str
    good: bool
    advice: str = ""


def checkup(home: Path) -> tuple[Finding, ...]:
    """Look at everything that can be looked at; a broken part does not hide the next."""
    try:
        settings = config.load(home)
    except config.SettingsError as error:
        return (Finding("settings", good=False, advice=str(error)),)
    return (Finding("settings", good=True), *_parts(settings))


def _parts(settings: config.Settings) -> Iterator[Finding]:
    yield _tried("database", lambda: _database(settings))
    try:
        with opened(settings) as app:
            yield _tried("keys", lambda: _keys(app))
            yield _tried("clock", lambda: _clock(app))
            yield _tried("pictures", lambda: _pictures(app))
            yield _privacy(app)
            yield _proxies(settings)
            mailer = app.mailer()
            if mailer is not None:
                yield _tried("mail", mailer.check)
    except (config.SettingsError, KeysError) as error:
        yield Finding("keys", good=False, advice=str(error))


def _tried(name: str, check: Callable[[], str]) -> Finding:
    """A finding from a check that returns advice, empty when all is well."""
    try:
        advice = check()
    except (SQLAlchemyError, OSError, ValueError, ImportError) as error:
        advice = f"failed with {type(error).__name__}"
    return Finding(name, good=not advice, advice=advice)


def _database(settings: config.Settings) -> str:
    return "" if migrate.is_current(settings.database_url) else "run `ticketing migrate`"


def _keys(app: App) -> str:
    active = [key for key in app.house.signer.ring().keys if key.state is KeyState.ACTIVE]
    return "" if active else "no active signing key"


def _clock(app: App) -> str:
    now = app.house.clock.now()
    return "" if now.year >= OLDEST_PLAUSIBLE_YEAR else "the clock is wrong: set date and time"


def _pictures(app: App) -> str:
    facts = CardFacts(
        museum=app.settings.museum,
        holder="Zoë Müßig",
        offer="Ä",
        when="1",
        persons="1",
        short_code="0000-0000",
        captions=CardCaptions(when="ü", persons="ö", short_code="ß"),
        barcode="0" * 154,
    )
    return "" if Painter().card(facts).startswith(b"\x89PNG") else "cards cannot be drawn"


def _privacy(app: App) -> Finding:
    named = bool(app.house.fresh().museum.contact)
    advice = "" if named else "set `contact`, or on the site: the privacy notice must name one"
    return Finding("privacy contact", good=named, advice=advice)


def _proxies(settings: config.Settings) -> Finding:
    """Behind a proxy that is not known to be one, everybody asks from its address."""
    is_known = bool(settings.proxies) or not settings.base_url.startswith("https://")
    advice = "" if is_known else "`base_url` is https: tell by `proxies` who is in front"
    return Finding("proxies", good=is_known, advice=advice)
