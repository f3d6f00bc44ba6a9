"""What a benchmark says of found and random architectures is right."""

import importlib.util
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tunas_dsl.language.compiler import load_space
from tunas_dsl.storage.resources import shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("from_scratch", ROOT / "benchmarks" / "from_scratch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("count", [1, 3, 7])
def test_the_best_of_n_is_that_of_all_choices(benchmark, count):
    values = np.random.default_rng(0).random((7, 2))
    random = [{"validation": validation, "test": test} for validation, test in values.tolist()]
    tests = [
        max(chosen, key=lambda network: network["validation"])["test"]
        for chosen in combinations(random, count)
    ]
    found = benchmark.best_of(random, count)
    assert found["mean"] == pytest.approx(100 * np.mean(tests), abs=0.01)
    assert found["std"] == pytest.approx(100 * np.std(tests), abs=0.01)


def test_the_regression_finds_what_options_are_worth(benchmark):
    space = load_space(str(shipped("spaces") / "cifar10_mobile.space"))
    random = np.random.default_rng(1)
    counts = [len(decision.options) for decision in space.decisions]
    rows = random.integers(0, counts, (600, len(counts)))
    rows[:, space.position["b1.1.op"]] = 0
    ratings = rows[:, space.position["stem.filters"]] * 1.0 - (rows[:, space.position["b1.1.kernel"]] == 2)
    expected = benchmark.Regression(space, benchmark.rows_of(rows[:500]), ratings[:500])
    assert np.corrcoef(expected(rows[500:]), ratings[500:])[0, 1] > 0.99


def test_a_short_list_is_of_architectures_that_differ(benchmark):
    rows = [(0, 0, 0, 0), (0, 0, 1, 1), (1, 1, 1, 0), (2, 2, 2, 2)]
    assert benchmark.distinct(rows, 2) == [(0, 0, 0, 0), (1, 1, 1, 0)]
