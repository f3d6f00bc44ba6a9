"""How much two ratings of the same architectures agree on their order."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rank_correlation(ratings: Floats, others: Floats) -> float | None:
    """Spearman's rank correlation of two ratings, ``(n,)`` each; None where one is the same for all."""
    if len(ratings) < 2 or not np.ptp(ratings) or not np.ptp(others):
        return None
    from scipy.stats import spearmanr  # takes a while to import

    return float(spearmanr(ratings, others).statistic)
