"""Whatever cites the page of facts, as in "(facts 9.1)", cites a section that it has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "facts.md"
ROOMS = ("tunas_dsl", "backends", "benchmarks", "docs", "examples", "grammars", "spaces", "tests")
NUMBER = r"\d+(?:\.\d+)*"
LIST = rf"{NUMBER}(?:(?:,\s+and|,|\s+and|\s+or)\s+{NUMBER})*"
CITATION = re.compile(rf"\bfacts\s+({LIST})(?![\d%])", re.IGNORECASE)
SECTIONS = re.findall(rf"^##+ ({NUMBER})\.? ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def cited(text):
    return [number for several in CITATION.findall(text) for number in re.findall(NUMBER, several)]


def citations():
    """Each file that cites the page, and the sections that it names."""
    for file in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*")):
        if file.suffix in (".py", ".md", ".toml", ".space", ".lark") and file != Path(__file__):
            text = re.sub(r"\n\s*(?:#\s*)?", " ", file.read_text(encoding="utf-8", errors="replace"))
            if numbers := cited(text):
                yield file.relative_to(ROOT).as_posix(), numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("as there (facts 9.1).", ["9.1"]),
        ("Facts 5, 7, 8 and 12.", ["5", "7", "8", "12"]),
        ("Facts 4.3, whose largest path", ["4.3"]),
        ("(facts\n14.13): opposed", ["14.13"]),
        ("these facts are 3", []),
    ],
)
def test_a_citation_is_read_with_all_its_sections(text, numbers):
    assert cited(text) == numbers


def test_every_citation_resolves():
    found = dict(citations())
    assert len(found) >= 50
    assert {file: lost for file, numbers in found.items() if (lost := set(numbers) - set(SECTIONS))} == {}


def test_sections_are_numbered_in_order_and_once():
    numbers = [tuple(map(int, section.split("."))) for section in SECTIONS]
    assert numbers == sorted(set(numbers))
