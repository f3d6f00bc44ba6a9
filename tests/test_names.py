"""Functions are called by what they give or do: a participle by itself says neither."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IRREGULAR = {
    "told", "kept", "near", "said", "found", "held", "shown", "taken", "drawn", "known", "sent", "left",
    "built", "begun", "done", "seen", "met", "cut", "bound", "broken", "chosen", "gone", "grown", "heard",
    "hidden", "laid", "led", "lost", "meant", "paid", "sold", "spent", "stood", "thought", "worn",
    "written", "alike", "apart", "alone",
}  # fmt: skip
VERBS = {"need", "feed", "embed", "seed", "speed", "exceed", "proceed", "succeed"}
MENDED = (
    *("tunas_dsl/experiments/code.py", "tunas_dsl/lsp", "tunas_dsl/profiling", "tunas_dsl/syntax/formatter"),
    *(
        "benchmarks/band_probability.py",
        "benchmarks/memory.py",
        "benchmarks/oracle.py",
        "benchmarks/policy.py",
    ),
    *("benchmarks/step.py", "benchmarks/targets.py"),
)
"""Where all functions have such names; every room is to come to it."""


def is_participle(name):
    """Whether a function's name is one word, and that a participle: ``_told``, ``kept``, ``sampled``."""
    word = name.strip("_")
    return word in IRREGULAR or ("_" not in word and word.endswith("ed") and word not in VERBS)


def participles(text):
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_participle(node.name)
    ]


def test_a_participle_is_known_by_its_form():
    text = "def told(): ...\ndef _scaled(): ...\ndef seed(): ...\ndef scaled_by(): ...\ndef scale(): ...\n"
    assert participles(text) == ["told", "_scaled"]


@pytest.mark.parametrize("place", MENDED)
def test_no_function_is_called_by_a_participle(place):
    path = ROOT / place
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert files
    found = {file.name: participles(file.read_text(encoding="utf-8")) for file in files}
    assert {file: names for file, names in found.items() if names} == {}
