"""An architecture as the text of a Python module that needs PyTorch alone."""

from collections.abc import Iterator
from importlib.resources import files

from tunas_dsl.ir import space as ir
from tunas_torch.layers.registry import torch_kind
from tunas_torch.network import module_name
from tunas_torch.standalone.activations import ACTIVATIONS
from tunas_torch.training.trained import Card

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


_PREDICTING = """
    predict("picture.jpg")  # [(class, probability), ...], the most probable first; needs Pillow, too
"""

_PREDICT = '''
CLASSES = {classes}
"""What the outputs stand for."""

MEAN, STD = {mean}, {std}
"""Of each channel of the training images, on the scale of 0 to 255."""

WEIGHTS = Path(__file__).with_name("{weights}")


def preprocess(image: str | Path | Image.Image) -> Tensor:
    """A picture, or a file of one, as the network takes it: ``(1, {channels}, {height}, {width})``."""
    if not isinstance(image, Image.Image):
        with Image.open(image) as opened:
            return preprocess(opened)
    pixels = fit_image(image, {channels}, ({width}, {height}), {share}, "{resize}").tobytes()
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(1, {height}, {width}, {channels})
    mean, std = (torch.tensor(numbers).view(1, -1, 1, 1) for numbers in (MEAN, STD))
    return images.permute(0, 3, 1, 2).float().sub_(mean).div_(std)


@lru_cache(maxsize=1)
def load_trained() -> Network:
    """The network with the weights beside this module."""
    content = WEIGHTS.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    types = {{"F32": torch.float32, "I64": torch.int64}}
    tensors = {{}}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__":
            first, last = (start + offset for offset in entry["data_offsets"])
            numbers = torch.frombuffer(bytearray(content[first:last]), dtype=types[entry["dtype"]])
            tensors[name] = numbers.reshape(entry["shape"])
    network = Network()
    network.load_state_dict(tensors)
    return network.eval()


@torch.no_grad()
def predict(image: str | Path | Image.Image) -> list[tuple[str, float]]:
    """The classes of a picture, or of a file of one, with their probabilities, the most probable first."""
    logits = load_trained()(preprocess(image))[0, : len(CLASSES)]
    found = zip(CLASSES, logits.double().softmax(0).tolist())
    return sorted(found, key=lambda pair: -pair[1])
'''


def python_source(architecture: ir.Space, weights: str | None = None, card: Card | None = None) -> str:
    """The module's text; ``weights`` is the name of the safetensors file beside it, if there is one.

    With their ``card`` the module has ``predict``, which prepares a picture as those that trained were.

    ``architecture`` is a space in which nothing is left to decide, as ``prune`` gives it.
    """
    height, width = architecture.inputs.size.constant
    predicts = weights is not None and card is not None and card.resize is not None
    head = _HEAD.format(
        name=architecture.name,
        channels=architecture.inputs.channels.constant,
        height=height,
        width=width,
        loading=_LOADING.format(weights=weights) + (_PREDICTING if predicts else "") if weights else "",
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
    text = "\n".join(parts)
    return text + _predicting(card, str(weights)) if predicts and card is not None else text


def _definitions(architecture: ir.Space) -> Iterator[str]:
    """The text of each kind of layers that the network has."""
    layers = (part for _, layer in architecture.sites() for part in ir.walk(layer))
    for name in dict.fromkeys(layer.name for layer in layers if isinstance(layer, ir.Operation)):
        yield f"\n\n{torch_kind(name).text().rstrip()}"


def _predicting(card: Card, weights: str) -> str:
    """What of the module takes pictures: the code that prepares them, and what it has to know."""
    pixels = files("tunas_torch.data").joinpath("pixels.py").read_text(encoding="utf-8")
    height, width = card.size or (0, 0)
    imports = "\n\nimport json\nfrom functools import lru_cache\nfrom pathlib import Path\n\nimport torch\n"
    return (
        imports
        + pixels[pixels.index("from fractions") :]
        + _PREDICT.format(
            classes=tuple(card.class_names),
            mean=tuple(card.mean),
            std=tuple(card.std),
            weights=weights,
            channels=len(card.mean),
            height=height,
            width=width,
            share=card.share,
            resize=card.resize,
        )
    )


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
