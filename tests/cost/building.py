"""Spaces built by hand, without the language: the three of the paper (facts 4.1, 4.2) and small ones."""

import math
from fractions import Fraction

import attrs
import numpy as np
from hypothesis import strategies as st

from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.ir import space as ir
from tunas_dsl.kinds.numbers import round_filters

MULTIPLIERS = tuple(map(Fraction, ("1/2", "5/8", "3/4", "1", "5/4", "3/2", "2")))


def widths(base):
    """Facts 4: the base times each multiplier, rounded to 8, without duplicates."""
    return tuple(sorted({round_filters(base, multiplier, 8) for multiplier in MULTIPLIERS}))


class Builder:
    """Adds layers and their decisions in the order of the reference implementation (facts 1.2)."""

    def __init__(self, name, image=(224, 224), act="relu"):
        self.name, self.act = name, act
        self.inputs = self.flow = ir.FeatureMap(ir.constant(3), ir.constant(image))
        self.decisions, self.blocks, self.layers = [], [], []

    def block(self, filters):
        """Begin a block; its decision about filters comes when it ends."""
        self.name_of_block = f"b{len(self.blocks)}"
        self.filters = ir.Choice(filters, f"{self.name_of_block}.filters")
        self.layers = []

    def end(self):
        decision = self.filters.decision
        options = self.filters.options
        self.decisions.append(ir.Decision(decision, "filters", options, options.index(max(options))))
        self.blocks.append(ir.Block(self.name_of_block, self.filters, tuple(self.layers)))

    def decide(self, kind, options, largest=0):
        """A decision of the layer that comes next."""
        id = f"{self.name_of_block}.{len(self.layers)}.{kind}{len(self.decisions)}"
        words = {False: "off", True: "on"} if kind == "squeeze_excite" else {}
        written = tuple(words.get(o, str(o) if kind == "expansion" else o) for o in options)
        self.decisions.append(ir.Decision(id, kind, written, largest))
        return id

    def choose(self, kind, options):
        if len(options) == 1:
            return ir.constant(options[0])
        return ir.Choice(options, self.decide(kind, options, len(options) - 1))

    def shapes(self, stride=1):
        size = ir.Choice(
            tuple((-(-h // stride), -(-w // stride)) for h, w in self.flow.size.options),
            self.flow.size.decision,
        )
        return {"inputs": self.flow, "outputs": ir.FeatureMap(self.filters, size)}

    def same(self):
        return {"inputs": self.flow, "outputs": self.flow}

    def add(self, layer):
        self.layers.append(layer)
        self.flow = layer.outputs

    def conv(self, kernels, stride=1, batch_norm=True):
        kernel = self.choose("kernel", kernels)
        return ir.Conv(kernel=kernel, stride=stride, batch_norm=batch_norm, **self.shapes(stride))

    def sepconv(self, kernels):
        return ir.SeparableConv(kernel=self.choose("kernel", kernels), stride=1, act="relu", **self.shapes())

    def bneck(self, kernels=(3, 5, 7), expand=(3, 6), se=(False,), stride=1):
        return ir.Bottleneck(
            kernel=self.choose("kernel", kernels),
            expansion=self.choose("expansion", tuple(ir.Relative(Fraction(times)) for times in expand)),
            squeeze_excite=self.choose("squeeze_excite", se),
            se_ratio=Fraction(1, 4),
            se_act="relu",
            stride=stride,
            act=self.act,
            divisor=8,
            **self.shapes(stride),
        )

    def alternatives(self, *makes):
        """Whole layers to choose from; the decision comes after those inside."""
        first, layers, inside = len(self.decisions), [], []
        for option, make in enumerate(makes):
            start = len(self.decisions)
            layers.append(make())
            inside += [option] * (len(self.decisions) - start)
        shapes = {"inputs": layers[0].inputs, "outputs": layers[0].outputs}
        decision = self.decide("layer", tuple(f"layer {option}" for option in range(len(makes))))
        for number, option in enumerate(inside, first):
            old = self.decisions[number]
            active = tuple((*condition, (decision, (option,))) for condition in old.active or ((),))
            self.decisions[number] = attrs.evolve(old, active=active)
        return ir.Alternatives(decision=decision, layers=tuple(layers), **shapes)

    def optional(self, make):
        """``residual(make() | skip)``."""
        return ir.Residual(body=self.alternatives(make, lambda: ir.Skip(**self.same())), **self.same())

    def finish(self, classes=1001):
        return ir.Space(
            name=self.name,
            inputs=self.inputs,
            divisor=8,
            decisions=tuple(self.decisions),
            blocks=tuple(self.blocks),
            classifier=ir.Classifier(classes, Fraction(0), self.flow),
        )


def proxylessnas(name, filters):
    """Facts 4.1; ``filters`` are the options of blocks 0 to 8."""
    b = Builder(name)
    b.block(filters[0])
    b.add(b.conv((3,), stride=2))
    b.add(ir.Activation(function="relu", **b.same()))
    b.end()
    b.block(filters[1])
    b.add(b.alternatives(*(lambda kernel=kernel: b.sepconv((kernel,)) for kernel in (3, 5, 7))))
    b.add(ir.Endpoint(**b.same()))
    b.end()
    for block, stride in ((2, 2), (3, 2), (4, 2), (5, 1), (6, 2), (7, 1)):
        b.block(filters[block])
        b.add(b.alternatives(lambda stride=stride: b.bneck(stride=stride)))
        for _ in range(3 if block < 7 else 0):
            b.add(b.optional(b.bneck))
        if block != 4:
            b.add(ir.Endpoint(**b.same()))
        b.end()
    b.block(filters[8])
    b.add(b.conv((1,)))
    b.add(ir.Activation(function="relu", **b.same()))
    b.add(ir.GlobalPool(inputs=b.flow, outputs=ir.FeatureMap(b.filters, ir.constant((1, 1)))))
    b.end()
    return b.finish()


def mobilenet_v3_like():
    """Facts 4.2."""
    b = Builder("mobilenet_v3_like")
    b.block(widths(16))
    b.add(b.conv((3, 5), stride=2))
    b.add(ir.Activation(function="swish6", **b.same()))
    b.add(b.optional(lambda: b.sepconv((3, 5, 7))))
    b.add(ir.Endpoint(**b.same()))
    b.end()
    settings = {"expand": (1, 2, 3, 4, 5, 6), "se": (False, True)}
    for block, (base, stride) in enumerate(((16, 2), (32, 2), (64, 2), (128, 1), (256, 2)), 1):
        b.block(widths(base))
        b.act = "relu" if block < 3 else "swish6"
        b.add(b.bneck(stride=stride, **settings))
        for _ in range(3):
            b.add(b.optional(lambda: b.bneck(**settings)))
        if block != 3:
            b.add(ir.Endpoint(**b.same()))
        b.end()
    for base, batch_norm in ((512, True), (1024, False)):
        b.block(widths(base))
        b.add(b.conv((1,), batch_norm=batch_norm))
        b.add(ir.Activation(function="swish6", **b.same()))
        if batch_norm:
            b.add(ir.GlobalPool(inputs=b.flow, outputs=ir.FeatureMap(b.filters, ir.constant((1, 1)))))
        b.end()
    return b.finish()


FIXED = tuple((filters,) for filters in (32, 16, 32, 40, 80, 96, 192, 320, 1280))
SMALL = proxylessnas("proxylessnas", FIXED)
ENLARGED = proxylessnas(
    "proxylessnas_enlarged", tuple(map(widths, (16, 16, 16, 32, 64, 128, 256, 512, 1024)))
)
V3_LIKE = mobilenet_v3_like()


@st.composite
def models(draw):
    """Cost models of up to five decisions, small enough to visit every point."""
    options = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))
    costs = st.integers(-50, 50)
    sites = []
    for number in range(draw(st.integers(0, 5))):
        chosen = draw(st.sets(st.integers(0, len(options) - 1), max_size=3))
        decisions = tuple(sorted(chosen))
        shape = [options[decision] for decision in decisions]
        size = math.prod(shape)
        entries = draw(st.lists(costs, min_size=size, max_size=size))
        sites.append(Site(f"0.{number // 2}", decisions, np.array(entries).reshape(shape)))
    return CostModel("drawn", "MAdds", options, draw(costs), tuple(sites))


@st.composite
def small_spaces(draw):
    """Spaces of up to two blocks with any kind of layers, some of them tied, nested or skippable."""
    b = Builder("drawn", image=(12, 10))
    for _ in range(draw(st.integers(1, 2))):
        b.block(draw(st.sampled_from([(8,), (8, 16), (16, 24, 40)])))
        for layer in range(draw(st.integers(1, 3))):
            b.add(draw(st.sampled_from(KINDS if layer else KINDS[:4]))(b, draw))
        b.end()
    return b.finish(classes=10)


@st.composite
def forests(draw):
    """Decisions any of which may count only under several conditions on those before it."""
    decisions = []
    for number in range(draw(st.integers(1, 6))):
        before = st.sampled_from(decisions) if decisions else st.nothing()
        part = before.flatmap(
            lambda decision: st.tuples(
                st.just(decision.id),
                st.sets(st.integers(0, len(decision.options) - 1)).map(lambda kept: tuple(sorted(kept))),
            )
        )
        condition = st.lists(part, min_size=1, max_size=2).map(tuple)
        active = draw(st.lists(condition, max_size=3).map(tuple)) if decisions else ()
        options = tuple(range(draw(st.integers(1, 3))))
        decisions.append(ir.Decision(f"d{number}", "kernel", options, 0, active))
    return space_of(decisions)


def space_of(decisions):
    features = ir.FeatureMap(ir.constant(1), ir.constant((1, 1)))
    return ir.Space("counted", features, 1, tuple(decisions), (), None)


def some(draw, *options):
    """Some of the options, in order."""
    return tuple(sorted(draw(st.sets(st.sampled_from(options), min_size=1, max_size=2))))


def any_bneck(b, draw, stride=1):
    return b.bneck(some(draw, 3, 5, 7), some(draw, 1, 3, 6), some(draw, False, True), stride=stride)


KINDS = (
    lambda b, draw: b.conv(
        some(draw, 1, 3), stride=draw(st.sampled_from((1, 2))), batch_norm=draw(st.booleans())
    ),
    lambda b, draw: b.sepconv(some(draw, 3, 5)),
    lambda b, draw: any_bneck(b, draw, stride=draw(st.sampled_from((1, 2)))),
    lambda b, draw: b.alternatives(
        lambda: b.sepconv((3, 5)), lambda: b.conv((1,)), lambda: any_bneck(b, draw)
    ),
    lambda b, draw: b.optional(lambda: any_bneck(b, draw)),
    lambda b, draw: ir.Sequence(
        layers=(ir.Activation(function="relu", **b.same()), b.optional(lambda: b.sepconv((3, 5)))), **b.same()
    ),
    lambda b, draw: b.optional(lambda: ir.Sequence(layers=(any_bneck(b, draw), b.conv((3, 5))), **b.same())),
)


def vector(colons):
    """An index vector as facts 4.4 write it, ``(1, D)``."""
    return np.array([[int(index) for index in colons.split(":")]])


# Facts 4.4: the reference models as points, the first of `SMALL`, the others of `ENLARGED`.
PROXYLESSNAS_MOBILE_SMALL = (
    "0:0:0:1:0:0:0:0:0:0:0:1:0:0:1:0:2:0:0:0:0:0:1:0:0:1:0:0:0:2:1:0:1:0:0:1:0:0:1:0:0:0:1:1:0:1:0:0:1:0:0:1:0:0:0"
    ":2:1:0:2:1:0:2:0:0:2:0:0:0:2:1:0:0:0"
)
PROXYLESSNAS_MOBILE = (
    "3:0:1:1:0:0:0:0:0:0:0:1:0:0:1:3:2:0:0:0:0:0:1:0:0:1:0:0:3:2:1:0:1:0:0:1:0:0:1:0:0:4:1:1:0:1:0:0:1:0:0:1:0:0:2"
    ":2:1:0:2:1:0:2:0:0:2:0:0:2:2:1:0:1:4"
)
MNASNET_B1 = (
    "3:0:1:0:0:0:0:0:0:0:0:0:0:0:1:2:1:0:0:1:0:0:1:0:0:0:0:1:3:1:1:0:1:1:0:1:1:0:0:0:1:4:0:1:0:0:1:0:0:0:1:0:0:1:2"
    ":1:1:0:1:1:0:1:1:0:1:1:0:2:0:1:0:1:4"
)
MOBILENET_V2 = (
    "3:0:1:0:1:0:0:1:0:0:0:1:0:0:1:2:0:1:0:0:1:0:0:1:0:0:0:1:2:0:1:0:0:1:0:0:1:0:0:1:0:3:0:1:0:0:1:0:0:1:0:0:0:1:2"
    ":0:1:0:0:1:0:0:1:0:0:0:1:1:0:1:0:1:4"
)
