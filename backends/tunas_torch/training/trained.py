"""Trained weights in one file that says which network they are of, and the network back from it."""

from pathlib import Path

import attrs
import cattrs
import numpy as np
from numpy.typing import NDArray

from tunas_dsl import __version__
from tunas_dsl.diagnostics import SpaceError
from tunas_dsl.errors import DataError, SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.language.unparse import unparse
from tunas_dsl.runs.generations import DamageError
from tunas_dsl.storage.files import put_in_place
from tunas_torch.data import ImageData
from tunas_torch.data.decoding import opened
from tunas_torch.data.images import normalise
from tunas_torch.data.layout import shorten
from tunas_torch.data.listing import Files
from tunas_torch.data.pixels import fit_image
from tunas_torch.network import Network, channels_last
from tunas_torch.runs.tensor_files import read_tensors, write_tensors

SCHEMA = "tunas.weights/1"


@attrs.frozen
class Card:
    """What comes with the weights: the architecture as ``.space`` text, and what its images and classes were.

    Images, from 0 to 255, are to be normalised by ``mean`` and ``std`` of each channel, after they were
    brought to ``size`` (height and width in pixels) by the ``resize`` filter, of the central ``share`` of the
    limiting side or, without one, whole (weights of old trainings do not say). ``step`` counts the training
    steps done.
    """

    tool: str
    network: str
    step: int
    data: str
    class_names: list[str]
    mean: list[float]
    std: list[float]
    size: list[int] | None = None
    share: float | None = None
    resize: str | None = None


def card_for(network: Network, data: ImageData, step: int) -> Card:
    """The card of ``network`` after ``step`` steps on ``data``."""
    mean, std = (array.reshape(-1).tolist() for array in (data.train.mean, data.train.std))
    text = unparse(network.architecture)
    size, rule = list(network.architecture.inputs.size.constant), data.rule
    return Card(
        tool=f"tunas-dsl {__version__}",
        network=text,
        step=step,
        data=data.name,
        class_names=list(data.class_names),
        mean=mean,
        std=std,
        size=size,
        share=rule.share,
        resize=rule.resize,
    )


def check_classes(card: Card, data: ImageData, weights: Path) -> None:
    """Refuse data whose classes are others than those that the weights were trained on, or in another order.

    Raises:
        DataError: they are; the message has both lists.
    """
    if card.class_names != list(data.class_names):
        trained, has = (shorten(names) for names in (card.class_names, list(data.class_names)))
        raise DataError(f"{weights} was trained on the classes {trained}; {data.name} has {has}")


def normalised_by(card: Card, data: ImageData) -> ImageData:
    """``data`` with images normalised as those were that the weights were trained on."""
    mean, std = (np.array(array, np.float32)[:, None, None] for array in (card.mean, card.std))
    parts = {part: attrs.evolve(getattr(data, part), mean=mean, std=std) for part in ("validation", "test")}
    return attrs.evolve(data, **parts)


def prepare_image(card: Card, path: Path) -> NDArray[np.float32]:
    """The image in a file as the network of ``card`` takes it, ``(1, C, H, W)``.

    Raises:
        SearchError: the weights do not say how images were prepared.
        DataError: the file is no image.
    """
    if card.size is None or card.resize is None:
        raise SearchError("these weights do not say how images were prepared: they are of an older version")
    files = Files(path.parent, (path.name,), frozenset(), lambda _: path.read_bytes())
    height, width = card.size
    with opened(files, path.name) as (image, _):
        shown = fit_image(image, len(card.mean), (width, height), card.share, card.resize)
    pixels = np.asarray(shown).reshape(height, width, -1).transpose(2, 0, 1)[None]
    mean, std = (np.array(array, np.float32)[:, None, None] for array in (card.mean, card.std))
    return normalise(pixels.copy(), mean, std)


def save_network(path: Path, network: Network, card: Card) -> None:
    """Write weights and card to ``path``, a safetensors file, in one step."""
    put_in_place(write_tensors(path, SCHEMA, attrs.asdict(card), network.state_dict()), path)


def load_network(path: Path) -> tuple[Network, Card]:
    """The trained network in a file, in evaluation mode, and its card.

    Raises:
        SearchError: there is no such file, or it is damaged, or not of trained weights.
    """
    if not path.exists():
        raise SearchError(f"there are no weights {path}: the training wrote no checkpoint")
    try:
        description, tensors = read_tensors(path, SCHEMA)
        card = cattrs.structure(description, Card)
        network = Network(compile_text(card.network, str(path)))
        network.load_state_dict(tensors)
    except DamageError as damage:
        raise SearchError(f"{path} {damage}") from None
    except (cattrs.BaseValidationError, SpaceError, RuntimeError, ValueError) as error:
        raise SearchError(
            f"{path} does not hold a network and its weights ({type(error).__name__})"
        ) from None
    return channels_last(network).eval(), card


def open_network(architecture: ir.Space, weights: Path | None) -> Network:
    """The network of ``architecture`` with the ``weights`` in a file, in evaluation mode, or initial ones.

    Raises:
        SearchError: the file is not of trained weights, or of those of another network.
    """
    if weights is None:
        return Network(architecture)
    network, _ = load_network(weights)
    if network.architecture != prune(architecture, [0] * len(architecture.decisions)):
        raise SearchError(f"{weights} are the weights of another network than `{architecture.name}`")
    return network
