"""Architectures and tables in the forms of once-for-all and ProxylessNAS cost what their authors' sums say.

The sums are taken here once more, key by key, from the tables' own YAML, without any of the project's types.
"""

import copy
import json
import random

import pytest
import yaml

from tests.command_line import tunas
from tunas_dsl.exchange.once_for_all.net_config import space_text
from tunas_dsl.exchange.once_for_all.subnet import subnet_indices
from tunas_dsl.ir.matching import find_indices
from tunas_dsl.ir.selection import canonical
from tunas_dsl.language.compiler import compile_text, load_space

# Of width 1.2, each stage: filters, stride, squeeze-and-excite, hard swish.
STAGES = [(32, 2, 0, 0), (48, 2, 1, 0), (96, 2, 0, 1), (136, 1, 1, 1), (192, 2, 1, 1)]
RESOLUTIONS = [160, 176, 192, 208, 224]


def halved(size):
    return (size + 1) // 2


def mb_key(size, inputs, stride, outputs, mid, kernel, skip, se, hs):
    out = int((size - 1) / stride + 1)
    return (
        f"expanded_conv-input:{size}x{size}x{inputs}-output:{out}x{out}x{outputs}-expand:{mid}"
        f"-kernel:{kernel}-stride:{stride}-idskip:{skip}-se:{se}-hs:{hs}"
    )


def keys_of(spec):
    """Every key that the estimator asks for, in its order."""
    (resolution,) = spec["r"]
    size = halved(resolution)
    yield f"Conv-input:{resolution}x{resolution}x3-output:{size}x{size}x24"
    yield mb_key(size, 24, 1, 24, 24, 3, 1, 0, 0)
    inputs = 24
    for stage, (outputs, stride, se, hs) in enumerate(STAGES):
        for layer in range(spec["d"][stage]):
            number, step = 4 * stage + layer, stride if layer == 0 else 1
            mid, kernel = round(inputs * spec["e"][number]), spec["ks"][number]
            yield mb_key(size, inputs, step, outputs, mid, kernel, int(layer > 0), se, hs)
            size, inputs = int((size - 1) / step + 1), outputs
    yield f"Conv_1-input:{size}x{size}x192-output:{size}x{size}x1152"
    yield f"AvgPool2D-input:{size}x{size}x1152-output:1x1x1152"
    yield "Conv_2-input:1x1x1152-output:1x1x1536"
    yield "Logits-input:1x1x1536-output:1000"


def drawn(number, resolution):
    rng = random.Random(f"{number} {resolution}")
    return {
        "ks": rng.choices([3, 5, 7], k=20),
        "e": rng.choices([3, 4, 6], k=20),
        "d": rng.choices([2, 3, 4], k=5),
        "r": [resolution],
    }


def conv(inputs, outputs, kernel, stride, use_bn=True):
    return {
        "name": "ConvLayer",
        "in_channels": inputs,
        "out_channels": outputs,
        "kernel_size": kernel,
        "stride": stride,
        "dilation": 1,
        "groups": 1,
        "bias": False,
        "has_shuffle": False,
        "use_bn": use_bn,
        "act_func": "h_swish",
        "dropout_rate": 0,
        "ops_order": "weight_bn_act",
    }


def block(inputs, outputs, kernel, stride, expand, act, se, skip, mid=None):
    inner = {
        "name": "MBConvLayer",
        "in_channels": inputs,
        "out_channels": outputs,
        "kernel_size": kernel,
        "stride": stride,
        "expand_ratio": expand,
        "mid_channels": mid,
        "act_func": act,
        "use_se": bool(se),
        "groups": None,
    }
    shortcut = {"name": "IdentityLayer", "in_channels": outputs, "out_channels": outputs} if skip else None
    return {"name": "ResidualBlock", "conv": inner, "shortcut": shortcut}


def net_config(spec):
    """The network of ``spec`` as the authors write it, half of the widths inside given outright."""
    blocks, inputs = [block(24, 24, 3, 1, 1, "relu", 0, True)], 24
    for stage, (outputs, stride, se, hs) in enumerate(STAGES):
        for layer in range(spec["d"][stage]):
            number = 4 * stage + layer
            expand, act = spec["e"][number], "h_swish" if hs else "relu"
            mid = inputs * expand if number % 2 else None
            step = stride if layer == 0 else 1
            blocks.append(block(inputs, outputs, spec["ks"][number], step, expand, act, se, layer > 0, mid))
            inputs = outputs
    return {
        "name": "MobileNetV3",
        "bn": {"momentum": 0.1, "eps": 1e-05},
        "first_conv": conv(3, 24, 3, 2),
        "blocks": blocks,
        "final_expand_layer": conv(192, 1152, 1, 1),
        "feature_mix_layer": conv(1152, 1536, 1, 1, use_bn=False),
        "classifier": {"name": "LinearLayer", "in_features": 1536, "out_features": 1000, "dropout_rate": 0.1},
    }


@pytest.fixture(scope="module", params=RESOLUTIONS)
def wild(request, tmp_path_factory):
    """A look-up table with every key of four architectures at a resolution, and what was imported from it."""
    folder, resolution = tmp_path_factory.mktemp("ofa"), request.param
    specs = [drawn(number, resolution) for number in range(4)]
    rng = random.Random(resolution)
    keys = sorted({key for spec in specs for key in keys_of(spec)})
    text = "".join(
        f"{key}:\n  count: 100\n  mean: {rng.uniform(0.1, 4)!r}\n  std: {rng.uniform(0, 0.1)!r}\n"
        for key in keys
    )
    (folder / "lookup.yaml").write_text(text)
    tunas("table", "import", folder / "lookup.yaml", "-o", folder / "table.json", "--device", "phone")
    return folder, yaml.safe_load(text), specs


def cost(folder, *arguments):
    table = ("--latency", folder / "table.json", "--format", "json")
    return json.loads(tunas("cost", *arguments, *table).stdout)["latency_ms"]


def test_once_for_all_costs_what_its_authors_estimator_says(wild, tmp_path):
    """As lists in the space, as a net.config in the space, and as a net.config alone."""
    folder, table, specs = wild
    for spec in specs:
        expected = sum(table[key]["mean"] for key in keys_of(spec))
        lists, config = tmp_path / "spec.json", tmp_path / "net.config"
        lists.write_text(json.dumps(spec))
        config.write_text(json.dumps(net_config(spec)))
        (tmp_path / "run.config").write_text(json.dumps({"image_size": spec["r"][0]}))
        for arguments in (["ofa_mbv3", lists], ["ofa_mbv3", config], [config]):
            assert cost(folder, *arguments) == pytest.approx(expected, abs=1e-9)


def test_only_the_first_d_entries_of_a_stage_count():
    space = load_space("ofa_mbv3")
    spec = drawn(1, 160) | {"d": [2, 3, 4, 2, 3]}
    other = copy.deepcopy(spec)
    for stage, depth in enumerate(spec["d"]):
        for layer in range(depth, 4):
            other["ks"][4 * stage + layer] = other["e"][4 * stage + layer] = 99
    network = find_indices(space, compile_text(space_text(net_config(spec), 160)))
    for lists in (spec, other):
        taken = subnet_indices(space, lists)
        assert canonical(space, taken) == canonical(space, network)


def test_one_number_stands_for_a_list():
    space = load_space("ofa_mbv3")
    short = {"ks": 5, "e": 4, "d": 3, "r": 192, "wid": None}
    long = {"ks": [5] * 20, "e": [4] * 20, "d": [3] * 5, "r": [192]}
    assert subnet_indices(space, short) == subnet_indices(space, long)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"ks": [3] * 19}, "$.ks has 19 numbers, but the space has 20 places"),
        ({"e": [5] * 20}, "$.e[0] is 5: `ofa_mbv3` has 3, 4, 6 there"),
        ({"d": [2, 2, 5, 2, 2]}, "$.d[2] is 5: `ofa_mbv3` has 2, 3, 4 there"),
        ({"r": [161]}, "$.r is 161: `ofa_mbv3` has 160, 176, 192, 208, 224 there"),
        ({"r": None}, "$.r is missing, the image size"),
        ({"ks": "3"}, "$.ks is no list of whole numbers"),
        ({"ks": [3.0] * 20}, "$.ks is no list of whole numbers"),
    ],
)
def test_lists_of_another_space_are_refused(edit, message, tmp_path):
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(drawn(0, 160) | edit))
    stderr = tunas("cost", "ofa_mbv3", file, status=1).stderr
    assert message in stderr
    assert len(stderr.splitlines()) == 1


def lists_and_configs():
    def broken(edit):
        config = net_config(drawn(2, 160))
        edit(config)
        return config

    def layer(config):
        return config["blocks"][3]["conv"]

    yield broken(lambda c: c.pop("classifier")), "$.classifier is missing"
    yield broken(lambda c: c.update(blocks={})), "$.blocks is no list of layers"
    yield broken(lambda c: layer(c).pop("kernel_size")), "$.blocks[3].conv.kernel_size is missing"
    yield broken(lambda c: layer(c).update(in_channels=40)), "$.blocks[3].conv.in_channels is 40, but"
    yield broken(lambda c: layer(c).update(act_func="gelu")), "$.blocks[3].conv.act_func is none of"
    yield broken(lambda c: layer(c).update(groups=2)), "$.blocks[3].conv.groups is 2"
    yield broken(lambda c: layer(c).update(name="DynamicMBConvLayer")), "$.blocks[3].conv.name is"
    yield (
        broken(lambda c: layer(c).update(expand_ratio=0, mid_channels=None)),
        "$.blocks[3].conv.expand_ratio is no number over 0",
    )
    yield broken(lambda c: c["blocks"][3].update(conv=7)), "$.blocks[3].conv is not an object"
    yield broken(lambda c: c["first_conv"].update(out_channels=10**30)), "$.first_conv.out_channels is no"


@pytest.mark.parametrize(("config", "message"), list(lists_and_configs()))
def test_a_net_config_that_the_language_cannot_say_is_refused(config, message, tmp_path):
    file = tmp_path / "net.config"
    file.write_text(json.dumps(config))
    stderr = tunas("cost", file, "--resolution", 160, status=1).stderr
    assert message in stderr
    assert stderr.startswith(f"error: {file}: ")
    assert len(stderr.splitlines()) == 1


def test_a_net_config_without_an_image_size_says_how_to_give_one(tmp_path):
    file = tmp_path / "net.config"
    file.write_text(json.dumps(net_config(drawn(0, 160))))
    assert "has no image size: give --resolution" in tunas("cost", file, status=1).stderr


PROXYLESS = {
    "name": "ProxylessNASNets",
    "first_conv": {
        "in_channels": 3,
        "out_channels": 32,
        "kernel_size": 3,
        "stride": 2,
        "act_func": "relu6",
    },
    "feature_mix_layer": {
        "in_channels": 320,
        "out_channels": 1280,
        "kernel_size": 1,
        "stride": 1,
        "act_func": "relu6",
    },
    "classifier": {"in_features": 1280, "out_features": 1000},
    "image_size": 224,
}
PROXYLESS_ENDS = [
    "Conv-input:224x224x3-output:112x112x32",
    "Conv_1-input:7x7x320-output:7x7x1280",
    "Logits-input:7x7x1280-output:1000",
]


def proxyless(seed):
    """A network of ProxylessNAS's space with its keys; some layers are left out in either of two ways."""
    rng = random.Random(seed)
    blocks, keys, state = [], [], {"width": 32, "size": 112}

    def add(outputs, stride, expand, skip, left_out=None):
        kernel, inputs, size = rng.choice([3, 5, 7]), state["width"], state["size"]
        shortcut = {"name": "IdentityLayer"} if skip else None
        if left_out is not None:
            inner = {"none": None, "zero": {"name": "ZeroLayer", "stride": 1}}[left_out]
        else:
            inner = {
                "name": "MBInvertedConvLayer",
                "in_channels": inputs,
                "out_channels": outputs,
                "kernel_size": kernel,
                "stride": stride,
                "expand_ratio": expand,
            }
            out = int((size - 1) / stride + 1)
            keys.append(
                f"expanded_conv-input:{size}x{size}x{inputs}-output:{out}x{out}x{outputs}-expand:{expand}"
                f"-kernel:{kernel}-stride:{stride}-idskip:{int(skip)}"
            )
            state.update(size=out)
        blocks.append(
            {"name": "MobileInvertedResidualBlock", "mobile_inverted_conv": inner, "shortcut": shortcut}
        )
        state.update(width=outputs)

    add(16, 1, 1, False)
    for width, stride in ((24, 2), (40, 2), (80, 2), (96, 1), (192, 2)):
        add(width, stride, rng.choice([3, 6]), False)
        for _ in range(3):
            add(width, 1, rng.choice([3, 6]), True, rng.choice([None, None, "none", "zero"]))
    add(320, 1, rng.choice([3, 6]), False)
    return {**PROXYLESS, "blocks": blocks}, [*PROXYLESS_ENDS, *keys]


@pytest.mark.parametrize("seed", range(4))
def test_proxylessnas_costs_what_its_authors_estimator_says(seed, tmp_path):
    config, keys = proxyless(seed)
    rng = random.Random(seed)
    means = {key: rng.uniform(0.1, 9) for key in keys}
    (tmp_path / "t.yaml").write_text(
        "".join(f"{key}:\n  count: 9\n  mean: {ms!r}\n  var: 0.1\n" for key, ms in means.items())
    )
    (tmp_path / "net.config").write_text(json.dumps(config))
    tunas("table", "import", tmp_path / "t.yaml", "-o", tmp_path / "table.json")
    expected = pytest.approx(sum(means[key] for key in keys), abs=1e-9)
    assert cost(tmp_path, tmp_path / "net.config") == expected
    assert cost(tmp_path, "proxylessnas_original", tmp_path / "net.config") == expected


def test_the_shipped_table_covers_its_space():
    said = tunas("table", "check", "proxylessnas_original", "proxylessnas_original").stdout
    assert said.startswith("proxylessnas_original covers proxylessnas_original")
