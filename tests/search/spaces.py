"""Decisions written by hand, with conditions of every form, and a cost for their points."""

import numpy as np

from tunas_dsl.cost.named import cost_model
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import compile_text

DECISIONS = (
    ir.Decision("outer", "layer", (0, 1, 2), 0),
    ir.Decision("inner", "layer", (0, 1), 0, ((("outer", (0, 2)),),)),
    ir.Decision("leaf", "kernel", (3, 5, 7, 9), 3, ((("outer", (0,)), ("inner", (1,))), (("outer", (1,)),))),
    ir.Decision("width", "filters", (8, 24, 16), 1),
    ir.Decision("single", "kernel", (3,), 0),
)

SPACE = compile_text("""
space tiny {
    input image 8 x 8 x 1
    filters divisible by 8
    block stem (filters: 8 | 16 | 24) { conv(kernel: 3 | 5, stride: 2)  relu }
    block body (filters: 8 | 16 | 24) {
        residual(bottleneck(kernel: 3 | 5, expand: 1x | 2x | 3x, se: off | on, act: swish6) | skip)
        residual(bottleneck(kernel: 3 | 5, expand: 1x | 2x | 3x, se: off | on, act: swish6) | skip)
        conv(kernel: 1)  relu  global_pool
    }
    classifier (classes: 10)
}
""")
MODEL = cost_model(SPACE, "macs")


def costs(indices):
    """A cost for points of DECISIONS: 10 and more."""
    return 10.0 + indices @ np.array([1.0, 2.0, 3.0, 4.0, 0.0])
