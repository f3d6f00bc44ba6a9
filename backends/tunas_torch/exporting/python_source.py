"""An architecture as the text of a Python module that needs PyTorch alone."""

from collections.abc import Iterator
from importlib.resources import files

from tunas_dsl.ir import space as ir
from tunas_torch.layers.registry import torch_kind
from tunas_torch.network import module_name
from tunas_torch.standalone.activations import ACTIVATIONS

_HEAD = '''"""{name}: an architecture, exported by tunas. It needs PyTorch alone.

    network = Network()
    logits = network(images)  # images: (N, {channels}, {height}, {width})
{loading}
The names of its parameters are those of the networks that tunas trains, so that weights can be exchanged.
"""
'''

_LOADING = """
    from safetensors.torch import load_file
    network.load_state_dict(load_file("{weights}"))
"""


def python_source(architecture: ir.Space, weights: str | None = None) -> str:
    """The module's text; ``weights`` is the name of the safetensors file beside it, if there is one.

    ``architecture`` is a space in which nothing is left to decide, as ``prune`` gives it.
    """
    height, width = architecture.inputs.size.constant
    head = _HEAD.format(
        name=architecture.name,
        channels=architecture.inputs.channels.constant,
        height=height,
        width=width,
        loading=_LOADING.format(weights=weights) if weights else "",
    )
    layers = files("tunas_torch.standalone").joinpath("layers.py").read_text(encoding="utf-8")
    body = layers[layers.index("from collections") :]
    parts = [
        head.rstrip() + "\n",
        body.rstrip(),
        *_definitions(architecture),
        "",
        "",
        *_network(architecture),
        "",
    ]
    return "\n".join(parts)


def _definitions(architecture: ir.Space) -> Iterator[str]:
    """The text of each kind of layers that the network has."""
    layers = (part for _, layer in architecture.sites() for part in ir.walk(layer))
    for name in dict.fromkeys(layer.name for layer in layers if isinstance(layer, ir.Operation)):
        yield f"\n\n{torch_kind(name).text().rstrip()}"


def _network(architecture: ir.Space) -> Iterator[str]:
    head = architecture.classifier
    yield "class Network(nn.Module):"
    yield f'    """{architecture.name}: blocks of layers' + (
        ', then a linear classifier."""' if head else '."""'
    )
    yield ""
    yield "    def __init__(self) -> None:"
    yield "        super().__init__()"
    yield "        self.blocks = nn.ModuleDict("
    yield "            {"
    for block in architecture.blocks:
        yield f'                "{module_name(block)}": Chain('
        for layer in block.layers:
            yield f"                    {_layer(layer)},"
        yield "                ),"
    yield "            }"
    yield "        )"
    if head is not None:
        yield f"        self.drop = nn.Dropout({float(head.dropout)})"
        yield f"        self.classifier = nn.Linear({head.inputs.channels.constant}, {head.classes})"
    yield ""
    yield from _forward(head)


def _forward(head: ir.Classifier | None) -> Iterator[str]:
    if head is not None:
        yield "    def forward(self, images: Tensor) -> Tensor:"
        yield f'        """The logits ``(N, {head.classes})`` of ``images``."""'
        yield "        for block in self.blocks.values():"
        yield "            images = block(images)"
        yield "        return self.classifier(self.drop(images.mean((2, 3))))"
        yield ""
        yield "    def endpoints(self, images: Tensor) -> list[Tensor]:"
    else:
        yield "    def forward(self, images: Tensor) -> list[Tensor]:"
    yield '        """The feature maps at the endpoints, in order."""'
    yield "        endpoints: list[Tensor] = []"
    yield "        for block in self.blocks.values():"
    yield "            images = block(images, endpoints)"
    yield "        return endpoints"


def _layer(layer: ir.Layer) -> str:
    match layer:
        case ir.Operation():
            return torch_kind(layer.name).expression(layer)
        case ir.Activation(function=function):
            return f"{_act(function)}()"
        case ir.GlobalPool():
            return "nn.AdaptiveAvgPool2d(1)"
        case ir.Endpoint():
            return "Endpoint()"
        case ir.Skip():
            return "Zeros()"
        case ir.Sequence(layers=layers):
            return f"Chain({', '.join(map(_layer, layers))})"
        case ir.Residual(body=ir.Skip()):
            return "nn.Identity()"
        case ir.Residual(body=body):
            return f"Residual({_layer(body)})"
        case ir.Alternatives() | ir.Depth():
            raise ValueError("an architecture has nothing to decide: prune the space first")


def _act(function: ir.ActivationFunction) -> str:
    return f"nn.{ACTIVATIONS[function].__name__}"
