"""How many random architectures a second are drawn and costed on one core, as JSON.

    python benchmarks/costing.py [SPACE] [TABLE] [-n NUMBER]

Times are of the process, so that other work on the machine counts as little as possible; the best of
``REPEATS`` is given. Row-major arrays are what NumPy makes, column-major ones what the sampler gives.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable

import numpy as np

from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.language.compiler import load_space

REPEATS = 5


def rate(n: int, work: Callable[[], object]) -> float:
    """Millions a second of ``n`` in the fastest of several runs of ``work``."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return round(n / min(times) / 1e6, 2)


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space", nargs="?", default="mobilenet_v3_like")
    parser.add_argument("table", nargs="?", default="pixel1")
    parser.add_argument("-n", type=int, default=1_000_000)
    arguments = parser.parse_args()
    space = load_space(arguments.space)
    model, n = cost_model(space, arguments.table), arguments.n
    drawn = sample(space, n, 0)
    row_major = np.ascontiguousarray(drawn)
    wide = row_major.astype(np.int64)
    result = {
        "space": space.name,
        "table": arguments.table,
        "architectures": n,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "million_a_second": {
            "drawn": rate(n, lambda: sample(space, n, 0)),
            "costed": rate(n, lambda: model.total(drawn)),
            "costed_row_major": rate(n, lambda: model.total(row_major)),
            "costed_row_major_int64": rate(n, lambda: model.total(wide)),
            "drawn_and_costed": rate(n, lambda: model.total(sample(space, n, 0))),
        },
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
