"""Every experiment as it is written, and one that is small enough to be run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from functools import partial
from pathlib import Path

import pytest

from tests.command_line import tunas
from tests.experiments.slowly import PAUSE
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.named import cost_model
from tunas_dsl.errors import SearchError
from tunas_dsl.experiments.conduct import Trial, space_text
from tunas_dsl.experiments.plan import SCALES, load_experiment, names
from tunas_dsl.experiments.table import summary, table
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.runs.events import cpu_seconds
from tunas_dsl.search.presets import with_preset
from tunas_dsl.search.settings import PolicySettings, SearchSettings

ROOT = Path(__file__).parents[2]
experiment = partial(tunas, "experiment")
SMALL = """
title = "Small"
expect = "Nothing."
[[rows]]
name = "search"
[[rows]]
name = "random"
kind = "random"
[scale.smoke]
places = [{ space = "digits", target = 0.25 }]
seeds = 2
steps = 30
random = 5
within = 0.02
quality = "tunas_dsl.search.synthetic:SyntheticQuality"
judge = "tunas_dsl.search.synthetic:ExactQuality"
"""


def found(ended):
    """The table on standard output without its last column, which says how long the processor took."""
    lines = ended.stdout.splitlines()
    assert any("CPU min" in line for line in lines)
    return [line.rstrip("| ").rpartition("|")[0] if line.startswith("|") else line for line in lines]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", names())
def test_rows_have_settings_that_there_are_and_targets_lie_in_their_spaces(name, scale):
    size = load_experiment(name, scale).size
    for row in load_experiment(name, scale).rows:
        kind = PolicySettings if size.data is None else SearchSettings
        for place in size.places:
            settings = {**size.settings, **row.settings}
            preset = settings.pop("preset", None)
            kind(**with_preset(kind, preset, {"target": place.target, "steps": size.steps, **settings}))
            text = space_text(f"{place.space}_{row.variant}" if row.variant else place.space)
            model = cost_model(compile_text(text, place.space), place.latency)
            assert minimum(model).cost < place.target < maximum(model).cost


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    file = folder / "small.toml"
    file.write_text(SMALL)
    return folder, file, experiment(file, "-o", folder / "work")


def test_what_is_done_is_kept_and_tabulated(done):
    folder, file, first = done
    assert first.stderr.count("tunas search") == first.stderr.count("tunas baseline random") == 2
    again = experiment(file, "-o", folder / "work")
    assert (again.stderr, again.stdout) == ("", first.stdout)
    document = json.loads((folder / "work" / "small-smoke.json").read_text())
    searched, random = document["rows"]
    assert searched["figures"].keys() == {"found", "argmax", "average", "quality", "z", "cpu_seconds"}
    assert max(map(abs, random["figures"]["found"]["values"])) <= 2
    assert max(map(abs, searched["figures"]["found"]["values"])) <= 1
    assert len(set(random["figures"]["quality"]["values"])) == 2
    mean, deviation = (random["figures"][f"{name}_quality"]["mean"] for name in ("mean", "deviation"))
    for row in (searched, random):
        expected = [(quality - mean) / deviation for quality in row["figures"]["quality"]["values"]]
        assert row["figures"]["z"]["values"] == pytest.approx(expected)
    assert f"{searched['figures']['argmax']['mean']:+.2f} ±" in first.stdout


def test_the_cost_of_a_row_is_that_of_its_runs_where_all_logs_have_it(done, tmp_path):
    folder, file, first = done
    work = Path(shutil.copytree(folder / "work", tmp_path / "work"))
    logs = list(work.glob("runs/*/events.jsonl"))
    spent = sorted(cpu_seconds(log) for log in logs)
    rows = json.loads((work / "small-smoke.json").read_text())["rows"]
    assert sorted(value for row in rows for value in row["figures"]["cpu_seconds"]["values"]) == spent
    assert max(spent) > 0
    assert "cost, CPU min" in first.stdout
    lines = logs[0].read_text().splitlines(keepends=True)
    logs[0].write_text("".join(line for line in lines if '"saved"' not in line))
    again = json.loads(experiment(file, "-o", work, "--format", "json").stdout)["rows"]
    assert sorted("cpu_seconds" in row["figures"] for row in again) == [False, True]


def test_a_run_that_is_gone_is_made_again(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    first = experiment(file, "-o", tmp_path / "work", "--seeds", 1)
    (folder,) = (path.parent for path in (tmp_path / "work" / "runs").glob("*/policy.json"))
    (folder / "result.json").unlink()
    again = experiment(file, "-o", tmp_path / "work", "--seeds", 1)
    assert again.stderr.count("tunas ") == 1
    assert found(again) == found(first)


def signalled(number, command, log):
    """What an experiment said that got the signal, alone, once its job was at work in the run of ``log``.

    The job is slow, so that it is still at work however late the signal comes.
    """
    before = log.stat().st_size if log.exists() else 0
    parent = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, PAUSE: "0.1"}, stderr=subprocess.PIPE, text=True
    )
    while not log.exists() or log.stat().st_size == before:
        assert parent.poll() is None
        time.sleep(0.01)
    parent.send_signal(number)
    said = parent.communicate()[1]
    assert parent.returncode == 130
    return said.splitlines()[-1]


def test_a_signal_to_the_experiment_alone_ends_its_job_in_order_and_the_same_command_goes_on(tmp_path):
    file, cut, whole = tmp_path / "long.toml", tmp_path / "cut", tmp_path / "whole"
    searched, _, scale = SMALL.split("[[rows]]\n", 2)[0:3]
    rows = '[[rows]]\nname = "search"\n'
    long = scale[scale.index("[scale") :].replace("= 30", "= 1000")
    slow = long.replace("tunas_dsl.search.synthetic:SyntheticQuality", "tests.experiments.slowly:SlowQuality")
    file.write_text(searched + rows + slow)
    table_whole = found(experiment(file, "--seeds", 1, "--allow-code", "-o", whole))
    (folder,) = (path.relative_to(whole) for path in whole.glob("runs/*"))
    command = [
        sys.executable,
        "-m",
        "tunas_dsl",
        "experiment",
        file,
        "--seeds",
        "1",
        "--allow-code",
        "-o",
        cut,
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        log = cut / folder / "events.jsonl"
        assert signalled(number, command, log) == "interrupted; the same command goes on"
        assert (log.parent / "state.json").exists()
        assert not (log.parent / "result.json").exists()
        stopped = log.read_bytes()
        time.sleep(0.3)
        assert log.read_bytes() == stopped  # with a job that goes on it would have grown
    assert found(experiment(file, "--seeds", 1, "--allow-code", "-o", cut)) == table_whole
    for name in ("result.json", "policy.json"):
        assert (cut / folder / name).read_bytes() == (whole / folder / name).read_bytes()


def test_a_job_that_was_killed_before_its_first_checkpoint_begins_again(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    first = experiment(file, "-o", tmp_path / "work", "--seeds", 1)
    (folder,) = (path.parent for path in (tmp_path / "work" / "runs").glob("*/policy.json"))
    for name in ("result.json", "policy.json", "state.json", "bundle/manifest.json"):
        (folder / name).unlink()
    assert found(experiment(file, "-o", tmp_path / "work", "--seeds", 1)) == found(first)


def test_mean_and_deviation():
    trials = [Trial(place="s", row="r", seed=k, figures={"argmax": v}) for k, v in enumerate((1.0, 3.0))]
    assert summary(trials)[0]["figures"]["argmax"] == {
        "mean": 2.0,
        "std": pytest.approx(2**0.5),
        "values": [1.0, 3.0],
    }
    assert "| s | r | 2 | +2.00 ± 1.41 |" in table(summary(trials))
    assert "| s | r | 1 | +1.00 |" in table(summary(trials[:1]))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("title = ", "cannot be read"),
        (SMALL.replace("[scale.smoke]", "[scale.laptop]"), "has no `smoke`"),
        (SMALL.replace("seeds = 2", "sedes = 2"), "seeds is missing"),
        (SMALL.replace("quality =", "data ="), None),
        (SMALL + 'data = "digits"\n', "needs a quality, or else data"),
    ],
)
def test_what_is_no_experiment_is_said_in_a_line(tmp_path, text, part):
    file = tmp_path / "x.toml"
    file.write_text(text)
    if part is None:
        assert load_experiment(str(file), "smoke").size.data
        return
    with pytest.raises(SearchError, match=part) as caught:
        load_experiment(str(file), "smoke")
    assert "\n" not in str(caught.value)


def test_the_list_names_all_and_others_are_refused():
    listed = experiment().stdout
    assert all(name in listed for name in names())
    assert "there is no experiment `table3`" in experiment("table3", status=1).stderr


def test_the_files_are_toml_of_three_scales():
    folder = ROOT / "tunas_dsl" / "experiments"
    for name in names():
        document = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        assert document.keys() == {"title", "expect", "rows", "scale"}
        assert document["scale"].keys() == set(SCALES)
