"""Whether what a search finds beats random architectures of the same cost, all trained from scratch.

CIFAR-10 at 16 x 16 pixels in `spaces/cifar10_mobile.space`. Everybody trains by the same recipe on the same
images. What counts is z = (found - mean of random) / deviation of random on test images, and whether what was
found beats the best of as many random ones as its whole cost buys, each chosen by validation images.
Seconds are the processor's, of one thread.

Searches: `phases` trains shared weights on architectures of the target's cost, rates some with them, chooses
more by a ridge regression of the ratings, and trains the best few alone; `no-warmup` is the same without
warmup; `paper` is `--preset paper`, with the policy's learning rate scaled to its few steps, for the
same seconds.

Each network and each phase of a search is kept in the work folder when it is done: what was interrupted
goes on from there. Parts can run side by side (`--parts`).
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from numpy.typing import NDArray

from tunas_dsl import __version__
from tunas_dsl.cost.band import Band, band_ends
from tunas_dsl.cost.distribution import independent
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.most_probable import most_probable
from tunas_dsl.cost.sampling import sample
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import load_space
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.agreement import rank_correlation
from tunas_dsl.search.presets import with_preset
from tunas_dsl.search.settings import SearchSettings, first_policy_lr
from tunas_dsl.storage.files import write_atomically
from tunas_dsl.training.settings import TrainingSettings
from tunas_torch.data import Augmentation, ImageData, Split, open_data
from tunas_torch.data.images import ArraySource
from tunas_torch.memory.heap import keep_freed_memory
from tunas_torch.network import Network
from tunas_torch.search.rating import Rating
from tunas_torch.search.steps import Search
from tunas_torch.search.weights import WeightsSearch
from tunas_torch.supernet import Supernet
from tunas_torch.training.steps import Training

RESULTS = Path(__file__).parent / "results" / "from_scratch.json"
POOL_SEED = 100
"""Of the random architectures; all networks are trained with the seed 0."""
UNSAID = ("work", "output", "data", "parts")
"""Options that no result depends on, or that name places."""
AGAIN = 4
"""So many of the random ones are also trained with the seed 1: what a seed alone changes."""
EXACT = 2048
"""Validation images of a rating that is not rough."""
SIDE = 16
DIFFERENT = 3
"""The networks of a short list differ in at least so many decisions."""

Document = dict[str, Any]
Row = tuple[int, ...]


@attrs.frozen
class Bench:
    """What all parts share."""

    options: argparse.Namespace
    space: ir.Space
    model: CostModel
    data: ImageData

    @property
    def target(self) -> float:
        """MAdds."""
        return float(self.options.target * 1e6)

    @property
    def band(self) -> tuple[float, float]:
        """The costs that count as on target: within 1 %."""
        return band_ends(self.target, 0.01 * self.target)

    def random(self) -> list[Row]:
        """The random architectures, drawn uniformly from those on target."""
        return rows_of(sample(self.space, self.options.count, POOL_SEED, self.model, self.band))


def main() -> None:
    """Do what the command line says, and write what there is."""
    options = parse()
    torch.set_num_threads(1)
    keep_freed_memory()
    space = load_space(options.space)
    bench = Bench(options, space, macs_model(space), small_images(options))
    for part in options.parts:
        if part == "random":
            for number, row in enumerate(bench.random()):
                training_of(bench, f"random-{number}", row, 0)
        elif part == "again":
            for number, row in enumerate(bench.random()[:AGAIN]):
                training_of(bench, f"again-{number}", row, 1)
        else:
            for seed in options.seeds:
                search_with(bench, part, seed)
    document = report(bench)
    write_atomically(options.output, json.dumps(document, indent=1) + "\n")
    print(json.dumps(document["summary"], indent=2))


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, help="CIFAR-10: a folder that `tunas train --data` takes")
    parser.add_argument("--space", default="spaces/cifar10_mobile.space")
    parser.add_argument("--target", type=float, default=0.64, help="M MAdds; its 26 %% quantile")
    parser.add_argument("--steps", type=int, default=400, help="of each training, of 64 images")
    parser.add_argument("--weight-lr", type=float, default=0.08, help="of trainings and searches")
    parser.add_argument("--count", type=int, default=20, help="random architectures")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--search-steps", type=int, default=1000, help="of 64 images, of the shared weights")
    parser.add_argument("--rating-images", type=int, default=512, help="of a rough rating")
    parser.add_argument(
        "--ratings", type=int, nargs=2, default=[200, 40], help="rough ones, and of the promising"
    )
    parser.add_argument("--short-list", type=int, default=4)
    parser.add_argument("--paper-steps", type=int, default=1300)
    parts = ["random", "again", *VARIANTS]
    parser.add_argument("--parts", nargs="*", choices=parts, default=parts)
    parser.add_argument("--work", type=Path, default=Path("runs/from_scratch"))
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    return parser.parse_args()


def small_images(options: argparse.Namespace) -> ImageData:
    """CIFAR-10 with pixels averaged to 16 x 16, all in memory; the averages are kept in the work folder."""
    options.work.mkdir(parents=True, exist_ok=True)
    data = open_data(options.data, image_shape=(3, 2 * SIDE, 2 * SIDE))
    return attrs.evolve(
        data,
        augmentation=Augmentation(shift=2, flip=True),
        train=in_memory(data.train, options.work / "train.npy"),
        validation=in_memory(data.validation, options.work / "validation.npy"),
        test=in_memory(data.test, options.work / "test.npy"),
    )


def in_memory(split: Split, path: Path) -> Split:
    """``split`` with its images averaged to half their sides."""
    if not path.exists():
        parts = np.array_split(split.members, max(1, len(split) // 500))
        images = np.concatenate([halve(split.source.read(part, None)) for part in parts])
        np.save(path, images)
    images = np.load(path)
    source = ArraySource(images, split.labels, (3, SIDE, SIDE))
    return attrs.evolve(split, source=source, members=np.arange(len(images)))


def halve(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``(N, C, 2H, 2W)`` to ``(N, H, W, C)``."""
    count, channels, height, width = images.shape
    blocks = images.reshape(count, channels, height // 2, 2, width // 2, 2).mean((3, 5))
    return np.ascontiguousarray(blocks.round().astype(np.uint8).transpose(0, 2, 3, 1))


def done_once(path: Path, work: Callable[[], Document]) -> Document:
    """What ``work`` gives and the processor's seconds that it took, or what it once gave."""
    if not path.exists():
        start = time.process_time()
        document = work()
        write_atomically(path, json.dumps({"seconds": time.process_time() - start, **document}) + "\n")
        print(path.stem, {k: v for k, v in document.items() if not isinstance(v, list)}, flush=True)
    found: Document = json.loads(path.read_text(encoding="utf-8"))
    return found


def training_of(bench: Bench, name: str, row: Row, seed: int) -> Document:
    """One architecture, trained, with its cost, its accuracies, and the seconds of its training."""

    def train() -> Document:
        settings = TrainingSettings(
            steps=bench.options.steps, weight_lr=bench.options.weight_lr, seed=seed, evaluate_every=1e6
        )
        training = Training(Network(prune(bench.space, row), seed=seed), bench.data, settings)
        start = time.process_time()
        for _ in range(settings.steps_for(len(bench.data.train))):
            training.step()
        seconds = time.process_time() - start
        validation, test = training.validate(), training.evaluate("test")
        assert validation is not None
        return {
            "row": row,
            "macs": float(bench.model.total(np.array([row]))[0]),
            "validation": validation.accuracy,
            "test": test.accuracy,
            "seconds": seconds,
        }

    return done_once(bench.options.work / f"{name}.json", train)


VARIANTS: dict[str, dict[str, Any]] = {
    "phases": {},
    "no-warmup": {"op_warmup": 0.0, "filter_warmup": 0.0},
    "paper": {},
}


def search_with(bench: Bench, variant: str, seed: int) -> Document:
    """What a search found, trained, with what each of its parts took and how good a judge it was."""
    find = by_paper if variant == "paper" else partial(in_phases, variant=variant)
    return find(bench, f"{variant}-{seed}", seed)


def in_phases(bench: Bench, name: str, seed: int, variant: str) -> Document:
    """A search in phases."""
    options = bench.options
    weights = options.work / f"{name}-weights.pt"
    settings = SearchSettings(
        phases="apart",
        steps=options.search_steps,
        target=bench.target,
        seed=seed,
        weight_lr=options.weight_lr,
        band=0.05,
        **VARIANTS[variant],
    )
    supernet = Supernet(bench.space, seed=seed)

    def train() -> Document:
        search = Weights(supernet, bench.model, bench.data, settings)
        for _ in range(settings.steps):
            search.step()
        search.optimizer.flush()
        torch.save(supernet.state_dict(), weights)
        return {}

    cost = done_once(options.work / f"{name}-weights.json", train)["seconds"]
    supernet.load_state_dict(torch.load(weights))
    listed = done_once(options.work / f"{name}-list.json", lambda: short_list(bench, supernet, seed))
    networks = [training_of(bench, f"{name}-{place}", row, 0) for place, row in enumerate(listed["rows"])]
    found = max(networks, key=lambda network: float(network["validation"]))
    parts = {
        "weights": cost,
        "ratings": listed["seconds"],
        "trainings": sum(network["seconds"] for network in networks),
    }
    judged = done_once(options.work / f"{name}-judge.json", lambda: judge(bench, supernet))
    return {
        "seed": seed,
        "found": found,
        "seconds": parts,
        "short_list": networks,
        "ratings": {name: listed[name] for name in ("first", "promising", "ratings")},
        "judge": judged,
    }


class Weights(WeightsSearch):
    """The weights' phase without looks at how ratings change, which take a third of so short a search."""

    def _agreement(self) -> None:
        return None


def judge(bench: Bench, supernet: Supernet) -> Document:
    """What the weights say of the random architectures; no part of a search's cost."""
    return {
        "random": Rating(supernet, bench.data.validation, len(bench.data.validation))(bench.random()).tolist()
    }


def short_list(bench: Bench, supernet: Supernet, seed: int) -> Document:
    """The best few distinct architectures on target.

    A regression of many rough ratings says which to rate on more images. What counts of those is this rating
    and what the regression says, half each: the highest of many ratings are high by luck.
    """
    options, validation = bench.options, bench.data.validation
    at_random, promising = options.ratings
    rough = Rating(supernet, validation, options.rating_images)
    exact = Rating(supernet, validation, EXACT)
    canonical = Activity(bench.space.decisions).canonical
    drawn = sample(bench.space, 20_000, seed + 1, bench.model, bench.band).astype(np.int64)
    candidates = np.unique(canonical(drawn), axis=0)
    random = np.random.default_rng([seed, 1])
    first = rows_of(random.permutation(candidates)[:at_random])
    expected = Regression(bench.space, first, rough(first))
    best = distinct(rows_of(evolve(bench, expected, candidates, random)), promising)
    ratings = exact(best)
    worth = standard(ratings) + standard(expected(np.array(best)))
    order = np.argsort(-worth, kind="stable")
    chosen = distinct([best[place] for place in order], options.short_list)
    rated = {"first": expected.ratings.tolist(), "promising": ratings.tolist()}
    return {"rows": chosen, "ratings": [float(ratings[best.index(row)]) for row in chosen], **rated}


def standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``values`` less their mean, in their deviation."""
    centred: NDArray[np.float64] = (values - values.mean()) / max(values.std(), 1e-9)
    return centred


class Regression:
    """Ridge regression of the ``ratings`` of ``rows`` on the options that count."""

    def __init__(
        self, space: ir.Space, rows: Sequence[Row], ratings: NDArray[np.float64], ridge: float = 10.0
    ) -> None:
        self._counts = [len(decision.options) for decision in space.decisions]
        self._activity = Activity(space.decisions)
        self.ratings = ratings
        self._mean = float(ratings.mean())
        features = self._features(np.array(rows))
        self._centre = features.mean(0)
        features = features - self._centre
        inverse = features.T @ features + ridge * np.eye(features.shape[1])
        self._effects = np.linalg.solve(inverse, features.T @ (ratings - self._mean))

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The expected ratings of ``rows``, ``(N, D)``: ``(N,)``."""
        found: NDArray[np.float64] = (self._features(rows) - self._centre) @ self._effects + self._mean
        return found

    def _features(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        active = self._activity(rows)
        columns = [
            (rows[:, place, None] == np.arange(count)) & active[:, place, None]
            for place, count in enumerate(self._counts)
        ]
        return np.concatenate(columns, axis=1).astype(float)


def evolve(
    bench: Bench, expected: Regression, candidates: NDArray[Any], random: np.random.Generator
) -> NDArray[np.int64]:
    """Architectures on target of which most is expected, best first."""
    counts = np.array([len(decision.options) for decision in bench.space.decisions])
    canonical = Activity(bench.space.decisions).canonical
    best = best_by(expected, candidates, 400)
    for _ in range(25):
        one, other = best[random.integers(len(best), size=(2, 4000))]
        crossed = np.where(random.random(one.shape) < 0.5, one, other)
        mutated = random.random(one.shape) < 0.08
        children = canonical(np.where(mutated, random.integers(0, counts, one.shape), crossed))
        costs = bench.model.total(children)
        children = children[(costs >= bench.band[0]) & (costs <= bench.band[1])]
        best = best_by(expected, np.unique(np.concatenate([best, children]), axis=0), 400)
    return best


def best_by(expected: Regression, rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The ``count`` best of ``rows``."""
    return rows[np.argsort(-expected(rows), kind="stable")[:count]]


def distinct(rows: Sequence[Row], count: int) -> list[Row]:
    """The first ``count`` of ``rows`` that differ from each other in some decisions."""
    found: list[Row] = []
    for row in rows:
        if all(sum(a != b for a, b in zip(row, other, strict=True)) >= DIFFERENT for other in found):
            found.append(row)
        if len(found) == count:
            break
    return found


def rows_of(rows: NDArray[Any]) -> list[Row]:
    """Index vectors as tuples."""
    return [tuple(map(int, row)) for row in rows]


def by_paper(bench: Bench, name: str, seed: int) -> Document:
    """The paper's search, its most probable architecture on target trained."""
    options = bench.options
    given = {
        "steps": options.paper_steps,
        "target": bench.target,
        "seed": seed,
        "weight_lr": options.weight_lr,
        "policy_lr": first_policy_lr(options.paper_steps),
    }
    settings = SearchSettings(**with_preset(SearchSettings, "paper", given))

    def search() -> Document:
        supernet = Supernet(bench.space, seed=seed)
        steps = Search(supernet, bench.model, bench.data, settings)
        judges, extra = {}, 0.0
        for _ in range(settings.steps):
            steps.step()
            if steps.step_count in (settings.delay_steps, settings.steps):
                start = time.process_time()
                steps.optimizer.flush()
                judges[steps.step_count] = judge(bench, supernet)["random"]
                extra += time.process_time() - start
        table = steps.policy.probabilities().detach().numpy()
        rows = [row[: len(d.options)] for row, d in zip(table, bench.space.decisions, strict=True)]
        found = most_probable(bench.model, independent(bench.space, rows), Band.between(*bench.band))
        sure = float(np.mean([max(row) for row in rows if len(row) > 1]))
        return {"row": found, "judge": list(judges.values()), "extra": extra, "most_probable": sure}

    result = done_once(options.work / f"{name}-search.json", search)
    network = training_of(bench, f"{name}-0", tuple(result["row"]), 0)
    parts = {"search": result["seconds"] - result["extra"], "trainings": network["seconds"]}
    return {
        "seed": seed,
        "found": network,
        "seconds": parts,
        "most_probable": result["most_probable"],
        "judge": {"delay": result["judge"][0], "random": result["judge"][-1]},
    }


def report(bench: Bench) -> Document:
    """The document: what was asked, the figures that count, and every network."""
    options = bench.options
    done = {path.stem for path in options.work.glob("*.json")}
    random = [
        training_of(bench, f"random-{number}", row, 0)
        for number, row in enumerate(bench.random())
        if f"random-{number}" in done
    ]
    again = [
        training_of(bench, f"again-{number}", row, 1)
        for number, row in enumerate(bench.random()[:AGAIN])
        if f"again-{number}" in done
    ]
    last = {"paper": "paper-{}-0"}
    found = {
        variant: [
            search_with(bench, variant, seed)
            for seed in options.seeds
            if last.get(variant, variant + "-{}-judge").format(seed) in done
        ]
        for variant in VARIANTS
    }
    asked = {name: value for name, value in vars(options).items() if name not in UNSAID}
    return {
        "command": "python benchmarks/from_scratch.py --data CIFAR10",
        "versions": {"tunas-dsl": __version__, "torch": torch.__version__},
        "options": asked,
        "summary": {
            "random": spread([100 * network["test"] for network in random]),
            "seed_std": seed_deviation(random, again),
            **{name: [against(one, random) for one in searches] for name, searches in found.items()},
        },
        "searched": found,
        "random": random,
        "again": again,
    }


def against(search: Document, random: Sequence[Document]) -> Document:
    """What one search found, against random networks: z, and the best of N for the same seconds."""
    tests = np.array([network["test"] for network in random])
    training = np.mean([network["seconds"] for network in random])
    seconds = sum(search["seconds"].values())
    count = round(seconds / training)
    best = best_of(random, count)
    truth = [(network["validation"] + network["test"]) / 2 for network in random]
    test = search["found"]["test"]
    return {
        "seed": search["seed"],
        "test": round(100 * test, 2),
        "z": round(float((test - tests.mean()) / tests.std(ddof=1)), 2),
        "seconds": {name: round(value, 1) for name, value in search["seconds"].items()},
        "random_at_equal_cost": count,
        "best_of_random": best,
        "beats_it": 100 * test > best["mean"],
        "short_list": [round(100 * network["test"], 2) for network in search.get("short_list", [])],
        "rank_correlation": {
            name: correlation(ratings[: len(truth)], truth)
            for name, ratings in search["judge"].items()
            if name in ("delay", "random") and len(ratings) >= len(truth) > 3
        },
    }


def correlation(ratings: Sequence[float], truth: Sequence[float]) -> Document:
    """Spearman's, with its 95 % interval by Fisher's z."""
    value = rank_correlation(np.array(ratings), np.array(truth)) or 0.0
    ends = [math.tanh(math.atanh(value) + side * 1.96 / math.sqrt(len(truth) - 3)) for side in (-1, 1)]
    return {"spearman": round(value, 3), "interval": [round(end, 3) for end in ends], "n": len(truth)}


def best_of(random: Sequence[Document], count: int) -> Document:
    """The test accuracy in %, of the best of ``count`` by validation, over all choices of so many."""
    count = min(count, len(random))
    ranked = sorted(random, key=lambda network: float(network["validation"]), reverse=True)
    total = math.comb(len(ranked), count)
    shares = [math.comb(len(ranked) - 1 - place, count - 1) / total for place in range(len(ranked))]
    mean = sum(share * network["test"] for share, network in zip(shares, ranked, strict=True))
    square = sum(share * network["test"] ** 2 for share, network in zip(shares, ranked, strict=True))
    deviation = math.sqrt(max(0.0, square - mean**2))
    return {"count": count, "mean": round(100 * mean, 2), "std": round(100 * deviation, 2)}


def seed_deviation(random: Sequence[Document], again: Sequence[Document]) -> float | None:
    """The deviation in % of one architecture's test accuracies over seeds, from pairs of trainings."""
    gaps = [one["test"] - other["test"] for one, other in zip(random, again, strict=False)]
    return round(100 * math.sqrt(sum(gap**2 for gap in gaps) / (2 * len(gaps))), 2) if gaps else None


def spread(values: Sequence[float]) -> Document:
    """Mean, deviation and skewness, and how many."""
    found = np.array(values)
    if len(found) < 2:
        return {"n": len(found)}
    deviation = found.std(ddof=1)
    skewness = float((((found - found.mean()) / found.std()) ** 3).mean())
    return {
        "n": len(found),
        "mean": round(float(found.mean()), 2),
        "std": round(float(deviation), 2),
        "skewness": round(skewness, 2),
    }


if __name__ == "__main__":
    main()
