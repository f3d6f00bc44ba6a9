"""Time of what goes on around the training of weights: the policy's updates, sampling, compiling, starting.

An update is sampling one architecture, its log-probability, backward, and Adam; also as a search does it,
with the closed form of the gradient. Times are the process's, medians of ``--repeats``; that of compiling
is by the clock.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import record
import torch

from tunas_dsl.cost.layers import macs_model
from tunas_dsl.language.compiler import load_space
from tunas_dsl.search.settings import SearchSettings
from tunas_torch.optimizers.reinforce import PolicyOptimizer
from tunas_torch.policy import Policy
from tunas_torch.search.measuring import noise_for
from tunas_torch.search.stages import Stopwatch
from tunas_torch.search.steps import Search
from tunas_torch.supernet import Supernet

LARGEST = "mobilenet_v3_like"
DRAWN = 100_000


def main() -> None:
    """Measure, write and print."""
    options = parse()
    torch.set_num_threads(options.threads)
    if options.child:
        first_step(options.child)
        return
    space = load_space(LARGEST)
    steps, policy_seconds = quickstart(options.steps)
    raw = {
        "update_autograd": times(by_autograd(Policy(space)), options.repeats),
        "update_closed_form": times(by_closed_form(Policy(space)), options.repeats),
        "sample_100000": times(drawing(Policy(space)), 5),
        "quickstart_step": steps,
        "quickstart_policy": policy_seconds,
        "compile_wall": [compile_seconds(options.compile) for _ in range(3)],
        "start": [start_seconds(name) for name in ("quickstart", LARGEST)],
    }
    record.write("policy", vars(options), summary_of(len(space.decisions), raw), raw, options.output)


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=300, help="updates")
    parser.add_argument("--steps", type=int, default=12, help="of a search of the quickstart space")
    parser.add_argument("--compile", default=LARGEST, help="the space that is compiled")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer of all, under a minute")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.quick:
        options.repeats, options.steps = 100, 5
    return options


def times(work: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of the process for each of ``repeats`` runs, after one that does not count."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return taken


def by_autograd(policy: Policy) -> Callable[[], object]:
    """An update in the words of the paper: log-probability, backward, Adam."""
    random = np.random.default_rng(0)
    adam = torch.optim.Adam([policy.logits], betas=(0.0, 0.999), fused=True)

    def update() -> None:
        sampled = policy.sample(random, 1)
        adam.zero_grad()
        (-0.1 * policy.log_prob(sampled)).sum().backward()
        adam.step()

    return update


def by_closed_form(policy: Policy) -> Callable[[], object]:
    """An update as a search does it."""
    random, optimizer = np.random.default_rng(0), PolicyOptimizer(policy.logits)

    def update() -> None:
        sampled = policy.sample(random, 1)
        optimizer.step(policy.gradients(sampled, torch.tensor([0.1], dtype=torch.float64)), 1e-3)

    return update


def drawing(policy: Policy) -> Callable[[], object]:
    """100,000 architectures."""
    random = np.random.default_rng(0)
    return lambda: policy.sample(random, DRAWN)


def quickstart(steps: int) -> tuple[list[float], float]:
    """Seconds of some steps of a search with the default settings, and of the policy in the mean of them."""
    space = load_space("quickstart")
    settings = SearchSettings(steps=1000, target=5.0, op_warmup=0.0, filter_warmup=0.0)
    search = Search(Supernet(space), macs_model(space), noise_for(space, settings), settings)
    search.step()
    search.stage = watch = Stopwatch(torch.device("cpu"))
    taken = times(search.step, steps)
    return taken, watch.seconds["policy"] / (steps + 1)


def compile_seconds(space: str) -> float:
    """Seconds by the clock for ``tunas compile``, from the start of Python on."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tunas_dsl", "compile", space, "-o", str(Path(folder) / "bundle")]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start


def start_seconds(space: str) -> dict[str, Any]:
    """What :func:`first_step` says in a process of its own."""
    command = [sys.executable, __file__, "--child", space]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def first_step(name: str) -> None:
    """Print the seconds of the process until all is imported, a search is ready, and a step is done."""
    imported = time.process_time()
    space = load_space(name)
    settings = SearchSettings(
        steps=1000, target=5.0, batch_size=8, validation_batch_size=8, samples_per_step=1, op_warmup=0.0
    )
    search = Search(Supernet(space), macs_model(space), noise_for(space, settings), settings)
    ready = time.process_time()
    search.step()
    done = time.process_time()
    print(json.dumps({"space": name, "imported": imported, "ready": ready, "first_step": done}))


def summary_of(decisions: int, raw: dict[str, Any]) -> dict[str, Any]:
    """The figures that matter."""
    step = statistics.median(raw["quickstart_step"])
    updates = {kind: statistics.median(raw[f"update_{kind}"]) for kind in ("autograd", "closed_form")}
    return {
        "decisions": decisions,
        "update_microseconds": {kind: round(1e6 * seconds) for kind, seconds in updates.items()},
        "quickstart_step_seconds": round(step, 4),
        "update_share_of_quickstart_step": {k: round(s / step, 5) for k, s in updates.items()},
        "policy_stage_share_of_quickstart_step": round(raw["quickstart_policy"] / step, 5),
        "sample_100000_seconds": round(statistics.median(raw["sample_100000"]), 3),
        "compile_seconds": round(statistics.median(raw["compile_wall"]), 2),
        "start_seconds": {
            one["space"]: {k: round(v, 2) for k, v in one.items() if k != "space"} for one in raw["start"]
        },
    }


if __name__ == "__main__":
    main()
