"""``tunas new``: every kind checks clean, is formatted, and says what it is."""

from functools import partial
from pathlib import Path

import pytest

from tests.command_line import tunas
from tunas_dsl.analysis.operators import BUILT_IN
from tunas_dsl.cli.commands.new import KINDS
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import check_text, load_space
from tunas_dsl.source import Source
from tunas_dsl.syntax.formatter import format_source

new = partial(tunas, "new")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_space_checks_clean_and_is_formatted(kind, folder):
    ended = new("my_space", "--kind", kind)
    text = Path("my_space.space").read_text()
    space, report = check_text(Source("my_space.space", text))
    assert report.diagnostics == ()
    assert space.name == "my_space"
    assert len(space.decisions) > 10
    assert format_source(Source("my_space.space", text)) == text
    assert text.count("#") > 5
    assert "NAME" not in text
    assert "my_space.space" in ended.stderr


def test_the_kinds_are_what_they_say():
    for kind in KINDS:
        new(kind, "--kind", kind)
    mobile, tiny, detection = (load_space(f"{kind}.space") for kind in ("mobile", "tiny", "detection"))
    assert (mobile.inputs.size.constant, tiny.inputs.channels.constant) == ((224, 224), 1)
    assert detection.classifier is None
    sizes = {
        block.name: block.layers[-1].outputs.size.constant[0]
        for block in detection.blocks
        if isinstance(block.layers[-1], ir.Endpoint)
    }
    assert sizes == {"c4": 320 // 16, "c5": 320 // 32}


def test_an_existing_file_is_left_as_it_is():
    new("a")
    Path("a.space").write_text("mine")
    assert "exists already" in new("a", status=1).stderr
    assert Path("a.space").read_text() == "mine"
    new("a", "-o", "b.space")
    assert Path("b.space").exists()


@pytest.mark.parametrize("name", ["3x", "my-space", "a/b", "", "space", "from", "é", "a b"])
def test_what_cannot_be_a_name_is_refused(name, folder):
    assert "cannot be a name" in new(name, status=2).stderr
    assert list(folder.iterdir()) == []


def test_names_of_layers_are_names_of_spaces():
    name = min(BUILT_IN)
    new(f"{name}.space")
    assert load_space(f"{name}.space").name == name
