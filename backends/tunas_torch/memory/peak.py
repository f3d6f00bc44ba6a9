"""How much memory tensors take at most, by following each of them; on the meta device without having any."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class PeakMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of the tensors that come into being while it is entered, until each is gone.

    ``peak`` is the most that there were at once, since the last :meth:`mark` if there was one. What a
    kernel uses inside is not seen: some tenths of a GB in real runs on a CPU.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = 0
        self.peak = 0
        self._known: set[int] = set()

    def mark(self) -> tuple[int, int]:
        """The bytes that there are, and the most that there were since the last mark."""
        peak, self.peak = self.peak, self.live
        return self.live, peak

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The operation's result, after counting what is new in it."""
        result = func(*args, **(kwargs or {}))
        self._count(result)
        return result

    def _count(self, result: Any) -> None:
        if isinstance(result, Tensor):
            self._count_storage(result)
        elif isinstance(result, list | tuple):
            for entry in result:
                self._count(entry)

    def _count_storage(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        place = storage._cdata
        if place in self._known:
            return
        self._known.add(place)
        size = storage.nbytes()
        weakref.finalize(storage, self._forget, place, size).atexit = False
        self.live += size
        self.peak = max(self.peak, self.live)

    def _forget(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.live -= size
