"""The pages' words: both languages say the same things."""

import json
import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest
from flask.testing import FlaskClient

import ticketing
from ticketing.domain.accounts import Scope
from ticketing.domain.audit import Action
from ticketing.domain.codes import Batch
from ticketing.domain.conflicts import ConflictKind
from ticketing.domain.events import EventName
from ticketing.domain.offers import Offer
from ticketing.domain.tickets import ShownState
from ticketing.service.lockouts import A_STRANGER, AN_ADDRESS
from ticketing.templates_path import templates_dir
from ticketing.web.words import FILES, LANGS, known_lang, load_words

TEXTS = load_words().texts
SERVICES = Path(ticketing.__file__).parent / "service"
TEMPLATES = sorted(templates_dir().rglob("*.html"))


BUILT = (  # keys that are put together; one a line
    r"(staff_)?error_\d{3}_(title|text)",
    r"state_(revoked|blocked)(_text)?",
    r"privacy_\w+",
    r"validity_\w+",
    r"ticket_short_\w+",
    r"conflict_\w+",
    r"mail_(lang|state|why)_\w+",
    r"place_\w+",
    r"(scope|event)_[a-z]+_[a-z]+",
    r"(weekday|month)_\d+",
    r"easter_(before_)?\d+",
    r"wording_\w+",
    r"report_kind_\w+",
    r"programs_(state|hook|problem)_\w+",
    r"offer_(validity|live|name)_\w+",
    r"value_\w+",
    r"codes_(state|job|code|column|effect|why|field)_\w+",
    r"codes_visitor_(malformed|unknown|ambiguous)",
    r"codes_in_(fault|col|is|kind|title|help)_\w+",
    r"codes_visitor_(ambiguous|malformed|unknown)",
    r"conflicts_state_\w+",
    r"numbers_days_\d+",
    r"role_\w+",
    r"right_\w+",
    r"wrong_\w+",
    r"refused_\w+",
    r"join_(title|text)_\w+",
    r"account_\w+",
    r"method_\w+",
    r"actor_\w+",
    r"action_\w+",
    r"thing_\w+",
    r"fact_\w+",
    r"pin_\w+",
    r"staff_(wrong|expired|passkey)\w*",
    r"visitors_(lang|channel|purpose|said|how|goes|stays)_\w+",
)


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    """A text that one language lacks would break its page."""
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    for key, text in TEXTS["de"].items():
        assert placeholders(text) == placeholders(TEXTS["en"][key]), key


def test_every_text_is_used() -> None:
    """Words that no page says are dropped; built keys are named here."""
    sources = [path.read_text("utf-8") for path in TEMPLATES]
    web = templates_dir().parent / "ticketing" / "web"
    sources += [path.read_text("utf-8") for path in web.rglob("*.py")]
    said = "\n".join(sources)
    unused = [key for key in TEXTS["de"] if f'"{key}"' not in said and f"'{key}'" not in said]
    assert [key for key in unused if not any(re.fullmatch(built, key) for built in BUILT)] == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_state_has_its_word(lang: str) -> None:
    """Each state that a ticket may be shown as."""
    for state in ShownState:
        assert TEXTS[lang][f"ticket_short_{state.value}"]


@pytest.mark.parametrize("lang", LANGS)
def test_every_word_of_the_api_is_said(lang: str) -> None:
    """Whoever makes a key or a webhook reads what it is for."""
    named = [f"scope_{one.replace(':', '_')}" for one in Scope]
    named += [f"event_{one.replace('.', '_')}" for one in EventName]
    assert all(TEXTS[lang][key] for key in named)


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_of_conflict_has_its_words(lang: str) -> None:
    """Whoever reads the staff page knows no code words."""
    assert {f"conflict_{kind.value}" for kind in ConflictKind} <= TEXTS[lang].keys()


@pytest.mark.parametrize("lang", LANGS)
def test_the_audit_speaks_in_words(lang: str) -> None:
    """Each action, each told apart from the others, and each thing that is acted upon."""
    actions = [f"action_{one.value.replace('.', '_')}" for one in Action]
    code = Path(ticketing.__file__).parent.rglob("*.py")
    named = r'(?:Thing|exports\.note)\(\s*"(\w+)"'
    kinds = {kind for path in code for kind in re.findall(named, path.read_text())}
    assert {*actions, *(f"thing_{kind}" for kind in kinds)} <= TEXTS[lang].keys()
    said = [TEXTS[lang][key] for key in actions]
    assert len(set(said)) == len(said)
    told = {key for key in TEXTS[lang] if key.startswith(("action_", "thing_"))}
    whose = {f"thing_sign_in_{one.id}" for one in (AN_ADDRESS, A_STRANGER)}
    assert told == {*actions, *(f"thing_{kind}" for kind in kinds), *whose}


@pytest.mark.parametrize("lang", LANGS)
def test_the_audit_has_words_for_each_field(lang: str) -> None:
    """Those of offers and batches, and those that stand in the code as a literal."""
    code = "\n".join(path.read_text() for path in SERVICES.rglob("*.py"))
    literal = re.findall(r"(?:before|after|told|facts)\S* = {(.*?)}|(?:before|after)={(.*?)}", code)
    named = {one for pair in literal for one in re.findall(r'"(\w+)":', "".join(pair))}
    hidden = {"id", "version", "tally", "created_at", "created_by"}
    named |= {one.name for kind in (Offer, Batch) for one in fields(kind)} - hidden
    assert {"budget_cents", "role", "way", "starts_at"} <= named
    texts = TEXTS[lang]
    assert [
        one for one in named if f"fact_{one}" not in texts and f"offer_{one}" not in texts
    ] == []


def test_an_unknown_key_is_a_fault() -> None:
    """A page never shows a key."""
    with pytest.raises(KeyError):
        load_words().say("nothing", "de")


def test_the_files_are_plain_json() -> None:
    """Texts by key, nothing nested."""
    for lang in LANGS:
        for path in (templates_dir() / "wording").glob(f"*.{lang}.json"):
            if path.stem.split(".")[0] not in {"chat", "station"}:
                texts = json.loads(path.read_text("utf-8")).values()
                assert all(isinstance(text, str) for text in texts)


@pytest.mark.parametrize(("text", "lang"), [("de", "de"), ("en", "en"), ("fr", None), (None, None)])
def test_only_two_languages_are_spoken(text: str | None, lang: str | None) -> None:
    """Anything else is no language of the pages."""
    assert known_lang(text) == lang


@pytest.mark.parametrize(
    ("query", "header", "lang"),
    [
        ("", "", "de"),
        ("", "en-GB,en;q=0.9,de;q=0.1", "en"),
        ("", "fr", "de"),
        ("?lang=en", "de", "en"),
        ("?lang=<b>", "en", "en"),
    ],
)
def test_a_page_picks_its_language(client: FlaskClient, query: str, header: str, lang: str) -> None:
    """The address, then the browser, then German."""
    answer = client.get(f"/privacy{query}", headers={"Accept-Language": header})
    assert f'<html lang="{lang}">' in answer.text


def test_no_catalogue_hides_a_text_of_another(tmp_path: Path) -> None:
    """Whichever were read last would win without anybody knowing."""
    (tmp_path / "wording").mkdir()
    for name in FILES:
        for lang in LANGS:
            text = "{}" if name == "pages" else '{"yes": "Ja"}'
            (tmp_path / "wording" / f"{name}.{lang}.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match="yes"):
        load_words(tmp_path)
