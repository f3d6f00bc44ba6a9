"""A search loop of one's own, around the three things that a space compiles to."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import tunas_dsl as tunas
from tunas_torch import LatencyModel, Policy, Supernet


class Bars(Dataset[tuple[torch.Tensor, int]]):
    """Noisy images of 8 x 8 pixels, whose class is the height of a bar."""

    def __len__(self) -> int:
        return 640

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        bar = (torch.arange(8) < index % 10 * 0.8).float()[None, :, None].expand(1, 8, 8)
        return bar + 0.3 * torch.randn(1, 8, 8), index % 10


def search(epochs: int = 3) -> tunas.Architecture:
    """The most probable architecture of `digits` near the mean of the smallest and the largest cost."""
    space, random, baseline = tunas.load("digits"), np.random.default_rng(0), 0.5
    cost = space.cost("macs")
    net, policy, expected = Supernet(space), Policy(space), LatencyModel(cost)
    target = (cost.smallest + cost.largest) / 2
    optimizer = torch.optim.Adam([*net.parameters(), *policy.parameters()], lr=0.01)
    for images, labels in (batch for _ in range(epochs) for batch in DataLoader(Bars(), 32, shuffle=True)):
        drawn = policy.sample(random, count=1)
        logits = net(images, drawn.rows()[0])
        reward = (logits.argmax(1) == labels).float().mean() - 0.5 * abs(cost(drawn.rows()[0]) / target - 1)
        gap = (expected(policy.probabilities()) / target - 1).abs()
        loss = torch.nn.functional.cross_entropy(logits, labels) + 0.1 * gap
        loss = loss - (reward - baseline) * policy.log_prob(drawn).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        baseline = 0.9 * baseline + 0.1 * float(reward)
    return space.architecture(policy.argmax())
