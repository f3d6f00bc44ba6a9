"""The canonical style: laws over generated texts, and one page that shows all of it."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunas_dsl.diagnostics import Report, SpaceError
from tunas_dsl.language.compiler import check_text
from tunas_dsl.source import Source
from tunas_dsl.storage.resources import shipped
from tunas_dsl.syntax import formatter
from tunas_dsl.syntax.formatter import LIMIT, MeaningChanged, format_source
from tunas_dsl.syntax.parser import parse

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SPACES = {path.stem: path.read_text() for path in sorted(shipped("spaces").rglob("*.space"))}
PROSE = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def formatted(text):
    return format_source(Source("case.space", text))


def tree_of(text):
    report = Report()
    file = parse(Source("case.space", text), report)
    return None if report.has_errors else file


def comments_of(text):
    """Found without the formatter's own words and gaps."""
    return [c.rstrip() for c in re.findall(r'"[^"\n]*"|#[^\n]*', text) if c.startswith("#")]


def check_laws(text):
    once = formatted(text)
    assert formatted(once) == once
    assert tree_of(once) == tree_of(text)  # by `==`; the formatter compares in another way
    assert comments_of(once) == comments_of(text)
    lines = once.replace("\r\n", "\n").split("\n")
    assert lines.pop() == ""
    assert "" not in (*lines[:1], *lines[-1:])
    assert all(line == line.rstrip() for line in lines)
    assert all(lines[n] or lines[n + 1] for n in range(len(lines) - 1))
    return once


@pytest.mark.parametrize("name", SPACES)
def test_shipped_spaces_are_formatted(name):
    assert formatted(SPACES[name]) == SPACES[name]


def test_examples_in_prose_are_formatted():
    found = 0
    for file in PROSE:
        for text in re.findall(r"^```space\n(.*?)^```$", file.read_text(), re.DOTALL | re.MULTILINE):
            if tree_of(text) is not None:  # some show what is no space
                assert formatted(text) == text, file.name
                found += 1
    assert found >= 5


@pytest.mark.parametrize("golden", sorted(HERE.glob("*.before.txt")), ids=lambda path: path.name)
def test_golden_pages(golden):
    once = check_laws(golden.read_text())
    assert once == golden.with_name(golden.name.replace(".before.txt", ".after.space")).read_text()
    assert max(map(len, once.split("\n"))) <= LIMIT


@pytest.mark.parametrize("first", "EW")
def test_the_files_of_other_tests(first):
    """Wrong spaces are texts, too; those with syntax errors are refused."""
    paths = sorted((ROOT / "tests" / "errors").glob(f"{first}*.space"))
    texts = [path.read_bytes().decode("utf-8", "replace") for path in paths]
    readable = [text for text in texts if tree_of(text) is not None]
    assert readable
    for text in readable:
        check_laws(text)


# Between two words: what the language passes over, in all the ways that people and programs write it.
GAPS = st.sampled_from(
    [" "] * 6 + ["   ", "\n", "\n    ", "\n\n", "\n\n\n", "\t", "\f", " \r\n"]
    + ["  # {}\n", "\n# {}\n", " #{}\n#{}\n", "\n\n    # {}\n\n", "# {}\r\n", "\n# {} {{ ( | \" )\n", "#\n"]
)  # fmt: skip


def spaced(words, data):
    """The words with drawn gaps between them, every comment another one."""
    gaps = data.draw(st.lists(GAPS, min_size=len(words), max_size=len(words)))
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    return re.sub(r"\{\}", lambda match: str(match.start()), text).replace("{{", "{")


@settings(max_examples=60)
@given(st.sampled_from(sorted(SPACES)), st.data())
def test_shipped_spaces_however_they_are_spaced(name, data):
    words = re.sub(r"first (\w+) of \{", r"first~\1~of~{", SPACES[name])  # its words stand together
    text = spaced([str(t).replace("~", " ") for t in split(words)], data)
    check_laws(text)


def split(text):
    return re.findall(r"first~\w+~of~\{|[A-Za-z_]\w*\(|[\w./]+|[^\s\w]", re.sub(r"#.*", "", text))


def joined(*parts):
    return st.tuples(*parts).map(lambda lists: [word for words in lists for word in words])


def word(*choices):
    return st.sampled_from(choices).map(lambda w: [w])


def between(elements, separator, *, least=1, most=4):
    def join(lists):
        return [w for number, words in enumerate(lists) for w in ([separator] * bool(number) + words) if w]

    return st.lists(elements, min_size=least, max_size=most).map(join)


ATOMS = word("3", "5/8", "0.5", "6x", "relu", "skip", "a_rather_long_name_of_a_layer", "224x192")


def wider(expressions):
    products = between(expressions, "*", most=2)
    alternatives = st.one_of(
        between(products, "|"), between(products, "|", most=3).map(lambda words: ["|", *words])
    )
    arguments = between(
        st.one_of(alternatives, joined(word("kernel", "filters"), word(":"), alternatives)), ","
    )
    comma = st.sampled_from([[], [","]])
    return st.one_of(
        joined(word("("), alternatives, word(")")),
        arguments.flatmap(
            lambda a: joined(word("conv(", "residual("), st.just(a), comma if a else st.just([]))
        ).map(lambda words: [*words, ")"]),
        joined(word("{"), between(products, "", least=0), word("}")),
        joined(word("first (2 | 3) of {", "first n of {"), between(products, ""), word("}")),
    )


EXPRESSIONS = st.recursive(ATOMS, wider, max_leaves=12)
VALUES = between(EXPRESSIONS, "|", most=5)
STATEMENTS = st.one_of(
    joined(word("let", "decide"), word("a", "long_name"), word("="), VALUES),
    joined(word("layer"), word("more", "layer_"), word("="), VALUES),
    joined(word("layer"), word("bneck("), between(word("a", "b"), ","), word(")"), word("="), EXPRESSIONS),
    joined(word("default"), word("conv", "sepconv"), st.just(["(", "act", ":", "relu", ",", ")"])),
    joined(word("block"), word("b", "stem"), word("{"), between(EXPRESSIONS, "", most=6), word("}")),
    joined(
        word("block"), word("b(", "c ("), st.just(["filters", ":"]), VALUES, st.just([")", "{", "relu", "}"])
    ),
    st.just(["input", "image", "224x224x3"]),
    st.just(["filters", "divisible", "by", "8"]),
    st.just(["classifier", "(", "classes", ":", "10", ")"]),
)
FILES = joined(
    st.sampled_from([[], ["import", "a", ",", "b", "as", "c", ",", "from", '"x # y.space"']]),
    st.just(["space", "s", "{"]),
    between(STATEMENTS, "", least=0, most=6),
    word("}"),
)


@settings(max_examples=500)
@given(FILES, st.data())
def test_generated_texts(words, data):
    text = spaced(words, data)
    if tree_of(text) is not None:  # a name before a parenthesis is a call where nothing stands between
        check_laws(text)


def test_parentheses_around_what_needs_several_lines_before_its_last_bracket():
    layers = "  ".join(["a_rather_long_name_of_a_layer"] * 4)
    check_laws(f"space s {{ let a = 3 | (first (2 | 3) of {{ {layers} }} * (3)) }}")


@pytest.mark.parametrize("name", SPACES)
def test_findings_stay_the_same(name):
    squeezed = re.sub(r"[ ]+", " ", SPACES[name])
    codes = [found.code for found in check_text(Source("s.space", squeezed))[1].diagnostics]
    again = [found.code for found in check_text(Source("s.space", formatted(squeezed)))[1].diagnostics]
    assert again == codes == []


def test_line_ends_and_the_end_of_the_file():
    assert formatted("") == ""
    assert formatted("\n\n") == ""
    assert formatted("# only this") == "# only this\n"
    assert formatted("space s {}\r\n# end") == "space s {\r\n}\r\n# end\r\n"


def test_a_line_that_silences_a_warning_is_not_broken():
    layers = "  ".join(["conv(kernel: 3)"] * 8)
    line = f"    block b (filters: 16 | 17) {{ {layers} }}"
    whole = f"space s {{\n    input image 8 x 8 x 1\n{line}  # tunas: ignore[W501]\n}}\n"
    assert formatted(whole) == whole
    assert not check_text(Source("s.space", whole))[1].diagnostics
    assert len(formatted(whole.replace("# tunas", "# not")).split("\n")) > len(whole.split("\n"))


@pytest.mark.parametrize("text", ["space s {", "space s { block b { relu | relu } }", "let k = 3/0", "§"])
def test_a_text_with_syntax_errors_is_refused(text):
    with pytest.raises(SpaceError):
        formatted(text)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("kernel: 3", "kernel: 5"), ("# end", "# and"), ("}", "")],
    ids=["tree", "comment", "text"],
)
def test_a_formatter_that_is_wrong_is_caught(monkeypatch, wrong, right):
    text = "space s {\n    block b { conv(kernel: 3) }  # end\n}\n"
    assert formatted(text) == text
    monkeypatch.setattr(formatter, "text_of", lambda lines: text.replace(wrong, right))
    with pytest.raises(MeaningChanged):
        formatted(text)


@pytest.mark.parametrize(
    ("opening", "closing", "depth"),
    [("(", ")", 240), ("residual(", ")", 200), ("{", "}", 200), ("2 * (", ")", 200)],
)
def test_what_is_nested_deeply_is_formatted(opening, closing, depth):
    text = f"space s {{ block b {{ {opening * depth} relu # c\n{closing * depth} }} }}"
    assert comments_of(formatted(text)) == ["# c"]


@pytest.mark.parametrize(
    "unit",
    [
        "    block b (filters: 8 | 16) { conv(kernel: 3 | 5)  residual(conv(3) | skip) }  # c\n",
        "    let a = " + " | ".join(["1/2"] * 60) + "\n",
        "    layer a = " + "residual((" * 20 + "relu" + "))" * 20 + "\n",
    ],
    ids=["table", "wide", "deep"],
)
def test_the_work_grows_with_the_length(unit):
    def calls(number):
        count = 0

        def counting(*_):
            nonlocal count
            count += 1

        words = formatter.words_of("space s {\n" + unit * number + "}\n")
        sys.setprofile(counting)
        try:
            formatter.text_of(formatter.lay_out(formatter.group(formatter.tidy(words))))
        finally:
            sys.setprofile(None)
        return count

    assert calls(80) < 2.2 * calls(40)
