"""The exact probability of the paper's bands against random draws, and how fast rare bands are sampled; JSON.

    python benchmarks/band_probability.py [-n DRAWS]

For each band of the paper (facts 10): the probability by dynamic programming, with its bounds, the share of
DRAWS random architectures (ten million; by distinct architectures a tenth) that lie in it, and by how
many standard errors of the draws these differ. Then the seconds of the process that 10,000 samples take
within 57 +- 1 ms and within 25 +- 0.1 ms of the MobileNetV3-like space, the cost model being compiled.
"""

import argparse
import json
import platform
import time
from typing import Any

import numpy as np

from tunas_dsl.cost.band import Band
from tunas_dsl.cost.distribution import Distribution, uniform_architectures, uniform_decisions
from tunas_dsl.cost.model import CostModel
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.cost.statistics import CostStatistics
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import load_space

BANDS = (
    ("proxylessnas", 83.0, 85.0),
    ("proxylessnas_enlarged", 83.0, 85.0),
    ("mobilenet_v3_like", 57.0, 59.0),
    ("mobilenet_v3_like", 56.0, 58.0),
)
SAMPLED = ((57.0, 1.0), (25.0, 0.1))
SAMPLES = 10_000
DISTRIBUTIONS = (uniform_decisions, uniform_architectures)
_PART = 100_000


def comparison(
    space: ir.Space, model: CostModel, distribution: Distribution, band: Band, draws: int
) -> dict[str, Any]:
    """The exact probability of ``band`` and the share of ``draws`` that lie in it."""
    start = time.process_time()
    exact = CostStatistics(model, distribution).probability(band)
    exact_s, start = time.process_time() - start, time.process_time()
    hits = 0
    for seed in range(draws // _PART):
        costs = model.total(sample(space, _PART, seed, distribution=distribution))
        hits += int(band.contains(costs).sum())
    drawn = hits / draws
    error = np.sqrt(exact.value * (1 - exact.value) / draws)
    return {
        "space": space.name,
        "distribution": distribution.name,
        "draws": draws,
        "band_ms": [round(band.low, 9), round(band.high, 9)],
        "exact": exact.value,
        "at_least": exact.at_least,
        "at_most": exact.at_most,
        "drawn": drawn,
        "standard_error": error,
        "standard_errors_apart": round(abs(drawn - exact.value) / error, 2),
        "exact_s": round(exact_s, 2),
        "drawn_s": round(time.process_time() - start, 2),
    }


def sample_times(target: float, within: float, distribution: Distribution, space: ir.Space) -> dict[str, Any]:
    """How long samples of a band take."""
    model = cost_model(space, "pixel1")
    start = time.process_time()
    drawn = sample(space, SAMPLES, 0, model, (target - within, target + within), distribution)
    seconds = time.process_time() - start
    costs = model.total(drawn)
    return {
        "target_ms": target,
        "within_ms": within,
        "distribution": distribution.name,
        "samples": len(drawn),
        "smallest_ms": float(costs.min()),
        "largest_ms": float(costs.max()),
        "seconds": round(seconds, 2),
    }


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10_000_000)
    draws = -(-parser.parse_args().n // (10 * _PART)) * 10 * _PART
    comparisons = []
    for name, low, high in BANDS:
        space = load_space(name)
        model, band = cost_model(space, "pixel1"), Band.between(low, high)
        comparisons.append(comparison(space, model, uniform_decisions(space), band, draws))
        comparisons.append(comparison(space, model, uniform_architectures(space), band, draws // 10))
    space = load_space("mobilenet_v3_like")
    result = {
        "table": "pixel1",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "probabilities": comparisons,
        "samples": [
            sample_times(*target, made(space), space) for target in SAMPLED for made in DISTRIBUTIONS
        ],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
