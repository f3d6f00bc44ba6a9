"""A ``net.config`` of once-for-all (MobileNetV3) or ProxylessNAS as the text of a space.

It is a nested list of layers, each with the name of its class and the arguments of its constructor. What the
language cannot say is refused; what has no bearing on the network in inference mode (dropout, momentum) is
left out. Two things differ from the authors' networks, and are no part of any cost: they pad both sides
alike where the stride is 2, and gate squeeze-and-excite by a hard sigmoid.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from tunas_dsl.errors import DocumentError

_ACTS = {"relu": "relu", "relu6": "relu6", "h_swish": "swish6", "swish": "swish", "sigmoid": "sigmoid"}
_BLOCKS = ("MBConvLayer", "MBInvertedConvLayer")
_PLAIN = {"groups": 1, "dilation": 1, "has_shuffle": False, "use_se": False, "ops_order": "weight_bn_act"}
"""What a convolution has to have where it says so."""
_LARGEST = 1_000_000


def is_net_config(document: Mapping[str, Any]) -> bool:
    """Whether ``document`` is meant as a ``net.config``."""
    return "first_conv" in document and "blocks" in document


def space_text(document: Mapping[str, Any], resolution: int) -> str:
    """The network as the text of a space without decisions, for images of ``resolution`` squared.

    Consecutive layers of equal width are one block, as in the spaces of these authors.

    Raises:
        DocumentError: a part is missing or of another form, or the language has no such layer.
    """
    config = _Part("$", document)
    stem = _convolution(config.part("first_conv"))
    layers = [stem, *_blocks(config.list("blocks"), stem.width)]
    blocks: list[list[_Layer]] = []
    for layer in layers:
        if not blocks or blocks[-1][0].width != layer.width:
            blocks.append([])
        blocks[-1].append(layer)
    head = list(_head(config, layers[-1].width))
    classifier = config.part("classifier")
    classes = classifier.integer("out_features")
    _check_width(classifier, "in_features", (head or layers)[-1].width)
    divisor = 1 if any(layer.width % 8 for layer in (*layers, *head)) else 8
    if divisor == 1 and any("se: on" in layer.text for layer in layers):
        raise DocumentError("$.blocks: squeeze-and-excite among widths that are no multiples of 8")
    lines = [
        f"space {_name(document)} {{",
        f"    input image {resolution} x {resolution} x {config.part('first_conv').integer('in_channels')}",
        f"    filters divisible by {divisor}",
        *(_block("stem" if not number else f"b{number}", block) for number, block in enumerate(blocks)),
        *([_block("head", head)] if head else []),
        f"    classifier (classes: {classes})",
        "}",
    ]
    return "\n".join(lines) + "\n"


@attrs.frozen
class _Layer:
    """A layer as the language writes it, and the filters that come out of it."""

    text: str
    width: int


def _block(name: str, layers: list[_Layer]) -> str:
    width = layers[0].width
    return f"    block {name} (filters: {width}) {{ {'  '.join(layer.text for layer in layers)} }}"


def _name(document: Mapping[str, Any]) -> str:
    name = str(document.get("name", "")).lower()
    return name if name.isidentifier() and name.isascii() else "network"


@attrs.frozen
class _Part:
    """An object of the document and its place, read key by key; keys that nobody asks for may be there."""

    place: str
    fields: Mapping[str, Any]

    def fail(self, key: str, what: str) -> DocumentError:
        return DocumentError(f"{self.place}.{key} {what}")

    def get(self, key: str) -> Any:
        if key not in self.fields:
            raise self.fail(key, "is missing")
        return self.fields[key]

    def part(self, key: str) -> "_Part":
        return _as_part(f"{self.place}.{key}", self.get(key))

    def list(self, key: str) -> "Iterator[_Part]":
        found = self.get(key)
        if not isinstance(found, list) or not found:
            raise self.fail(key, "is no list of layers")
        return (_as_part(f"{self.place}.{key}[{number}]", entry) for number, entry in enumerate(found))

    def integer(self, key: str) -> int:
        number = self.get(key)
        if type(number) is not int or not 1 <= number <= _LARGEST:
            raise self.fail(key, f"is no whole number from 1 to {_LARGEST:,}")
        return number

    def kernel(self) -> int:
        """``kernel_size``, which may be written as ``[3, 3]``."""
        size = self.get("kernel_size")
        if isinstance(size, list) and len(size) == 2 and size[0] == size[1]:
            size = size[0]
        if type(size) is not int or not 1 <= size <= 99:
            raise self.fail("kernel_size", "is no whole number from 1 to 99")
        return size

    def act(self, default: str | None = None) -> str | None:
        """``act_func`` in the words of the language; None where there is none."""
        function = self.fields.get("act_func", default)
        if function is None or function == "none":
            return None
        if function not in _ACTS:
            raise self.fail("act_func", f"is none of {', '.join(_ACTS)}")
        return _ACTS[function]

    def plain(self, **wanted: Any) -> None:
        for key, value in wanted.items():
            if self.fields.get(key) not in (None, value):
                raise self.fail(key, f"is {self.fields[key]!r}: the language has only {value!r}")


def _as_part(place: str, value: Any) -> _Part:
    if not isinstance(value, dict):
        raise DocumentError(f"{place} is not an object")
    return _Part(place, value)


def _convolution(layer: _Part, own_width: bool = False) -> _Layer:
    """``conv(...)`` and the activation behind it; with ``own_width`` it says its filters itself."""
    layer.plain(**_PLAIN)
    width, stride = layer.integer("out_channels"), layer.integer("stride")
    arguments = [f"kernel: {layer.kernel()}"]
    if stride != 1:
        arguments.append(f"stride: {stride}")
    if not layer.fields.get("use_bn", True):
        arguments.append("bn: off")
    if own_width:
        arguments.append(f"filters: {width}")
    act = layer.act("relu")
    return _Layer(f"conv({', '.join(arguments)})" + (f"  {act}" if act else ""), width)


def _blocks(blocks: Iterator[_Part], width: int) -> Iterator[_Layer]:
    for block in blocks:
        key = "mobile_inverted_conv" if "mobile_inverted_conv" in block.fields else "conv"
        if _is_nothing(block.get(key)):
            continue
        layer = _bottleneck(block.part(key))
        _check_width(block.part(key), "in_channels", width)
        width = layer.width
        if not _is_nothing(block.get("shortcut")):
            block.part("shortcut").plain(name="IdentityLayer")
            layer = _Layer(f"residual({layer.text})", width)
        yield layer


def _is_nothing(layer: Any) -> bool:
    return layer is None or (isinstance(layer, dict) and layer.get("name") == "ZeroLayer")


def _bottleneck(layer: _Part) -> _Layer:
    """Where ``expand_ratio`` is 1, the authors leave the first convolution out."""
    if layer.get("name") not in _BLOCKS:
        raise layer.fail("name", f"is {layer.get('name')!r}: known are {', '.join(_BLOCKS)}")
    inputs, outputs = layer.integer("in_channels"), layer.integer("out_channels")
    act, excited = layer.act("relu6"), bool(layer.fields.get("use_se", False))
    layer.plain(groups=None)
    settings = [f"kernel: {layer.kernel()}", f"stride: {layer.integer('stride')}", f"act: {act}"]
    if act is None:
        raise layer.fail("act_func", "is none: the language's blocks have an activation")
    ratio = layer.fields.get("expand_ratio")
    if ratio == 1:
        if excited or layer.fields.get("mid_channels") not in (None, inputs):
            raise layer.fail("expand_ratio", "is 1, with squeeze-and-excite or another width inside")
        return _Layer(f"sepconv({', '.join(settings)})", outputs)
    settings.append(f"expand: {_expansion(layer, inputs)}")
    return _Layer(f"bottleneck({', '.join([*settings, *(['se: on'] if excited else [])])})", outputs)


def _expansion(layer: _Part, inputs: int) -> str:
    """``3x`` where that is the width inside, so that it is found in a space that decides ratios."""
    ratio = layer.fields.get("expand_ratio")
    if layer.fields.get("mid_channels") is not None:
        inside = layer.integer("mid_channels")
    elif isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio <= 1000:
        raise layer.fail("expand_ratio", "is no number over 0, and there are no mid_channels")
    else:
        inside = round(inputs * ratio)
    return f"{inside // inputs}x" if inside % inputs == 0 and inside % 8 == 0 else str(max(inside, 1))


def _head(config: _Part, width: int) -> Iterator[_Layer]:
    """What follows the blocks: in MobileNetV3 a convolution on each side of the pool, else one before it."""
    wide = config.fields.get("final_expand_layer")
    mix = config.fields.get("feature_mix_layer")
    if wide is not None:
        _check_width(config.part("final_expand_layer"), "in_channels", width)
        first = _convolution(config.part("final_expand_layer"))
        yield _Layer(f"{first.text}  global_pool", first.width)
        width = first.width
    if mix is not None:
        layer = config.part("feature_mix_layer")
        _check_width(layer, "in_channels", width)
        last = _convolution(layer, own_width=wide is not None)
        yield last if wide is not None else _Layer(f"{last.text}  global_pool", last.width)


def _check_width(layer: _Part, key: str, width: int) -> None:
    if layer.integer(key) != width:
        raise layer.fail(key, f"is {layer.integer(key)}, but {width} come from the layer before")
