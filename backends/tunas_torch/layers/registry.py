"""The PyTorch part of each kind of layers, and of those that installed distributions add."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import attrs
import torch
from torch import nn

from tunas_dsl import kinds
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_torch.layers.kinds import SearchLayer
from tunas_torch.standalone.activations import ACTIVATIONS

GROUP = "tunas_torch.layers"
"""The group of entry points; each has the name of a kind and names its :class:`TorchKind`."""


def further_settings(layer: Any) -> dict[str, Any]:
    """The arguments of a layer that its ``attributes`` do not have, where they are not the defaults."""
    said = layer.attributes({})
    values = {
        p: layer.setting(p, {}) for p in layer.parameters if p.name != "filters" and p.field not in said
    }
    return {p.field: value for p, value in values.items() if value != p.default}


@attrs.frozen(eq=False)
class TorchKind:
    """A kind of layers in PyTorch.

    ``search`` is its module in the supernet, made of the layer and a generator. ``build`` makes the
    stand-alone module: of the channels ``(inputs, outputs)``, then by keyword of what ``attributes`` of the
    layer and ``own`` say, activations as classes such as ``nn.ReLU``. An exported Python module has the
    text of ``build`` and of ``needs``: they use ``torch``, ``nn``, ``F`` and what
    :mod:`tunas_torch.standalone.layers` has, nothing else.
    """

    search: Callable[[Any, torch.Generator], SearchLayer]
    build: Callable[..., nn.Module]
    own: Callable[[Any], dict[str, Any]] = further_settings
    needs: tuple[Any, ...] = ()

    def module(self, layer: ir.Operation) -> nn.Module:
        """The stand-alone module of a layer of which nothing is left to decide."""
        return self.build(*_channels(layer), **_built(layer, self.arguments(layer)))

    def arguments(self, layer: ir.Operation) -> dict[str, Any]:
        """What ``build`` gets by keyword; activations by their names in spaces."""
        own = {key: value for key, value in layer.attributes({}).items() if value is not None}
        if own.get("stride") == 1:
            del own["stride"]
        return {**own, **self.own(layer)}

    def expression(self, layer: ir.Operation) -> str:
        """The call of ``build`` that makes the layer, as Python text."""
        acts = _acts(layer)
        written = [str(channels) for channels in _channels(layer)]
        for key, value in self.arguments(layer).items():
            text = f"nn.{ACTIVATIONS[value].__name__}" if key in acts else repr(value)
            written.append(f"{key}={text}")
        return f"{self.build.__name__}({', '.join(written)})"

    def text(self) -> str:
        """The definitions that :meth:`expression` needs."""
        return "\n\n".join(inspect.getsource(part) for part in (*self.needs, self.build))


def _channels(layer: ir.Operation) -> tuple[int, int]:
    return layer.inputs.channels.constant, layer.outputs.channels.constant


def _acts(layer: ir.Operation) -> set[str]:
    return {parameter.field for parameter in layer.parameters if parameter.kind == "act"}


def _built(layer: ir.Operation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    acts = _acts(layer)
    return {key: ACTIVATIONS[value] if key in acts else value for key, value in arguments.items()}


@cache
def torch_kind(name: str) -> TorchKind:
    """The PyTorch part of the kind that spaces call ``name``.

    Raises:
        SearchError: an installed distribution has the kind, but no PyTorch part that can be used.
    """
    if name in kinds.BUILT_IN:
        kind: TorchKind = import_module(f"tunas_torch.layers.{name}").KIND
        return kind
    found = kinds.load(GROUP, name)
    if not isinstance(found, TorchKind):
        raise SearchError(
            f"the layer `{name}` has no PyTorch part: no `{GROUP}` entry point gives a TorchKind"
        )
    return found
