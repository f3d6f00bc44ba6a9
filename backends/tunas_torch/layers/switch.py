"""A choice between branches: the selected one, or under op warmup the mean over all (facts 5)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tunas_dsl.ir import space as ir
from tunas_torch.layers.path import Path
from tunas_torch.layers.recomputation import Branch, recomputed, total


def switch(
    choice: ir.Choice[Any], images: Tensor, path: Path, branch: Branch, idle: Sequence[int] = ()
) -> Tensor:
    """What ``branch`` gives for the selected option, or the mean over all; ``idle`` options give zeros."""
    alive = [option for option, _ in path.alive(choice)]
    if len(alive) == 1:
        return branch(alive[0], images, path)
    running = [option for option in alive if option not in idle] or alive
    again = choice.decision in path.recomputed and torch.is_grad_enabled()
    result = (recomputed if again else total)(running, images, path, branch)
    return result / len(alive)
