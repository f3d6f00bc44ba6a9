"""Two splits as one, for trainings that take the validation images too."""

import attrs
import numpy as np
from numpy.typing import NDArray

from tunas_torch.data.augment import Images
from tunas_torch.data.images import ImageData, Source, Split


class JoinedSource:
    """The images of two sources, ``second``'s numbered after those of ``first``."""

    def __init__(self, first: Source, second: Source) -> None:
        self.first = first
        self.second = second
        self.labels = np.concatenate([first.labels, second.labels])
        self.keys = [*first.keys, *second.keys]
        self.stamps = [*first.stamps, *second.stamps]

    def read(self, indices: NDArray[np.int64], area: np.random.Generator | None) -> Images:
        """The images of ``indices``; with ``area``, of a random part of each larger image.

        Raises:
            DataError: an image cannot be decoded.
        """
        count = len(self.first.labels)
        own = indices < count
        sources = ((self.first, indices[own]), (self.second, indices[~own] - count))
        images = np.concatenate([source.read(part, area) for source, part in sources if len(part)])
        places = np.argsort(~own, kind="stable")
        ordered = np.empty_like(images)
        ordered[places] = images
        return ordered


def with_validation(data: ImageData) -> ImageData:
    """``data`` with its validation images among those that train, and none left to validate.

    Pixels are normalised as before.
    """
    train, validation = data.train, data.validation
    if train.source is validation.source:
        source, members = train.source, np.sort(np.concatenate([train.members, validation.members]))
    else:
        source = JoinedSource(train.source, validation.source)
        members = np.concatenate([train.members, validation.members + len(train.source.labels)])
    return attrs.evolve(
        data,
        train=Split(source, members, train.mean, train.std),
        validation=attrs.evolve(validation, members=validation.members[:0]),
    )
