"""Policy search, random search and evolution with an accuracy predictor, as of once-for-all.

The predictor is made up, but of the form of once-for-all's (Cai et al., ICLR 2020): a network of three hidden
layers of 400 over the options of the space `ofa_mbv3`, without noise. It is fitted to 16,000 accuracies, in
which parts of a stage complement each other, and pairs of options go together well or badly. All algorithms
make the same number of evaluations; what is compared is the best quality at most at the target. With more
`--predictors`, others are made up anew, each by its number.
"""

import argparse
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import record
import torch

from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.named import cost_model
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import load_space
from tunas_dsl.runs.setting import Settings
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.algorithms.evolution import EvolutionSettings
from tunas_dsl.search.algorithms.random_search import RandomSettings
from tunas_dsl.search.algorithms.registry import start_algorithm
from tunas_dsl.search.settings import PolicySettings

ALGORITHMS = ("search", "search, the paper's", "random", "evolution")
FITTED, EPOCHS, BATCH = 16_000, 25, 256


def main() -> None:
    """Compare, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--evaluations", type=int, nargs="+", default=[2000, 10_000, 50_000])
    parser.add_argument("--targets", type=float, nargs="+", default=[250.0, 400.0], help="M MAdds")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--predictors", type=int, default=1)
    parser.add_argument("--algorithms", nargs="+", default=ALGORITHMS, choices=ALGORITHMS)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    space = load_space("ofa_mbv3")
    model = cost_model(space, "macs")
    raw = [
        {
            "predictor": number,
            "evaluations": count,
            "target": target,
            "seed": seed,
            "algorithm": name,
            "quality": best(space, model, predictor, settings),
        }
        for number in range(options.predictors)
        for predictor in [Predictor(space, number)]
        for count in options.evaluations
        for target in options.targets
        for seed in range(options.seeds)
        for name, settings in contestants(count, target, seed).items()
        if name in options.algorithms
    ]
    record.write("oracle", vars(options), summary_of(raw), raw, options.output)


def contestants(evaluations: int, target: float, seed: int) -> dict[str, Settings]:
    """The settings of each algorithm; the band of the baselines, 1 % of the target, ends at the target."""
    band: dict[str, Any] = {"target": 0.995 * target, "within": 0.005 * target * (1 - 1e-9)}
    return {
        "search": PolicySettings(steps=evaluations // 4, target=target, seed=seed),
        "search, the paper's": PolicySettings(
            steps=evaluations // 4, target=target, seed=seed, cost_samples=0, beta_growth=1, start="uniform"
        ),
        "random": RandomSettings(n=evaluations, seed=seed, batch=100, **band),
        "evolution": EvolutionSettings(n=evaluations, seed=seed, **band),
    }


def best(space: ir.Space, model: CostModel, predictor: "Predictor", settings: Settings) -> float:
    """The quality of the best architecture that one search evaluates at most at the target."""
    algorithm, found = start_algorithm(space, model, settings), -np.inf
    target = settings.target + getattr(settings, "within", 0.0)
    while algorithm.step < algorithm.steps:
        indices = algorithm.propose()
        qualities, costs = predictor(indices), model.total(indices)
        algorithm.feedback(indices, qualities, costs)
        found = max(found, float(np.where(costs <= target, qualities, -np.inf).max()))
    return found


def summary_of(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean quality over seeds, in %, of each algorithm on each predictor."""
    groups: dict[tuple[int, int, float, str], list[float]] = {}
    for row in raw:
        key = (row["predictor"], row["evaluations"], row["target"], row["algorithm"])
        groups.setdefault(key, []).append(row["quality"])
    rows: dict[tuple[int, int, float], dict[str, Any]] = {}
    for (number, count, target, name), found in groups.items():
        start = {"predictor": number, "evaluations": count, "target": target}
        row = rows.setdefault((number, count, target), start)
        row[name] = round(100 * statistics.fmean(found), 3)
    return list(rows.values())


class Predictor:
    """A network that foresees accuracies, ``(n,)``, of index vectors, ``(n, D)``; another for each seed."""

    def __init__(self, space: ir.Space, seed: int = 0) -> None:
        counts = [len(decision.options) for decision in space.decisions]
        self._counts, self._activity = np.array(counts), Activity(space.decisions)
        self._first = self._counts.cumsum() - self._counts
        random = np.random.default_rng(seed)
        drawn = (random.random((FITTED, len(counts))) * self._counts).astype(int)
        accuracies = self._truth(space, drawn, random) + random.normal(0, 0.001, FITTED)
        self._mean, self._deviation = accuracies.mean(), accuracies.std()
        self._layers = _fit(self._encoded(drawn), (accuracies - self._mean) / self._deviation)

    def __call__(self, indices: Indices) -> Floats:
        """The accuracies, from 0 to 1."""
        hidden = self._encoded(indices)
        for weight, bias in self._layers[:-1]:
            hidden = np.maximum(hidden @ weight + bias, 0)
        weight, bias = self._layers[-1]
        return np.asarray(self._mean + self._deviation * (hidden @ weight + bias)[:, 0], dtype=float)

    def _encoded(self, indices: Indices) -> Any:
        encoded = np.zeros((len(indices), self._counts.sum()), dtype=np.float32)
        rows, decisions = np.nonzero(self._activity(indices))
        encoded[rows, (indices + self._first)[rows, decisions]] = 1
        return encoded

    def _truth(self, space: ir.Space, indices: Indices, random: np.random.Generator) -> Floats:
        """Concave in what a stage's options are worth, the larger the more; and effects of pairs."""
        size = int(self._counts.sum())
        order = np.concatenate([np.arange(count) / max(1, count - 1) for count in self._counts])
        worth = (0.6 + 0.4 * order + random.normal(0, 0.05, size)).clip(0.2)
        taken = self._encoded(indices)
        stages = np.array([decision.id.split(".")[0] for decision in space.decisions])
        accuracies = np.full(len(indices), 0.74)
        for stage in np.unique(stages):
            columns = np.repeat(stages == stage, self._counts)
            accuracies += random.uniform(0.01, 0.02) * np.log(0.1 + (taken * worth)[:, columns].sum(axis=1))
        pairs = random.normal(0, 0.0004, (size, size)) * (
            np.abs(np.subtract.outer(range(size), range(size))) < 12
        )
        return np.asarray(accuracies + np.einsum("ni,ij,nj->n", taken, pairs, taken, optimize=True))


def _fit(encoded: Any, accuracies: Floats) -> list[tuple[Any, Any]]:
    """Weights and biases of a network of three hidden layers of 400."""
    torch.manual_seed(0)
    sizes = [encoded.shape[1], 400, 400, 400, 1]
    linear = [torch.nn.Linear(before, after) for before, after in pairwise(sizes)]
    network = torch.nn.Sequential(*[part for layer in linear for part in (layer, torch.nn.ReLU())][:-1])
    inputs, wanted = torch.from_numpy(encoded), torch.from_numpy(accuracies).float()[:, None]
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * (FITTED // BATCH))
    for _ in range(EPOCHS):
        for rows in torch.randperm(FITTED)[: FITTED // BATCH * BATCH].split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(network(inputs[rows]), wanted[rows]).backward()
            optimizer.step()
            schedule.step()
    return [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy()) for layer in linear]


if __name__ == "__main__":
    main()
