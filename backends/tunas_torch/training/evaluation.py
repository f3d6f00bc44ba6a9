"""A network's accuracy on a whole split of images."""

import numpy as np
import torch
import torch.nn.functional as F

from tunas_dsl.errors import SearchError
from tunas_dsl.training.progress import Evaluation, Part
from tunas_torch.data import ImageData
from tunas_torch.network import Network

BATCH = 256
"""Images at a time (facts 8); the result does not depend on it but for rounding."""


@torch.no_grad()
def evaluate(network: Network, data: ImageData, split: Part) -> Evaluation:
    """Accuracy and loss on every image of ``split``, with batch norm's moving averages.

    Raises:
        SearchError: the split has no images.
        DataError: a file cannot be decoded.
    """
    images = data.validation if split == "validation" else data.test
    if not len(images):
        raise SearchError(
            f"there are no {split} images: they trained the network, so evaluate it on test images"
        )
    device = next(network.parameters()).device
    random = np.random.default_rng(0)  # of which nothing is drawn without augmentation
    correct, loss = 0, 0.0
    was_training = network.training
    network.eval()
    for start in range(0, len(images), BATCH):
        indices = np.arange(start, min(start + BATCH, len(images)))
        pixels, labels = map(torch.from_numpy, images.batch(indices, None, random))
        logits = network(pixels.to(device, memory_format=torch.channels_last))
        labels = labels.to(device)
        correct += int((logits.argmax(dim=1) == labels).sum())
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
    network.train(was_training)
    return Evaluation(
        split=split, images=len(images), accuracy=correct / len(images), loss=loss / len(images)
    )
