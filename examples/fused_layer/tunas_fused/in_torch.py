"""``fused`` in PyTorch: with shared weights in the supernet, and on its own."""

from collections import OrderedDict

from torch import nn

from tunas_torch import kinds
from tunas_torch.kinds import normalisation, same_conv


class SearchFused(kinds.SearchLayer):
    def __init__(self, layer, random):
        super().__init__()
        self.layer = layer
        inputs, inside, outputs = kinds.widest(layer.inputs), layer.expanded, kinds.widest(layer.outputs)
        self.conv = kinds.Parts(kinds.Kernel(inputs, inside, k, random) for k in layer.kernel.options)
        self.bn1 = kinds.Parts(kinds.BatchNorm(inside) for _ in self.conv)
        self.conv_pw = kinds.Kernel(inside, outputs, 1, random)
        self.bn2 = kinds.BatchNorm(outputs)

    def widths(self, path):
        return path.width(self.layer.inputs), self.layer.expanded, path.width(self.layer.outputs)

    def forward(self, images, path):
        inputs, inside, outputs = self.widths(path)

        def branch(option, images, path):
            features = self.conv[option](images, path, inputs, inside, self.layer.stride)
            return kinds.ACTIVATIONS[self.layer.act](self.bn1[option](features, path, inside))

        features = kinds.switch(self.layer.kernel, images, path, branch)
        return self.bn2(self.conv_pw(features, path, inside, outputs), path, outputs)

    def used(self, path, name, share):
        inputs, inside, outputs = self.widths(path)
        for option, part in path.alive(self.layer.kernel):
            yield from self.conv[option].used(path, f"{name}.conv", share * part, inputs, inside)
            yield from self.bn1[option].used(path, f"{name}.bn1", inside)
        yield from self.conv_pw.used(path, f"{name}.conv_pw", share, inside, outputs)
        yield from self.bn2.used(path, f"{name}.bn2", outputs)


def fused(inputs, outputs, kernel, stride=1, *, expanded, act):
    parts = OrderedDict(same_conv("conv", inputs, expanded, kernel, stride))
    parts |= {"bn1": normalisation(expanded), "act1": act()}
    parts |= {"conv_pw": nn.Conv2d(expanded, outputs, 1, bias=False), "bn2": normalisation(outputs)}
    return nn.Sequential(parts)


KIND = kinds.TorchKind(search=SearchFused, build=fused)
