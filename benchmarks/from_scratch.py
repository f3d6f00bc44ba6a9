"""Whether what searches find beats random architectures of the same cost, all trained from scratch.

For every seed and variant of the search (with and without warmup), searches a space and trains the
architecture found. Trains random architectures within a band around the target as well. Says what the best of
N random ones reaches, on average over all choices of N of them, where N trainings take as much
processor time as a search and one training. The best is chosen by its accuracy on validation images;
what counts is that on test images. Also says how the supernets rate the random ones in comparison: by what
they are off as judges, if a search does not find better ones.

Time is that of the processor; on a GPU it is that on the wall, with ``--jobs`` sharing the GPU.

Whatever is finished in the work folder is kept, and what was interrupted goes on. A data set takes ten
minutes of an H100 with ten jobs, and many hours of a processor.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tunas_dsl import __version__
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.search.run import RunFolder
from tunas_torch.search.shared_weights import SharedWeights

RESULTS = Path(__file__).parent / "results"

VARIANTS = {"warmup": (), "no-warmup": ("--op-warmup", 0, "--filter-warmup", 0)}

POOL_SEED = 100
"""Of the random architectures; they are trained with the seed 0."""

Document = dict[str, Any]


def main() -> None:
    """Do what the command line says."""
    options = parse()
    jobs: list[Callable[[], Document]] = [
        partial(searched, options, variant, seed) for variant in options.variants for seed in options.seeds
    ]
    jobs += [
        partial(trained, options, f"random-{number}", vector, 0)
        for number, vector in enumerate(drawn(options))
    ]
    with ThreadPoolExecutor(options.jobs) as pool:
        done = [future.result() for future in [pool.submit(job) for job in jobs]]
    random = done[len(done) - options.count :]
    found: dict[str, list[Document]] = {name: [] for name in options.variants}
    for network in done[: len(done) - options.count]:
        found[network["variant"]].append(rated(options, network, random))
    document = report(options, found, random)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document["summary"], indent=2))


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--space", default="quickstart")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--target", type=float, default=1.2, help="M MAdds")
    parser.add_argument("--within", type=float, default=0.02, help="M MAdds")
    parser.add_argument("--search-steps", type=int, default=4500)
    parser.add_argument("--weight-lr", type=float, default=0.4, help="of the searches")
    parser.add_argument("--steps", type=int, default=2500, help="of each training")
    parser.add_argument("--batch-size", type=int, default=256, help="twice as many images rate in a search")
    parser.add_argument("--count", type=int, default=10, help="random architectures")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--jobs", type=int, default=1, help="processes at once, of one thread each")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--work", type=Path, default=Path("runs/from_scratch"))
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "from_scratch.json")
    return parser.parse_args()


def searched(options: argparse.Namespace, variant: str, seed: int) -> Document:
    """What a search found, trained; ``seed`` is that of both."""
    folder = options.work / f"search-{variant}-{seed}"
    seconds = run(
        folder,
        *("search", options.space, "--latency", "macs", "--target", options.target),
        *("--data", options.data, "--steps", options.search_steps, "--seed", seed),
        *("--samples-per-step", 1, "--batch-size", options.batch_size),
        *("--validation-batch-size", 2 * options.batch_size, "--weight-lr", options.weight_lr),
        *VARIANTS[variant],
        *("--threads", 1, "--device", options.device),
    )
    found = tunas("export", folder, "--format", "indices").strip()
    network = trained(options, f"searched-{variant}-{seed}", found, seed)
    return {"variant": variant, "seed": seed, **network, "search_seconds": seconds}


def rated(options: argparse.Namespace, found: Document, random: Sequence[Document]) -> Document:
    """What a search ``found``, with what its supernet thinks of it and of the ``random`` ones."""
    run = RunFolder.open(options.work / f"search-{found['variant']}-{found['seed']}")
    judge = SharedWeights(read_bundle(run.bundle).space, run, print, options.device)
    vectors = [list(map(int, network["indices"].split(":"))) for network in (found, *random)]
    accuracy, *others = judge(np.array(vectors)).tolist()
    return {**found, "supernet": {"found": accuracy, "random": others}}


def drawn(options: argparse.Namespace) -> list[str]:
    """The random architectures."""
    rows = json.loads(
        tunas(
            *("sample", options.space, "-n", options.count, "--seed", POOL_SEED, "--format", "json"),
            *("--latency", "macs", "--target", options.target, "--within", options.within),
        )
    )
    return [":".join(map(str, row["indices"])) for row in rows]


def trained(options: argparse.Namespace, name: str, vector: str, seed: int) -> Document:
    """One architecture, trained, with its cost, its accuracies and the seconds that this took."""
    folder = options.work / name
    seconds = run(
        folder,
        *("train", options.space, vector, "--data", options.data),
        *("--steps", options.steps, "--batch-size", options.batch_size, "--seed", seed, "--test"),
        *("--threads", 1, "--device", options.device),
    )
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    architecture = json.loads((folder / "architecture.json").read_text(encoding="utf-8"))
    return {
        "indices": vector,
        "macs": architecture["totals"]["macs"],
        "parameters": architecture["totals"]["parameters"],
        "validation": result["validation"]["accuracy"],
        "test": result["test"]["accuracy"],
        "train_seconds": seconds,
    }


def run(folder: Path, *arguments: object) -> float | None:
    """Fill a run folder, unless that was done before, and say how many seconds that took.

    They are unknown where a run was interrupted.
    """
    told = folder.with_suffix(".seconds")
    if not (folder / "result.json").exists():
        again = ("--resume",) if (folder / "settings.json").exists() else ()
        print("+ tunas", *arguments, "-o", folder, *again, file=sys.stderr, flush=True)
        seconds = timed(*arguments, "-o", folder, *again)
        if not again:
            told.write_text(f"{seconds:.1f}\n", encoding="utf-8")
    return float(told.read_text(encoding="utf-8")) if told.exists() else None


def timed(*arguments: object) -> float:
    """Run the program; gives the processor's seconds, or with a GPU those on the wall."""
    command = [sys.executable, "-m", "tunas_dsl", *map(str, arguments)]
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"ended with {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    wall = time.perf_counter() - start
    return used.ru_utime + used.ru_stime if "cpu" in arguments else wall


def tunas(*arguments: object) -> str:
    """What the program writes to standard output; ends with its status where it fails."""
    command = [sys.executable, "-m", "tunas_dsl", *map(str, arguments)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)
    return ended.stdout


def report(options: argparse.Namespace, found: dict[str, list[Document]], random: list[Document]) -> Document:
    """The document: what was asked, the means and deviations, and every network."""
    asked = {name: value for name, value in vars(options).items() if name not in ("work", "output")}
    return {
        "command": "python benchmarks/from_scratch.py",
        "versions": {"tunas-dsl": __version__, "torch": torch.__version__},
        "options": asked,
        "summary": {
            "random": {
                part: spread([network[part] for network in random]) for part in ("validation", "test")
            },
            **{name: against(networks, random) for name, networks in found.items()},
        },
        "searched": found,
        "random": random,
    }


def against(found: Sequence[Document], random: Sequence[Document]) -> Document:
    """What one variant of the search found, against the best of N random networks for the same time."""
    training = mean_known([*found, *random], "train_seconds")
    searching = mean_known(found, "search_seconds")
    count = round((searching + training) / training)
    return {
        "validation": spread([network["validation"] for network in found]),
        "test": spread([network["test"] for network in found]),
        "seconds": {"search": searching, "training": training},
        "random_at_equal_cost": count,
        "best_of_random_test": best_of(random, count),
        "supernet": judged(found, random),
    }


def judged(found: Sequence[Document], random: Sequence[Document]) -> Document:
    """How the supernets rate what was found and random networks, and whether they rank as training does."""
    truth = [(network["validation"] + network["test"]) / 2 for network in random]
    ratings = [network["supernet"] for network in found]
    correlations = [rank_correlation(rating["random"], truth) for rating in ratings]
    return {
        "found": spread([rating["found"] for rating in ratings]),
        "random": spread([accuracy for rating in ratings for accuracy in rating["random"]]),
        "rank_correlation": spread(correlations),
    }


def rank_correlation(some: Sequence[float], others: Sequence[float]) -> float:
    """Spearman's, where no two values are the same."""
    ranks = [np.argsort(np.argsort(values)) for values in (some, others)]
    return float(np.corrcoef(*ranks)[0, 1])


def best_of(random: Sequence[Document], count: int) -> Document:
    """The test accuracy of the best of ``count`` by validation, over all choices of so many."""
    count = min(count, len(random))
    tests = [
        max(chosen, key=lambda network: network["validation"])["test"]
        for chosen in combinations(random, count)
    ]
    return {"choices": math.comb(len(random), count), **spread(tests)}


def mean_known(networks: Sequence[Document], name: str) -> float:
    """The mean of a figure over the networks of which it is known."""
    return statistics.fmean(network[name] for network in networks if network.get(name) is not None)


def spread(values: Sequence[float]) -> Document:
    """Mean and standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": deviation}


if __name__ == "__main__":
    main()
