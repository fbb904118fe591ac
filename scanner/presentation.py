"""The state of the page: everything it shows, in both languages, as one JSON document. Pure.

No text of a barcode is in it, and the last scans carry no names: visitors can see the
screen. The holder's name stands in the panel alone, for as long as the verdict does.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scanner.events import LinkState
from scanner.opening import opening_panel
from scanner.panel import Line, Panel, Place, camera_panel, offer_name, panel_of, trouble_panel
from scanner.screen import Face, Result, Screen, may_overrule
from scanner.tryout import Tryout
from scanner.wording import Words, both
from ticketing.wire.facts import Evidence
from ticketing.wire.texts import Localised, local_time, render, verdict_word
from ticketing.wire.verdict import Direction, Verdict
from ticketing.wire.window import local_day

WRONG_CLOCK_MS = 60_000
"""From here on the station says that its clock is wrong (`design.md`, Clocks)."""
OLD_KNOWLEDGE = timedelta(minutes=10)
STALE_KNOWLEDGE = timedelta(hours=24)
"""From here on the page shows the age of what is known in amber, and in red."""
KEPT_SCANS = 8
_TWO_HOURS = timedelta(hours=2)
_TWO_DAYS = timedelta(days=2)
_MINUS = "\N{MINUS SIGN}"

_LINK_CLASS = {
    LinkState.UP: "up",
    LinkState.UNKNOWN: "idle",
    LinkState.DOWN: "down",
    LinkState.REVOKED: "down",
}
_SERVICE_STATES = {
    LinkState.UP: "good",
    LinkState.UNKNOWN: "open",
    LinkState.DOWN: "warn",
    LinkState.REVOKED: "bad",
}


@dataclass(frozen=True, slots=True)
class House:
    """Where the station stands; does not change while it runs."""

    museum: str
    gate: str
    gate_name: Localised
    zone: ZoneInfo
    offers: Mapping[int, Localised] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Eye:
    """The camera: its name, since when it is lost (aware UTC), whether its film is over.

    `seen`: whether it has given a picture since the start; `dark`: too dark to read by.
    """

    name: str = ""
    lost_at: datetime | None = None
    ended: bool = False
    seen: bool = False
    dark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the page is made of; times aware UTC.

    `offline_at`: since when the line is down; `known_at`: when the service last answered;
    `synced_at`: when knowledge was last complete; `ahead_ms`: the station's clock against
    the service's; `counted`: people counted by hand; `alarms`: entries the service would
    not have; `sound`: a number that grows with each sound, and the verdict to sound;
    `trouble`: the journal takes no entries; `keys`: how many the station trusts;
    `disk_full`: next to no room is left; `read_at` and `typed_at`: when the camera and the
    hand scanner last read anything, to the minute; `tryout`: the station is being tried.
    """

    screen: Screen = field(default_factory=Screen)
    recent: tuple[Screen, ...] = ()
    link: LinkState = LinkState.UNKNOWN
    offline_at: datetime | None = None
    known_at: datetime | None = None
    synced_at: datetime | None = None
    unsent: int = 0
    alarms: int = 0
    ahead_ms: int | None = None
    inside: int | None = None
    counted: int = 0
    eye: Eye = field(default_factory=Eye)
    sound: tuple[int, Verdict | None] = (0, None)
    trouble: bool = False
    keys: int = 0
    disk_full: bool = False
    read_at: datetime | None = None
    typed_at: datetime | None = None
    tryout: Tryout | None = None
    lang: str = "de"


def page_state(facts: Facts, house: House, now: datetime) -> dict[str, object]:
    """The state as JSON: what is shown in each language, and what needs no words."""
    number, verdict = facts.sound
    eye = facts.eye
    may_settle = facts.screen.may_settle and facts.link is not LinkState.REVOKED
    picture = "lost" if eye.lost_at else "ended" if eye.ended else "live"
    return {
        "lang": facts.lang,
        "scan": facts.screen.scan_id if may_settle else "",
        "may_change": facts.screen.may_change and facts.link is not LinkState.REVOKED,
        "override": facts.screen.scan_id if _may_overrule(facts) else "",
        "tryout": _tryout(facts.tryout),
        "dark": facts.eye.dark and facts.eye.lost_at is None,
        "direction": facts.screen.direction.value,
        "link": _LINK_CLASS[facts.link],
        "picture": picture,
        "sound": {"n": number, "verdict": verdict and verdict.value},
        "words": {words.lang: _in_words(facts, house, now, words) for words in both()},
    }


def _in_words(facts: Facts, house: House, now: datetime, words: Words) -> dict[str, object]:
    place = Place(
        gate=house.gate,
        gate_name=house.gate_name,
        zone=house.zone,
        now=now,
        offers=house.offers,
        unsent=facts.unsent,
        known_at=facts.known_at,
        inside=facts.inside,
    )
    is_wrong = facts.ahead_ms is not None and abs(facts.ahead_ms) > WRONG_CLOCK_MS
    return {
        "gate": _gate(facts, house, words),
        "link": _link(facts, house.zone, words),
        "clock": _clock(facts.ahead_ms, words),
        "clock_wrong": is_wrong,
        "inside": "" if facts.inside is None else str(facts.inside),
        "counted": words.say("counted", count=_signed(facts.counted)) if facts.counted else "",
        "knowledge": _knowledge(facts, house.zone, now, words),
        "knowledge_age": _age_class(facts, now),
        "alarm": words.count("alarm", facts.alarms) if facts.alarms else "",
        "time": local_time(now, house.zone),
        "panel": asdict(_panel(facts, place, words)),
        "recent": [_recent(screen, place, words) for screen in facts.recent],
        "chip": words.say("live", camera=camera_name(facts.eye.name, words)),
        "message": _message(facts.eye, words),
    }


def _gate(facts: Facts, house: House, words: Words) -> str:
    """Whoever counts exits must see so at any time."""
    name = house.gate_name.in_(words.lang)
    leaves = facts.screen.direction is Direction.EXIT
    return f"{name} · {words.say('fact.exit')}" if leaves else name


def camera_name(name: str, words: Words) -> str:
    """`webcam 0` as people count cameras; of a file or an address nothing is shown."""
    number = name.removeprefix("webcam ")
    if number != name and number.isdigit():
        return words.say("camera.webcam", number=int(number) + 1)
    return words.say("camera.address" if name.startswith("address ") else "camera.film")


def _may_overrule(facts: Facts) -> bool:
    """Whether a supervisor may let in who is on the screen, and the service can be asked."""
    result = facts.screen.result
    is_shown = facts.screen.face is Face.VERDICT and result is not None and may_overrule(result)
    return is_shown and facts.link is LinkState.UP and not _is_trying(facts)


def _is_trying(facts: Facts) -> bool:
    return facts.tryout is not None and not facts.tryout.is_over


def _tryout(tryout: Tryout | None) -> dict[str, object]:
    is_on = tryout is not None and not tryout.is_over
    return {"on": is_on, "read": tryout.read + tryout.typed if tryout and is_on else 0}


def _panel(facts: Facts, place: Place, words: Words) -> Panel:
    if facts.tryout is not None and not facts.tryout.is_over:
        return opening_panel(_ready_lines(facts, place, words), facts.tryout, words)
    if facts.trouble:
        return trouble_panel(words)
    if facts.link is LinkState.REVOKED:
        return trouble_panel(words, "revoked")
    lost_at = facts.eye.lost_at
    if lost_at is None or not _gives_way(facts.screen, lost_at):
        return panel_of(facts.screen, place, words)
    return camera_panel(lost_at, camera_name(facts.eye.name, words), place, words)


def _ready_lines(facts: Facts, place: Place, words: Words) -> tuple[Line, ...]:
    """What has to be so before the doors open; `idle` is what may be missing."""
    zone, age = place.zone, _age_class(facts, place.now)
    inside = place.gate_name.in_(words.lang)
    revoked = facts.link is LinkState.REVOKED
    rows = (
        ("camera", *_camera_line(facts.eye, words)),
        ("read", *_read_line(facts.read_at, place, words, otherwise="open")),
        ("hand", *_read_line(facts.typed_at, place, words, otherwise="idle")),
        ("pair", *(("bad", words.say("ready.revoked")) if revoked else ("good", inside))),
        ("service", _SERVICE_STATES[facts.link], _service(facts, zone, words)),
        (
            "knowledge",
            {"": "open" if facts.synced_at is None else "good", "old": "warn", "stale": "bad"}[age],
            _knowledge(facts, zone, place.now, words) or words.say("knowledge.none"),
        ),
        (
            "keys",
            "good" if facts.keys else "bad",
            words.count("ready.keys", facts.keys) if facts.keys else words.say("ready.no_keys"),
        ),
        ("clock", *_clock_line(facts.ahead_ms, words)),
        ("disk", *_disk_line(facts, words)),
        ("unsent", *_unsent_line(facts, words)),
    )
    return tuple(Line(state, words.say(f"ready.{name}"), value) for name, state, value in rows)


def _camera_line(eye: Eye, words: Words) -> tuple[str, str]:
    name = camera_name(eye.name, words)
    if eye.lost_at is not None:
        return "bad", words.say("picture.none")
    if not eye.seen:
        return "open", words.say("ready.looking")
    if eye.dark:
        return "warn", words.say("ready.dark", camera=name)
    return "good", name


def _read_line(
    at: datetime | None, place: Place, words: Words, *, otherwise: str
) -> tuple[str, str]:
    if at is None or local_day(at, place.zone) != local_day(place.now, place.zone):
        return otherwise, words.say(f"ready.unread.{otherwise}")
    return "good", words.say("ready.read_at", time=local_time(at, place.zone))


def _service(facts: Facts, zone: ZoneInfo, words: Words) -> str:
    if facts.link is LinkState.DOWN and facts.offline_at is not None:
        return words.say("ready.offline", since=local_time(facts.offline_at, zone))
    return words.say("ready.online" if facts.link is LinkState.UP else "link.unknown")


def _clock_line(ahead_ms: int | None, words: Words) -> tuple[str, str]:
    if ahead_ms is None:
        return "open", words.say("ready.no_clock")
    said = _clock(ahead_ms, words)
    if abs(ahead_ms) > WRONG_CLOCK_MS:
        return "bad", said
    return "good", words.say("ready.clock_right", seconds=_seconds(ahead_ms))


def _disk_line(facts: Facts, words: Words) -> tuple[str, str]:
    if facts.trouble:
        return "bad", words.say("trouble.reason")
    return (
        ("warn", words.say("ready.full")) if facts.disk_full else ("good", words.say("ready.room"))
    )


def _unsent_line(facts: Facts, words: Words) -> tuple[str, str]:
    if facts.alarms:
        return "bad", words.count("alarm", facts.alarms)
    if facts.unsent:
        return "warn", words.count("fact.scans", facts.unsent)
    return "good", words.say("ready.nothing")


def _gives_way(screen: Screen, lost_at: datetime) -> bool:
    """Whether a lost camera matters more than what is shown: nothing open, nothing newer."""
    is_older = screen.at is not None and screen.at < lost_at
    return screen.face is Face.READY or (is_older and not screen.may_settle)


def _link(facts: Facts, zone: ZoneInfo, words: Words) -> str:
    if facts.link is LinkState.UP:
        key = "link.up_unsent" if facts.unsent else "link.up"
        return words.say(key, count=facts.unsent)
    if facts.link is LinkState.DOWN and facts.offline_at is not None:
        since = local_time(facts.offline_at, zone)
        return words.say("link.down", since=since, count=facts.unsent)
    return words.say("link.revoked" if facts.link is LinkState.REVOKED else "link.unknown")


def _clock(ahead_ms: int | None, words: Words) -> str:
    if ahead_ms is None:
        return ""
    if abs(ahead_ms) > WRONG_CLOCK_MS:
        way = words.say("clock.fast" if ahead_ms > 0 else "clock.slow")
        return words.say("clock.wrong", minutes=round(abs(ahead_ms) / 60_000), way=way)
    return words.say("clock", seconds=_seconds(ahead_ms))


def _seconds(ahead_ms: int) -> str:
    seconds = round(ahead_ms / 1000)
    sign = "+" if seconds > 0 else _MINUS if seconds else "±"
    return f"{sign}{abs(seconds)}"


def _knowledge(facts: Facts, zone: ZoneInfo, now: datetime, words: Words) -> str:
    """Of when what the station knows is: by the clock while fresh, then how old."""
    at = facts.synced_at
    if at is None:
        return "" if facts.link is LinkState.UNKNOWN else words.say("knowledge.none")
    age = now - at
    if age <= OLD_KNOWLEDGE:
        return words.say("knowledge", time=local_time(at, zone))
    if age >= _TWO_DAYS:
        return words.say("knowledge.days", count=age.days)
    if age >= _TWO_HOURS:
        return words.say("knowledge.hours", count=age // timedelta(hours=1))
    return words.say("knowledge.minutes", count=age // timedelta(minutes=1))


def _age_class(facts: Facts, now: datetime) -> str:
    at = facts.synced_at
    if at is None:
        return "" if facts.link is LinkState.UNKNOWN else "old"
    return "stale" if now - at > STALE_KNOWLEDGE else "old" if now - at > OLD_KNOWLEDGE else ""


def _signed(count: int) -> str:
    return f"+{count}" if count > 0 else f"{_MINUS}{-count}"


def _recent(screen: Screen, place: Place, words: Words) -> dict[str, str]:
    result = screen.result
    if screen.face is Face.ANNULLED and screen.at is not None:
        return {
            "shape": "v-annul",
            "word": words.say("annulled"),
            "what": offer_name(screen, place, words) or words.say("ticket"),
            "time": local_time(screen.at, place.zone),
        }
    if result is None or screen.at is None:
        return {"shape": "v-foreign", "word": "", "what": "", "time": ""}
    thing = offer_name(screen, place, words) or _thing(screen, result, words)
    if result.verdict in {Verdict.REFUSE, Verdict.ATTENTION}:
        told = render(result.reason, words.lang, Evidence(), place.zone, place.now).title
        what = _with_reason(thing, told, words) if thing else told
    elif result.people > 1:
        what = f"{thing}, {words.count('people', result.people)}"
    else:
        what = thing
    return {
        "shape": f"v-{result.verdict.value}",
        "word": verdict_word(result.verdict, words.lang),
        "what": what,
        "time": local_time(screen.at, place.zone),
    }


def _thing(screen: Screen, result: Result, words: Words) -> str:
    """What was shown, if that is known: of a code that is refused the reason says it all."""
    if result.code is not None:
        return words.say("code")
    is_ticket = screen.claims is not None or result.ticket is not None
    return words.say("ticket") if is_ticket or result.verdict is Verdict.ADMIT else ""


def _with_reason(thing: str, told: str, words: Words) -> str:
    return f"{thing}, {told[:1].lower() + told[1:]}" if words.lang == "en" else f"{thing}: {told}"


def _message(eye: Eye, words: Words) -> list[str]:
    if eye.lost_at is not None:
        if eye.seen:
            return [words.say("picture.none"), words.say("picture.searching")]
        return [words.say("picture.none_at_all"), words.say("picture.searching")]
    return [words.say("picture.ended")] if eye.ended else []
