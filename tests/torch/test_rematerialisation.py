import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tunas_dsl.language.compiler import compile_text
from tunas_torch.layers.kept import Kept
from tunas_torch.layers.operations import Slicing
from tunas_torch.memory.peak import PeakMemory
from tunas_torch.memory.rematerialisation import (
    OVERHEAD,
    Batches,
    TooLittleMemoryError,
    Tradeoff,
    fitting,
    profiled,
    switches,
    widest,
)
from tunas_torch.optimizers.lazy_rmsprop import LazyRMSProp
from tunas_torch.supernet import Supernet

MB = 1_000_000
SPACE = compile_text("""
space warm {
    input image 48 x 48 x 3
    filters divisible by 8
    layer mb(kernel, stride) = bottleneck(
        kernel: kernel, expand: 3x | 6x, se: off | on, stride: stride, act: relu
    )
    layer more = residual(mb(3 | 5 | 7, 1) | skip)
    block stem (filters: 16)      { conv(kernel: 3, stride: 2)  relu }
    block b1   (filters: 16 | 24) { (mb(3, 1) | mb(5, 1))  more  endpoint }
    block b2   (filters: 32)      { mb(5 | 7, 2)  more }
    block head (filters: 64)      { conv(kernel: 1)  relu  global_pool }
    classifier (classes: 10)
}
""")
ALL = frozenset().union(*switches(SPACE))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    average=st.sampled_from([0.3, 1.0]),
    execution=st.sampled_from(["sliced", "masked"]),
)
def test_the_gradients_are_those_of_keeping_everything(
    small_space, float64, draw, images, score, gradients, assert_equal_gradients, seed, average, execution
):
    """Through the whole network, to the weights themselves."""
    supernet = float64(Supernet(small_space, execution=execution))
    indices, batch = draw(small_space, seed, average), images(small_space)
    results = []
    for decisions in (frozenset(), frozenset().union(*switches(small_space))):
        supernet.recomputed = decisions
        loss = score(supernet(batch, indices))
        results.append((loss.detach(), gradients(supernet, loss)))
    assert torch.equal(results[0][0], results[1][0])
    assert_equal_gradients(results[1][1], results[0][1])


def test_leaves_get_the_same_gradients(float64, images):
    supernet = float64(Supernet(SPACE))
    optimizer = LazyRMSProp(dict(supernet.named_parameters()))
    found = []
    for decisions in (frozenset(), ALL):
        supernet.recomputed = decisions
        leaves = optimizer.take(supernet.used(widest(SPACE)))
        supernet(images(SPACE), widest(SPACE), leaves.weights).square().sum().backward()
        found.append([value.grad for value in leaves.values])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


class Counting(Slicing):
    """Slicing that counts depthwise convolutions."""

    calls = 0

    def depthwise(self, images, kernel, stride):
        Counting.calls += 1
        return super().depthwise(images, kernel, stride)


def test_nothing_is_computed_a_third_time():
    """Nor a second time without need: a step with one option everywhere recomputes nothing."""
    supernet = Supernet(SPACE)
    supernet.execution, supernet.recomputed = Counting(), ALL
    single = [0] * len(SPACE.decisions)
    counts = []
    for row in (widest(SPACE), single):
        Counting.calls = 0
        loss = supernet(torch.randn(2, 3, 48, 48), row).sum()
        forward, Counting.calls = Counting.calls, 0
        loss.backward()
        counts.append((forward, Counting.calls))
    # Two whole layers with a kernel each, and 3, 2, 3 kernels; the 2 are in a switch of their own.
    assert counts[0] == (10, 10)
    assert counts[1][1] == 0


def test_switches_are_the_outermost():
    by_layer = [sorted(decisions) for decisions in switches(SPACE) if decisions]
    assert [len(decisions) for decisions in by_layer] == [1, 1, 2, 1]
    kinds = {decision.id: decision.kind for decision in SPACE.decisions}
    assert {kinds[id] for id in by_layer[2]} == {"kernel", "squeeze_excite"}
    assert {kinds[id] for id in by_layer[1]} == {"layer"}


def test_a_switch_around_an_endpoint_keeps_what_it_computes(everything, backbone):
    space = compile_text("""
    space inside {
        input image 8 x 8 x 3
        filters divisible by 8
        block b (filters: 8) { conv(kernel: 3)  ({ conv(kernel: 3) endpoint } | conv(kernel: 5)) }
        block c (filters: 8) { (conv(kernel: 3) | conv(kernel: 5)) }
    }
    """)
    assert [len(decisions) for decisions in switches(space)] == [0, 0, 1]


def shadow():
    return copy.deepcopy(Supernet(SPACE)).to("meta")


def direct_peak(decisions, batch):
    """The peak of the whole step in one go, without any account of layers."""
    supernet = shadow()
    supernet.recomputed = decisions
    optimizer = LazyRMSProp(dict(supernet.named_parameters()))
    with PeakMemory() as memory:
        leaves = optimizer.take(supernet.used(widest(SPACE)))
        images = torch.empty(batch, 3, 48, 48, device="meta")
        supernet(images, widest(SPACE), leaves.weights).sum().backward()
    return memory.peak


def test_the_account_of_layers_adds_up_to_the_peak():
    for decisions in (frozenset(), ALL):
        assert profiled(shadow(), 32, decisions).peak == pytest.approx(direct_peak(decisions, 32), rel=0.01)


def test_what_fits_is_computed_once_and_the_rest_again():
    tradeoff = Tradeoff.of(shadow(), 64)
    whole, least = tradeoff.keeping.peak, tradeoff.saving.peak
    assert least < whole / 2
    sizes = []
    for room in (whole, (whole + least) // 2, least):
        decisions, profile = tradeoff.within(room)
        assert profile.peak <= room
        sizes.append(len(decisions))
    assert sizes[0] == 0 < sizes[1] < sizes[2]
    decisions, profile = tradeoff.within((whole + least) // 2)
    assert direct_peak(decisions, 64) == pytest.approx(profile.peak, rel=0.01)


def test_what_does_not_fit_is_said():
    supernet, least = Supernet(SPACE), direct_peak(ALL, 16)
    with pytest.raises(TooLittleMemoryError) as caught:
        fitting(supernet, int(OVERHEAD + least * 0.9), Batches(16, 4), 0)
    assert caught.value.needed == pytest.approx(OVERHEAD + least, rel=0.02)
    with pytest.raises(TooLittleMemoryError):  # validation alone is too much
        fitting(supernet, int(OVERHEAD + least * 1.02), Batches(16, 16 * 30), 0)


def test_what_is_kept_is_small():
    kept, kernel = Kept(), torch.randn(4, 8, 1, 1)
    images = torch.randn(2, 8, 3, 3)
    with torch.no_grad():
        kept.conv(images, kernel, None, 1, Slicing().conv)
        kept.conv(images, torch.randn(5, 8, 1, 1), None, 1, Slicing().conv)  # not small enough
    assert [output.shape[1] for output in kept._outputs] == [4]


def test_memory_follows_tensors_until_they_are_gone():
    with PeakMemory() as memory:
        first = torch.empty(1000, device="meta")
        second = first + 1
        view = second[:10]
        del second
        assert memory.live == 8000
        del view
        assert memory.live == 4000
        assert memory.mark() == (4000, 8000)
        assert memory.peak == 4000
