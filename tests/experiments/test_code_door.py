"""Nothing that a file names is imported, and nothing is written outside of the folder that was named."""

import json
import os

import pytest

from tests.command_line import refusal, tunas
from tests.experiments.test_experiments import SMALL
from tunas_dsl.errors import SearchError
from tunas_dsl.experiments.plan import load_experiment
from tunas_dsl.search.quality import is_own_code
from tunas_dsl.storage import documents

EVIL = "import pathlib\npathlib.Path('evil-was-here').touch()\ndef f(rows):\n    return [0.5] * len(rows)\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text(EVIL)
    return tmp_path


def _run(here, quality="evil:f"):
    arguments = ("search", "digits", "--quality", quality, "--latency", "macs", "--target", "0.25")
    tunas(*arguments, "--steps", "3", "-o", "run")
    (here / "evil-was-here").unlink(missing_ok=True)
    (here / "run" / "result.json").unlink()


@pytest.mark.parametrize("typed", [True, False])
def test_a_run_goes_on_with_code_that_is_typed_alone(here, typed):
    _run(here)
    quality = ("--quality", "evil:f") if typed else ()
    ended = tunas("search", "--resume", "-o", "run", *quality, status=0 if typed else 1)
    assert ("say so by --quality evil:f" in ended.stderr) is not typed


def test_the_name_in_a_folder_of_someone_else_is_not_imported(here):
    _run(here, "synthetic")
    settings = json.loads((here / "run/settings.json").read_text())
    del settings["sha256"]
    settings["quality"] = "run.evil:f"
    (here / "run/settings.json").write_text(documents.dump(documents.sealed(settings)))
    (here / "run/evil.py").write_text(EVIL)
    for command in (("search",), ("baseline", "random")):
        refusal(*command, "--resume", "-o", "run")
        assert not (here / "evil-was-here").exists()


@pytest.mark.parametrize("name", ["quality", "judge"])
def test_an_experiment_of_a_file_asks_before_it_imports(here, name):
    lines = [line for line in SMALL.splitlines() if not line.startswith(name)]
    (here / "small.toml").write_text("\n".join([*lines, f'{name} = "evil:f"']))
    assert "--allow-code, or by --quality evil:f" in refusal("experiment", "small.toml", "-o", "out")
    assert not (here / "evil-was-here").exists()
    assert load_experiment("small.toml", "smoke", allowed=lambda code: code == "evil:f").rows
    with pytest.raises(SearchError):
        load_experiment("small.toml", "smoke", allowed=lambda code: code == "evil:g")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "search"', 'name = "search"\nsettings = { quality = "evil:f" }', "no setting of a search"),
        ('name = "search"', 'name = "search"\nsettings = { output = "../x" }', "no setting of a search"),
        ('name = "search"', 'name = "search"\nsettings = { beta = [1] }', "neither a number nor a word"),
        ("seeds = 2", 'seeds = "2"', "seeds is a text, not an integer"),
        ("seeds = 2", "seeds = 0", "at least one seed"),
        ("steps = 30", "steps = 1.5", "not an integer"),
        ("places = [{", "places = [3, {", "is not an object"),
        ('title = "Small"', "title = 3", "title is an integer, not a text"),
        ('title = "Small"', f"title = {'[' * 20_000}", "nested too deeply"),
        ('title = "Small"', "title = \x00", "cannot be read"),
    ],
)
def test_files_of_another_form_are_refused_in_a_line(here, before, after, said):
    (here / "small.toml").write_text(SMALL.replace(before, after))
    assert said in refusal("experiment", "small.toml", "-o", "out")


def test_a_file_that_is_no_text(here):
    (here / "small.toml").write_bytes(b"title = '\xff'")
    assert "not UTF-8" in refusal("experiment", "small.toml")


@pytest.mark.parametrize("row", ['variant = "/../../../x"', 'variant = "../x"'])
def test_a_variant_does_not_lead_out_of_the_folder(here, row):
    (here / "inside").mkdir()
    (here / "inside/small.toml").write_text(SMALL.replace('name = "search"', f'name = "search"\n{row}', 1))
    tunas("experiment", "inside/small.toml", "-o", "inside/out", status=1)
    assert not list(here.glob("x*"))


def test_a_space_from_elsewhere_is_kept_inside_of_the_folder(here):
    (here / "inside").mkdir()
    (here / "x.space").write_text("nothing")
    text = SMALL.replace('space = "digits"', 'space = "../x.space"')
    (here / "inside/small.toml").write_text(text)
    os.chdir(here / "inside")
    tunas("experiment", "small.toml", "-o", "out", status=1)
    assert (here / "x.space").read_text() == "nothing"
    assert [path.name for path in (here / "inside/out/spaces").iterdir()] == ["x.space"]


def test_what_is_built_in_needs_no_leave():
    assert not any(map(is_own_code, ("synthetic", "supernet:run", "training:digits")))
    assert all(map(is_own_code, ("os:system", "tunas_dsl.search.quality:sys.exit", "synthetic:f")))
