"""The size of the code, held to figures that readable projects keep."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ticketing", "scanner")
LONGEST_FUNCTION, FUNCTION_P95, FUNCTION_MEDIAN = 50, 35, 10
LONGEST_MODULE, MODULE_MEDIAN = 400, 150
DEEPEST = 3
BLOCKS = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    """Every Python file of the product, migrations aside (they are frozen history)."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in files if "versions" not in path.parts)


def functions() -> Iterator[tuple[str, Function]]:
    """Each function with the place where it stands."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def size(node: Function) -> int:
    """Lines of a function, its docstring included, decorators not."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def depth(node: ast.AST, level: int = 0, *, is_else: bool = False) -> int:
    """How deep blocks are nested; an `elif` is no level of its own."""
    here = level + (isinstance(node, BLOCKS) and not is_else)
    deepest = here
    for field, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST) and not isinstance(child, Function):
                chained = field == "orelse" and len(children) == 1 and isinstance(child, ast.If)
                deepest = max(deepest, depth(child, here, is_else=chained))
    return deepest


def test_no_function_is_longer_than_fifty_lines() -> None:
    """A function that does not fit on a screen is two functions."""
    assert [name for name, node in functions() if size(node) > LONGEST_FUNCTION] == []


def test_most_functions_are_short() -> None:
    """The median and the 95th percentile stay where the model projects have them."""
    sizes = sorted(size(node) for _, node in functions())
    assert statistics.median(sizes) <= FUNCTION_MEDIAN
    assert sizes[int(len(sizes) * 0.95)] <= FUNCTION_P95


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    """A module is one subject."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_the_median_module_is_short() -> None:
    """Half of the modules can be read in one sitting."""
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in modules()]
    assert statistics.median(lengths) <= MODULE_MEDIAN


def test_nothing_is_nested_deeper_than_three() -> None:
    """Deep nesting hides the case that matters."""
    assert [name for name, node in functions() if depth(node) > DEEPEST] == []


def test_every_test_says_its_one_sentence() -> None:
    """A test without a sentence does not say what is expected."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, Function)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []
