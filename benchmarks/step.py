"""A training step of the supernet beside one of the same architectures as ordinary PyTorch modules.

For each of some random architectures, drawn uniformly over decisions, the variants take turns; a time is
the process's (on a GPU that on the wall, until it is done), the fewest of ``--repeats``, and a ratio is the
median over the architectures. A step is: gradients of cross-entropy and L2 from one batch of noise, and
TensorFlow's RMSProp, dense for modules.

- sliced: the supernet as a search runs it
- masked: literal masks, for the first ``--masked`` architectures
- channels_last, default: the module in that memory layout
- channels_last_fast: the module with the supernet's gradient of large depthwise kernels
"""

import argparse
import copy
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import record
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunas_dsl.cost.sampling import sample
from tunas_dsl.language.compiler import load_space
from tunas_torch.layers.depthwise import use_fast_gradients
from tunas_torch.layers.operations import Masking
from tunas_torch.network import Network, channels_last
from tunas_torch.optimizers.lazy_rmsprop import LazyRMSProp
from tunas_torch.optimizers.leaves import Gradients
from tunas_torch.optimizers.rmsprop import RMSProp
from tunas_torch.supernet import Supernet

L2 = 4e-5
LR = 1e-3
MODULES = ("default", "channels_last", "channels_last_fast")
Parts = dict[str, float]
"""Seconds of the parts of a step."""


def main() -> None:
    """Measure, write and print."""
    options = parse()
    torch.set_num_threads(options.threads)
    space = load_space(options.space)
    sliced = Supernet(space).to(options.device)
    masked = copy.copy(sliced)
    masked.execution = Masking()
    supernets = {"sliced": (sliced, LazyRMSProp(dict(sliced.named_parameters())))}
    if options.masked:
        supernets["masked"] = (masked, LazyRMSProp(dict(masked.named_parameters())))
    rows = [tuple(row) for row in sample(space, options.count, options.seed).tolist()]
    raw: dict[str, list[dict[str, Any]]] = {}
    for size in options.sizes:
        images, labels = noise(options.batch, space.inputs.channels.constant, size, space.classifier.classes)
        batch = images.to(options.device), labels.to(options.device)
        raw[str(size)] = []
        for number, row in enumerate(rows):
            variants = steps(supernets, row, batch, number < options.masked, record.clock(options.device))
            raw[str(size)].append({"indices": row, "seconds": fastest_in_turns(variants, options.repeats)})
            print(
                size,
                number,
                {k: round(v["step"], 3) for k, v in raw[str(size)][-1]["seconds"].items()},
                flush=True,
            )
    summary = {f"{size}x{size}": summary_of(samples) for size, samples in raw.items()}
    record.write("step", vars(options), summary, raw, options.output)


def parse() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--space", default="mobilenet_v3_like")
    parser.add_argument("--sizes", type=int, nargs="+", default=[96, 224], help="pixels")
    parser.add_argument("--count", type=int, default=20, help="architectures")
    parser.add_argument("--masked", type=int, default=5, help="architectures that are masked, too")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="3 architectures at 96x96, under a minute")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.count, options.masked = [96], 3, 1
    return options


def noise(count: int, channels: int, size: int, classes: int) -> tuple[Tensor, Tensor]:
    """A batch of normal images and labels."""
    source = torch.Generator().manual_seed(0)
    images = torch.randn(count, channels, size, size, generator=source)
    return images, torch.randint(classes, (count,), generator=source)


def steps(
    supernets: dict[str, tuple[Supernet, LazyRMSProp]],
    row: tuple[int, ...],
    batch: tuple[Tensor, Tensor],
    with_masks: bool,
    clock: Callable[[], float],
) -> dict[str, Callable[[], Parts]]:
    """A step of each variant."""
    found: dict[str, Callable[[], Parts]] = {}
    for name, (supernet, optimizer) in supernets.items():
        if name == "sliced" or with_masks:
            found[name] = supernet_step(supernet, optimizer, row, batch, clock)
    for name in MODULES:
        found[name] = module_step(supernets["sliced"][0].extract(row), batch, name, clock)
    return found


def supernet_step(
    supernet: Supernet,
    optimizer: LazyRMSProp,
    row: tuple[int, ...],
    batch: tuple[Tensor, Tensor],
    clock: Callable[[], float],
) -> Callable[[], Parts]:
    """A step of one architecture of the supernet, as a search does it."""
    images, labels = batch

    def step() -> Parts:
        gradients, watch = Gradients(), Watch(clock)
        leaves = optimizer.take(supernet.used(row))
        watch("optimizer")
        logits = supernet(images, row, leaves.weights)
        torch.autograd.backward(F.cross_entropy(logits, labels, label_smoothing=0.1))
        watch("gradients")
        gradients.add(leaves, L2)
        optimizer.step(gradients, LR)
        watch("optimizer")
        return watch.seconds

    return step


def module_step(
    network: Network, batch: tuple[Tensor, Tensor], variant: str, clock: Callable[[], float]
) -> Callable[[], Parts]:
    """A step of a network of its own."""
    images, labels = batch
    network.to(images.device).train()
    if variant != "default":
        channels_last(network)
        images = images.contiguous(memory_format=torch.channels_last)
    if variant == "channels_last_fast":
        use_fast_gradients(network)
    optimizer = RMSProp(dict(network.named_parameters()))
    kernels = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d)]

    def step() -> Parts:
        watch = Watch(clock)
        optimizer.zero_grad()
        watch("optimizer")
        logits = network(images)
        torch.autograd.backward(F.cross_entropy(logits, labels, label_smoothing=0.1))
        watch("gradients")
        with torch.no_grad():
            torch._foreach_add_([kernel.grad for kernel in kernels], kernels, alpha=L2)
        optimizer.step(LR)
        watch("optimizer")
        return watch.seconds

    return step


class Watch:
    """Adds up the time since the last call, by part."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.seconds: Parts = {"optimizer": 0.0, "gradients": 0.0}
        self._clock, self._last = clock, clock()

    def __call__(self, part: str) -> None:
        """What has passed belongs to ``part``."""
        now = self._clock()
        self.seconds[part] += now - self._last
        self._last = now


def fastest_in_turns(variants: dict[str, Callable[[], Parts]], repeats: int) -> dict[str, Parts]:
    """The fastest of some steps of each variant, which take turns."""
    taken: dict[str, list[Parts]] = {name: [] for name in variants}
    for _ in range(repeats):
        for name, step in variants.items():
            parts = step()
            taken[name].append({**parts, "step": sum(parts.values())})
    return {name: min(steps, key=lambda parts: parts["step"]) for name, steps in taken.items()}


def summary_of(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Median seconds of each variant, what the supernet takes of the others, and the optimizer's share."""

    def column(name: str, part: str = "step") -> list[float]:
        return [s["seconds"][name][part] for s in samples if name in s["seconds"]]

    names = [*samples[0]["seconds"]]
    summary: dict[str, Any] = {
        "architectures": len(samples),
        "median_seconds": {name: round(statistics.median(column(name)), 4) for name in names},
        "sliced_over": {name: record.median_ratio(column("sliced"), column(name)) for name in MODULES},
        "optimizer_share": record.median_ratio(column("sliced", "optimizer"), column("sliced")),
        "optimizer_share_channels_last": record.median_ratio(
            column("channels_last", "optimizer"), column("channels_last")
        ),
    }
    if masked := column("masked"):
        summary["masked_over_sliced"] = record.median_ratio(masked, column("sliced")[: len(masked)])
    return summary


if __name__ == "__main__":
    main()
