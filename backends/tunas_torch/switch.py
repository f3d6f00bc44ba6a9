"""A choice between branches: the selected one, or under op warmup the mean over all (facts 5)."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_torch.path import Path

Branch = Callable[[int, Tensor, Path], Tensor]
"""What an option makes of images on a path."""


def switch(
    choice: ir.Choice[Any], images: Tensor, path: Path, branch: Branch, idle: Sequence[int] = ()
) -> Tensor:
    """What ``branch`` gives for the selected option, or the mean over all; ``idle`` options give zeros."""
    alive = [option for option, _ in path.alive(choice)]
    if len(alive) == 1:
        return branch(alive[0], images, path)
    running = [option for option in alive if option not in idle] or alive
    return total(running, images, path, branch) / len(alive)


def total(options: Sequence[int], images: Tensor, path: Path, branch: Branch) -> Tensor:
    """The sum of what the options give."""
    first, *others = options
    result = branch(first, images, path)
    for number, option in enumerate(others):
        output = branch(option, images, path)
        # A sum is nobody's but ours, so the second one may have the memory of the first.
        result = result.add_(output) if number else result + output
    return result
