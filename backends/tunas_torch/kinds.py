"""What the PyTorch part of a kind of layers is made of, for distributions that add one."""

from tunas_torch.layers.kinds import SearchLayer as SearchLayer
from tunas_torch.layers.kinds import widest as widest
from tunas_torch.layers.operations import ACTIVATIONS as ACTIVATIONS
from tunas_torch.layers.path import Path as Path
from tunas_torch.layers.path import Used as Used
from tunas_torch.layers.registry import TorchKind as TorchKind
from tunas_torch.layers.switch import switch as switch
from tunas_torch.layers.weights import BatchNorm as BatchNorm
from tunas_torch.layers.weights import DepthwiseKernel as DepthwiseKernel
from tunas_torch.layers.weights import Kernel as Kernel
from tunas_torch.layers.weights import Parts as Parts
from tunas_torch.standalone.layers import normalisation as normalisation
from tunas_torch.standalone.layers import same_conv as same_conv
