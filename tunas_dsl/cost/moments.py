"""Mean and variance of a cost under a distribution, exactly: no cost is rounded to a tick."""

import numpy as np

from tunas_dsl.cost.chain import Chain
from tunas_dsl.cost.passes import normalise


def mean_and_variance(chain: Chain) -> tuple[float, float]:
    """The mean of the cost of a random point, and its variance, in the cost's unit and that squared."""
    mean = _moments(chain, chain.intercept)[1]
    # Around the mean, so that no large numbers cancel each other.
    _, rest, square = _moments(chain, chain.intercept - mean)
    return mean + rest, max(square - rest**2, 0.0)


def _moments(chain: Chain, start: float) -> tuple[float, float, float]:
    """The mean of the cost's powers 0 to 2, the cost beginning at ``start``."""
    powers = np.array([[1.0], [start], [start**2]])  # (power, state)
    for step, weights in zip(chain.steps, normalise(chain), strict=True):
        zeroth, first, second = powers[:, step.sources]
        costs = step.costs
        ways = (zeroth, first + costs * zeroth, second + 2 * costs * first + costs**2 * zeroth)
        powers = np.array([(weights * way).sum(axis=1) for way in ways])
    return float(powers[0, 0]), float(powers[1, 0]), float(powers[2, 0])
