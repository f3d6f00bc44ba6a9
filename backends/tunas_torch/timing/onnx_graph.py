"""A network or a part of one as an ONNX graph for batch 1, written node by node.

It has the nodes that PyTorch's exporter leaves after its optimisations, batch norm folded into the
convolutions, and takes milliseconds where the exporter takes seconds: measuring builds thousands of graphs.
Tests hold the two against each other.
"""

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tunas_torch.network import Network
from tunas_torch.standalone.layers import Chain, Endpoint, Residual, SamePad2d, SqueezeExcite, same_padding
from tunas_torch.timing.operations import Plus

OPSET = 18
_IR_VERSION = 10
"""The oldest that ONNX Runtime 1.19 and onnx 1.16 both know with this opset."""

Shape = tuple[int, ...]
"""Channels, height, width; behind the head, classes."""

_PASSING = (nn.Identity, nn.Dropout, Endpoint)
_ACTS = {nn.ReLU: "Relu", nn.Hardswish: "HardSwish", nn.Sigmoid: "Sigmoid"}


def onnx_graph(module: nn.Module, shape: Shape) -> bytes:
    """``module`` in inference mode as a serialised ONNX model, from ``images`` ``(1, *shape)`` to ``output``.

    Raises:
        ValueError: there is a layer of which no graph is known.
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    name, out = graph.add(module, "images", shape)
    graph.node("Identity", [name], output="output") if name == "images" else graph.rename(name, "output")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "network",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, *shape))],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, (1, *out))],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
    )
    checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised


@attrs.define(eq=False)
class _Graph:
    """Nodes and constants so far; a value is known by its name, and its shape goes along with it."""

    nodes: list[Any] = attrs.field(factory=list)
    constants: list[Any] = attrs.field(factory=list)

    def add(self, module: nn.Module, value: str, shape: Shape) -> tuple[str, Shape]:
        """The nodes of ``module`` for ``value``, and what comes out of them."""
        match module:
            case Network():
                return self.network(module, value, shape)
            case SqueezeExcite():
                return self.squeeze_excite(module, value, shape), shape
            case Residual():
                inner, out = self.add(module.body, value, shape)
                return self.node("Add", [value, inner]), out
            case Plus():
                inner, out = self.add(module.body, value, shape)
                return self.node("Add", [self.constant(_array(module.other)), inner]), out
            case nn.Sequential() | nn.ModuleDict():
                return self.sequence(list(_children(module)), value, shape)
            case nn.Conv2d():
                return self.conv(module, None, None, value, shape)
            case nn.Linear():
                return self.linear(module, value), (module.out_features,)
            case nn.AdaptiveAvgPool2d():
                return self.mean(value, keep=True), (shape[0], 1, 1)
            case _:
                return self.pointwise(module, value), shape

    def pointwise(self, module: nn.Module, value: str) -> str:
        if isinstance(module, _PASSING):
            return value
        if isinstance(module, nn.ReLU6):
            bounds = [self.constant(np.array(bound, np.float32)) for bound in (0.0, 6.0)]
            return self.node("Clip", [value, *bounds])
        if isinstance(module, nn.SiLU):
            return self.node("Mul", [value, self.node("Sigmoid", [value])])
        for kind, operator in _ACTS.items():
            if isinstance(module, kind):
                return self.node(operator, [value])
        raise ValueError(f"there is no ONNX graph for {type(module).__name__}")

    def network(self, network: Network, value: str, shape: Shape) -> tuple[str, Shape]:
        value, shape = self.add(network.blocks, value, shape)
        if network.classifier is None:
            return value, shape
        return self.add(network.classifier, self.mean(value, keep=False), (shape[0],))

    def sequence(self, modules: list[nn.Module], value: str, shape: Shape) -> tuple[str, Shape]:
        """One after the other; padding and batch norm become part of the convolution between them."""
        pad: SamePad2d | None = None
        for number, module in enumerate(modules):
            after = modules[number + 1] if number + 1 < len(modules) else None
            if isinstance(module, SamePad2d):
                pad = module
            elif isinstance(module, nn.Conv2d):
                norm = after if isinstance(after, nn.BatchNorm2d) else None
                value, shape = self.conv(module, pad, norm, value, shape)
                pad = None
            elif not isinstance(module, nn.BatchNorm2d):
                value, shape = self.add(module, value, shape)
        return value, shape

    def conv(
        self, conv: nn.Conv2d, pad: SamePad2d | None, norm: nn.BatchNorm2d | None, value: str, shape: Shape
    ) -> tuple[str, Shape]:
        kernel, stride = conv.kernel_size[0], conv.stride[0]
        sides = [same_padding(size, kernel, stride) for size in shape[1:]]
        if pad is None:
            sides = [(int(conv.padding[0]),) * 2] * 2
        weight, bias = folded(conv, norm)
        inputs = [value, self.constant(weight), *([] if bias is None else [self.constant(bias)])]
        size = [(s + sum(p) - kernel) // stride + 1 for s, p in zip(shape[1:], sides, strict=True)]
        result = self.node(
            "Conv",
            inputs,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            group=conv.groups,
            pads=[before for before, _ in sides] + [after for _, after in sides],
        )
        return result, (conv.out_channels, *size)

    def squeeze_excite(self, module: SqueezeExcite, value: str, shape: Shape) -> str:
        inside, narrow = self.add(module.conv_reduce, self.mean(value, keep=True), (shape[0], 1, 1))
        inside, _ = self.add(module.act, inside, narrow)
        inside, _ = self.add(module.conv_expand, inside, narrow)
        return self.node("Mul", [value, self.node("Sigmoid", [inside])])

    def linear(self, linear: nn.Linear, value: str) -> str:
        inputs = [value, self.constant(_array(linear.weight)), self.constant(_array(linear.bias))]
        return self.node("Gemm", inputs, transB=1)

    def mean(self, value: str, *, keep: bool) -> str:
        axes = self.constant(np.array([2, 3], np.int64))
        return self.node("ReduceMean", [value, axes], keepdims=int(keep))

    def node(self, operator: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def rename(self, old: str, new: str) -> None:
        """Call the output of the last node that gives ``old`` ``new``; nothing else reads it."""
        node = next(node for node in reversed(self.nodes) if old in node.output)
        node.output[:] = [new]


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The weight ``(out, in / groups, k, k)`` and bias ``(out,)`` of ``conv`` with ``norm`` behind it."""
    if norm is None:
        return _array(conv.weight), None if conv.bias is None else _array(conv.bias)
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    fused = fuse_conv_bn_eval(conv.eval(), norm.eval())
    assert fused.bias is not None
    return _array(fused.weight), _array(fused.bias)


def _children(module: nn.Module) -> Iterator[nn.Module]:
    """The parts in order, with those of nested chains in their place: what is fused may cross them."""
    for child in module.children():
        if isinstance(child, Chain) or type(child) is nn.Sequential:
            yield from _children(child)
        else:
            yield child


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
    return array
