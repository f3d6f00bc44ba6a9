"""Architectures as files that run without this project: Python source, ONNX, ExecuTorch."""

import json
from pathlib import Path

import cattrs

from tunas_dsl.backend import ExportFormat
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.folder import write_beside
from tunas_dsl.runs.generations import DamageError
from tunas_dsl.storage.files import put_in_place, write_atomically
from tunas_torch.exporting.graphs import export_executorch, export_onnx
from tunas_torch.exporting.python_source import python_source
from tunas_torch.network import Network
from tunas_torch.runs.tensor_files import read_tensors
from tunas_torch.training.trained import SCHEMA, Card


def export(architecture: ir.Space, format: ExportFormat, output: Path, weights: Path | None) -> str:
    """Write the network of ``architecture``; gives a sentence on how it was checked.

    Python source is a module that needs PyTorch alone; ``weights`` are copied beside it. The others are the
    network in inference mode.

    Raises:
        SearchError: a package that the format needs is missing, or the weights are of another network.
    """
    network, card = _network(architecture, weights)
    if format == "python":
        beside = output.with_suffix(".safetensors")
        if weights is not None:
            put_in_place(write_beside(beside, weights.read_bytes()), beside)
        write_atomically(output, python_source(network.architecture, beside.name if weights else None, card))
        return f"{output} needs PyTorch alone" + (f"; its weights are in {beside}" if weights else "")
    if architecture.classifier is None:
        raise SearchError(f"`{architecture.name}` has no classifier: only Python source can be written")
    if format == "onnx":
        difference = export_onnx(network, output, {} if card is None else metadata(card))
    else:
        difference = export_executorch(network, output)
    initial = "" if weights else " (initial weights: there was no training)"
    return f"{output} computes what PyTorch does, up to {difference:.1e} of the largest logit{initial}"


def metadata(card: Card) -> dict[str, str]:
    """What an ONNX file says about images and classes, each as JSON.

    ``classes``; ``mean`` and ``std`` of each channel on the scale of 0 to 255; ``size``, height and width;
    ``resize``, the filter; ``share`` of the limiting side that is looked at, or null for whole images.
    """
    known = {"classes": card.class_names, "mean": card.mean, "std": card.std}
    if card.resize is not None:
        known |= {"size": card.size, "resize": card.resize, "share": card.share}
    return {name: json.dumps(value) for name, value in known.items()}


def _network(architecture: ir.Space, weights: Path | None) -> tuple[Network, Card | None]:
    network = Network(architecture)
    if weights is None:
        return network, None
    try:
        description, tensors = read_tensors(weights, SCHEMA)
        network.load_state_dict(tensors)
    except DamageError as damage:
        raise SearchError(f"{weights} {damage}") from None
    except RuntimeError:
        raise SearchError(
            f"{weights} are the weights of another network than `{architecture.name}`"
        ) from None
    try:
        return network, cattrs.structure(description, Card)
    except cattrs.BaseValidationError:  # weights from elsewhere, which say nothing of images and classes
        return network, None
