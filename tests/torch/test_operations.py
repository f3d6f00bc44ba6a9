import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tunas_torch.layers.operations import ACTIVATIONS, Masking, Slicing, convolve
from tunas_torch.standalone.initialisers import he_normal_, initialise_
from tunas_torch.standalone.layers import same_padding

EXECUTIONS = pytest.mark.parametrize("execution", [Masking(), Slicing()], ids=["masking", "slicing"])
STRIDE_1 = torch.full((6, 6), 9.0)
STRIDE_1[0] = STRIDE_1[-1] = STRIDE_1[:, 0] = STRIDE_1[:, -1] = 6
STRIDE_1[0, 0] = STRIDE_1[0, -1] = STRIDE_1[-1, 0] = STRIDE_1[-1, -1] = 4
STRIDE_2 = torch.tensor([[9.0, 9, 6], [9, 9, 6], [6, 6, 4]])


def random():
    return torch.Generator().manual_seed(0)


def test_same_padding_of_even_sizes_at_stride_2_comes_after():
    assert [same_padding(224, kernel, 2) for kernel in (3, 5, 7)] == [(0, 1), (1, 2), (2, 3)]


@given(st.integers(1, 40), st.sampled_from([1, 3, 5, 7]), st.integers(1, 3))
def test_same_padding_gives_one_output_for_each_stride_begun(size, kernel, stride):
    before, after = same_padding(size, kernel, stride)
    assert 0 <= after - before <= 1
    outputs = F.conv1d(
        F.pad(torch.ones(1, 1, size), (before, after)), torch.ones(1, 1, kernel), stride=stride
    )
    assert outputs.shape[-1] == math.ceil(size / stride)


@pytest.mark.parametrize("size", [5, 6, 7])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [2, 3, 5, 7])
def test_a_convolution_is_the_sum_that_its_definition_says(size, stride, kernel):
    images = torch.randn(2, 3, size, size + 1, dtype=torch.float64, generator=random())
    weight = torch.randn(4, 3, kernel, kernel, dtype=torch.float64, generator=random())
    outputs = convolve(images, weight, None, stride)
    for row, column in ((0, 0), (outputs.shape[2] - 1, outputs.shape[3] - 1), (1, 2)):
        expected = torch.zeros(2, 4, dtype=torch.float64)
        top = row * stride - same_padding(size, kernel, stride)[0]
        left = column * stride - same_padding(size + 1, kernel, stride)[0]
        for i in range(kernel):
            for j in range(kernel):
                if 0 <= top + i < size and 0 <= left + j < size + 1:
                    expected += images[:, :, top + i, left + j] @ weight[:, :, i, j].T
        torch.testing.assert_close(outputs[:, :, row, column], expected)


@EXECUTIONS
@pytest.mark.parametrize(("stride", "expected"), [(1, STRIDE_1), (2, STRIDE_2)])
def test_convolution_of_ones(execution, stride, expected):
    kernel = execution.kernel(torch.ones(1, 1, 3, 3), 1, 1)
    assert torch.equal(execution.conv(torch.ones(1, 1, 6, 6), kernel, None, stride)[0, 0], expected)


@pytest.mark.parametrize(("inputs", "factor"), [(1, 1), (2, 2)])
def test_a_masked_kernel_uses_the_first_channels_and_gives_zeros_after_them(inputs, factor):
    execution = Masking()
    kernel = execution.kernel(torch.ones(2, 2, 3, 3), 1, inputs)
    bias = execution.vector(torch.full((2,), 0.5), 1)
    first, second = execution.conv(torch.ones(1, 2, 6, 6), kernel, bias, 1)[0]
    assert torch.equal(first, factor * STRIDE_1 + 0.5)
    assert torch.equal(second, torch.zeros(6, 6))


def test_a_masked_depthwise_kernel_gives_zeros_after_the_first_channels():
    kernel = Masking().kernel(torch.ones(2, 1, 3, 3), 1, 1)
    first, second = convolve(torch.ones(1, 2, 6, 6), kernel, None, 2, groups=2)[0]
    assert torch.equal(first, STRIDE_2)
    assert torch.equal(second, torch.zeros(3, 3))


@EXECUTIONS
def test_only_the_used_part_of_a_kernel_has_a_norm(execution):
    assert execution.kernel(torch.full((12, 8, 3, 3), 0.5), 6, 4).square().sum() == 0.25 * 3 * 3 * 4 * 6
    assert execution.kernel(torch.full((8, 1, 3, 3), 0.5), 4, 1).square().sum() == 0.25 * 3 * 3 * 4


def test_masked_batch_norm_normalises_the_first_channels_and_keeps_beta_out_of_the_rest():
    images = 5 + 3 * torch.randn(4, 16, 6, 6, dtype=torch.float64, generator=random())
    images[:, 8:] = 0
    gamma, beta = torch.ones(16, dtype=torch.float64), torch.full((16,), 7.0, dtype=torch.float64)
    outputs = Masking().batch_norm(images, gamma, beta, 8)
    mean, variance = outputs.mean((0, 2, 3)), outputs.var((0, 2, 3), correction=0)
    torch.testing.assert_close(mean, torch.cat([beta[:8], torch.zeros(8, dtype=torch.float64)]))
    torch.testing.assert_close(variance[:8], gamma[:8], atol=1e-3, rtol=0)  # epsilon of a variance of 9
    assert torch.equal(variance[8:], torch.zeros(8, dtype=torch.float64))


@EXECUTIONS
def test_batch_norm_divides_by_the_biased_deviation_with_epsilon_inside(execution):
    images = torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1)
    outputs = execution.batch_norm(images, torch.tensor([2.0]), torch.tensor([0.5]), 1)
    expected = 0.5 + 2 * torch.tensor([-1.0, 1.0]) / math.sqrt(1 + 1e-3)
    torch.testing.assert_close(outputs.flatten(), expected)


def test_slicing_multiplies_matrices_as_masking_convolves():
    images = torch.randn(2, 5, 4, 3, dtype=torch.float64, generator=random())
    weight = torch.randn(6, 5, 1, 1, dtype=torch.float64, generator=random())
    bias = torch.randn(6, dtype=torch.float64, generator=random())
    torch.testing.assert_close(
        Slicing().conv(images, weight, bias, 1), Masking().conv(images, weight, bias, 1)
    )


def test_slicing_keeps_gray_images_in_channels_last_layout():
    features = Slicing().conv(torch.ones(2, 1, 8, 8), torch.ones(4, 1, 3, 3), None, 2)
    assert features.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        ("relu", [-1, 2, 7], [0, 2, 7]),
        ("relu6", [-1, 2, 7], [0, 2, 6]),
        ("swish6", [1, -2, 3, 7], [4 / 6, -2 / 6, 3, 7]),
        ("swish", [0, 2], [0, 2 / (1 + math.exp(-2))]),
        ("sigmoid", [0, 2], [0.5, 1 / (1 + math.exp(-2))]),
    ],
)
def test_activations(function, points, expected):
    torch.testing.assert_close(
        ACTIVATIONS[function](torch.tensor(points).float()), torch.tensor(expected).float()
    )


@pytest.mark.parametrize("groups", [1, 2048], ids=["conv", "depthwise"])
def test_he_normal_keeps_the_scale_of_rectified_inputs(groups):
    inputs = 16 if groups == 1 else 2048
    weight = he_normal_(torch.empty(2048, inputs // groups, 3, 3), random())
    images = torch.relu(torch.randn(16, inputs, 6, 6, generator=random()))
    outputs = F.conv2d(images, weight, groups=groups)
    assert outputs.mean().item() == pytest.approx(0, abs=0.05)
    assert outputs.std().item() == pytest.approx(1, abs=0.05)


def test_he_normal_is_cut_off_at_two_of_its_wider_deviations():
    weight = he_normal_(torch.empty(500, 50, 1, 1), random())
    bound = 2 * math.sqrt(2 / 50) / 0.87962566
    assert 0.99 * bound < weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(math.sqrt(2 / 50), rel=0.02)


def test_the_classifier_starts_small_and_biases_at_zero():
    linear, conv = nn.Linear(500, 100), nn.Conv2d(8, 8, 3)
    for layer in (linear, conv):
        initialise_(layer, random())
        assert not layer.bias.any()
    assert linear.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert linear.weight.abs().max() > 0.03  # not truncated
