"""Memory and time of a step of op warmup, with and without computing averaged operations again.

A step averages all operations at the largest widths: forward, backward, the sum of gradients.

- tracked: the peak of all tensors at ``--batch`` and the space's own size, by running the step on the meta
  device, which gives the same on every machine
- resident: the peak of a process's memory in a real, smaller step, beside what was tracked for that step;
  with ``--device cuda``, allocated: the peak of what tensors take there in a real step at ``--batch``
- time: the process's, of real steps in turns, as the median of ratios to keeping everything; on a GPU that on
  the wall

``auto`` has 1 / 6.1 of the memory that keeping everything takes, which is what the paper's Appendix C saves.
"""

import argparse
import copy
import json
import subprocess
import sys
from pathlib import Path

import attrs
import record
import torch
import torch.nn.functional as F
from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import load_space
from tunas_torch.memory.rematerialisation import Tradeoff, switches, widest
from tunas_torch.optimizers.lazy_rmsprop import LazyRMSProp
from tunas_torch.optimizers.leaves import Gradients
from tunas_torch.supernet import Supernet

GIB = 2**30
PAPER = 6.1
"""From 29.5 to 4.8 GiB, for about 30 % more time."""


def main() -> None:
    """Measure, write and print."""
    options = parse()
    torch.set_num_threads(options.threads)
    if options.child:
        print(resident_here(options.spaces[0], options.child, options))
        return
    summary, raw = {}, {}
    for name in options.spaces:
        supernet = Supernet(load_space(name)).to(options.device)
        plans, tracked = tracked_plans(supernet, options.batch)
        times = step_seconds(supernet, plans, options)
        raw[name] = {"tracked_bytes": tracked, "seconds": times}
        summary[name] = {
            "recomputed": {plan: len(decisions) for plan, decisions in plans.items()},
            "tracked_gib": gib(tracked),
            "falls_by": {plan: round(tracked["none"] / peak, 2) for plan, peak in tracked.items()},
            "time_over_none": {plan: record.median_ratio(times[plan], times["none"]) for plan in plans},
        }
        if options.device == "cpu":
            raw[name]["resident_bytes"] = {
                plan: resident_of(name, plan, options) for plan in ("none", "switch")
            }
            summary[name]["resident_gib"] = gib(raw[name]["resident_bytes"])
            if not options.quick:
                _, small = tracked_plans(supernet, options.real_batch, options.real_size)
                summary[name]["tracked_for_resident_gib"] = gib(small)
        else:
            allocated = {plan: allocated_by(supernet, plans[plan], options) for plan in plans}
            raw[name]["allocated_bytes"] = allocated
            summary[name]["allocated_gib"] = gib(allocated)
            summary[name]["allocated_falls_by"] = {
                plan: round(allocated["none"] / peak, 2) for plan, peak in allocated.items()
            }
        print(name, json.dumps(summary[name]), file=sys.stderr, flush=True)
    record.write("memory", vars(options), summary, raw, options.output)


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    spaces = ["proxylessnas_uncollapsed", "proxylessnas", "mobilenet_v3_like"]
    parser.add_argument("--spaces", nargs="+", default=spaces)
    parser.add_argument("--batch", type=int, default=128, help="images whose tensors are tracked")
    parser.add_argument("--real-batch", type=int, default=16, help="images of real steps")
    parser.add_argument("--real-size", type=int, default=128, help="pixels of those")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="one space, small real steps, under a minute")
    parser.add_argument("--child", choices=["none", "switch"], help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.quick:
        options.spaces, options.real_batch, options.real_size, options.repeats = spaces[:1], 8, 128, 3
    return options


def tracked_plans(
    supernet: Supernet, batch: int, size: int | None = None
) -> tuple[dict[str, frozenset[str]], dict[str, int]]:
    """The decisions that each way of doing it computes again, and the bytes of a step's tensors at most.

    Weights and optimizer are left out. ``size`` is the space's own where it is not given.
    """
    shadow = copy.deepcopy(supernet).to("meta")
    if size is not None:
        pixels = ir.constant((size, size))
        shadow.space = attrs.evolve(shadow.space, inputs=attrs.evolve(shadow.space.inputs, size=pixels))
    tradeoff = Tradeoff.of(shadow, batch)
    everything = frozenset[str]().union(*tradeoff.switches)
    some, profile = tradeoff.within(int(tradeoff.keeping.peak / PAPER))
    return (
        {"none": frozenset(), "switch": everything, "auto": some},
        {"none": tradeoff.keeping.peak, "switch": tradeoff.saving.peak, "auto": profile.peak},
    )


def gib(sizes: dict[str, int]) -> dict[str, float]:
    """Bytes as GiB."""
    return {name: round(size / GIB, 2) for name, size in sizes.items()}


def step(supernet: Supernet, optimizer: LazyRMSProp, images: Tensor, labels: Tensor) -> None:
    """Forward, backward, and the sum of gradients."""
    row = widest(supernet.space)
    leaves = optimizer.take(supernet.used(row))
    torch.autograd.backward(F.cross_entropy(supernet(images, row, leaves.weights), labels))
    Gradients().add(leaves, 4e-5)


def step_seconds(
    supernet: Supernet, plans: dict[str, frozenset[str]], options: argparse.Namespace
) -> dict[str, list[float]]:
    """Seconds of real steps of every plan, in turns, after one that does not count."""
    optimizer = LazyRMSProp(dict(supernet.named_parameters()))
    images, labels = noise(options.real_batch, options.real_size, options.device)
    now = record.clock(options.device)
    times: dict[str, list[float]] = {plan: [] for plan in plans}
    for number in range(options.repeats + 1):
        for plan, decisions in plans.items():
            supernet.recomputed = decisions
            start = now()
            step(supernet, optimizer, images, labels)
            if number:
                times[plan].append(now() - start)
    return times


def noise(count: int, size: int, device: str) -> tuple[Tensor, Tensor]:
    """Images of normal numbers, all of one class."""
    images = torch.randn(count, 3, size, size, device=device)
    return images, torch.zeros(count, dtype=torch.int64, device=device)


def allocated_by(supernet: Supernet, decisions: frozenset[str], options: argparse.Namespace) -> int:
    """The bytes that tensors of a GPU take at most in a real step, beside weights, optimizer and images."""
    optimizer = LazyRMSProp(dict(supernet.named_parameters()))
    (size, _), *_ = supernet.space.inputs.size.options
    images, labels = noise(options.batch, size, options.device)
    supernet.recomputed = decisions
    step(supernet, optimizer, images, labels)
    before = torch.cuda.memory_allocated(options.device)
    torch.cuda.reset_peak_memory_stats(options.device)
    step(supernet, optimizer, images, labels)
    return torch.cuda.max_memory_allocated(options.device) - before


def resident_of(space: str, plan: str, options: argparse.Namespace) -> int:
    """What :func:`resident_here` says in a process of its own."""
    sizes = ("--real-batch", options.real_batch, "--real-size", options.real_size)
    command = [sys.executable, __file__, "--child", plan, "--spaces", space, *map(str, sizes)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def resident_here(space: str, plan: str, options: argparse.Namespace) -> int:
    """By how many bytes this process grows at most in real steps."""
    supernet = Supernet(load_space(space))
    supernet.recomputed = frozenset().union(*switches(supernet.space)) if plan == "switch" else frozenset()
    optimizer = LazyRMSProp(dict(supernet.named_parameters()))
    images, labels = noise(options.real_batch, options.real_size, "cpu")
    before = resident("VmRSS")
    for _ in range(2):
        step(supernet, optimizer, images, labels)
    return resident("VmHWM") - before


def resident(kind: str) -> int:
    """The bytes of memory of this process, as Linux counts them."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))


if __name__ == "__main__":
    main()
