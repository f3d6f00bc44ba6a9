"""Quality from anywhere: a user's function that says how good architectures are, by name, checked."""

import difflib
import importlib
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tunas_dsl.errors import SearchError, UserError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.interruption import InterruptedStep
from tunas_dsl.search.activity import Activity
from tunas_dsl.search.algorithms.algorithm import Floats, Indices

SHORT = {"synthetic": "tunas_dsl.search.synthetic:SyntheticQuality"}
"""Names for qualities that come along."""

TRAINING, SHARED = "training:", "supernet:"
"""What begins the names of qualities that train, and that rate with the weights of a search."""

BUILT_IN = frozenset({*SHORT, *SHORT.values(), "tunas_dsl.search.synthetic:ExactQuality"})
"""The qualities that come along, under all of their names."""


class Quality(Protocol):
    """How good architectures are: a predictor, a look-up, or a training of each of them."""

    def __call__(self, architectures: NDArray[np.int64], /) -> Any:
        """A number for each of ``architectures``, ``(n, D)``: the larger, the better; ``(n,)`` floats.

        Column j holds option numbers of ``space.decisions[j]``, as ``tunas show --decisions`` lists
        them; 0 where the decision does not count (a kernel inside a layer that is skipped), so that
        equal networks are equal rows. ``ir.selection.prune`` gives the network of a row.
        """


@runtime_checkable
class Stateful(Protocol):
    """A quality whose numbers depend on what it did before, such as noise, which a resumption gives back."""

    def state(self) -> dict[str, Any]:
        """What the next numbers depend on, as JSON."""

    def load_state(self, state: Mapping[str, Any], /) -> None:
        """Take over what :meth:`state` gave."""


@runtime_checkable
class Training(Protocol):
    """A quality that trains architectures, each of them once."""

    @property
    def trainings(self) -> int:
        """How many have been trained, in this process and before."""


def is_own_code(name: str) -> bool:
    """Whether the quality called ``name`` is a module of its user's, to be imported only where they ask."""
    return name not in BUILT_IN and not name.startswith((TRAINING, SHARED))


def load_quality(name: str, space: ir.Space) -> Quality:
    """What ``module:function`` names; a class is made with ``space``, and what that gives is called.

    Importing runs the module, so ``name`` must come from whoever runs the program, never from a file.
    Modules are looked for where Python looks, and those of the user in the present folder, too.
    ``synthetic`` is short for the made-up accuracies of :class:`tunas_dsl.search.synthetic.SyntheticQuality`.

    Raises:
        SearchError: there is no such module or function, or it cannot be called.
    """
    module_name, colon, attribute = SHORT.get(name, name).partition(":")
    if not (module_name and colon and attribute):
        raise SearchError(
            f"the quality `{name}` is not of the form module:function, nor `synthetic`, supernet:RUN or "
            f"training:DATA"
        )
    try:
        found = _import(module_name) if is_own_code(name) else importlib.import_module(module_name)
        for part in attribute.split("."):
            found = _member(found, part)
        if isinstance(found, type):
            found = found(space)
    except SearchError:
        raise
    except Exception as error:
        raise SearchError(f"the quality `{name}` cannot be loaded: {_what_and_where(error)}") from error
    if not callable(found):
        raise SearchError(f"the quality `{name}` is {type(found).__name__}, which cannot be called")
    quality: Quality = found
    return quality


def load_class(name: str) -> Any:
    """What ``module:Class`` names, looked for where a quality is.

    Raises:
        SearchError: there is no such module or class.
    """
    module_name, _, attribute = name.partition(":")
    try:
        found = _import(module_name)
        for part in attribute.split("."):
            found = _member(found, part)
    except SearchError:
        raise
    except Exception as error:
        raise SearchError(f"`{name}` cannot be loaded: {_what_and_where(error)}") from error
    return found


def _member(owner: Any, name: str) -> Any:
    """What ``owner`` calls ``name``. Raises SearchError with the nearest name where there is none."""
    if hasattr(owner, name):
        return getattr(owner, name)
    what = f"module {owner.__name__}" if isinstance(owner, ModuleType) else f"`{owner!r}`"
    public = [known for known in dir(owner) if not known.startswith("_")]
    by_case = {known.lower(): known for known in public}
    close = difflib.get_close_matches(name.lower(), by_case, n=1)
    hint = f"; did you mean {by_case[close[0]]}?" if close else ""
    raise SearchError(f"{what} has no {name}{hint}")


class Evaluator:
    """Asks ``quality`` and checks what it says; counts the architectures that it was asked about."""

    def __init__(self, name: str, quality: Quality, space: ir.Space) -> None:
        self.name = name
        self.quality = quality
        self.evaluations = 0
        self._activity = Activity(space.decisions)

    def __call__(self, indices: Indices) -> Floats:
        """The qualities, ``(n,)``, of ``indices``, ``(n, D)``.

        Raises:
            SearchError: the function failed, or gave something other than n finite numbers.
            InterruptedStep, DataError: the function says so.
        """
        architectures = self._activity.canonical(indices)
        given = self._given(architectures.astype(np.int64, copy=False))
        try:
            numbers = np.asarray(given, dtype=float)
        except Exception as error:  # a tensor that needs a gradient, say, has its own opinion
            what, why = (" ".join(text.split()) for text in (f"{given!r:.60}", str(error)))
            raise SearchError(
                f"the quality `{self.name}` gave {what}, which are no numbers: {why}"
            ) from error
        if numbers.shape != (len(indices),):
            raise SearchError(
                f"the quality `{self.name}` gave an array of shape {numbers.shape} for {len(indices)} "
                f"architectures, but must give one number for each"
            )
        if not np.isfinite(numbers).all():
            wrong = int(np.flatnonzero(~np.isfinite(numbers))[0])
            row = ":".join(map(str, architectures[wrong]))
            raise SearchError(f"the quality `{self.name}` gave {numbers[wrong]} for the architecture {row}")
        self.evaluations += len(indices)
        return numbers

    def _given(self, architectures: NDArray[np.int64]) -> Any:
        """What the function gives; where it fails, a second time: a board may have been unplugged."""
        before = self.quality.state() if isinstance(self.quality, Stateful) else {}
        for again in (True, False):
            try:
                return self.quality(architectures)
            except (InterruptedStep, UserError):
                raise
            except Exception as error:
                if not again:
                    what = f"failed, also when tried again: {_what_and_where(error)}"
                    raise SearchError(f"the quality `{self.name}` {what}") from error
                if isinstance(self.quality, Stateful):
                    self.quality.load_state(before)
        raise AssertionError("it was tried twice")

    @property
    def trainings(self) -> int | None:
        """How many architectures were trained, if the quality trains any."""
        return self.quality.trainings if isinstance(self.quality, Training) else None

    def state(self) -> dict[str, Any]:
        """The evaluations so far, and the quality's own state if it has one."""
        own = self.quality.state() if isinstance(self.quality, Stateful) else None
        return {"evaluations": self.evaluations, "quality": own}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state` gave."""
        self.evaluations = int(state["evaluations"])
        if isinstance(self.quality, Stateful):
            self.quality.load_state(state["quality"])


def _import(name: str) -> Any:
    here = str(Path.cwd())
    sys.path.insert(0, here)  # a program does not look in the present folder; `python -m` does
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)


def _what_and_where(error: Exception) -> str:
    """The error in one line, with the place in the user's code that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = "" if isinstance(error, ModuleNotFoundError) else f" ({Path(frame.filename).name}:{frame.lineno})"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}{where}"
