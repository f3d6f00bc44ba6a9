"""Small spaces written by hand, with every kind of layer and decision, and vectors of them."""

import random
from fractions import Fraction

import attrs
import pytest
import torch

from tests.torch.begun_runs import begin
from tests.torch.image_folders import pack, write
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE

TRIPLE = (ir.Relative(Fraction(3)),)


class Builder:
    """Collects blocks and decisions; ``at`` is the feature map that the next layer takes."""

    def __init__(self, name, channels, size, divisor):
        self.space = ir.Space(
            name, ir.FeatureMap(ir.constant(channels), ir.constant(size)), divisor, (), (), None
        )
        self.decisions = []
        self.blocks = []
        self.at = self.space.inputs

    def decide(self, kind, options, id=None):
        if len(options) == 1 and id is None:
            return ir.constant(options[0])
        id = id or f"{kind}{len(self.decisions)}"
        if kind == "filters":
            largest = max(range(len(options)), key=lambda index: options[index])
        else:
            largest = len(options) - 1
        self.decisions.append(ir.Decision(id, kind, options, largest))
        return ir.Choice(options, id)

    def shapes(self, stride=1, pool=False):
        """From here to the block's filters at this stride."""
        before = self.at
        height, width = before.size.constant
        size = (1, 1) if pool else (-(-height // stride), -(-width // stride))
        self.at = ir.FeatureMap(self.filters, ir.constant(size))
        return {"inputs": before, "outputs": self.at, "origin": ir.Origin("hand.space", 1 + len(self.blocks))}

    def conv(self, kernel=(3,), stride=1, batch_norm=True):
        kernel = self.decide("kernel", kernel)
        return ir.Conv(kernel=kernel, stride=stride, batch_norm=batch_norm, **self.shapes(stride))

    def sepconv(self, kernel=(3,), stride=1, act="relu"):
        kernel = self.decide("kernel", kernel)
        return ir.SeparableConv(kernel=kernel, stride=stride, act=act, **self.shapes(stride))

    def bottleneck(self, kernel=(3,), expansion=TRIPLE, se=(False,), stride=1, act="relu"):
        return ir.Bottleneck(
            kernel=self.decide("kernel", kernel),
            expansion=self.decide("expansion", expansion),
            squeeze_excite=self.decide("squeeze_excite", se),
            se_ratio=Fraction(1, 4),
            se_act="relu",
            stride=stride,
            act=act,
            divisor=self.space.divisor,
            **self.shapes(stride),
        )

    def act(self, function):
        return ir.Activation(function=function, **self.shapes())

    def pool(self):
        return ir.GlobalPool(**self.shapes(pool=True))

    def endpoint(self):
        return ir.Endpoint(**self.shapes())

    def skip(self):
        return ir.Skip(**self.shapes())

    def sequence(self, *layers):
        return ir.Sequence(layers=layers, inputs=layers[0].inputs, outputs=layers[-1].outputs)

    def residual(self, *alternatives):
        """A residual around one layer, or around a decision between several."""
        body = alternatives[0] if len(alternatives) == 1 else self.either(*alternatives)
        return ir.Residual(body=body, inputs=body.inputs, outputs=body.outputs)

    def either(self, *layers):
        names = tuple(type(layer).__name__ for layer in layers)
        decision = self.decide("layer", names, f"layer{len(self.decisions)}")
        shapes = {"inputs": layers[0].inputs, "outputs": layers[0].outputs}
        return ir.Alternatives(decision=decision.decision, layers=layers, **shapes)

    def branches(self, *makers):
        """The layers that ``makers`` make, all from the same place."""
        start, layers = self.at, []
        for make in makers:
            self.at = start
            layers.append(make())
        return layers

    def block(self, name, filters, build):
        """A block whose layers are the list that ``build()`` gives; its filters are decided after them."""
        self.filters = ir.Choice(filters, f"{name}.filters")
        layers = tuple(build())
        self.decide("filters", filters, f"{name}.filters")
        self.blocks.append(ir.Block(name, self.filters, layers))

    def finish(self, classes=None, dropout=Fraction(0)):
        head = ir.Classifier(classes, dropout, self.at) if classes else None
        return attrs.evolve(
            self.space, decisions=tuple(self.decisions), blocks=tuple(self.blocks), classifier=head
        )


def classifying_space():
    """Every kind of layer and decision, and a classifier."""
    b = Builder("everything", 3, (16, 16), 4)
    ratios = (ir.Relative(Fraction(1)), ir.Relative(Fraction(5, 2)), 20)
    b.block(
        "stem",
        (4, 12, 8),
        lambda: [
            b.conv((3, 5), stride=2),
            b.act("swish6"),
            b.residual(*b.branches(lambda: b.sepconv((3, 5)), b.skip)),
            b.endpoint(),
        ],
    )
    b.block(
        "b1",
        (8, 12, 16),
        lambda: [
            b.bottleneck((3, 5, 7), ratios, (False, True), stride=2, act="swish6"),
            b.residual(*b.branches(lambda: b.bottleneck((3, 5), ratios, (False, True)), b.skip)),
            b.residual(*b.branches(lambda: b.bottleneck((3,), ratios, (True,), act="swish"), b.skip)),
            b.endpoint(),
        ],
    )
    b.block(
        "half",
        (8, 16),
        lambda: [
            b.either(
                *b.branches(
                    lambda: b.sequence(b.conv((3, 5)), b.act("relu6"), b.sepconv()),
                    lambda: b.sepconv((3, 7), act="swish6"),
                    lambda: b.bottleneck((3,), ratios),
                )
            ),
            b.residual(b.sequence(b.conv((1,), batch_norm=False), b.act("sigmoid"))),
        ],
    )
    b.block("head", (12, 24), lambda: [b.conv((1,)), b.act("relu"), b.pool()])
    b.block("top", (8, 20), lambda: [b.conv((1,), batch_norm=False), b.act("swish6")])
    return b.finish(classes=5)


def detecting_space():
    """Gray images of odd size, no classifier, and endpoints at every depth."""
    b = Builder("backbone", 1, (13, 9), 4)
    b.block("stem", (4, 8), lambda: [b.conv((3,), stride=2, batch_norm=False), b.act("relu"), b.endpoint()])
    b.block(
        "body",
        (8, 12),
        lambda: [
            b.sepconv((3, 5), stride=2),
            b.sequence(b.residual(b.skip()), b.residual(b.sequence(b.sepconv(), b.endpoint()))),
            b.bottleneck((5, 7), se=(False, True), stride=2),
            b.residual(*b.branches(lambda: b.conv((3, 5)), lambda: b.sepconv(), b.skip)),
            b.endpoint(),
        ],
    )
    return b.finish()


SPACES = {"everything": classifying_space(), "backbone": detecting_space()}


@pytest.fixture(scope="session", params=SPACES)
def small_space(request):
    return SPACES[request.param]


@pytest.fixture(scope="session")
def everything():
    return SPACES["everything"]


@pytest.fixture(scope="session")
def backbone():
    return SPACES["backbone"]


@pytest.fixture(scope="session")
def builder():
    """Starts a space of one's own: ``builder(name, channels, size, divisor)``."""
    return Builder


@pytest.fixture(scope="session")
def draw():
    """``draw(space, seed)`` is a random vector; with ``average`` operations may be averaged."""

    def vector(space, seed, average=0.0):
        source = random.Random(seed)
        return tuple(
            AVERAGE if d.warmup == "op" and source.random() < average else source.randrange(len(d.options))
            for d in space.decisions
        )

    return vector


@pytest.fixture(scope="session")
def images():
    """``images(space)`` are three normal images for the space, float64."""

    def batch(space, count=3, size=None, seed=0):
        shape = (count, space.inputs.channels.constant, *(size or space.inputs.size.options[0]))
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    return batch


@pytest.fixture(scope="session")
def float64():
    """The module in float64, its biases, gammas and betas moved off the values at which faults hide."""

    def convert(module):
        source = torch.Generator().manual_seed(1)
        module.double()
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.ndim == 1:
                    parameter += 0.3 * torch.randn(len(parameter), generator=source, dtype=torch.float64)
        return module

    return convert


@pytest.fixture(scope="session")
def score():
    """A number that every entry of logits or endpoints changes, while channels of zeros add nothing."""

    def total(outputs):
        if isinstance(outputs, list):
            return sum(map(total, outputs))
        grid = torch.meshgrid(*map(torch.arange, outputs.shape), indexing="ij")
        pattern = sum((3 * axis + 2) * places for axis, places in enumerate(grid))
        return (outputs.sin() * pattern.to(outputs.dtype).cos()).sum()

    return total


@pytest.fixture(scope="session")
def gradients():
    """``gradients(module, loss)``: of every parameter by name, zeros where it is unused."""

    def by_name(module, loss):
        parameters = dict(module.named_parameters())
        values = torch.autograd.grad(
            loss, list(parameters.values()), allow_unused=True, materialize_grads=True
        )
        return dict(zip(parameters, values, strict=True))

    return by_name


@pytest.fixture(scope="session")
def assert_equal_gradients():
    """Equal to rounding, measured on the largest gradient: some are 0 but for rounding (BN before BN)."""

    def check(actual, expected):
        assert actual.keys() == expected.keys()
        largest = max(gradient.abs().max() for gradient in expected.values())
        assert largest > 0
        for name, gradient in expected.items():
            difference = (actual[name] - gradient).abs().max()
            assert difference <= 1e-11 * largest, f"{name}: {difference} of {largest}"

    return check


@pytest.fixture(params=[write, pack], ids=["folder", "zip"])
def place(request, tmp_path):
    """``place(files)`` writes images as a folder or as a zip, and gives its path."""
    return lambda files: request.param(tmp_path, files)


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    """The folder of runs that were interrupted: ``search``, ``train`` and ``quality``. To be copied."""
    folder = tmp_path_factory.mktemp("begun")
    begin(folder)
    return folder
