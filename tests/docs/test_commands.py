"""Commands that pages name: they exist with these options, and their targets can be met."""

import re
import shlex
import sys
from pathlib import Path

import click
import pytest

from tests.command_line import tunas
from tunas_dsl.cli import cli
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.named import cost_model
from tunas_dsl.language.compiler import load_space

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES = {file.name: file.read_text(encoding="utf-8") for file in FILES}
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`tunas ([a-z][^`]*)`(?!`)")


def commands(page):
    """The words of every command behind ``tunas`` in the shell blocks of a page."""
    for block in SHELL.findall(page):
        for line in block.replace("\\\n", " ").splitlines():
            if match := re.match(r"(?:tunas|torchrun .* -m tunas_dsl) (.*)", line):
                yield shlex.split(match[1], comments=True)


WHOLE = [(name, words) for name, page in PAGES.items() for words in commands(page)]
NAMED = [
    (name, words)
    for name, page in PAGES.items()
    for words in map(str.split, INLINE.findall(page))
    if not any("|" in word or word == "..." for word in words[:2])  # several commands at once
]


def title(value):
    return value if isinstance(value, str) else " ".join(value)


def found(words):
    """The command that the first of ``words`` name, and the other words."""
    command, rest = cli, list(words)
    while isinstance(command, click.Group) and rest:
        command = command.get_command(click.Context(command), rest.pop(0))
        assert command is not None, words
    return command, rest


@pytest.mark.parametrize(("page", "words"), WHOLE, ids=title)
def test_a_command_of_a_page_has_options_that_exist_and_a_target_in_range(page, words):
    command, rest = found(words)
    options, _, _ = command.make_parser(click.Context(command)).parse_args(rest)
    if "target" in options:
        space = load_space(Path(options["space"]).stem)
        model = cost_model(space, options["latency"])
        assert minimum(model).cost <= float(options["target"]) <= maximum(model).cost, page


@pytest.mark.parametrize(("page", "words"), NAMED, ids=title)
def test_an_option_that_a_page_names_exists(page, words):
    command, rest = found(words)
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    asked = {word.partition("=")[0] for word in rest if word.startswith("--")}
    assert asked <= known | {"--help"}, page


def test_the_page_about_qualities_can_be_followed(tmp_path, monkeypatch):
    page = PAGES["quality.md"]
    (oracle,) = re.findall(r"^```python oracle.py\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "spaces").symlink_to(ROOT / "spaces")
    (tmp_path / "oracle.py").write_text(oracle)
    three = [words for words in commands(page) if "oracle:accuracy" in words]
    assert [words[-1] for words in three] == ["runs/oracle", "runs/random", "runs/evolution"]
    for words in three:
        tunas(*({"5000": "9", "20000": "30"}.get(word, word) for word in words))
        assert (tmp_path / words[-1] / "result.json").exists()
    sys.modules.pop("oracle")
