"""The examples do what they say."""

import ast
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tunas_dsl as tunas

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_loop_of_ones_own_is_short_and_learns_to_keep_to_its_target() -> None:
    path = EXAMPLES / "custom_loop.py"
    assert len(path.read_text().splitlines()) <= 40
    found = runpy.run_path(str(path))["search"](epochs=1)
    cost = tunas.load("digits").cost("macs")
    assert cost.smallest <= found.cost(cost) <= cost.largest


def test_the_script_goes_from_a_space_to_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "library.py"))["main"](tmp_path, steps=20, evaluations=100)
    printed = capsys.readouterr().out
    assert "73 decisions, 6.645e+17 architectures" in printed
    assert "% of all take 83 to 85 ms" in printed
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    space = tunas.load("proxylessnas")
    for name in ("policy", "evolution"):
        found = space.architecture(tmp_path / f"{name}.json")
        assert f"{name}: {found.cost(space.cost('pixel1')):.2f} ms" in printed


def values(path: Path) -> Iterator[Any]:
    """Run the code of a notebook, cell by cell; what the last line of each gives."""
    names: dict[str, Any] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            *statements, last = ast.parse("".join(cell["source"])).body
            assert isinstance(last, ast.Expr), "a cell of the notebook shows nothing"
            exec(compile(ast.Module(statements, []), str(path), "exec"), names)
            yield eval(compile(ast.Expression(last.value), str(path), "eval"), names)


def test_the_notebook_shows_pictures() -> None:
    *shown, cost = values(EXAMPLES / "notebook.ipynb")
    pictures = [value._repr_html_() for value in shown]
    assert [type(value).__name__ for value in shown] == [
        "Space",
        "Statistics",
        "Architecture",
        "Run",
        "Architecture",
    ]
    assert all(text.strip().startswith("<") for text in pictures)
    assert "<table" in pictures[0]
    assert all("<svg" in text for text in pictures[1:])
    assert 0.1 < cost < 0.3
