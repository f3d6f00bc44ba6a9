"""Every code is explained: the example has exactly that mistake, and the mended one has none."""

import re
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.command_line import tunas
from tunas_dsl.diagnostics import SpaceError
from tunas_dsl.language.compiler import check_text
from tunas_dsl.language.explaining import RULES, example, explanation, known, pages, summary
from tunas_dsl.source import Source
from tunas_dsl.syntax.formatter import format_source

explain = partial(tunas, "explain")
PAGES = Path(__file__).parents[2] / "docs" / "errors"
NO_TEXT = {"E004", "E007", "E116"}
"""What a short text cannot have: too much of it, bytes that are none, other distributions."""


@pytest.mark.parametrize("code", sorted(RULES.keys() - NO_TEXT))
def test_the_example_has_the_mistake_and_the_mended_one_has_none(code, tmp_path):
    shown = example(code)
    for name in shown.texts:
        (tmp_path / f"{name.removesuffix('.space')}.space").write_text(shown.whole(name))
    assert codes(tmp_path / "wrong.space") == {code}
    assert codes(tmp_path / "mended.space") == set()
    assert formatted(shown.texts["mended"]) == shown.texts["mended"]


def codes(path):
    return {found.code for found in check_text(Source(str(path), path.read_text()))[1].diagnostics}


def formatted(text):
    """Statements alone are what a file without a space has, but for some of them."""
    try:
        return format_source(Source("mended.space", text))
    except SpaceError:
        inside = re.sub(r"^(?=.)", "    ", text, flags=re.MULTILINE)
        lines = format_source(Source("mended.space", f"space s {{\n{inside}}}\n")).split("\n")[1:-2]
        return "".join(line.removeprefix("    ") + "\n" for line in lines)


@pytest.mark.parametrize("code", RULES)
def test_an_explanation_says_what_the_code_means(code):
    text = explanation(code)
    assert text.startswith(f"# {code}: ")
    assert summary(code).endswith(".")
    assert len(text) > 250
    assert ("ignore" in text) == code.startswith("W")
    assert "``" not in re.sub(r"^```.*$", "", text, flags=re.MULTILINE)


def test_the_pages_are_current(tmp_path):
    """``tunas explain --write docs/errors`` writes them anew."""
    explain("--write", tmp_path)
    for folder in (tmp_path, PAGES):
        written = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        assert written == dict(pages())


def test_without_a_code_all_are_listed():
    lines = explain().stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == list(RULES)


def test_several_codes_in_small_letters():
    assert explain("e302", "W501").stdout == explanation("E302") + "\n" + explanation("W501")


def test_an_unknown_code_is_answered_with_near_ones():
    assert "E103" in explain("E1O3", status=1).stderr
    assert "`tunas explain` lists them" in explain("hello", status=1).stderr


@pytest.mark.parametrize("name", ["UntiedFilters", "untied-filters", "untied_filters", "UNTIEDFILTERS"])
def test_a_code_is_found_by_its_name(name):
    assert explain(name).stdout == explanation("E302")
    assert explain("untied", "Filters").stdout == explanation("E302")


def test_every_name_finds_its_code():
    assert [known(rule.__name__) for rule in RULES.values()] == list(RULES)
    assert known("") is None


def test_words_are_answered_with_codes_about_them():
    for words in ("filters untied", "UntiedFilter", "untied-filter"):
        said = explain(words, status=1).stderr
        assert f"no code `{words}`; these are about it" in said
        assert summary("E302") in said
    assert summary("W508") in explain("Kernel", status=1).stderr


@pytest.mark.parametrize(("text", "code"), [("UntydFilters", "E302"), ("kernal", "W508"), ("e3o2", "E302")])
def test_what_is_nearly_a_name_or_a_word_is_answered_with_what_may_be_meant(text, code):
    said = explain(text, status=1).stderr
    assert f"no code `{text}`; these may be meant" in said
    assert summary(code) in said


def test_a_terminal_gets_formatted_text(monkeypatch, capsys):
    from tunas_dsl.cli.commands.explain import _show

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    _show(explanation("E302"))
    shown = capsys.readouterr().out
    assert "# E302" not in shown
    assert "E302: untied filters" in shown
