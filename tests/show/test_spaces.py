"""The shipped spaces by name: listed, copied, completed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from tests.command_line import tunas
from tunas_dsl.cli import cli
from tunas_dsl.cli.commands.spaces import about
from tunas_dsl.language.compiler import load_space
from tunas_dsl.storage.resources import shipped_spaces

ROOT = Path(__file__).parents[2]


def test_every_shipped_space_is_listed_with_a_line():
    listed = json.loads(tunas("spaces", "--format", "json").stdout)
    files = {file.stem for file in (ROOT / "spaces").rglob("*.space")}
    assert {row["name"] for row in listed} == files
    assert all(row["about"] for row in listed)
    text = tunas("spaces").stdout
    assert all(f"\n{name} " in f"\n{text}" for name in files)


def test_a_sentence_ends_where_it_ends():
    assert about("# Of Cai et al. and\n# others, 1.2. More.\nspace s {") == "Of Cai et al. and others, 1.2"
    assert about("space s {") == ""


@pytest.mark.parametrize("name", shipped_spaces())
def test_a_copy_is_a_space_of_its_own(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tunas("spaces", "copy", name)
    copied = f"{name}.space"
    assert json.loads(tunas("check", copied, "--format", "json").stdout) == []
    assert load_space(copied) == load_space(name)


def test_a_copy_replaces_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits.space").write_text("mine")
    (line,) = tunas("spaces", "copy", "digits", status=1).stderr.splitlines()
    assert line == "error: digits.space: exists already; name another file with -o"
    assert Path("digits.space").read_text() == "mine"
    tunas("spaces", "copy", "digits", "-o", "other.space")
    assert Path("other.space").is_file()


def test_a_misspelt_name_is_mended():
    assert "did you mean `quickstart`?" in tunas("spaces", "copy", "quickstrat", status=2).stderr


@pytest.mark.parametrize("command", ["show", "check", "search", "sample", "cost", "compile", "train", "diff"])
def test_shells_complete_files_and_names_of_spaces(command):
    shell = BashComplete(cli, {}, "tunas", "_TUNAS_COMPLETE")
    found = shell.get_completions([command], "ofa")
    assert [(item.type, item.value) for item in found] == [("file", "ofa"), ("plain", "ofa_mbv3")]


def test_the_program_answers_a_shell():
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
        "_TUNAS_COMPLETE": "bash_complete",
        "COMP_WORDS": "tunas show ofa",
        "COMP_CWORD": "2",
    }
    command = [sys.executable, "-c", "from tunas_dsl.cli import main; main()"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["file,ofa", "plain,ofa_mbv3"]
