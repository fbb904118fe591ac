"""The documents say what the code does: tables, links, pictures, commands and figures."""

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from tests.docs.figures import figures_table, presentations_tables
from tests.docs.tables import reasons_table, roles_table, routes_table, rules_diagram, rules_list
from tests.test_cli import Home
from ticketing import config
from ticketing.app import build

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def text_of(name: str) -> str:
    """A page of the documents."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_integrators_page_lists_every_api_call(tmp_path: Path) -> None:
    """Method, address, permission and purpose of each call stand there, and no others."""
    Home(tmp_path / "h")("init", "--sample")
    app = build(config.load(tmp_path / "h"))
    expected = routes_table(app.web())
    app.store.close()
    documented = re.findall(r"^\| `[A-Z]+ /.*\|$", text_of("integrators.md"), re.MULTILINE)
    assert documented == expected


def test_the_integrators_page_lists_every_reason() -> None:
    """Each reason with its verdicts and its words, in the order of the code."""
    texts = json.loads(resources.files("ticketing.wire").joinpath("texts.json").read_text())
    documented = re.findall(
        r"^\| `[a-z_]+` \| [a-z, ]+ \| .*\|$", text_of("integrators.md"), re.MULTILINE
    )
    assert documented == reasons_table(texts["reasons"])


def test_the_operators_page_lists_what_each_role_may_do() -> None:
    """Whoever gives somebody a role reads there what that means."""
    is_right = re.compile(r"\| `[a-z]+\.[a-z]+` \|").match
    lines = [line for line in text_of("operators.md").splitlines() if is_right(line)]
    assert lines == roles_table()


def test_the_admission_page_lists_the_rules_in_their_order() -> None:
    """The table of rules is the code's own, in the order in which it is tried."""
    documented = re.findall(r"^\d+\. `.*$", text_of("admission.md"), re.MULTILINE)
    assert documented == rules_list()


def test_the_admission_page_draws_the_rules() -> None:
    """The drawing is made from the table of rules too."""
    drawn = re.search(r"```mermaid\n(.*?)\n```", text_of("admission.md"), re.DOTALL)
    assert drawn is not None
    assert drawn[1].splitlines() == rules_diagram()


def test_the_figures_are_those_that_were_printed() -> None:
    """The table of figures is made from the committed lines; the date stands above it."""
    page = text_of("benchmarks.md")
    lines = ROOT / "docs" / "benchmarks.jsonl"
    table = page.split("| what | result |", 1)[1].split("\n\n", 1)[0].splitlines()
    assert table[2:] == figures_table(lines)
    rows = [line for line in page.splitlines() if re.match(r"^\| .* \| [\d.]+ \|", line)]
    of_presentations = [row for row in rows if " wrong |" in row]
    assert of_presentations == presentations_tables(lines)
    assert re.search(r"Measured on \d{4}-\d\d-\d\d", page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    """Relative links and pictures exist."""
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_named_exists(page: Path) -> None:
    """`make something` in a document is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
    assert named <= targets
