"""How accurate architectures are with the weights that a search has trained for all of them."""

from collections.abc import Callable

from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.bundle import read_bundle
from tunas_dsl.ir import space as ir
from tunas_dsl.search.algorithms.algorithm import Floats, Indices
from tunas_dsl.search.run import RunFolder
from tunas_torch.runs.checkpoint import load_checkpoint
from tunas_torch.runs.loop import fingerprint
from tunas_torch.runs.starting import images_of, use
from tunas_torch.runs.states import check_finite, check_forms, part
from tunas_torch.search.rating import Rating
from tunas_torch.supernet import Supernet


class SharedWeights:
    """A quality: the accuracy, 0 to 1, on the same validation images for every architecture.

    It computes on ``device`` with so many ``threads``.

    Raises:
        SearchError: the ``run`` has no checkpoint, or is not of ``space``, or there is no such device.
        DataError: its data cannot be used.
    """

    def __init__(
        self,
        space: ir.Space,
        run: RunFolder,
        tell: Callable[[str], None],
        device: str = "cpu",
        threads: int | None = None,
        images: object | None = None,
    ) -> None:
        bundle = read_bundle(run.bundle)
        if fingerprint(bundle.space) != fingerprint(space):
            raise SearchError(f"the weights of {run.path} are for `{bundle.space.name}`, another space")
        settings, _ = run.over_images()
        place = use(device, threads)
        found = load_checkpoint(run.path, tell)
        if found is None:
            raise SearchError(f"{run.path} has no checkpoint: there are no weights to rate with")
        supernet = Supernet(space, execution=settings.execution, seed=settings.seed).to(place)
        weights = part("supernet", found[1])
        check_forms(weights, supernet.state_dict())
        check_finite(weights)
        supernet.load_state_dict(weights)
        data = images_of(space, run, settings.seed, settings.holdout, keep=False, images=images)
        self.rating = Rating(supernet, data.validation, settings.rating_images)

    def __call__(self, architectures: Indices) -> Floats:
        """The accuracy of each of ``architectures``, ``(n, D)``: ``(n,)``."""
        return self.rating(architectures.tolist())
