"""Image data: three kinds of data sets, their splits, augmentation, and the order of the batches."""

from tunas_torch.data.augment import Augmentation
from tunas_torch.data.batches import BatchSchedule
from tunas_torch.data.images import ImageData, Split
from tunas_torch.data.opening import open_data

__all__ = ["Augmentation", "BatchSchedule", "ImageData", "Split", "open_data"]
