"""Image data: readers of three kinds of files, splits, augmentation, and the order of the batches."""

from tunas_torch.data.batches import BatchSchedule
from tunas_torch.data.images import Augmentation, ImageData, Split
from tunas_torch.data.opening import open_data

__all__ = ["Augmentation", "BatchSchedule", "ImageData", "Split", "open_data"]
