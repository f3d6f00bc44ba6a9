import copy

import pytest
import torch
import torch.nn.functional as F

from tunas_torch.layers.depthwise import LARGEST_OUTPUT, depthwise, kernel_gradient, use_fast_gradients


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("height", "width", "kernel", "stride", "padding"),
    [
        (6, 5, 5, 1, 2),
        (3, 3, 7, 1, 3),
        (9, 8, 5, 2, 0),
        (10, 13, 7, 2, 0),
        (7, 7, 7, 1, 0),
        (12, 12, 5, 3, 1),
    ],
)
def test_its_gradients_are_pytorchs(height, width, kernel, stride, padding, layout):
    source = torch.Generator().manual_seed(0)
    images = torch.randn(3, 4, height, width, generator=source, dtype=torch.float64)
    images = images.contiguous(memory_format=layout).requires_grad_()
    weight = torch.randn(4, 1, kernel, kernel, generator=source, dtype=torch.float64, requires_grad=True)
    outputs = [
        depthwise(images, weight, stride, padding),
        F.conv2d(images, weight, None, stride, padding, groups=4),
    ]
    assert torch.equal(*outputs)
    upstream = torch.randn(outputs[0].shape, generator=source, dtype=torch.float64)
    ours, theirs = (torch.autograd.grad(output, (images, weight), upstream) for output in outputs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
    direct = kernel_gradient(images.detach(), upstream, kernel, stride, padding)
    torch.testing.assert_close(direct, theirs[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kernel", "own"), [(3, True), (5, False)])
def test_pytorchs_own_serves_where_it_is_fast(kernel, own):
    images, weight = torch.randn(2, 3, 6, 6), torch.randn(3, 1, kernel, kernel, requires_grad=True)
    name = depthwise(images, weight, 1, kernel // 2).grad_fn.name()
    assert ("Convolution" in name) == own


def test_large_outputs_are_left_to_pytorch():
    side = int(LARGEST_OUTPUT[1] ** 0.5) + 1
    images, weight = torch.empty(1, 1, side, side), torch.randn(1, 1, 5, 5, requires_grad=True)
    assert "Convolution" in depthwise(images, weight, 1, 2).grad_fn.name()


def test_a_network_that_trains_has_these_gradients_and_its_own_names():
    network = torch.nn.Sequential(
        torch.nn.Conv2d(4, 4, 5, 1, 2, groups=4, bias=False), torch.nn.BatchNorm2d(4)
    )
    network.double()
    plain, images = copy.deepcopy(network), torch.randn(3, 4, 6, 6, dtype=torch.float64)
    use_fast_gradients(network)
    assert list(network.state_dict()) == list(plain.state_dict())
    fast, slow = (net(images).square().mean() for net in (network, plain))
    assert "_Depthwise" in type(network[0](images).grad_fn).__name__
    fast.backward()
    slow.backward()
    torch.testing.assert_close(network[0].weight.grad, plain[0].weight.grad, rtol=1e-10, atol=1e-12)
    assert "Convolution" in network.eval()[0](images).grad_fn.name()
