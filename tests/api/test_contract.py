"""The library as its documentation promises it: the names of the contract, held against the modules below."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import tunas_dsl as tunas
import tunas_torch
from tests.command_line import document
from tests.command_line import tunas as run_tunas
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.search.activity import Activity

HEAVY = ("torch", "numpy", "lark", "click", "attrs", "tunas_torch")

SPACE = """
space tiny {
    input image 8 x 8 x 1
    filters divisible by 4
    layer bneck(stride) = bottleneck(kernel: 3 | 5, expand: 2x | 3x, stride: stride, act: relu)
    block stem (filters: 4 | 8) { conv(kernel: 3)  relu }
    block b1 (filters: 8) { bneck(2)  residual(bneck(1) | skip) }
    block head (filters: 8) { conv(kernel: 1)  relu  global_pool }
    classifier (classes: 10)
}
"""


@pytest.fixture
def space(tmp_path: Path) -> tunas.Space:
    path = tmp_path / "tiny.space"
    path.write_text(SPACE)
    return tunas.load(path)


def every_row(space: tunas.Space) -> np.ndarray:
    return np.array([*itertools.product(*(range(len(d.options)) for d in space.decisions))])


def accuracy(rows: np.ndarray) -> np.ndarray:
    return 0.7 + 0.01 * rows.sum(axis=1)


def imported_by(code: str) -> set[str]:
    """Which heavy packages are there after ``code``."""
    program = f"{code}\nimport sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split())


def test_importing_it_imports_nothing_heavy() -> None:
    assert imported_by("import tunas_dsl") == set()


def test_only_what_is_used_is_imported() -> None:
    used = imported_by("import tunas_dsl; tunas_dsl.load('digits').sample(2)")
    assert {"numpy", "attrs"} <= used
    assert not {"torch", "tunas_torch", "click"} & used


def test_every_name_is_there_and_no_other() -> None:
    assert [getattr(tunas, name).__name__ for name in tunas.__all__] == tunas.__all__
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = tunas.lode


def test_counts_are_exact(space: tunas.Space) -> None:
    rows = every_row(space)
    assert space.combinations() == len(rows)
    texts = {space.architecture(row).text for row in rows}
    assert space.count() == len(texts)


def test_samples_cost_what_is_wanted(space: tunas.Space) -> None:
    cost = space.cost("macs")
    band = (cost.smallest * 1.2, cost.largest * 0.9)
    rows = space.sample(200, cost=cost, within=band, seed=3)
    assert rows.shape == (200, len(space.decisions))
    assert (cost(rows) >= band[0]).all()
    assert (cost(rows) <= band[1]).all()
    assert (rows == space.sample(200, cost="macs", within=band, seed=3)).all()


def test_statistics_are_those_of_all_rows(space: tunas.Space) -> None:
    cost = space.cost("macs")
    costs = cost(every_row(space))
    found = space.statistics(cost)
    assert found.mean == pytest.approx(costs.mean())
    assert found.deviation == pytest.approx(costs.std())
    low, high = np.quantile(costs, [0.3, 0.8])
    assert found.probability(low, high) == pytest.approx(((low <= costs) & (costs <= high)).mean())
    assert found.quantiles[0.5] == pytest.approx(np.sort(costs)[(len(costs) + 1) // 2 - 1])
    assert found.histogram.probabilities.sum() == pytest.approx(1)


def test_an_architecture_is_what_the_command_line_says(space: tunas.Space, tmp_path: Path) -> None:
    row = space.sample(1, seed=5)[0]
    arch = space.architecture(row)
    arch.save(tmp_path / "a.json")
    said = document("cost", str(tmp_path / "tiny.space"), str(tmp_path / "a.json"))
    assert (arch.macs, arch.parameters) == (said["macs"], said["parameters"])
    assert arch.cost("macs") == pytest.approx(arch.macs / 1e6)
    assert arch.cost(space.cost("params")) == arch.parameters
    assert compile_text(arch.text) == arch.ir
    assert json.loads((tmp_path / "a.json").read_text())["network"] == arch.text


def test_an_architecture_is_found_again_in_each_of_its_forms(space: tunas.Space, tmp_path: Path) -> None:
    for row in every_row(space)[::5]:
        arch = space.architecture(row)
        assert space.architecture(arch.choices) == space.architecture(arch.vector) == arch
    arch.save(tmp_path / "a.json")
    (tmp_path / "a.space").write_text(arch.text)
    assert space.architecture(tmp_path / "a.json") == arch
    assert space.architecture(tmp_path / "a.space").text == arch.text
    assert tunas.load(tmp_path / "a.json").architecture().text == arch.text


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"b1.0.kernal": 3}, "no decision `b1.0.kernal`; did you mean"),
        ({"b1.0.kernel": 4}, "`b1.0.kernel` takes 3, 5, not 4"),
        ({"b1.0.kernel": 3}, "is left out: it takes"),
        ([0, 1], "2"),
        ([[0, 1]], "one row of integers"),
        ("0:9:0:0:0:0:0:0", "9"),
    ],
)
def test_what_is_no_architecture_is_refused(space: tunas.Space, what: object, message: str) -> None:
    with pytest.raises(tunas.UserError, match=message):
        space.architecture(what)


def test_a_search_with_a_quality_of_ones_own(space: tunas.Space, tmp_path: Path) -> None:
    cost = space.cost("macs")
    rows = every_row(space)
    target = float(np.median(cost(rows)))
    out = tmp_path / "o"
    run = space.search(accuracy, cost=cost, target=target, steps=400, seed=0, out=out)
    seen = Activity(space.decisions).canonical(rows)  # 0 where nothing depends on it
    reachable = accuracy(seen)[cost(rows) <= target].max()
    assert accuracy(np.array([run.best.indices]))[0] == pytest.approx(reachable)
    assert run.best == run.space.architecture(run.best.vector)
    assert [step["step"] for step in run.history] == sorted(step["step"] for step in run.history)
    assert {name: len(row) for name, row in run.policy.items()} == {
        decision.id: len(decision.options) for decision in space.decisions
    }
    run.report(tmp_path / "r.html")
    assert run.best.vector in run_tunas("export", str(out), "--format", "indices").stdout
    assert tunas.Run(out).best == run.best
    assert tunas.load(out).ir == space.ir


def test_a_search_that_goes_on(space: tunas.Space, tmp_path: Path) -> None:
    given = {"cost": "macs", "target": 0.03, "steps": 60, "seed": 1}
    whole = space.search(accuracy, out=tmp_path / "whole", **given)
    calls = itertools.count()

    def stopped(rows: np.ndarray) -> np.ndarray:
        if next(calls) == 20:
            raise KeyboardInterrupt
        return accuracy(rows)

    stopped.__module__, stopped.__qualname__ = accuracy.__module__, accuracy.__qualname__
    with pytest.raises(KeyboardInterrupt):
        space.search(stopped, out=tmp_path / "cut", **given)
    again = space.search(accuracy, out=tmp_path / "cut", resume=True, **given)
    more = space.search(accuracy, out=tmp_path / "cut", resume=True, **given)
    assert whole.best == again.best == more.best
    with pytest.raises(tunas.UserError, match=r"`seed` is 2, but .* was started with 1"):
        space.search(accuracy, out=tmp_path / "cut", resume=True, **{**given, "seed": 2})


def test_what_is_in_the_folder_already_stays(space: tunas.Space, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    with pytest.raises(tunas.UserError):
        space.search(accuracy, cost="macs", target=0.03, steps=9, out=tmp_path / "mine")
    with pytest.raises(tunas.UserError):
        space.architecture(space.sample(1)[0]).train("digits", steps=9, out=tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "mine"


def test_evolution_counts_evaluations_and_its_folder_goes_with_the_run(space: tunas.Space) -> None:
    run = space.search(
        accuracy, cost="macs", target=0.03, algorithm="evolution", evaluations=300, within=0.02
    )
    assert run.history[-1]["evaluations"] == 300
    assert run.policy is None
    path = run.path
    assert path.exists()
    del run
    assert not path.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "one source of quality"),
        ({"quality": accuracy, "data": "digits"}, "one source of quality"),
        ({"quality": accuracy, "algorithm": "evolutoin"}, "no algorithm `evolutoin`"),
        ({"data": "digits", "algorithm": "random"}, "`random` needs a quality"),
        ({"quality": accuracy, "stepz": 3}, "no setting is called `stepz`"),
        ({"quality": accuracy, "target": 1e9, "steps": 3}, "out of range"),
    ],
)
def test_a_search_that_cannot_be_is_refused(space: tunas.Space, given: dict, message: str) -> None:
    with pytest.raises(tunas.UserError, match=message):
        space.search(**{"cost": "macs", "target": 0.03, **given})


def test_the_three_things_that_a_space_compiles_to(space: tunas.Space) -> None:
    cost = space.cost("macs")
    net, policy = tunas_torch.Supernet(space), tunas_torch.Policy(space)
    expected = tunas_torch.LatencyModel(cost)(policy.probabilities())
    assert expected.item() == pytest.approx(cost(every_row(space)).mean())
    expected.backward()
    assert policy.logits.grad.abs().sum() > 0
    assert net(torch.zeros(2, 1, 8, 8), space.sample(1)[0].tolist()).shape == (2, 10)


class Squares(torch.utils.data.Dataset):
    """Grey squares of another size than the space takes, as bytes, and their classes."""

    classes = ("dark", "light")

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.full((1, 6, 6), 60 + 120 * (index % 2) + index, dtype=torch.uint8), index % 2


def test_a_supernet_and_a_training_on_data_sets_of_ones_own(space: tunas.Space, tmp_path: Path) -> None:
    data = (Squares(), Squares())
    run = space.search(data=data, cost="macs", target=0.03, steps=6, batch_size=8, out=tmp_path / "s")
    assert run.finished
    trained = run.best.train(data, steps=60, batch_size=16, out=tmp_path / "t", test=True)
    assert trained.accuracy > 0.9
    assert trained.accuracy == tunas.Trained(tmp_path / "t").accuracy
    image = torch.full((1, 1, 8, 8), 0.0)
    assert torch.equal(trained.module()(image), trained.module()(image))
    assert "trained" not in trained.export("python", tmp_path / "net.py")
    assert (tmp_path / "net.safetensors").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "neither a name nor a pair"),
        ((Squares(), range(3)), "no image with the number of its class"),
        ((iter([]), Squares()), "no length"),
        (([], []), "are empty"),
        (([(np.zeros((8, 8), int), 0)] * 9,) * 2, "pixels: give bytes"),
        (([(np.full((8, 8), 2.0), 0)] * 9, Squares()), "outside of 0 to 1|class 1"),
        (
            ([(np.zeros((3, 8, 8)), 0)] * 9, [(np.zeros((3, 8, 8)), 0)] * 9),
            "3 x 8 x 8, but the space takes 1",
        ),
    ],
)
def test_data_that_are_none_are_refused(space: tunas.Space, data: object, message: str) -> None:
    with pytest.raises(tunas.UserError, match=message):
        space.search(data=data, cost="macs", target=0.03, steps=2, batch_size=8)


def test_a_notebook_shows_pictures_and_a_terminal_one_line(space: tunas.Space, tmp_path: Path) -> None:
    run = space.search(accuracy, cost="macs", target=0.03, steps=5)
    for shown in (space, run.best, run, space.statistics("macs")):
        assert "\n" not in repr(shown)
        assert len(repr(shown)) < 200
        assert "<svg" in shown._repr_html_() or "<table" in shown._repr_html_()
    assert "stem" in space._repr_html_()
    assert repr(space) == "<Space tiny: 8 decisions, 64 combinations>"
