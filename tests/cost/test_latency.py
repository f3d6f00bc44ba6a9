"""Latency tables: the shipped ones against published figures, and how a table is bound to a space."""

import json
from pathlib import Path

import attrs
import jsonschema
import numpy as np
import pytest

from tests.cost.building import (
    ENLARGED,
    MNASNET_B1,
    MOBILENET_V2,
    PROXYLESSNAS_MOBILE,
    PROXYLESSNAS_MOBILE_SMALL,
    SMALL,
    V3_LIKE,
    Builder,
    vector,
)
from tunas_dsl.cost.binding import latency_model
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.table_files import load_table
from tunas_dsl.cost.table_json import read_table
from tunas_dsl.errors import DocumentError, TableError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import prune
from tunas_dsl.storage.resources import shipped

SPACES = (SMALL, ENLARGED, V3_LIKE)
TABLES = sorted((Path(str(shipped("spaces"))) / "latency").glob("*/*.json"))
SCHEMA = json.loads((shipped("grammars") / "latency_table.schema.json").read_text())


@pytest.mark.parametrize(
    ("space", "indices", "latency"),
    [
        (ENLARGED, MOBILENET_V2, 77.222),
        (ENLARGED, MNASNET_B1, 84.512),
        (ENLARGED, PROXYLESSNAS_MOBILE, 84.405),
        (SMALL, PROXYLESSNAS_MOBILE_SMALL, 84.416),
    ],
)
def test_the_reference_models_have_their_published_latencies(space, indices, latency):
    """Facts 4.4, to a thousandth of a millisecond."""
    model = cost_model(space, "pixel1")
    assert (model.name, model.unit) == ("pixel1", "ms")
    assert model.total(vector(indices))[0] == pytest.approx(latency, abs=0.001)


@pytest.mark.parametrize(("space", "features"), [(SMALL, 144), (ENLARGED, 5983), (V3_LIKE, 29_068)])
def test_the_shipped_tables_have_the_published_features(space, features):
    """Facts 9.2, where the axis `filters` stands for the diagonal of output and input filters."""
    sites = load_table("pixel1", space).sites
    sizes = [
        np.prod([len(o) ** (2 if axis == "filters" else 1) for axis, o in site.options.items()])
        for site in sites
    ]
    assert sum(sizes) == features


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_the_shipped_tables_follow_the_schema(table):
    jsonschema.validate(json.loads(table.read_text()), SCHEMA)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_an_architecture_costs_alone_what_it_costs_in_its_space(space):
    model = cost_model(space, "pixel1")
    random = np.random.default_rng(0)
    for indices in random.integers(0, model.options, (3, len(model.options))):
        network = prune(space, indices.tolist())
        alone = cost_model(network, "pixel1").total(np.zeros((1, len(network.decisions)), dtype=int))
        assert alone == pytest.approx(model.total(indices[None]), abs=1e-9)


@pytest.mark.parametrize("name", [None, "macs"])
def test_multiply_adds_are_a_cost_in_millions(name):
    model = cost_model(ENLARGED, name)
    assert model.unit == "M MAdds"
    assert model.total(vector(MOBILENET_V2))[0] == pytest.approx(300.775552, abs=1e-9)


def toy(kernels=(3, 5), expand=(3, 6), se=(False,), widths=(8, 16)):
    """A bottleneck, an optional one and an endpoint, about all of which something is decided."""
    b = Builder("toy", image=(8, 8))
    b.block(widths)
    b.add(b.bneck(kernels, expand, se, stride=2))
    b.add(b.optional(lambda: b.bneck(kernels, expand, se)))
    b.add(ir.Endpoint(**b.same()))
    b.end()
    return b.finish()


OPTIONS = ["kernel=5 expand=6x", "kernel=3 expand=6x", "kernel=5 expand=3x", "kernel=3 expand=3x"]
TOY = {
    "schema": "tunas.latency-table/1",
    "name": "phone",
    "space": "toy",
    "device": "a phone",
    "unit": "ms",
    "source": "made up",
    "intercept": 1000,
    "sites": [
        {
            "site": "0.0",
            "axes": ["option", "out"],
            "option": OPTIONS,
            "out": [16, 8],
            "ms": [[1, 2], [3, 4], [5, 6], [7, 8]],
        },
        {
            "site": "0.1",
            "axes": ["filters", "option"],
            "filters": [16, 8],
            "option": ["skip", *OPTIONS],
            "ms": [[0, 10, 20, 30, 40], [50, 60, 70, 80, 90]],
        },
        {"site": "0.2", "axes": ["filters"], "filters": [8, 16], "ms": [100, 200]},
    ],
}
INDICES = [  # kernel, expansion of 0.0; kernel, expansion, skip of 0.1; filters
    ((0, 0, 0, 0, 0, 0), 1000 + 8 + 90 + 100),
    ((1, 0, 1, 1, 0, 0), 1000 + 6 + 60 + 100),
    ((1, 1, 0, 1, 0, 1), 1000 + 1 + 20 + 200),
    ((0, 1, 0, 1, 1, 1), 1000 + 3 + 0 + 200),
    ((0, 1, 1, 0, 1, 0), 1000 + 4 + 50 + 100),
]


def edited(edit=lambda table: None):
    table = json.loads(json.dumps(TOY))
    edit(table)
    return json.dumps(table)


def bound(space, edit=lambda table: None):
    return latency_model(space, read_table(edited(edit)))


def test_entries_are_found_by_what_they_mean_in_whatever_order_they_stand():
    jsonschema.validate(TOY, SCHEMA)
    model = bound(toy())
    for indices, latency in INDICES:
        assert model.total(np.array([indices])) == [latency]


def test_a_space_may_have_fewer_options_than_its_table():
    model = bound(toy(kernels=(5,), widths=(16,)))
    assert model.options == (2, 2, 2, 1)  # both expansions, the skip, the filters
    assert model.total(np.array([[1, 0, 0, 0]])) == [1000 + 1 + 30 + 200]


def whole_layers():
    """Facts 4.1: alternatives of whole layers, not kernels of one."""
    b = Builder("toy", image=(8, 8))
    b.block((8,))
    b.add(b.alternatives(*(lambda kernel=kernel: b.sepconv((kernel,)) for kernel in (7, 3))))
    b.add(b.alternatives(lambda: b.sepconv((3,)), lambda: b.conv((3,))))
    b.end()
    return b.finish()


def one_site(site, option, ms):
    def edit(table):
        table["sites"] = [{"site": site, "axes": ["option"], "option": option, "ms": ms}]

    return edit


def two_sites(table):
    one_site("0.0", ["kernel=3", "kernel=5", "kernel=7"], [1, 2, 3])(table)
    table["sites"].append({"site": "0.1", "axes": ["option"], "option": ["conv", "sepconv"], "ms": [10, 20]})


def test_whole_layers_are_told_apart_by_kernel_or_by_kind():
    model = bound(whole_layers(), two_sites)
    points = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0]])
    assert model.total(points).tolist() == [1023, 1013, 1021]


def site(table, number=0):
    return table["sites"][number]


def rewritten(number, **entry):
    def edit(table):
        table["sites"][number] = {"site": site(table, number)["site"], **entry}

    return edit


@pytest.mark.parametrize(
    ("space", "edit", "message"),
    [
        (
            toy(kernels=(3, 7)),
            lambda table: None,
            "table phone, site 0.0: `b0.0.kernel0` can be 7, but the table has 3, 5",
        ),
        (
            toy(expand=(3, 4)),
            lambda table: None,
            "site 0.0: `b0.0.expansion1` can be 4x, but the table has 3x, 6x",
        ),
        (
            toy(se=(False, True)),
            lambda table: None,
            "site 0.0: `b0.0.squeeze_excite2` makes it `bottleneck kernel=3 expand=3x se=off` or `bottleneck "
            "kernel=3 expand=3x se=on`, but the table has one entry for both: `kernel=3 expand=3x`",
        ),
        (
            toy(widths=(8, 24)),
            lambda table: None,
            "site 0.0: `b0.filters` can be 24, but the table has out 16, 8",
        ),
        (
            toy(),
            lambda table: site(table, 1).update(site="0.3"),
            "table phone, site 0.3: `toy` has no such layer",
        ),
        (
            toy(),
            lambda table: table["sites"].pop(1),
            "table phone: no site depends on the decision `b0.1.kernel2` of `toy`, which has 2 options",
        ),
        (
            toy(),
            lambda table: table["sites"].pop(0),
            "table phone: no site depends on the decision `b0.0.kernel0` of `toy`, which has 2 options",
        ),
        (
            toy(),
            rewritten(0, axes=["filters"], filters=[8, 16], ms=[1, 2]),
            "the table has one axis `filters`, but input and output filters differ in the space",
        ),
        (
            toy(),
            rewritten(0, axes=["out"], out=[16, 8], ms=[1, 2]),
            "site 0.0: the space decides `b0.0.kernel0`, but the table has the same entry",
        ),
        (
            toy(),
            rewritten(2, axes=["option"], option=["fixed"], ms=[1]),
            "site 0.2: the space decides `b0.filters`, but the table has the same entry",
        ),
        (
            toy(),
            lambda table: site(table, 1)["option"].__setitem__(0, "leap"),
            "site 0.1: `b0.1.layer4` can be skip, but the table has leap",
        ),
        (
            toy(),
            lambda table: site(table, 1)["option"].__setitem__(0, "fixed"),
            "site 0.1: for `bottleneck kernel=3 expand=3x se=off` the table has several entries: `fixed` and "
            "`kernel=3 expand=3x`",
        ),
        (
            toy(),
            lambda table: site(table, 0)["option"].__setitem__(3, "kernel=3 expand=3x zoom=2"),
            "the space can have `bottleneck kernel=3 expand=3x se=off`, for which the table has no entry",
        ),
    ],
)
def test_what_does_not_match_is_named(space, edit, message):
    with pytest.raises(TableError) as caught:
        bound(space, edit)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_decided_inside_a_sequence_is_noticed():
    b = Builder("toy", image=(8, 8))
    b.block((8,))
    b.add(b.conv((1,)))
    b.add(ir.Sequence(layers=(b.conv((1,)), b.conv((3, 5))), **b.same()))
    b.end()
    with pytest.raises(TableError) as caught:
        bound(b.finish(), one_site("0.1", ["fixed"], [1]))
    assert str(caught.value) == (
        "table phone, site 0.1: `b0.1.kernel0` makes it `sequence of=conv kernel=1, conv kernel=3` or "
        "`sequence of=conv kernel=1, conv kernel=5`, but the table has one entry for both: `fixed`"
    )


def test_a_table_without_sizes_is_none_for_a_space_that_decides_them():
    space = toy()
    size = ir.Choice(((8, 8), (16, 16)), "resolution")
    decisions = (*space.decisions, ir.Decision("resolution", "layer", ("8x8", "16x16"), 1))
    inputs = attrs.evolve(space.blocks[0].layers[0].inputs, size=size)
    first = attrs.evolve(space.blocks[0].layers[0], inputs=inputs)
    block = attrs.evolve(space.blocks[0], layers=(first, *space.blocks[0].layers[1:]))
    with pytest.raises(
        TableError, match=r"site 0\.0: the space decides `resolution`, but the table has the same"
    ):
        bound(attrs.evolve(space, decisions=decisions, blocks=(block,)))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda table: table.pop("device"), "$.device is missing"),
        (lambda table: table.update(unit="s"), "$.unit is none of ms"),
        (
            lambda table: table.update(schema="tunas.latency-table/2"),
            '"tunas.latency-table/2": this version reads',
        ),
        (lambda table: table.update(intercept=float("nan")), "$.intercept is nan, not a finite number"),
        (lambda table: table.update(intercept="1"), "$.intercept is a text, not a number"),
        (lambda table: table.update(dates=1), "$ has the unknown key `dates`"),
        (lambda table: site(table).pop("ms"), "$.sites[0].ms is missing"),
        (lambda table: site(table).update(in_=[1]), "$.sites[0] has the unknown key `in_`"),
        (lambda table: site(table).pop("out"), "$.sites[0].out is missing: it is one of the axes"),
        (lambda table: site(table).update({"in": [3]}), "$.sites[0].in is given, but not one of the axes"),
        (lambda table: site(table).update(axes=["out", "out"]), "$.sites[0].axes has an axis twice"),
        (
            lambda table: site(table).update(axes=["width"]),
            "$.sites[0].axes[0] is none of out, in, filters, option",
        ),
        (lambda table: site(table).update(out=[8, 8]), "$.sites[0].out is empty or has an option twice"),
        (lambda table: site(table).update(out=["8", 16]), "$.sites[0].out[0] is a text, not an integer"),
        (lambda table: site(table, 1).update(site="0.0"), "$.sites[1].site is `0.0` for the second time"),
        (
            lambda table: site(table)["ms"].pop(),
            "$.sites[0].ms is no list of 4, one for each option of its axis",
        ),
        (lambda table: site(table)["ms"].__setitem__(1, 3), "$.sites[0].ms[1] is no list of 2"),
        (
            lambda table: site(table)["ms"][1].__setitem__(0, None),
            "$.sites[0].ms[1][0] is null, not a number",
        ),
        (
            lambda table: site(table)["ms"][1].__setitem__(0, True),
            "$.sites[0].ms[1][0] is true, not a number",
        ),
        (
            lambda table: site(table)["ms"][1].__setitem__(0, float("inf")),
            "ms[1][0] is inf, not a finite number",
        ),
    ],
)
def test_a_malformed_table_is_refused_with_the_place(edit, message):
    with pytest.raises(DocumentError) as caught:
        read_table(edited(edit))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_or_a_folder_of_files_is_a_table_too(tmp_path):
    (tmp_path / "toy.json").write_text(edited())
    indices, latency = INDICES[0]
    for place in (tmp_path, tmp_path / "toy.json", str(tmp_path)):
        model = latency_model(toy(), load_table(place, toy()))
        assert model.total(np.array([indices])) == [latency]


def refused(name_or_path, space):
    with pytest.raises(TableError) as caught:
        load_table(name_or_path, space)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_table_of_another_space_says_what_it_covers(tmp_path):
    assert refused("pixel1", toy()) == (
        "pixel1 has no table for the space `toy`: it covers `mobilenet_v3_like`, `proxylessnas`, "
        "`proxylessnas_enlarged`"
    )
    (tmp_path / "toy.json").write_text(edited())
    assert "covers the space `toy`: it is no table for `proxylessnas`" in refused(
        tmp_path / "toy.json", SMALL
    )
    (tmp_path / "empty").mkdir()
    assert "it covers no space" in refused(tmp_path / "empty", SMALL)


def test_what_is_no_table_is_refused(tmp_path):
    assert refused("pixel9", toy()) == (
        "there is no latency table `pixel9`: it is neither a file or folder nor `macs` nor one of "
        "the shipped tables (pixel1, proxylessnas_original); did you mean `pixel1`?"
    )
    broken, binary = tmp_path / "broken.json", tmp_path / "binary.json"
    broken.write_text('{"schema": "tunas.latency-table/1",\n "name" "phone"}')
    binary.write_bytes(b"\xff\xfe\x00")
    assert refused(broken, toy()) == f"{broken}: line 2, column 9: Expecting ':' delimiter"
    assert refused(binary, toy()).startswith(f"{binary}: ")
