"""The kinds of layers that have settings, one a file, and those that installed distributions add.

A distribution adds a kind by an entry point of the group ``tunas_dsl.layers`` that has the kind's name and
names its class. Nothing of it is imported before a space uses a name that nothing else defines.
"""

from tunas_dsl.kinds.bottleneck import Bottleneck as Bottleneck
from tunas_dsl.kinds.conv import Conv as Conv
from tunas_dsl.kinds.convolution import Axes as Axes
from tunas_dsl.kinds.convolution import Convolution as Convolution
from tunas_dsl.kinds.convolution import depthwise as depthwise
from tunas_dsl.kinds.layer import Choice as Choice
from tunas_dsl.kinds.layer import Operation as Operation
from tunas_dsl.kinds.layer import chosen as chosen
from tunas_dsl.kinds.outside import KindError as KindError
from tunas_dsl.kinds.outside import announced as announced
from tunas_dsl.kinds.outside import load as load
from tunas_dsl.kinds.outside import outside_kind as outside_kind
from tunas_dsl.kinds.parameters import ACT as ACT
from tunas_dsl.kinds.parameters import FILTERS as FILTERS
from tunas_dsl.kinds.parameters import KERNEL as KERNEL
from tunas_dsl.kinds.parameters import STRIDE as STRIDE
from tunas_dsl.kinds.parameters import Parameter as Parameter
from tunas_dsl.kinds.sepconv import SeparableConv as SeparableConv

BUILT_IN: dict[str, type[Operation]] = {kind.name: kind for kind in (Conv, SeparableConv, Bottleneck)}
"""The kinds of the language itself, by the name that a space uses."""


def is_announced(name: str) -> bool:
    """Whether an installed distribution says that it has a kind of this name; nothing of it is imported."""
    return name in announced()


def find_kind(name: str) -> type[Operation] | None:
    """The kind that spaces call ``name``: a built-in one, else that of an installed distribution.

    Raises:
        KindError: an installed distribution announces it, and it cannot be used.
    """
    return BUILT_IN.get(name) or outside_kind(name)
