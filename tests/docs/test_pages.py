"""Pages whose commands are followed literally, in an empty folder: what they print is what the page says.

A block ``space NAME`` is a file that the reader writes. A block ``console`` has commands after ``$``, and
what they print. With ``console numbers``, numbers may be others, and a search has fewer steps than the page
gives it; with ``console varies``, which is about what that search found, the first lines of paragraphs stay
but for numbers. A command fails exactly where the page shows an error, or what differs.
``UPDATE_GOLDEN=1`` does all as the page says, and writes what is printed into it.
"""

import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tunas_dsl.analysis.operators import OPERATORS
from tunas_dsl.cli import cli

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(
    r"^```(?P<kind>space|console) ?(?P<about>\S*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
PAGES = ("tutorial.md", "recipes.md", "language.md")


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_true(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = DOCS / page
    before = file.read_text(encoding="utf-8")
    after = BLOCK.sub(followed, before)
    if UPDATE:
        file.write_text(after, encoding="utf-8")
    assert after == before


def followed(block):
    """The block with what its commands print now."""
    if block["kind"] == "space" and not block["about"]:
        return block[0]
    if block["kind"] == "space":
        Path(block["about"]).write_text(block["text"], encoding="utf-8")
        return block[0]
    commands = re.findall(r"^\$ (.*)$", block["text"], re.MULTILINE)
    printed = "".join(f"$ {command}\n{run(command, block['about'])}" for command in commands)
    stays = {"numbers": masked, "varies": outline}.get(block["about"])
    if stays and not UPDATE and stays(printed) == stays(block["text"]):
        return block[0]
    return block[0].replace(block["text"], printed)


def run(command, about):
    """What it prints; of a search, only what is not its progress."""
    command, _, last = command.partition(" | tail -n ")
    if not UPDATE:
        command = command.replace("--steps 300", "--steps 10")
    program, *arguments = shlex.split(command)
    assert program == "tunas"
    ended = CliRunner().invoke(cli, arguments, env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.output
    fails = arguments[0] == "diff" or re.search(r"^(error\b|[1-9]\d* errors?,)", ended.output, re.MULTILINE)
    assert ended.exit_code == bool(fails), f"{command}\n{ended.output}"
    lines = (ended.stdout if about == "numbers" else ended.output).splitlines(keepends=True)
    return "".join(lines[-int(last) :] if last else lines)


def masked(text):
    """Without numbers, and the blanks that align them."""
    return re.sub(r"\s*[-+]?[0-9][0-9.,:]*", " #", text)


def outline(text):
    """The commands, and the first line of each paragraph of what they print, without numbers."""
    apart = re.sub(r"^(\$ .*)$", r"\n\1\n", text, flags=re.MULTILINE).strip()
    return [" ".join(masked(part.partition("\n")[0]).split()) for part in re.split(r"\n\n+", apart)]


def test_what_varies_has_an_outline():
    shown = "$ tunas show a\nfirst  8 x 8\n\n#  block  layer\n0  stem  conv 3\n"
    assert outline(shown) == ["$ tunas show a", "first # x #", "# block layer"]
    assert outline(shown) == outline(
        shown.replace("8", "16").replace("0  stem  conv 3", "0  stem  sepconv 5")
    )
    assert outline(shown) != outline("$ tunas show a\nerror: no such file\n")


def test_every_named_space_of_a_page_is_used():
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            if block["kind"] == "space" and block["about"]:
                assert f"{block['about']}" in text[block.end() :], f"{page}: {block['about']}"


def test_the_reference_has_every_argument_as_it_is():
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (`\w+.*?) \|$", text, re.MULTILINE))
    for name in ("conv", "sepconv", "bottleneck"):
        assert rows[name] == ", ".join(f"`{written(parameter)}`" for parameter in OPERATORS[name])
    decidable = dict(re.findall(r"^\| `(\w+)`(?:, `\w+`)? \| .* \| (yes|no) \|$", text, re.MULTILINE))
    parameters = {p.name: p for name in ("conv", "sepconv", "bottleneck") for p in OPERATORS[name]}
    assert set(parameters) - {"se_act"} == set(decidable)
    assert {name for name, said in decidable.items() if said == "yes"} == {
        name for name, parameter in parameters.items() if parameter.decidable
    }


def written(parameter):
    if parameter.required or parameter.default is None:
        return parameter.name
    words = {True: "on", False: "off"}
    default = parameter.default
    return f"{parameter.name}: {words[default] if isinstance(default, bool) else default}"
