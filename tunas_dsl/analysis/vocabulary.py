"""Names that other frameworks and papers give to what this language has, and to what it has not."""

from collections.abc import Collection

from tunas_dsl import kinds
from tunas_dsl.diagnostics.diagnostic import Near, nearest

_SAME = {
    # layers
    "swish": "silu",
    "swish6": "hswish hardswish hsilu hardsilu hs",
    "relu6": "relu06",
    "relu": "re",
    **{name: kind.names for name, kind in kinds.BUILT_IN.items()},
    "skip": "identity zero noop zeroop zeroize drop skipconnect",
    "residual": "shortcut res resblock residualblock skipconnection add",
    "global_pool": "globalavgpool globalaveragepool globalaveragepooling2d adaptiveavgpool adaptiveavgpool2d "
    "gap globalpooling avgpool averagepool avgpool2d",
    # arguments
    "kernel": "kernelsize ksize kernels kernelsizes k ks size filtersize",
    "stride": "strides s",
    "filters": "channels width widths outchannels out outplanes planes cout oup units nfilters numfilters "
    "outputchannels outputfilters filter c",
    "classes": "numclasses nclasses nclass outfeatures nout",
    "expand": "expansion expandratio expansionratio exp expratio expansionfactor t e ratio expandfactor",
    "act": "nl activation activationfn actfn actlayer actfunc nonlinearity activationfunction",
    "bn": "batchnorm norm usebn normalisation normalization batchnormalization normlayer",
    "se": "squeezeexcite squeezeandexcite usese seblock selayer squeezeexcitation attention",
    "se_ratio": "sereduction squeezeratio ratiose rdratio",
    "dropout": "droprate dropoutrate dropprob p dropoutprob",
    # words
    "on": "true yes enabled enable",
    "off": "false no none disabled disable null",
}  # fmt: skip

_MEANING = {other: name for name, others in _SAME.items() for other in others.split()}

_ONLY_ELSEWHERE = {
    "the activation functions are `relu`, `relu6`, `swish`, `swish6` and `sigmoid`":
        "gelu elu selu celu leakyrelu lrelu prelu mish tanh softplus none null hsigmoid hardsigmoid "
        "hardtanh softmax",
    "this is part of `classifier (classes: 1000, dropout: 0.2)`":
        "linear fc dense flatten logits fullyconnected dropout",
    "a layer with `stride: 2` halves the image, and `global_pool` averages all of it":
        "maxpool maxpool2d pool pooling maxpooling2d",
    "every convolution has its batch norm already; `conv(..., bn: off)` has none":
        "batchnorm batchnorm2d bn norm batchnormalization",
    "squeeze-and-excite is an argument: `bottleneck(..., se: on)`":
        "se squeezeexcite squeezeandexcite senet seblock",
    "layers are repeated by a number before them: `3 * layer`":
        "repeat repeats times n numlayers depth layers numblocks x",
    "convolutions are padded so that a stride of 1 keeps the size of the image":
        "padding pad same valid",
    "a layer takes the filters that the layer before it gives":
        "inchannels inplanes inp cin inputchannels infeatures infilters",
    "a choice between layers is written `(a | b)`":
        "choice choose oneof select layerchoice inputchoice switch cond mixed mixedop",
    "layers one after the other are written `{ a b }`":
        "sequential seq chain",
    "a convolution has a bias where it has no batch norm: `bn: off`":
        "bias",
    "options of one layer share their weights; for weights of their own write whole layers: `(a | b)`":
        "shared sharedweights weightsharing shareweights share unshared",
    "there are no grouped convolutions; those of `sepconv` and `bottleneck` are depthwise":
        "groups",
    "there are no dilated convolutions":
        "dilation",
    "there is no fused bottleneck; `conv` and `bottleneck` are the nearest":
        "fusedmbconv",
    "filters are multiplied where they are given: `filters: 32 * width`":
        "channelmultiplier",
    "write `first (2 | 3) of { layers }`":
        "first",
}  # fmt: skip

_EXPLAINED = {word: sentence for sentence, words in _ONLY_ELSEWHERE.items() for word in words.split()}


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def meant(name: str, known: Collection[str]) -> Near | None:
    """The one of the ``known`` names that ``name`` stands for elsewhere, or is a misspelling of."""
    other = _MEANING.get(_plain(name))
    if other is not None and other in known:
        return Near(other, sure=True)
    return None if explained(name) else nearest(name, known)


def explained(name: str) -> str | None:
    """What there is in the place of something that only others have."""
    plain = _plain(name)
    if plain[:1] == "x" and plain[1:].isdecimal():
        return f"layers are repeated by `{plain[1:]} * layer`; a factor is written `{plain[1:]}x`"
    return _EXPLAINED.get(plain)


def advice(name: str, known: Collection[str]) -> str | None:
    """What to write instead of ``name``, where that can be said."""
    near = meant(name, known)
    return near.question if near else explained(name)
