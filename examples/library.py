"""The library from a space to a network: ``python examples/library.py FOLDER`` writes what it finds."""

import sys
from pathlib import Path

import numpy as np

import tunas_dsl as tunas


def accuracy(architectures: np.ndarray) -> np.ndarray:
    """How good architectures are, ``(n, decisions)``: made up here, in practice a predictor."""
    return 0.7 + 0.001 * architectures.sum(axis=1)


def main(folder: Path, steps: int = 5000, evaluations: int = 20_000) -> None:
    """Count, sample and search ProxylessNAS's space on a Pixel 1, and export what was found."""
    space = tunas.load("proxylessnas")
    latency = space.cost("pixel1")
    print(f"{len(space.decisions)} decisions, {space.count():.3e} architectures")

    rows = space.sample(1000, cost=latency, within=(83, 85), seed=0)
    print(f"1000 random ones take {latency(rows).mean():.2f} ms on average")
    share = space.statistics(latency).probability(83, 85)
    print(f"{100 * share:.2f} % of all take 83 to 85 ms")

    run = space.search(accuracy, cost=latency, target=84, steps=steps, seed=0, out=folder / "policy")
    run.report(folder / "report.html")
    evolution = space.search(
        accuracy,
        cost=latency,
        target=84,
        algorithm="evolution",
        evaluations=evaluations,
        out=folder / "evolution",
    )
    for name, found in (("policy", run.best), ("evolution", evolution.best)):
        found.save(folder / f"{name}.json")
        print(
            f"{name}: {found.cost(latency):.2f} ms, {found.macs / 1e6:.0f} M MAdds, "
            f"{found.parameters:,} parameters"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
