"""What the benches of all runtimes do alike: operations and networks are modules of PyTorch first."""

from abc import ABC, abstractmethod

from torch import nn

from tunas_dsl.cost.signature import Signature
from tunas_dsl.ir import space as ir
from tunas_dsl.profiling.bench import Task
from tunas_torch.network import Network
from tunas_torch.timing.operations import operation


class ModuleBench(ABC):
    """A bench whose runtime is given modules and the shape of their input."""

    def operation(self, signature: Signature) -> Task:
        """The operation alone."""
        return self._task(*operation(signature))

    def network(self, architecture: ir.Space) -> Task:
        """The whole network."""
        inputs = architecture.inputs
        shape = (inputs.channels.constant, *inputs.size.constant)
        return self._task(Network(architecture).eval(), shape)

    @abstractmethod
    def _task(self, module: nn.Module, shape: tuple[int, ...]) -> Task:
        """One run of ``module`` on one image of ``shape``, which is without the batch, in this runtime."""
