"""How far from the target searches end, over spaces, schedules, presets and seeds; with a made-up quality.

Part `published`: the three spaces of the paper with the published latencies of a Pixel 1. Part `short`:
short searches of the two small spaces for random targets, with accuracies as noisy as a supernet's on 64
images, which get better during the search. Takes 15 minutes on one core.
"""

import argparse
import json
import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tunas_dsl import __version__
from tunas_dsl.cost.extremes import maximum, minimum
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.named import cost_model
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import load_space
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.presets import with_preset
from tunas_dsl.search.settings import PolicySettings
from tunas_dsl.search.synthetic import SyntheticQuality

RESULTS = Path(__file__).parent / "results"
PUBLISHED = {"proxylessnas": 84.0, "proxylessnas_enlarged": 84.0, "mobilenet_v3_like": 57.0}
PAPERS = {"cost_samples": 0, "beta_growth": 1.0, "start": "uniform", "policy_delay": 0.25}
"""The paper's settings but for the learning rate."""

TRIALS: Mapping[str, tuple[str | None, Mapping[str, Any]]] = {
    "default": (None, {}),
    "default, start uniform": (None, {"start": "uniform"}),
    "default, price each": (None, {"price": "each"}),
    "default, settling 0.5": (None, {"settling": 0.5}),
    "default, constant": (None, {"policy_lr_schedule": "constant"}),
    "without cost samples or growth": (None, PAPERS),
    "without, constant": (None, {**PAPERS, "policy_lr_schedule": "constant"}),
    "default, soft": (None, {"reward": "soft"}),
    "default, soft, beta -0.06": (None, {"reward": "soft", "beta": -0.06}),
}

TUNINGS, TUNING_SEED = 10, 1000
"""Searches that tune ``beta`` for the soft reward, and the seed of all of them."""


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=5000, help="of the searches of the published spaces")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--short", type=int, default=20, help="targets and seeds of each short search")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "targets.json")
    options = parser.parse_args()
    document = {
        "command": f"python benchmarks/targets.py --steps {options.steps} --seeds {options.seeds} "
        f"--short {options.short}",
        "versions": {"tunas-dsl": __version__, "numpy": np.__version__},
        "published": published_spaces(options.steps, options.seeds),
        "tuned": tuned_soft_reward(options.steps, options.seeds),
        "short": short(options.short),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def published_spaces(steps: int, seeds: int) -> list[dict[str, Any]]:
    """The three spaces of the paper, in each of the TRIALS."""
    rows = []
    for trial, (preset, settings) in TRIALS.items():
        for name, target in PUBLISHED.items():
            space = load_space(name)
            model = cost_model(space, "pixel1")
            asked = with_preset(PolicySettings, preset, {"steps": steps, "target": target, **settings})
            found = [one_seed(space, model, asked, seed) for seed in range(seeds)]
            rows.append(show({"trial": trial, "space": name, "target": target, **summary(found)}))
    return rows


def tuned_soft_reward(steps: int, seeds: int) -> list[dict[str, Any]]:
    """The soft reward with the ``beta`` of each space with which another seed's search ends on target."""
    rows = []
    for name, target in PUBLISHED.items():
        space = load_space(name)
        model = cost_model(space, "pixel1")
        asked = {"steps": steps, "target": target, "reward": "soft"}
        weak, strong = 0.001, 1.0
        for _ in range(TUNINGS):
            asked["beta"] = -math.sqrt(weak * strong)
            if one_seed(space, model, asked, TUNING_SEED)["mean"] > 0:
                weak = -asked["beta"]
            else:
                strong = -asked["beta"]
        found = [one_seed(space, model, asked, seed) for seed in range(seeds)]
        named = {"trial": "default, soft, beta tuned", "space": name, "target": target}
        rows.append(show({**named, "beta": asked["beta"], "tunings": TUNINGS, **summary(found)}))
    return rows


def one_seed(space: ir.Space, model: CostModel, asked: Mapping[str, Any], seed: int) -> dict[str, float]:
    """The end of one search of a space of the paper."""
    return search(space, model, PolicySettings(**asked, seed=seed), SyntheticQuality(space, seed=seed))


def short(count: int) -> list[dict[str, Any]]:
    """Searches of a few hundred steps, each with a target and a seed of its own."""
    rows = []
    for name in ("quickstart", "digits"):
        space = load_space(name)
        model = cost_model(space, "macs")
        low, high = minimum(model).cost, maximum(model).cost
        for steps in (300, 500, 1000, 2000):
            found = []
            for seed in range(count):
                share = np.random.default_rng([seed, steps]).uniform(0.3, 0.7)
                target = low + share * (high - low)
                asked: dict[str, Any] = {"steps": steps, "target": target, "seed": seed}
                settings = PolicySettings(**asked, policy_delay=0.25, critic="none")
                found.append(search(space, model, settings, Supernet(space, seed, steps * 4)))
            rows.append(show({"space": name, "steps": steps, **summary(found)}))
    return rows


class Supernet:
    """Accuracies as of a supernet in training: better with time, and noisy, also for all of a step alike."""

    def __init__(self, space: ir.Space, seed: int, evaluations: int) -> None:
        self.exact = SyntheticQuality(space, seed=seed, error=0.12, effects=0.01).exact
        self._random = np.random.default_rng(seed)
        self._evaluations, self._done = evaluations, 0

    def __call__(self, architectures: Any) -> Any:
        """The accuracies on 64 images."""
        progress = self._done / self._evaluations
        self._done += len(architectures)
        common = 0.02 * self._random.normal() - 0.3 * np.exp(-progress / 0.12)
        return self._random.binomial(64, np.clip(self.exact(architectures) + common, 0, 1)) / 64


def search(space: ir.Space, model: CostModel, settings: PolicySettings, quality: Any) -> dict[str, float]:
    """The end of one search: by how many percent the most probable architecture and the policy are off."""
    algorithm = start_algorithm(space, model, settings)
    costs = []
    while algorithm.step < algorithm.steps:
        indices = algorithm.propose()
        costs.append(model.total(indices))
        algorithm.feedback(indices, quality(indices), costs[-1])
    best = np.array([algorithm.best()])
    exact = quality.exact
    return {
        "argmax": 100 * (float(model.total(best)[0]) / settings.target - 1),
        "mean": 100 * (float(np.mean(costs[-max(1, len(costs) // 10) :])) / settings.target - 1),
        "quality": float(exact(best)[0]),
    }


def summary(found: list[dict[str, float]]) -> dict[str, Any]:
    """How many searches there were, how many ended close, and how far off the worst was."""
    misses = [abs(one["argmax"]) for one in found]
    return {
        "searches": len(found),
        "within_1_percent": sum(miss <= 1 for miss in misses),
        "within_2_percent": sum(miss <= 2 for miss in misses),
        "miss_mean": statistics.fmean(misses),
        "miss_worst": max(misses),
        "argmax_mean": statistics.fmean(one["argmax"] for one in found),
        "policy_mean": statistics.fmean(one["mean"] for one in found),
        "quality_mean": statistics.fmean(one["quality"] for one in found),
    }


def show(row: dict[str, Any]) -> dict[str, Any]:
    """``row``, printed."""
    print(
        " ".join(
            f"{key}={value:.4g}" if isinstance(value, float) else f"{value}" for key, value in row.items()
        )
    )
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


if __name__ == "__main__":
    main()
