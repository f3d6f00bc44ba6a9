"""The activation functions of spaces as modules."""

from torch import nn

from tunas_dsl.ir import space as ir

ACTIVATIONS: dict[ir.ActivationFunction, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "swish": nn.SiLU,
    "swish6": nn.Hardswish,
    "sigmoid": nn.Sigmoid,
}
