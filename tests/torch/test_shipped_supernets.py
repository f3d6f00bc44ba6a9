"""The shipped spaces as supernets: every depth runs, endpoints come out, and each network is its part."""

import re

import numpy as np
import pytest
import torch

from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.storage.resources import shipped
from tunas_torch.supernet import Supernet


def at_size(name, size):
    """The shipped space of that name for images of another size."""
    text = (shipped("spaces") / f"{name}.space").read_text(encoding="utf-8")
    small, replaced = re.subn(r"input image .* x 3\n", f"input image {size} x 3\n", text)
    assert replaced == 1
    return compile_text(small)


def images_of(space, batch=4):
    (height, width), *_ = space.inputs.size.options
    random = torch.Generator().manual_seed(0)
    return torch.randn(batch, space.inputs.channels.constant, height, width, generator=random)


@pytest.fixture(scope="module")
def once_for_all():
    space = at_size("ofa_mbv3", "(64 | 96)")
    return space, Supernet(space)


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("resolution", [0, 1])
def test_the_once_for_all_supernet_runs_at_every_depth(once_for_all, depth, resolution):
    space, supernet = once_for_all
    ((_, *indices),) = sample(space, 1, depth).tolist()
    depths = [d.kind == "depth" for d in space.decisions[1:]]
    assert sum(depths) == 5
    vector = [resolution, *(depth - 2 if of else i for of, i in zip(depths, indices, strict=True))]
    with torch.no_grad():
        logits = supernet(images_of(space), vector)
        alone = supernet.extract(vector)
    assert logits.shape == (4, 1000)
    assert logits.isfinite().all()
    depthwise = sum(name.endswith("conv_dw.weight") for name, _ in alone.named_parameters())
    assert depthwise == 5 * depth + 1  # and that of the stem


def test_gradients_reach_only_the_layers_that_a_depth_keeps(once_for_all):
    space, supernet = once_for_all
    reached = [gradients(space, supernet, depth) for depth in (2, 3, 4)]
    assert reached[0] < reached[1] < reached[2]
    stages = [{name.split(".")[1] for name in names} for names in reached]
    assert stages[0] == stages[1] == stages[2] == {"stem", "s1", "s2", "s3", "s4", "s5", "head"}


def gradients(space, supernet, depth):
    """The parameters of blocks that have a gradient where all stages have this depth."""
    vector = [depth - 2 if d.kind == "depth" else 0 for d in space.decisions]
    supernet.zero_grad(set_to_none=True)
    supernet(images_of(space, 2), vector).square().sum().backward()
    named = supernet.named_parameters()
    return {name for name, p in named if name.startswith("blocks.") and p.grad is not None}


def test_the_detection_backbone_gives_c4_and_c5():
    space = at_size("detection_backbone", "64 x 96")
    supernet = Supernet(space)
    filters = {block.name: block.filters for block in space.blocks}
    for vector in sample(space, 3, 0).tolist():
        chosen = {d.id: d.options[i] for d, i in zip(space.decisions, vector, strict=True)}
        with torch.no_grad():
            c4, c5 = supernet(images_of(space), vector)
            alone = supernet.extract(vector)
            torch.testing.assert_close([c4, c5], alone(images_of(space)), rtol=1e-4, atol=1e-4)
        assert c4.shape == (4, chosen[filters["c4"].decision], 4, 6)
        assert c5.shape == (4, chosen[filters["c5"].decision], 2, 3)


def test_plain_convolutions_reach_resnet20():
    """He et al. 2016, Table 6: 0.27 M parameters; 40.55 M multiply-adds, with no shortcut of its own."""
    space = load_space("cifar10_resnet")
    largest = [0 if d.kind == "kernel" else len(d.options) - 1 for d in space.decisions]
    assert parameters_model(space).total(np.array([largest])) == 269_722
    assert macs_model(space).total(np.array([largest])) == 40_551_040
    smallest = [0] * len(largest)
    supernet = Supernet(space)
    for vector in (largest, smallest):
        with torch.no_grad():
            logits = supernet(images_of(space), vector)
            alone = supernet.extract(vector)
            torch.testing.assert_close(logits, alone(images_of(space)), rtol=1e-3, atol=1e-4)
        convolutions = [m for m in alone.modules() if isinstance(m, torch.nn.Conv2d)]
        assert len(convolutions) == (19 if vector == largest else 7)
