"""Whatever the text: a tree or findings with places inside it, in time that its length bounds."""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tunas_dsl.diagnostics import SpaceError, render, to_json
from tunas_dsl.language.compiler import check_text
from tunas_dsl.language.sources import read_source
from tunas_dsl.source import Source
from tunas_dsl.storage.resources import shipped

FOLDERS = (shipped("spaces"), shipped("spaces") / "reference")
TEXTS = [
    file.read_text(encoding="utf-8")
    for folder in FOLDERS
    for file in sorted(folder.iterdir(), key=lambda file: file.name)
    if file.name.endswith(".space")
]
PIECES = [
    *(
        "|",
        "||",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "conv(",
        "3x",
        " skip ",
        "=",
        "==",
        ":",
        ",",
        ";",
        "*",
        "-",
        "/",
    ),
    *(
        "\0",
        "é",
        "\u202e",
        '"',
        "'",
        "#",
        "//",
        "\n",
        "\r\n",
        "\t",
        "1e9",
        "9" * 40,
        "of",
        "first ",
        "import ",
    ),
    *("space s {", "block", "let x =", "decide", "default", "layer", "classifier", "filters divisible by 0"),
]


@st.composite
def damaged(draw):
    """A shipped space with one to three mistakes of the kinds that hands and programs make."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = draw(st.sampled_from(DAMAGES))(text, start, end, draw)
    return text


def delete(text, start, end, draw):
    return text[:start] + text[end:]


def duplicate(text, start, end, draw):
    return text[:end] + text[start:]


def swap(text, start, end, draw):
    middle = (start + end) // 2
    return text[:start] + text[middle:end] + text[start:middle] + text[end:]


def misspell(text, start, end, draw):
    letter = draw(st.characters(min_codepoint=32, max_codepoint=0x2FF))
    return text[:start] + letter + text[start + 1 :]


def truncate(text, start, end, draw):
    return text[:start]


def insert(text, start, end, draw):
    return text[:start] + draw(st.sampled_from(PIECES)) + text[start:]


DAMAGES = [delete, duplicate, swap, misspell, truncate, insert]


def check(text):
    """Check ``text``, which must give a space, definitions alone, or errors; every place is in it."""
    space, report = check_text(Source("damaged.space", text))
    assert not (space and report.has_errors)
    assert space or report.has_errors or "space" not in text
    for diagnostic in report.diagnostics:
        spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
        spans += [diagnostic.fix.span] if diagnostic.fix else []
        assert all(0 <= span.start <= span.end <= len(text) for span in spans), diagnostic
    return report.diagnostics


@settings(max_examples=800)
@given(damaged())
def test_damaged_spaces(text):
    found = check(text)
    for diagnostic in found[:2]:
        shown = render(diagnostic)
        assert all(line.isprintable() for line in shown.split("\n"))
    assert len(to_json(found)) == len(found)


WORDS = [
    "space", "input", "image", "filters", "divisible", "by", "let", "layer", "decide", "default", "block",
    "classifier", "classes", "import", "from", "as", "residual", "skip", "conv", "relu", "first", "of",
    "depth", "off", "name", "x", "{", "}", "(", ")", ":", "|", "=", "2x", "1/2", "8", ",", "*", '"', "#",
]  # fmt: skip


@pytest.mark.parametrize("first", WORDS)
def test_a_word_or_two(first):
    check(first)
    for second in WORDS:
        check(f"{first} {second}")


@settings(max_examples=200)
@example("filters")
@given(st.text(st.characters(codec=None) | st.sampled_from("(){}|*:,=#\n 3xr")))
@example("\ud800 let")
@example("space s { block b { relu \ud800 } }")
def test_arbitrary_text(text):
    for diagnostic in check(text):
        render(diagnostic).encode("utf-8")


@settings(max_examples=200)
@given(st.binary())
@example(b"\xef\xbb\xbf\xff")
@example(b"space s { }\xc3")
def test_arbitrary_bytes(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("bytes") / "x.space"
    path.write_bytes(raw)
    try:
        check(read_source(path).text)
    except SpaceError as error:
        (diagnostic,) = error.report.diagnostics
        assert diagnostic.code == "E007"
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(diagnostic.span.source.text)
        assert render(diagnostic)


HEAD = "space s {\n input image 8 x 8 x 3\n"
REPEATED = {
    "statements": lambda n: HEAD + " let k = 3\n" * n,
    "broken statements": lambda n: HEAD + " let = = 3\n" * n,
    "blocks": lambda n: HEAD + "".join(f" block b{i} (filters: 8) {{ conv(3) }}\n" for i in range(n)) + "}",
    "names of names": lambda n: HEAD + "".join(f" let k{i} = k{i + 1}\n" for i in range(n)),
    "unknown names": lambda n: HEAD + " block b { " + " ".join(f"name{i}" for i in range(n)) + " } }",
    "signs": lambda n: HEAD + "; " * n,
    "quotes": lambda n: "'" * n,
    "open quotes": lambda n: "\u201c" * n,
    "brackets": lambda n: "[1," * n,
    "openings": lambda n: HEAD + " block b { " + "relu (" * n,
    "closings": lambda n: HEAD + " block b { relu " + ")" * n,
    "braces": lambda n: HEAD + "} " * n,
    "commas": lambda n: HEAD + " block b (filters: 8) { conv(" + "3, " * n,
    "bars": lambda n: HEAD + " let k = " + "3 | " * n,
    "first": lambda n: HEAD + " block b { " + "first (1 | " * n,
    "comments": lambda n: "# x\n" * n,
    "dashes": lambda n: "a-" * n,
    "dots": lambda n: "1." * n,
}  # fmt: skip


@pytest.mark.parametrize("kind", REPEATED)
def test_the_work_is_linear_in_the_length(kind):
    small, large = (calls(lambda n=n: check(REPEATED[kind](n))) for n in (150, 600))
    assert large < 5 * small + 20_000


def calls(function):
    """How many functions, Python's and others, ``function`` calls: its work, whatever the machine does."""
    count = 0

    def hear(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    function()
    sys.setprofile(hear)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count
