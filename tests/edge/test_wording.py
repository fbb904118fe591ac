"""The bot's words: the same keys in both languages, polite, and honest about consent."""

import ast
import hashlib
import json
import re
from pathlib import Path

import pytest

from ticketing.domain.consent import Action, Purpose
from ticketing.edge.wording import FileWording, WordingError, placeholders
from ticketing.templates_path import templates_dir

FOLDER = templates_dir() / "wording"
CONVERSATION = Path(__file__).resolve().parents[2] / "ticketing" / "domain" / "conversation"
TEXTS = {
    lang: json.loads((FOLDER / f"chat.{lang}.json").read_text(encoding="utf-8"))
    for lang in ("de", "en")
}
NO_BREAK = "\N{NO-BREAK SPACE}"
PROVEN = {
    "1": {
        "de": "3dbfb09918c90daf",
        "en": "d77eeb9a90b67e79",
    }
}
"""Version of the consent wording -> digest of its texts. A changed text needs a new
version here and in both files: the ledger names the version a visitor agreed to."""


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    """Side by side in a diff."""
    assert list(TEXTS["de"]) == list(TEXTS["en"])


@pytest.mark.parametrize("key", TEXTS["de"])
def test_both_languages_fill_in_the_same(key: str) -> None:
    """Each text has the same placeholders in both."""
    assert placeholders(TEXTS["de"][key]) == placeholders(TEXTS["en"][key])


def test_every_key_the_conversation_names_is_worded() -> None:
    """Keys put together from parts are named below."""
    made = {f"consent.{p}.{a}" for p in Purpose for a in Action}
    made |= {f"consent.{p}" for p in Purpose}
    made |= {f"settings.{p}.{word}" for p in Purpose for word in ("on", "off", "stop", "allow")}
    made |= {f"{place}.unclear" for place in ("offer", "day", "party")}
    made |= {f"weekday.{n}" for n in range(7)} | {f"weekday.short.{n}" for n in range(7)}
    made |= {f"month.{n}" for n in range(1, 13)}
    made |= {"name.empty", "name.long", "menu.lang.de", "menu.lang.en", "consent.version"}
    used = {key for path in CONVERSATION.glob("*.py") for key in _line_keys(path)} | made
    used |= {"ticket.failed", "day.today", "day.tomorrow", "day.after_tomorrow"}
    used |= {"ticket.person", "ticket.persons", "stop.done", "day.long", "day.full", "day.short"}
    assert set(TEXTS["de"]) == used


def _line_keys(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    firsts = [
        call.args[0]
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "line" and call.args
    ]
    return {str(arg.value) for arg in firsts if isinstance(arg, ast.Constant)}


@pytest.mark.parametrize("lang", ["de", "en"])
def test_only_the_greeting_has_an_exclamation_mark(lang: str) -> None:
    """Calm otherwise."""
    loud = {key for key, text in TEXTS[lang].items() if "!" in text}
    assert loud == {"greeting"}


def test_german_says_du_and_writes_umlauts() -> None:
    """No Sie, no ae, oe, ue in place of an umlaut."""
    for text in TEXTS["de"].values():
        assert not re.search(r"\b(Sie|Ihnen|Ihre?[nrms]?)\b", text)
        assert not re.search(r"fuer|ueber|moecht|koenn|waehl|oeffn|naech|spaet", text)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_words_that_must_be_there_are_there(lang: str) -> None:
    """A bot and no human; a no costs nothing; STOP; sixteen years; a name is enough."""
    texts = TEXTS[lang]
    human = {"de": "kein Mensch", "en": "not a human"}[lang]
    for key in ("greeting", "bot.again", "text.unclear"):
        assert human in texts[key]
    nothing = {"de": "Nein kostet dich nichts", "en": "no costs you nothing"}[lang]
    for key in ("consent.news", "consent.codes", "notice.free"):
        assert nothing in texts[key]
    for key in ("consent.news", "consent.codes"):
        assert "STOP" in texts[key]
        assert f"16{NO_BREAK}" in texts[key]
    assert {"de": "nur einen Namen", "en": "only a name"}[lang] in texts["notice.free"]
    assert "{link}" in texts["notice.link"]


@pytest.mark.parametrize("lang", ["de", "en"])
def test_figures_do_not_part_from_their_units(lang: str) -> None:
    """A no-break space before days, years and Uhr, and between day and month."""
    for text in TEXTS[lang].values():
        assert not re.search(r"[0-9}] (Uhr|Tage|days|Jahre|years|\{month\})", text)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_button_labels_are_short(lang: str) -> None:
    """At most 24 characters, to fit a messenger's list."""
    labels = [key for key in TEXTS[lang] if re.match(r"menu\.(?!what|more)|choice\.(?!old)", key)]
    labels += ["consent.yes", "consent.no", "stop.yes", "stop.no", "day.after_tomorrow"]
    assert [key for key in labels if len(TEXTS[lang][key]) > 24] == []


@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_changed_consent_text_needs_a_new_version(lang: str) -> None:
    """What the ledger calls version 1 stays the text it was."""
    texts = TEXTS[lang]
    proven = [texts[key] for key in ("consent.news", "consent.codes", "consent.yes", "consent.no")]
    digest = hashlib.sha256("\n".join(proven).encode()).hexdigest()[:16]
    assert PROVEN[texts["consent.version"]][lang] == digest


def test_the_files_are_read_and_filled_in() -> None:
    """By key and language; any other language is German."""
    wording = FileWording()
    assert wording.say("choice.back", "de") == "Zurück"
    assert wording.say("choice.back", "en") == "Back"
    assert wording.say("choice.back", "fr") == "Zurück"
    assert wording.say("party.label", "de", n="{x}") == "{x}"
    assert "greeting" in wording.keys()  # noqa: SIM118  not a mapping


def test_an_unknown_key_and_a_missing_value_are_refused() -> None:
    """By the name of key and placeholder."""
    wording = FileWording()
    with pytest.raises(WordingError, match="no wording for nothing"):
        wording.say("nothing", "de")
    with pytest.raises(WordingError, match=r"party\.label needs a value for 'n'"):
        wording.say("party.label", "de")


def _write(folder: Path, german: object, english: object) -> Path:
    for lang, texts in (("de", german), ("en", english)):
        (folder / f"chat.{lang}.json").write_text(json.dumps(texts), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("german", "english", "problem"),
    [
        ({"a": "x", "b": "y"}, {"a": "x"}, "only one language has b"),
        ({"a": "{n}"}, {"a": "{m}"}, "a has other placeholders"),
        (["a"], {"a": "x"}, "chat.de.json must map"),
        ({"a": 7}, {"a": "x"}, "chat.de.json must map"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, german: object, english: object, problem: str
) -> None:
    """A half translated bot does not start."""
    with pytest.raises(WordingError, match=problem):
        FileWording(_write(tmp_path, german, english))


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(WordingError, match=re.escape("chat.de.json cannot be read")):
        FileWording(tmp_path)
    _write(tmp_path, {}, {})
    (tmp_path / "chat.en.json").write_text("{", encoding="utf-8")
    with pytest.raises(WordingError, match=re.escape("chat.en.json cannot be read")):
        FileWording(tmp_path)
