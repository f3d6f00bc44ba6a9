import copy
import itertools
import random
from fractions import Fraction

import attrs
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from tunas_dsl.errors import NotInSpace
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE
from tunas_torch.layers.operations import Masking
from tunas_torch.supernet import Supernet

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="session")
def executions(float64):
    """Two supernets of a space that share their weights: one slices, the other masks."""
    made = {}

    def pair(space):
        if space.name not in made:
            sliced = float64(Supernet(space))
            masked = copy.copy(sliced)
            masked.execution = Masking()
            made[space.name] = sliced, masked
        return made[space.name]

    return pair


@settings(max_examples=25, deadline=None)
@given(seed=seeds, average=st.sampled_from([0.0, 0.3, 1.0]))
def test_slicing_is_masking(
    small_space, executions, draw, images, score, gradients, assert_equal_gradients, seed, average
):
    indices, batch = draw(small_space, seed, average), images(small_space)
    results = []
    for supernet in executions(small_space):
        loss = score(supernet(batch, indices)) + 0.1 * supernet.penalty(indices)
        results.append((loss.detach(), gradients(supernet, loss)))
    (sliced_loss, sliced), (masked_loss, masked) = results
    torch.testing.assert_close(sliced_loss, masked_loss, rtol=1e-12, atol=1e-12)
    assert_equal_gradients(sliced, masked)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_endpoints_are_equal_and_masked_channels_zero(small_space, executions, draw, images, seed):
    indices, batch = draw(small_space, seed, 0.3), images(small_space)
    sliced, masked = (supernet.endpoints(batch, indices) for supernet in executions(small_space))
    layers = itertools.chain.from_iterable(ir.walk(layer) for _, layer in small_space.sites())
    assert len(sliced) == len(masked) == sum(isinstance(layer, ir.Endpoint) for layer in layers)
    for part, whole in zip(sliced, masked, strict=True):
        width = part.shape[1]
        torch.testing.assert_close(part, whole[:, :width], rtol=1e-11, atol=1e-11)
        assert not whole[:, width:].any()


def test_without_a_classifier_the_endpoints_are_the_output(backbone, executions, draw, images):
    supernet, _ = executions(backbone)
    indices, batch = draw(backbone, 0), images(backbone)
    outputs = supernet(batch, indices)
    assert [tuple(output.shape[2:]) for output in outputs] == [(7, 5), (4, 3), (2, 2)]
    for output, endpoint in zip(outputs, supernet.endpoints(batch, indices), strict=True):
        assert torch.equal(output, endpoint)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_the_penalty_of_an_average_is_the_average_of_the_penalties(everything, executions, draw, seed):
    sliced, masked = executions(everything)
    indices = list(draw(everything, seed))
    operations = [i for i, decision in enumerate(everything.decisions) if decision.warmup == "op"]
    averaged = random.Random(seed).sample(operations, 3)
    penalties = []
    for options in itertools.product(*(range(len(everything.decisions[i].options)) for i in averaged)):
        for position, option in zip(averaged, options, strict=True):
            indices[position] = option
        penalties.append(sliced.penalty(indices))
    for position in averaged:
        indices[position] = AVERAGE
    for supernet in (sliced, masked):
        torch.testing.assert_close(supernet.penalty(indices), torch.stack(penalties).mean())


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_the_penalty_is_of_the_convolutions_of_the_extracted_network(small_space, executions, draw, seed):
    supernet, _ = executions(small_space)
    indices = draw(small_space, seed)
    kernels = [parameter for parameter in supernet.extract(indices).parameters() if parameter.ndim == 4]
    expected = sum(kernel.square().sum() for kernel in kernels) / 2
    torch.testing.assert_close(supernet.penalty(indices), expected)


@pytest.fixture(scope="session")
def bottleneck_space(builder):
    """One skippable bottleneck of 4 channels, doubled, with two kernels, squeeze-and-excite off and on."""
    b = builder("one", 4, (6, 6), 4)
    twice = (ir.Relative(Fraction(2)), ir.Relative(Fraction(1)))

    def layers():
        bottleneck, skip = b.branches(lambda: b.bottleneck((3, 5), twice, (False, True)), b.skip)
        return [b.residual(bottleneck, skip), b.endpoint()]

    b.block("b", (4,), layers)
    return b.finish()


def test_shares_of_l2_multiply_over_nested_switches(bottleneck_space, gradients):
    supernet = Supernet(bottleneck_space).double()
    averages = [AVERAGE if d.warmup == "op" else 0 for d in bottleneck_space.decisions]
    found = gradients(supernet, supernet.penalty(averages))
    shares = {"conv_pw": 1 / 2, "depthwise.conv": 1 / 4, "se.conv_reduce": 1 / 4, "conv_pwl": 1 / 2}
    for name, parameter in supernet.named_parameters():
        share = next((share for part, share in shares.items() if f"{part}." in name), 0)
        share = 1 / 4 if "se.conv_expand" in name else share
        torch.testing.assert_close(found[name], parameter * (share if parameter.ndim == 4 else 0))


def test_op_warmup_averages_as_the_paper_says(bottleneck_space, float64, images):
    """By hand: x + layer(x) / 2, the mean of kernels after their activations, and (y + SE(y)) / 2."""
    supernet = float64(Supernet(bottleneck_space))
    averages = [AVERAGE if d.warmup == "op" else 0 for d in bottleneck_space.decisions]
    weights = dict(supernet.blocks["b"][0].body.layers[0].named_parameters())

    def conv(x, name, **options):
        return F.conv2d(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), **options)

    def norm(x, name):
        centred = x - x.mean((0, 2, 3), keepdim=True)
        scaled = centred / (centred.square().mean((0, 2, 3), keepdim=True) + 1e-3).sqrt()
        gamma, beta = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return scaled * gamma[:, None, None] + beta[:, None, None]

    x = images(bottleneck_space)
    y = torch.relu(norm(conv(x, "conv_pw"), "bn1"))
    small = torch.relu(norm(conv(y, "depthwise.conv.0", padding=1, groups=8), "depthwise.bn.0"))
    large = torch.relu(norm(conv(y, "depthwise.conv.1", padding=2, groups=8), "depthwise.bn.1"))
    y = (small + large) / 2
    squeezed = torch.relu(conv(y.mean((2, 3), keepdim=True), "se.conv_reduce"))
    y = (y + y * torch.sigmoid(conv(squeezed, "se.conv_expand"))) / 2
    (output,) = supernet.endpoints(x, averages)
    torch.testing.assert_close(output, x + norm(conv(y, "conv_pwl"), "bn3") / 2)


@settings(max_examples=6, deadline=None)
@given(seed=seeds)
def test_slicing_multiplies_no_more_than_the_extracted_network(small_space, executions, draw, images, seed):
    supernet, _ = executions(small_space)
    indices, batch = draw(small_space, seed), images(small_space)
    counts = []
    for run in (lambda: supernet(batch, indices), lambda: supernet.extract(indices)(batch)):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            run()
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1] > 0


def test_a_skipped_layer_passes_its_input_on(bottleneck_space, images):
    batch = images(bottleneck_space).contiguous(memory_format=torch.channels_last)
    skip = [len(d.options) - 1 if d.kind == "layer" else 0 for d in bottleneck_space.decisions]
    (endpoint,) = Supernet(bottleneck_space).double().endpoints(batch, skip)
    assert endpoint.data_ptr() == batch.data_ptr()


def test_with_all_operations_averaged_every_parameter_learns(everything, float64, images, score, gradients):
    supernet = float64(Supernet(everything))
    indices = [AVERAGE if d.warmup == "op" else d.largest for d in everything.decisions]
    found = gradients(supernet, score(supernet(images(everything), indices)))
    assert [name for name, gradient in found.items() if not gradient.any()] == []


def test_evaluation_uses_the_batch_too(everything, executions, draw, images):
    supernet, _ = executions(everything)
    indices, batch = draw(everything, 0), images(everything)
    training = supernet.train()(batch, indices)
    assert torch.equal(supernet.eval()(batch, indices), training)
    assert list(supernet.buffers()) == []


def test_shared_weights_have_no_dropout(everything, draw, images):
    """Paper, E.2."""
    head = attrs.evolve(everything.classifier, dropout=Fraction(1, 2))
    supernet = Supernet(attrs.evolve(everything, classifier=head)).double()
    indices, batch = draw(everything, 0), images(everything)
    assert torch.equal(supernet(batch, indices), Supernet(everything).double()(batch, indices))


def test_initial_weights_are_a_function_of_the_seed(everything):
    before = torch.get_rng_state()
    first, again, other = (Supernet(everything, seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    differing = {name for name in first if not torch.equal(first[name], other[name])}
    assert differing == {name for name in first if first[name].ndim > 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda indices: indices[1:], "indices are given, but `everything` has"),
        (lambda indices: [*indices, 0], "indices are given, but `everything` has"),
        (lambda indices: [9, *indices[1:]], "index 9 at position 0 is out of range"),
        (
            lambda indices: [*indices[:-1], AVERAGE],
            "index -1 at position .* `top.filters` has the options 0 to 1",
        ),
    ],
)
def test_a_vector_that_the_space_does_not_have(everything, executions, images, change, message):
    supernet, _ = executions(everything)
    indices = change([0] * len(everything.decisions))
    for use in (supernet.penalty, supernet.extract, lambda wrong: supernet(images(everything), wrong)):
        with pytest.raises(NotInSpace, match=message):
            use(indices)


def test_an_average_is_no_network(everything, executions):
    supernet, _ = executions(everything)
    with pytest.raises(NotInSpace, match="index -1 at position 0"):
        supernet.extract([AVERAGE] + [0] * (len(everything.decisions) - 1))


def test_an_error_inside_a_layer_says_which_layer(everything, executions, draw):
    supernet, _ = executions(everything)
    with pytest.raises(ValueError, match="more than 1 value per channel") as caught:
        supernet(torch.ones(1, 3, 2, 2, dtype=torch.float64), draw(everything, 0))
    assert caught.value.__notes__ == ["hand.space:1: layer 0.0"]
