"""Tables of other tools: once-for-all's, ProxylessNAS's and CSV, imported and put together."""

import itertools
import json
import re

import numpy as np
import pytest

from tests.command_line import document, refusal, tunas
from tunas_dsl.cost.importing import import_table
from tunas_dsl.cost.lookup import operation_model
from tunas_dsl.cost.table_json import read_table
from tunas_dsl.errors import TableError
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.storage.resources import shipped

# Once-for-all, as its authors write an architecture: kernels, expansions, depths.
STAGES = [(32, 2, 0, 0), (48, 2, 1, 0), (96, 2, 0, 1), (136, 1, 1, 1), (192, 2, 1, 1)]


def ofa_key(size, inputs, out, outputs, mid, kernel, stride, skip, se, hs):
    shapes = f"input:{size}x{size}x{inputs}-output:{out}x{out}x{outputs}"
    return (
        f"expanded_conv-{shapes}-expand:{mid}-kernel:{kernel}-stride:{stride}-idskip:{skip}-se:{se}-hs:{hs}"
    )


def ofa_yaml(resolution, seed):
    """A table of all keys at ``resolution``, with random latencies."""
    random = np.random.default_rng(seed)
    size, inputs, keys = -(-resolution // 2), 24, []
    keys += [f"Conv-input:{resolution}x{resolution}x3-output:{size}x{size}x24"]
    keys += [ofa_key(size, 24, size, 24, 24, 3, 1, 1, 0, 0)]
    for outputs, stride, se, hs in STAGES:
        out = -(-size // stride)
        for kernel, expand in itertools.product((3, 5, 7), (3, 4, 6)):
            keys.append(ofa_key(size, inputs, out, outputs, inputs * expand, kernel, stride, 0, se, hs))
            keys.append(ofa_key(out, outputs, out, outputs, outputs * expand, kernel, 1, 1, se, hs))
        size, inputs = out, outputs
    keys += [f"Conv_1-input:{size}x{size}x192-output:{size}x{size}x1152"]
    keys += [f"AvgPool2D-input:{size}x{size}x1152-output:1x1x1152", "Conv_2-input:1x1x1152-output:1x1x1536"]
    keys += ["Logits-input:1x1x1536-output:1000"]
    means = dict(zip(keys, random.uniform(0.1, 5, len(keys)).tolist(), strict=True))
    return means, "".join(f"{k}:\n  count: 9\n  mean: {v!r}\n  std: 0.01\n" for k, v in means.items())


def ofa_latency(means, resolution, kernels, expands, depths):
    """The sum of look-ups, key by key, as once-for-all's authors take it."""
    size, inputs = -(-resolution // 2), 24
    total = sum(ms for key, ms in means.items() if not key.startswith("expanded_conv"))
    total += means[ofa_key(size, 24, size, 24, 24, 3, 1, 1, 0, 0)]
    for stage, (outputs, stride, se, hs) in enumerate(STAGES):
        for layer in range(depths[stage]):
            step = stride if layer == 0 else 1
            out = -(-size // step)
            kernel, expand = kernels[4 * stage + layer], expands[4 * stage + layer]
            skip = int(layer > 0)
            total += means[ofa_key(size, inputs, out, outputs, inputs * expand, kernel, step, skip, se, hs)]
            size, inputs = out, outputs
    return total


@pytest.mark.parametrize("resolution", [160, 176, 208, 224])
def test_once_for_all_costs_what_its_authors_sum(resolution, tmp_path):
    means, text = ofa_yaml(resolution, resolution)
    file = tmp_path / "lookup.yaml"
    file.write_text(text)
    space = load_space("ofa_mbv3")
    table = import_table(file)
    random = np.random.default_rng(1)
    for _ in range(5):
        kernels, expands = random.choice([3, 5, 7], 20).tolist(), random.choice([3, 4, 6], 20).tolist()
        depths = random.choice([2, 3, 4], 5).tolist()
        taken = {"input.resolution": resolution}
        for layer in range(20):
            taken[f"s{layer // 4 + 1}.0.{layer % 4}.kernel"] = kernels[layer]
            taken[f"s{layer // 4 + 1}.0.{layer % 4}.expand"] = f"{expands[layer]}x"
            taken[f"s{layer // 4 + 1}.0.depth"] = depths[layer // 4]
        indices = [d.options.index(taken[d.id]) if d.id in taken else 0 for d in space.decisions]
        network = prune(space, indices)
        cost = operation_model(network, table).total(np.zeros((1, len(network.decisions)), int))[0]
        assert cost == pytest.approx(ofa_latency(means, resolution, kernels, expands, depths), abs=1e-9)


ORIGINAL = """space original {
    input image 224 x 224 x 3
    filters divisible by 8
    layer bneck(stride) = bottleneck(kernel: 3 | 5 | 7, expand: 3x | 6x, stride: stride, act: relu6)
    layer more = residual(bneck(1) | skip)
    block stem (filters: 32) { conv(kernel: 3, stride: 2)  relu6 }
    block b1 (filters: 16)  { sepconv(kernel: 3, act: relu6) }
    block b2 (filters: 24)  { bneck(2)  3 * more }
    block b3 (filters: 40)  { bneck(2)  3 * more }
    block b4 (filters: 80)  { bneck(2)  3 * more }
    block b5 (filters: 96)  { bneck(1)  3 * more }
    block b6 (filters: 192) { bneck(2)  3 * more }
    block b7 (filters: 320) { bneck(1) }
    block head (filters: 1280) { conv(kernel: 1)  relu6 }
    classifier (classes: 1000) }"""


def test_the_original_proxylessnas_table_covers_its_space():
    """By hand: the fixed parts, and for each block 2 to 7 one look-up by shape, kernel 5 and ratio 6."""
    space = compile_text(ORIGINAL)
    text = (shipped("spaces") / "latency" / "proxylessnas_original.json").read_text()
    model = operation_model(space, read_table(text))
    indices = [1 if d.kind in ("kernel", "expansion", "layer") else 0 for d in space.decisions]
    rows = json.loads(text)["operations"]
    fixed = [r["ms"] for r in rows if r["op"] in ("conv", "classifier")]
    fixed += [r["ms"] for r in rows if r["op"] == "sepconv" and r["kernel"] == 3]
    first = [
        r["ms"]
        for r in rows
        if r["op"] == "bottleneck"
        and not r.get("residual")
        and r["kernel"] == 5
        and r["expanded"] == 6 * r["input"][2]
    ]
    assert len(first) == 6
    assert model.total(np.array([indices]))[0] == pytest.approx(sum(fixed) + sum(first), abs=1e-9)


GOOD = "Conv-input:8x8x3-output:4x4x8:\n  count: 3\n  mean: 1.5\n  std: 0.1\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ":1: here belongs a mapping"),
        ("[1, 2]\n", ":1: here belongs a mapping"),
        (
            GOOD + "Conv-input:8x8x3-output:4x4x8:\n  mean: 1\n",
            ":5: `Conv-input:8x8x3-output:4x4x8` is given twice",
        ),
        (GOOD.replace("mean: 1.5", "mean: -1.5"), ":3: `mean` is `-1.5`"),
        (GOOD.replace("mean: 1.5", "mean: .nan"), ":3: `mean` is `.nan`"),
        (GOOD.replace("mean: 1.5", "mean: [1.5]"), ":3: here belongs a name or a number"),
        (GOOD.replace("  mean: 1.5\n", ""), ":1: `Conv-input:8x8x3-output:4x4x8` has no `mean`"),
        (GOOD.replace("Conv-", "Cnov-"), ":1: `Cnov-input:8x8x3-output:4x4x8` is no key"),
        (GOOD.replace("8x8x3", "8x3"), "has a shape"),
        (GOOD + "!!python/object/apply:os.system ['touch pwned']: 1\n", ":5: a look-up table has no tags"),
        (GOOD.replace("1.5", "!!python/name:os.system 1"), ":3: a look-up table has no tags"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n", ":1: a look-up table has no tags, anchors"),
        (GOOD + "---\n" + GOOD, "a table is one YAML document"),
        (GOOD + "  : : :\n  - }", "it is no YAML"),
        ("[" * 200_000, ":1: it is no YAML: exceeded maximum"),
        ("\0\1\2", "it is no YAML"),
    ],
)
def test_a_malformed_look_up_table_is_refused_with_the_line(text, place, tmp_path):
    file = tmp_path / "lookup.yaml"
    file.write_text(text)
    with pytest.raises(TableError) as caught:
        import_table(file)
    assert place in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("op,input,output\n", ":1: there is no column `ms`"),
        ("op,input,output,ms,colour\n", ":1: the column `colour` is unknown"),
        ("op,input,output,ms\n", "it has no operations"),
        ("op,input,output,ms\nconv,8x8x3,8x8x8\n", ":2: 4 columns are named, but 3 given"),
        ("op,input,output,ms\nconv,8x8x3,8x8x8,x\n", ":2: `ms` is `x`, not a finite number"),
        ("op,input,output,ms\nconv,8x8x3,8x8x8,inf\n", ":2: `ms` is `inf`"),
        ("op,input,output,ms\nconv,8x8,8x8x8,1\n", ":2: `input` is `8x8`, not a shape"),
        ("op,input,output,ms\ncnov,8x8x3,8x8x8,1\n", ":2: `op` is `cnov`, not one of"),
        ("op,input,output,ms\n" + 2 * "conv,8x8x3,8x8x8,1\n", ":3: the same operation as in line 2"),
        ("op,input,output,ms\nconv,,8x8x8,1\n", ":2: `input` is empty"),
    ],
)
def test_a_malformed_csv_is_refused_with_the_line(text, place, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text(text)
    with pytest.raises(TableError) as caught:
        import_table(file)
    assert place in str(caught.value)


def test_tables_on_the_command_line(tmp_path):
    parts = []
    for resolution in (160, 176):
        text = ofa_yaml(resolution, resolution)
        (tmp_path / f"{resolution}.yaml").write_text(text[1])
        parts.append(tmp_path / f"{resolution}.json")
        tunas("table", "import", tmp_path / f"{resolution}.yaml", "-o", parts[-1], "--device", "phone")
    both = tmp_path / "both.json"
    refused = tunas("table", "merge", *parts, "-o", both, status=1)  # Conv_2 and Logits are in both
    assert "choose with --prefer" in refused.stderr
    tunas("table", "merge", *parts, "-o", both, "--prefer", "first")
    tunas("table", "diff", parts[0], parts[0])
    tunas("table", "diff", parts[0], both, status=1)
    space = tmp_path / "two.space"
    text = (shipped("spaces") / "ofa_mbv3.space").read_text()
    space.write_text(re.sub(r"\(160.*?\) x 3", "(160 | 176) x 3", text))
    tunas("table", "check", both, space)
    assert "`input.resolution` = 176" in tunas("table", "check", parts[0], space, status=1).stderr
    costs = document("cost", space, "--latency", both)
    assert costs["latency_ms"]["smallest"] < costs["latency_ms"]["largest"]
    assert "any space" in tunas("table", "list").stdout
    assert document("table", "show", both)["device"] == "phone"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--date", "yesterday", '$.date is "yesterday", not a day'),
        ("--device", "", "$.device is empty"),
        ("--name", "a\nb", "$.name is empty, or more than a line"),
    ],
)
def test_what_an_import_is_told_has_to_be_something_that_a_table_can_say(option, value, message, tmp_path):
    (tmp_path / "t.yaml").write_text(GOOD)
    output = tmp_path / "t.json"
    assert message in refusal("table", "import", tmp_path / "t.yaml", "-o", output, option, value)
    assert not output.exists()
