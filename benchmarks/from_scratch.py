"""Whether what a search finds beats random architectures of the same cost, all trained from scratch.

Searches a space, trains the architecture found and random ones within a band of costs for equally
many steps with the same seed, and writes their accuracies as JSON. Whatever is finished in the work
folder is kept, and what was interrupted goes on. Takes 40 minutes on one core with the defaults.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from tunas_dsl import __version__

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Do what the command line says."""
    options = parse()
    search = options.work / "search"
    run(
        search,
        *("search", options.space, "--latency", "macs", "--target", options.target),
        *("--data", options.data, "--steps", options.search_steps, "--seed", options.seed),
    )
    found = tunas("export", search, "--format", "indices").strip()
    drawn = json.loads(
        tunas(
            *("sample", options.space, "-n", options.count, "--seed", options.seed, "--format", "json"),
            *("--latency", "macs", "--target", options.target, "--within", options.within),
        )
    )
    vectors = {f"random-{number}": row["indices"] for number, row in enumerate(drawn)}
    searched = trained(options, "searched", found)
    random = [trained(options, name, ":".join(map(str, row))) for name, row in vectors.items()]
    document = report(options, searched, random)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document["summary"], indent=2))


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--space", default="quickstart")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--target", type=float, default=5.7, help="M MAdds")
    parser.add_argument("--within", type=float, default=0.06, help="M MAdds")
    parser.add_argument("--search-steps", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=1000, help="of each training")
    parser.add_argument("--count", type=int, default=10, help="random architectures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("runs/from_scratch"))
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "from_scratch.json")
    return parser.parse_args()


def trained(options: argparse.Namespace, name: str, vector: str) -> dict[str, Any]:
    """One architecture, trained, with its cost and its accuracies."""
    folder = options.work / name
    run(
        folder,
        *("train", options.space, vector, "--data", options.data),
        *("--steps", options.steps, "--seed", options.seed, "--test"),
        *("--threads", options.threads),
    )
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    architecture = json.loads((folder / "architecture.json").read_text(encoding="utf-8"))
    return {
        "indices": vector,
        "macs": architecture["totals"]["macs"],
        "parameters": architecture["totals"]["parameters"],
        "validation": result["validation"]["accuracy"],
        "test": result["test"]["accuracy"],
    }


def run(folder: Path, *arguments: object) -> None:
    """Fill a run folder, unless that was done before."""
    if (folder / "result.json").exists():
        return
    again = ("--resume",) if (folder / "settings.json").exists() else ()
    print("+ tunas", *arguments, "-o", folder, *again, file=sys.stderr, flush=True)
    tunas(*arguments, "-o", folder, *again)


def tunas(*arguments: object) -> str:
    """What the program writes to standard output; ends with its status where it fails."""
    command = [sys.executable, "-m", "tunas_dsl", *map(str, arguments)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)
    return ended.stdout


def report(
    options: argparse.Namespace, searched: dict[str, Any], random: list[dict[str, Any]]
) -> dict[str, Any]:
    """The document: what was asked, the means and deviations, and every network."""
    asked = {
        name: value for name, value in vars(options).items() if name not in ("work", "output", "threads")
    }
    return {
        "command": "python benchmarks/from_scratch.py",
        "versions": {"tunas-dsl": __version__, "torch": torch.__version__},
        "options": asked,
        "summary": {part: summary(searched, random, part) for part in ("validation", "test")},
        "searched": searched,
        "random": random,
    }


def summary(searched: dict[str, Any], random: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """The accuracy of what was searched against those of random architectures."""
    accuracies = [network[part] for network in random]
    return {
        "searched": searched[part],
        "random_mean": statistics.fmean(accuracies),
        "random_std": statistics.stdev(accuracies),
        "random_best": max(accuracies),
        "random_below": sum(accuracy < searched[part] for accuracy in accuracies),
    }


if __name__ == "__main__":
    main()
