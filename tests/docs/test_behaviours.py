"""The page of behaviours names every line once, and tests that are there and run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "behaviours.md"
NUMBERS = range(1, 68)

_LINK = re.compile(r"\[(\w+)\]\(([^)]+)\)")
_LEFT_OUT = {"skip", "skipif", "xfail", "importorskip"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: its number, what it says, and its tests by name and file."""

    number: str
    says: str
    tests: tuple[tuple[str, Path], ...]


def lines(text: str) -> Iterator[Line]:
    """Every row of every table of the page, without the heads."""
    for row in re.findall(r"^\|(.+)\|$", text, re.MULTILINE):
        number, says, tests = (cell.strip() for cell in row.split("|"))
        if number != "no." and not number.startswith("--"):
            links = tuple((name, (PAGE.parent / to).resolve()) for name, to in _LINK.findall(tests))
            yield Line(number, says, links)


LINES = tuple(lines(PAGE.read_text(encoding="utf-8")))


@cache
def module_of(file: Path) -> ast.Module:
    """A test file, read once."""
    return ast.parse(file.read_text(encoding="utf-8"))


def functions_of(module: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions of a file by their names."""
    return {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}


def is_left_out(node: ast.AST) -> bool:
    """Whether anything in it skips or lets it fail: a mark, or a call of pytest."""
    return any(isinstance(one, ast.Attribute) and one.attr in _LEFT_OUT for one in ast.walk(node))


def marks_of(module: ast.Module) -> list[ast.stmt]:
    """What a file says of all its tests."""
    return [node for node in module.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]


def test_every_number_stands_exactly_once() -> None:
    """1 to 66, in their order."""
    numbers = [int(line.number) for line in LINES if line.number.isdigit()]
    assert numbers == list(NUMBERS)


def test_the_contracts_stand_behind_them() -> None:
    """Of the barcode and of the idempotency key: lettered, each once."""
    others = [line.number for line in LINES if not line.number.isdigit()]
    assert others == ["S1", "S2", "S3", "S4", "H1", "H2", "H3", "H4", "H5"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.number)
def test_a_line_names_tests_that_exist_and_run(line: Line) -> None:
    """At least one; each file has that function, and neither skips nor is let off."""
    assert line.says
    assert line.tests
    assert len(set(line.tests)) == len(line.tests)
    for name, file in line.tests:
        assert file.is_file(), file
        assert file.is_relative_to(ROOT / "tests"), file
        module = module_of(file)
        found = functions_of(module).get(name)
        assert name.startswith("test_"), name
        assert found is not None, f"{name} in {file.name}"
        assert not is_left_out(found), name
        assert not any(is_left_out(node) for node in marks_of(module)), file.name


def test_a_test_called_after_a_number_stands_in_its_line() -> None:
    """`test_redeem.py` names its tests so: none is forgotten."""
    file = ROOT / "tests" / "service" / "test_redeem.py"
    wanted = {name for name in functions_of(module_of(file)) if re.match(r"test_\d+_", name)}
    listed = {(name, line.number) for line in LINES for name, _ in line.tests}
    assert len(wanted) >= 20
    assert [name for name in wanted if (name, name.split("_")[1]) not in listed] == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skip\ndef test_x(): ...",
        "@pytest.mark.skipif(True)\ndef test_x(): ...",
        "@pytest.mark.xfail(reason='x')\ndef test_x(): ...",
        "def test_x():\n    pytest.skip('later')",
    ],
)
def test_a_test_that_is_left_out_would_be_found(source: str) -> None:
    """By a mark or by a call."""
    assert is_left_out(functions_of(ast.parse(source))["test_x"])
    assert not is_left_out(ast.parse("@pytest.mark.timeout(9)\ndef test_x(): ..."))
