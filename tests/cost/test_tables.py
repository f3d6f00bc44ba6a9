"""Tables of operations: what they say of a space, and what they lack."""

import json
import re

import attrs
import jsonschema
import numpy as np
import pytest

from tests.command_line import refusal
from tests.cost.whole_tables import whole
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.lookup import operation_model
from tunas_dsl.cost.signature import Signature, operations
from tunas_dsl.cost.table import LatencyTable, Measurement
from tunas_dsl.cost.table_json import read_table, write_table
from tunas_dsl.errors import DocumentError, TableError
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.storage.resources import shipped

SCHEMA = json.loads((shipped("grammars") / "latency_table.schema.json").read_text())
SPACES = ("digits", "proxylessnas", "mobilenet_v3_like", "ofa_mbv3", "proxylessnas_uncollapsed")


def points(space, number, seed=0):
    random = np.random.default_rng(seed)
    return np.stack([random.integers(0, len(d.options), number) for d in space.decisions], axis=1)


@pytest.mark.parametrize("name", SPACES)
def test_multiply_adds_of_operations_are_those_of_the_space(name):
    """An independent count: signatures know nothing of the tables that multiply-adds come from."""
    space = load_space(name)
    indices = points(space, 50)
    by_operation = operation_model(space, whole(space, lambda s: float(s.macs))).total(indices)
    np.testing.assert_array_equal(by_operation, macs_model(space).total(indices))


@pytest.mark.parametrize("name", SPACES)
def test_an_architecture_costs_alone_what_it_costs_in_its_space(name):
    space = load_space(name)
    table = whole(space)
    indices = points(space, 5)
    totals = operation_model(space, table).total(indices)
    for vector, total in zip(indices, totals, strict=True):
        network = prune(space, vector.tolist())
        alone = operation_model(network, table).total(np.zeros((1, len(network.decisions)), int))
        assert alone[0] == pytest.approx(total, rel=1e-12)


def test_what_a_runtime_fuses_is_one_operation():
    space = compile_text("""space s { input image 16 x 16 x 3
        block a (filters: 8)  { conv(kernel: 3, stride: 2)  relu6  relu }
        block b (filters: 16) { (conv(kernel: 3) | conv(kernel: 5))  swish
                                residual({ conv(kernel: 1)  relu  conv(kernel: 1) }  | skip)  endpoint }
        classifier (classes: 4) }""")
    found = [str(operation.signatures.flat[0]) for operation in operations(space)]
    assert found == [
        "conv 16x16x3 -> 8x8x8 kernel=3 stride=2 act=relu6",
        "activation 8x8x8 -> 8x8x8 act=relu",
        "conv 8x8x8 -> 8x8x16 kernel=3 act=swish",
        "conv 8x8x8 -> 8x8x16 kernel=5 act=swish",
        "conv 8x8x16 -> 8x8x16 act=relu",
        "conv 8x8x16 -> 8x8x16 residual",
        "global_pool 8x8x16 -> 1x1x16",
        "classifier 1x1x16 -> 1x1x4",
    ]


def test_a_table_comes_back_from_its_text():
    table = attrs.evolve(whole(load_space("digits")), threads=1, date="2026-01-01", spread_kind="iqr")
    text = write_table(table)
    jsonschema.validate(json.loads(text), SCHEMA)
    again = read_table(text)
    assert dict(again.operations) == dict(table.operations)
    assert write_table(again) == text
    assert len(text.splitlines()) == len(table.operations) + 12


def test_a_miss_names_the_layer_the_decisions_the_key_and_the_nearest():
    space = load_space("proxylessnas")
    table = whole(space)
    gone = next(s for s in table.operations if s.op == "bottleneck" and s.kernel == 5 and s.residual)
    lacking = attrs.evolve(table, operations={s: m for s, m in table.operations.items() if s != gone})
    with pytest.raises(TableError) as caught:
        operation_model(space, lacking)
    message = str(caught.value)
    assert f"there is no entry for `{gone}`" in message
    where = r"layer (\d\.\d) \(proxylessnas\.space:\d+\)"
    asked = where + r" with `b\1\.op` = bneck\(1\), `b\1\.kernel` = 5, `b\1\.expand` = "
    assert re.search(asked, message)
    assert "(1 of the 73 operations of `proxylessnas` are missing)" in message
    near = message.partition("nearest: ")[2].split("; ")
    assert len(near) == 3
    assert all(entry.startswith("bottleneck") for entry in near)


@pytest.mark.parametrize(("missing", "tolerance"), [("interpolate", 0.02), ("fit", 0.02)])
def test_what_is_estimated_is_counted_and_near(missing, tolerance):
    """Latencies that are linear in multiply-adds, which both estimates must find again."""
    space = load_space("proxylessnas")
    table = whole(space, lambda s: 0.1 + s.macs / 1e7)
    inner = sorted((s for s in table.operations if s.op == "bottleneck"), key=lambda s: (s.kernel, s.macs))
    gone = {s for s in inner[2:-2:3] if s.residual}
    lacking = attrs.evolve(table, operations={s: m for s, m in table.operations.items() if s not in gone})
    model = operation_model(space, lacking, missing)
    indices = points(space, 20)
    assert model.estimated == len(gone) > 2
    expected = operation_model(space, table).total(indices)
    np.testing.assert_allclose(model.total(indices), expected, rtol=tolerance)


ROW = '{"op": "conv", "input": [8, 8, 3], "output": [8, 8, 8], "ms": 1.0}'

HEAD = '"schema": "tunas.latency-table/1", "name": "t", "device": "d", "unit": "ms", "source": "s"'

TABLE = f'{{{HEAD}, "operations": [%s]}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE % ROW.replace('"ms": 1.0', '"ms": -1.0'), "$.operations[0].ms is -1.0: what is measured"),
        (TABLE % ROW.replace('"ms": 1.0', '"ms": NaN'), "$.operations[0].ms is nan"),
        (TABLE % ROW.replace(', "ms": 1.0', ""), "$.operations[0].ms is missing"),
        (TABLE % f"{ROW}, {ROW}", "$.operations[1] is the same operation as $.operations[0]"),
        (TABLE % ROW.replace('"conv"', '"cnov"'), "$.operations[0].op is none of"),
        (TABLE % ROW.replace("[8, 8, 3]", "[8, 3]"), "input and output are [height, width, channels]"),
        (TABLE % ROW.replace("[8, 8, 3]", "[8, 8, 0]"), "a size is not from 1"),
        ((TABLE % ROW).replace('"ms", ', '"us", '), "$.unit is none of ms"),
        ((TABLE % ROW).replace("table/1", "table/9"), "this version reads"),
        ((TABLE % ROW)[:-20], "line 1, column"),
        ((TABLE % ROW).replace('"operations"', '"space": "x", "operations"'), "$.space belongs to sites"),
        ((TABLE % ROW).replace('"operations"', '"sites"'), "$.sites[0]"),
    ],
)
def test_a_malformed_table_of_operations_is_refused_with_the_place(text, message):
    with pytest.raises(DocumentError) as caught:
        read_table(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gone.json", "folder", "binary.json", "huge.json"])
def test_a_file_that_is_no_table_is_one_line_of_error(name, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.json").write_bytes(b"\x80\xff\0")
    with (tmp_path / "huge.json").open("wb") as huge:
        huge.truncate(1_000_000_000)
    assert name in refusal("cost", "proxylessnas", "--latency", tmp_path / name)


def test_signatures_without_an_activation_stand_for_any():
    space = compile_text("space s { input image 8 x 8 x 3 block a (filters: 8) { conv(kernel: 3) swish } }")
    table = LatencyTable(
        "t", "d", "s", operations={Signature("conv", (8, 8, 3), (8, 8, 8), 3): Measurement(2.0)}
    )
    assert operation_model(space, table).total(np.zeros((1, 1), int))[0] == 2.0
