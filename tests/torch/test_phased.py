"""Searches in phases, with real images and real weights: where they are cut off, and what each phase does."""

import itertools
import json
from collections import Counter

import attrs
import numpy as np
import pytest

from tests.command_line import tunas
from tunas_dsl.backend import load_backend
from tunas_dsl.cost.named import cost_model
from tunas_dsl.exchange.bundle import write_bundle
from tunas_dsl.language.compiler import load_space
from tunas_dsl.language.sources import read_source
from tunas_dsl.runs.events import cpu_seconds, step_history
from tunas_dsl.runs.folder import TRAININGS
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.phases import phases, short_training
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.storage.documents import unsealed
from tunas_dsl.training.phased import Means, PhasedSearch
from tunas_dsl.training.quality import Trainings, settled
from tunas_torch.data import open_data
from tunas_torch.runs.checkpoint import load_checkpoint
from tunas_torch.search.weights import WeightsSearch
from tunas_torch.supernet import Supernet

SPACE = load_space("digits")
MODEL = cost_model(SPACE, "macs")
SETTINGS = SearchSettings(
    steps=10,
    target=0.25,
    seed=5,
    batch_size=16,
    phases="apart",
    op_warmup=0.1,
    filter_warmup=0.1,
    rating_images=64,
    ratings=16,
    short_list=3,
)


class PowerCutError(Exception):
    """Stands for the power cut."""


def create(path, settings=SETTINGS):
    recipe = settled(short_training(settings, {"steps": 4}))
    run = RunFolder.create(path, settings, "digits", MODEL.name, recipe=recipe)
    write_bundle(SPACE, read_source("digits").text, [MODEL], run.bundle)
    return run


def search(run, resume=False, cut=None):
    """Search in ``run``, until ``cut``: the number of the step, or that of a training and of its step."""
    backend, trained = load_backend(), itertools.count(1)
    how = {"tell": lambda _: None, "device": "cpu", "threads": None}

    def report(progress):
        if progress.step == cut:
            raise PowerCutError

    def train(network, folder, resume):
        number = next(trained)

        def within(progress):
            if (number, progress.step) == cut:
                raise PowerCutError

        return backend.train(network, folder, test=False, resume=resume, report=within, **how)

    means = Means(
        lambda: backend.search(SPACE, MODEL, run, resume=resume, report=report, **how),
        lambda: backend.shared_weights(SPACE, run, **how),
        train,
    )
    shared = Trainings(folder=run.path / TRAININGS, data="digits", recipe=run.recipe, sha256="")
    return PhasedSearch(SPACE, MODEL, run, shared, means).search(report, pytest.fail)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = create(tmp_path_factory.mktemp("phased") / "whole")
    return run, search(run)


def end(run):
    """What a run has in the end: its weights, its documents, and what the log says but for the times."""
    _, weights = load_checkpoint(run.path, pytest.fail)
    documents = [
        unsealed(json.loads((run.path / name).read_text()))
        for name in ("result.json", "policy.json", "state.json")
    ]
    events = [
        {name: what for name, what in event.items() if name != "time"} for event in step_history(run.events)
    ]
    return {name: tensor.tolist() for name, tensor in weights.items()}, documents, events


@pytest.mark.parametrize("cut", [4, 10, 12, (2, 1)], ids=lambda cut: str(cut).strip("()").replace(", ", "-"))
def test_a_run_that_was_cut_off_in_any_phase_ends_as_one_that_was_not(whole, tmp_path, cut):
    run = create(tmp_path / "cut")
    with pytest.raises(PowerCutError):
        search(run, cut=cut)
    assert search(run, resume=True) == whole[1]
    assert end(run) == end(whole[0])
    assert cpu_seconds(run.events) > 0


def test_the_phases_follow_one_another_and_say_so(whole):
    run, outcome = whole
    events = step_history(run.events)
    counted = Counter(event["phase"] for event in events)
    assert list(counted) == ["weights", "policy", "short list"]
    *_, last = phases(SETTINGS)
    assert counted["short list"] == last.steps == 3 + 2
    assert outcome.step == last.total == events[-1]["step"] + 1
    assert any("agreement" in event for event in events if event["phase"] == "weights")


def test_the_weights_are_trained_on_all_of_the_band_alike():
    settings = attrs.evolve(SETTINGS, steps=400, op_warmup=0.0, filter_warmup=0.0)
    data = open_data("digits", image_shape=(1, 8, 8), seed=0)
    weights = WeightsSearch(Supernet(SPACE), MODEL, data, settings)
    seen = []
    for step in range(settings.steps):
        weights.step_count = step
        seen.append(weights.sampled(weights.rates(step)).rows()[0])
    drawn = np.array(seen)
    assert (abs(MODEL.total(drawn) / settings.target - 1) <= settings.band).all()
    vectors = np.array(list(itertools.product(*(range(len(one.options)) for one in SPACE.decisions))))
    inside = vectors[abs(MODEL.total(vectors) / settings.target - 1) <= settings.band]
    assert len(inside) < len(vectors) / 2
    for number, decision in enumerate(SPACE.decisions):
        options = len(decision.options)
        shares = np.bincount(inside[:, number], minlength=options) / len(inside)
        found = np.bincount(drawn[:, number], minlength=options) / len(drawn)
        assert (abs(found - shares) <= 4.5 * np.sqrt(shares * (1 - shares) / len(drawn)) + 1e-12).all()


def test_the_short_list_is_the_best_rated_on_target_and_halved_by_accuracy(whole):
    run, outcome = whole
    rated = {}
    for event in step_history(run.events):
        if event["phase"] == "policy":
            for vector, rating, cost in event["samples"]:
                row = np.array([[int(index) for index in vector.split(":")]])
                rated[tuple(Activity(SPACE.decisions).canonical(row)[0])] = (rating, cost)
    for one in outcome.short_list:
        assert MODEL.total(np.array([one.indices]))[0] == one.cost
        if one.indices in rated:
            assert rated[one.indices] == (one.rating, one.cost)
    listed = {one.indices for one in outcome.short_list}
    worst = min(one.rating for one in outcome.short_list)
    better = {
        row
        for row, (rating, cost) in rated.items()
        if rating > worst and abs(cost / SETTINGS.target - 1) <= 0.01
    }
    assert better <= listed
    lengths = [one.shares for one in outcome.short_list]
    assert lengths == [(0.5, 1.0), (0.5, 1.0), (0.5,)]
    first, second, third = (one.accuracies for one in outcome.short_list)
    assert first[1] >= second[1]
    assert min(first[0], second[0]) >= third[0]
    for number, share in ((1, 0), (2, 1)):
        for one in outcome.short_list[: 4 - number]:
            folder = run.path / TRAININGS / f"round-{number}" / ":".join(map(str, one.indices))
            result = json.loads((folder / "result.json").read_text())
            assert result["validation"]["accuracy"] == one.accuracies[share]
            assert result["step"] == 2 * number


def test_a_rating_is_the_same_whatever_is_rated_with_it(whole):
    run, outcome = whole
    quality = load_backend().shared_weights(SPACE, run, device="cpu", threads=None, tell=pytest.fail)
    rows = np.array([one.indices for one in outcome.short_list])
    together = quality(rows)
    alone = [quality(rows[number : number + 1])[0] for number in reversed(range(len(rows)))]
    assert together.tolist() == alone[::-1] == [one.rating for one in outcome.short_list]


def test_what_is_found_is_the_first_of_the_short_list(whole):
    run, outcome = whole
    assert run.found(SPACE, MODEL) == run.best_evaluated(SPACE) == outcome.short_list[0].indices
    assert run.short_list(SPACE) == outcome.short_list


def test_the_learning_rate_ends_at_nothing_in_the_weights_phase(whole):
    rates = [event["weight_lr"] for event in step_history(whole[0].events) if event["phase"] == "weights"]
    assert rates[0] > 10 * rates[-1]


def test_from_the_command_line(tmp_path):
    asked = ("--data", "digits", "--latency", "macs", "--target", 0.25, "--steps", 4, "--batch-size", 8)
    short = ("--ratings", 8, "--rating-images", 32, "--short-list", 2, "--train-steps", 2)
    run = tmp_path / "run"
    tunas("search", "digits", "--preset", "small", *asked, *short, "-o", run)
    result = json.loads((run / "result.json").read_text())
    assert abs(result["cost"] / 0.25 - 1) <= 0.01
    watched = tunas("watch", run, "--once").stdout
    assert "finished" in watched
    assert "ratings' stability" in watched
    tunas("report", run, "-o", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "The short list" in page
    tunas("search", "--resume", "-o", run)
    assert json.loads((run / "result.json").read_text()) == result


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (("--quality", "synthetic"), "--preset small trains weights first: with --quality there are none"),
        (("--data", "digits", "--policy-delay", 0.2), "`policy_delay` is 0.2, but must be 0"),
        (("--data", "digits", "--phases", "together"), "`ratings` is of use with `phases` = apart alone"),
        (("--data", "digits", "--band", 0), "`band` is 0"),
        (("--data", "digits", "--train-batch-size", 1), "an option that begins with --train"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path, asked, part):
    needed = ("--latency", "macs", "--target", 0.25, "--steps", 4, "--ratings", 8, "-o", tmp_path / "run")
    status = 2 if "--quality" in asked else 1
    ended = tunas("search", "digits", "--preset", "small", *asked, *needed, status=status)
    assert part in ended.stderr
    assert not (tmp_path / "run").exists()
