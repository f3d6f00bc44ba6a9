import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import numpy as np
import pytest

from tests.search.spaces import MODEL, SPACE
from tunas_dsl.errors import SearchError
from tunas_dsl.runs.events import SNAPSHOTS, step_history
from tunas_dsl.search.algorithms.evolution import EvolutionSettings
from tunas_dsl.search.algorithms.random_search import RandomSettings
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.driver import Driver
from tunas_dsl.search.on_target import on_target
from tunas_dsl.search.quality import Evaluator
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.search.synthetic import SyntheticQuality
from tunas_dsl.storage.documents import sealed, unsealed

SETTINGS = {
    "reinforce": PolicySettings(steps=30, target=0.1, seed=1, samples_per_step=2),
    "random": RandomSettings(n=30, target=0.1, within=0.01),
    "evolution": EvolutionSettings(n=30, target=0.1, within=0.01, population=8, tournament=3),
}


ROOT = Path(__file__).parents[2]


class PowerCutError(Exception):
    """Stands for the power cut."""


def create(path, algorithm="reinforce", **changes):
    settings = attrs.evolve(SETTINGS[algorithm], **changes)
    return RunFolder.create(path, settings, None, "macs", quality="synthetic", algorithm=algorithm)


def start(run, resume=False, stop=None, tell=pytest.fail, quality=None, seconds=0.0):
    def report(progress):
        if stop is not None and progress.step == stop[0]:
            stop[1]()

    evaluator = Evaluator("synthetic", quality or SyntheticQuality(SPACE), SPACE)
    driver = Driver(SPACE, MODEL, run, start_algorithm(SPACE, MODEL, run.settings), evaluator)
    return driver.search(resume=resume, report=report, tell=tell, checkpoint_seconds=seconds)


def power_cut():
    raise PowerCutError


def same(one, other):
    names = [name for name in ("state.json", "policy.json", "result.json") if (one.path / name).exists()]
    steps = [[{**event, "time": None} for event in step_history(run.events)] for run in (one, other)]
    assert steps[0] == steps[1]
    assert len(steps[0]) == 30
    return all((one.path / name).read_bytes() == (other.path / name).read_bytes() for name in names)


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_a_search_cut_off_anywhere_goes_on_bit_for_bit(tmp_path, algorithm):
    whole, cut = create(tmp_path / "whole", algorithm), create(tmp_path / "cut", algorithm)
    outcome = start(whole)
    for step in (1, 9, 10, 29):
        with pytest.raises(PowerCutError):
            start(cut, resume=step > 1, stop=(step, power_cut), tell=lambda _: None)
    assert start(cut, resume=True) == outcome
    assert same(whole, cut)
    assert outcome.evaluations == (60 if algorithm == "reinforce" else 30)
    assert cut.found(SPACE, MODEL) == outcome.indices


def test_an_interruption_finishes_the_step_and_saves(tmp_path):
    whole, run = create(tmp_path / "whole"), create(tmp_path / "run")
    start(whole)
    outcome = start(run, stop=(7, lambda: os.kill(os.getpid(), signal.SIGTERM)), seconds=1e9)
    assert (outcome.status, outcome.step) == ("interrupted", 7)
    assert start(run, resume=True).status == "finished"
    assert same(whole, run)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-9], lambda text: text.replace("0.", "1.", 1), lambda _: ""]
)
def test_a_damaged_state_costs_one_step(tmp_path, damage):
    whole, run = create(tmp_path / "whole"), create(tmp_path / "run")
    start(whole)
    with pytest.raises(PowerCutError):
        start(run, stop=(13, power_cut))
    newest = run.path / "state.json"
    newest.write_text(damage(newest.read_text()))
    heard = []
    start(run, resume=True, tell=heard.append)
    assert "going on from the one before it" in heard[0]
    assert same(whole, run)


def test_without_a_whole_state_there_is_no_going_on(tmp_path):
    run = create(tmp_path / "run")
    start(run)
    for name in ("state.json", "state.1.json"):
        (run.path / name).write_bytes(b"\x80\x04")
    with pytest.raises(SearchError, match="nothing is left to go on from"):
        start(run, resume=True)


def test_other_settings_are_not_resumed(tmp_path):
    run = create(tmp_path / "run")
    start(run)
    description = unsealed(json.loads((run.path / "settings.json").read_text()))
    description["settings"]["target"] = 0.2
    (run.path / "settings.json").write_text(json.dumps(sealed(description)))
    with pytest.raises(SearchError, match="changed after"):
        start(RunFolder.open(run.path), resume=True)


def test_a_quality_in_percent_is_remarked_upon(tmp_path):
    heard = []
    start(create(tmp_path / "run"), tell=heard.append, quality=lambda rows: [75.0] * len(rows))
    assert "divide percents by 100" in heard[0]
    start(create(tmp_path / "other", "random"), quality=lambda rows: [75.0] * len(rows))


def test_long_searches_log_a_thousand_steps(tmp_path):
    run = create(tmp_path / "run", steps=2500)
    start(run, seconds=1e9)
    steps = [event["step"] for event in step_history(run.events)]
    assert 1250 <= len(steps) <= 1250 + SNAPSHOTS + 1
    assert steps[-1] == 2499


def wait_for_steps(child, log):
    """Until some were logged that were not before, or the child has ended, on a machine that is faster."""
    before = log.stat().st_size if log.exists() else 0
    while child.poll() is None and (not log.exists() or log.stat().st_size < before + 20_000):
        time.sleep(0.01)


def test_killed_at_random_it_ends_the_same(tmp_path):
    """SIGKILL, also inside the writing of a state: three times, and then to the end."""
    program = (
        "import sys, pathlib; from tests.search.test_driver import *;"
        "run = RunFolder.open(pathlib.Path(sys.argv[1]));"
        "start(run, resume=True, tell=lambda _: None)"
    )
    runs = [create(tmp_path / name, steps=600) for name in ("whole", "cut")]
    start(runs[0])
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", program, str(runs[1].path)], cwd=ROOT)
        wait_for_steps(child, runs[1].events)
        child.kill()
        child.wait()
    start(runs[1], resume=True, tell=lambda _: None)
    assert all(
        (runs[0].path / name).read_bytes() == (runs[1].path / name).read_bytes()
        for name in ("state.json", "policy.json", "result.json")
    )


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_the_best_evaluated_at_most_at_the_target_is_kept(tmp_path, algorithm):
    exact, asked = SyntheticQuality(SPACE, images=None), []

    def quality(rows):
        asked.extend(rows.tolist())
        return exact(rows)

    run = create(tmp_path / "run", algorithm)
    with pytest.raises(PowerCutError):
        start(run, stop=(12, power_cut), quality=quality)
    best = start(run, resume=True, quality=quality, tell=lambda _: None).best
    rows = np.array(asked)
    fitting = rows[MODEL.total(rows) <= 0.1]
    assert best.quality == exact(fitting).max() == exact(np.array([best.indices]))[0]
    assert best.cost == MODEL.total(np.array([best.indices]))[0] <= 0.1
    assert run.best_evaluated(SPACE) == best.indices


@pytest.mark.parametrize("images", [None, 512])
def test_without_noise_the_result_is_the_best_evaluated_and_otherwise_the_most_probable(tmp_path, images):
    run = create(tmp_path / "run", steps=100, samples_per_step=4)
    outcome = start(run, quality=SyntheticQuality(SPACE, images=images), seconds=60.0)
    assert outcome.exact == (True if images is None else None)
    assert run.found(SPACE, MODEL) == outcome.indices
    if images is None:
        assert outcome.indices == outcome.best.indices
    else:
        assert run.most_probable(SPACE) == outcome.argmax.indices
        assert outcome.indices == on_target(run, SPACE, MODEL).on_target.indices
