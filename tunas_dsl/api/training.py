"""Training one architecture alone: its run folder, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tunas_dsl.api.folders import holding, run_folder
from tunas_dsl.api.pictures import figures_html
from tunas_dsl.api.run_folders import Hold, check_unchanged, cleared_if_empty, made_whole
from tunas_dsl.backend import load_backend
from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.architecture_json import read_architecture
from tunas_dsl.ir import space as ir
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.runs.data_place import absolute_place
from tunas_dsl.storage.files import write_atomically
from tunas_dsl.training.network import trained_network
from tunas_dsl.training.progress import TrainingProgress
from tunas_dsl.training.recipe import recipe
from tunas_dsl.training.run import TrainingFolder
from tunas_dsl.training.settings import TrainingSettings

if TYPE_CHECKING:
    from tunas_dsl.api.architecture import Architecture


def create_training(
    output: Path, document: str, data: str, preset: str | None, given: Mapping[str, Any], hold: Hold
) -> tuple[ir.Space, TrainingFolder]:
    """A new training in the folder ``output`` of the architecture that the JSON ``document`` describes.

    ``preset`` is one of the paper's recipes or nothing; the settings ``given`` win.

    Raises:
        SearchError: a setting is out of range, or the folder is taken.
    """
    network = compile_text(read_architecture(document).network)
    settings = TrainingSettings.from_json(_recipe(network, preset, given))
    hold(output)
    with made_whole(output):
        run = TrainingFolder.create(output, settings, absolute_place(data))
        write_atomically(run.architecture, document)
    return trained_network(run), run


def reopen_training(
    output: Path,
    named: tuple[str, ir.Space] | None,
    data: str | None,
    preset: str | None,
    given: Mapping[str, Any],
    hold: Hold,
) -> tuple[ir.Space, TrainingFolder]:
    """The training in ``output``, to go on with.

    The architecture, if one is ``named``, and the settings ``given`` must be those that it has.

    Raises:
        SearchError: there is no training, or something differs, or it has finished without a checkpoint.
    """
    TrainingFolder.open(output)
    hold(output)
    run = TrainingFolder.open(output)
    network = trained_network(run)
    if named is not None and named[1] != network:
        raise SearchError(f"{named[0]} is not the architecture that {output} was started with")
    if run.read_result() is not None and not run.checkpoints.exist():
        raise SearchError(f"{output} has finished, and has no checkpoint: `tunas evaluate` rates its weights")
    wanted = _recipe(network, preset, given) if preset else given
    check_unchanged(output, run.settings.to_json(), wanted)
    return network, run if data is None else attrs.evolve(run, data=absolute_place(data))


class Trained:
    """The training in the folder ``path``: its accuracy, and its network with weights.

    Raises:
        SearchError: it is no folder of a training.
    """

    def __init__(self, path: str | Path) -> None:
        self.folder = TrainingFolder.open(Path(path))

    @property
    def path(self) -> Path:
        """Its run folder."""
        return self.folder.path

    @property
    def accuracy(self) -> float | None:
        """The accuracy on validation images, 0 to 1, or nothing before the training has finished."""
        return self._accuracy("validation")

    @property
    def test_accuracy(self) -> float | None:
        """The accuracy on test images, where the training was asked for it."""
        return self._accuracy("test")

    def module(self) -> Any:
        """The network as a ``torch.nn.Module`` with its trained weights, in evaluation mode."""
        return load_backend().module(trained_network(self.folder), self.folder.weights)

    def export(self, format: str, path: str | Path) -> str:
        """Write the trained network; see :meth:`.Architecture.export`."""
        from tunas_dsl.api.architecture import export_network

        return export_network(trained_network(self.folder), format, path, self.folder.weights)

    def __repr__(self) -> str:
        reached = "not finished" if self.accuracy is None else f"accuracy {self.accuracy:.4f}"
        return f"<Trained {self.path}: {reached}>"

    def _repr_html_(self) -> str:
        figures = [("accuracy, validation", self.accuracy), ("accuracy, test", self.test_accuracy)]
        return figures_html(str(self.path), figures)

    def _accuracy(self, part: str) -> float | None:
        evaluation = (self.folder.read_result() or {}).get(part)
        return None if evaluation is None else float(evaluation["accuracy"])


def train(
    architecture: Architecture,
    data: object,
    *,
    out: str | Path | None = None,
    preset: str | None = None,
    test: bool = False,
    resume: bool = False,
    device: str = "cpu",
    threads: int | None = None,
    report: Callable[[TrainingProgress], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    **settings: Any,
) -> Trained:
    """Train ``architecture`` from scratch on ``data``: a name, or a pair of data sets.

    ``settings`` are those of :class:`tunas_dsl.training.settings.TrainingSettings`, with ``epochs`` or
    ``steps``; ``preset`` is one of the paper's recipes, "90" or "360". The run folder ``out`` is
    temporary where it is left out. ``report`` hears of every step, ``tell`` gets sentences for the user.

    Raises:
        UserError: a setting is out of range, the images cannot be used, or the folder is taken.
        KeyboardInterrupt: Ctrl-C came; with ``out`` and ``resume`` the training goes on where it was.
    """
    images, name = (None, data) if isinstance(data, str) else (data, data_name(data))
    folder = run_folder(out)
    with holding() as hold:
        if resume:
            named = (repr(architecture), architecture.ir)
            network, run = reopen_training(folder.path, named, name, preset, settings, hold)
        else:
            document = architecture.json()
            network, run = create_training(folder.path, document, name, preset, settings, hold)
        with cleared_if_empty(folder.path, resume):
            outcome = load_backend().train(
                network, run, test=test, resume=resume, report=report, tell=tell,
                device=device, threads=threads, images=images,
            )  # fmt: skip
    folder.check_finished(outcome.status, outcome.step)
    return folder.keep_with(Trained(folder.path))


def data_name(data: object) -> str:
    """How a run folder names data that were given as objects: nothing can be opened by that name."""
    first = data[0] if isinstance(data, list | tuple) and data else data
    return f"python:{type(first).__module__}.{type(first).__qualname__}"


def _recipe(network: ir.Space, preset: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    return recipe(network, preset, dict(given))
