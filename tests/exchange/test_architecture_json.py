import json
import re

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cost.building import PROXYLESSNAS_MOBILE_SMALL, SMALL, V3_LIKE, small_spaces, vector
from tunas_dsl.cost.layers import macs_model, parameters_model
from tunas_dsl.cost.named import cost_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import ArchitectureError, NotInSpace
from tunas_dsl.exchange.architecture_json import architecture_document, read_architecture
from tunas_dsl.ir.selection import active_decisions
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.storage.documents import dump
from tunas_dsl.storage.resources import shipped

SCHEMA = json.loads((shipped("grammars") / "architecture.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(SCHEMA)

ORIGIN = {"space": "proxylessnas", "sha256": "0" * 64, "run": "runs/7"}
MOBILE = vector(PROXYLESSNAS_MOBILE_SMALL)[0].tolist()


def document_of(space, indices, model=None, origin=ORIGIN):
    document = architecture_document(space, indices, model=model, origin=origin, network_text="space x {}\n")
    return json.loads(dump(document))


@pytest.fixture(scope="module")
def mobile():
    return document_of(SMALL, MOBILE, cost_model(SMALL, "pixel1"))


def test_proxylessnas_mobile(mobile):
    """Facts 4.4 and 4.1."""
    jsonschema.validate(mobile, SCHEMA)
    assert mobile["schema"] == "tunas.architecture/1"
    assert mobile["origin"] == ORIGIN
    assert mobile["totals"] == {
        "parameters": 4_081_793,
        "macs": 320_428_864,
        "model": "pixel1",
        "latency_ms": pytest.approx(84.416, abs=0.001),
    }
    assert mobile["indices"] == MOBILE
    stem, relu, sepconv, endpoint, first = mobile["layers"][:5]
    assert stem == {
        "kind": "conv",
        "block": "b0",
        "kernel": 3,
        "stride": 2,
        "input": [3, 224, 224],
        "output": [32, 112, 112],
        "residual": False,
        "parameters": 27 * 32 + 64,
        "macs": 27 * 32 * 112 * 112,
    }
    assert (relu["kind"], relu["act"], relu["macs"]) == ("activation", "relu", 0)
    assert (sepconv["kind"], sepconv["kernel"], sepconv["output"]) == ("sepconv", 3, [16, 112, 112])
    assert endpoint["kind"] == "endpoint"
    assert (first["kind"], first["kernel"], first["expanded"], first["stride"]) == ("bottleneck", 5, 48, 2)
    assert [row["kind"] for row in mobile["layers"]].count("skip") == 2  # block 2 of facts 4.4
    assert mobile["layers"][-1] == {
        "kind": "classifier",
        "input": [1280, 1, 1],
        "output": [1001],
        "residual": False,
        "parameters": 1280 * 1001 + 1001,
        "macs": 1280 * 1001,
    }


def test_decisions_are_written_with_what_was_taken(mobile):
    kernel, expansion, skip = mobile["decisions"][12:15]
    assert (kernel["choice"], kernel["chosen"], kernel["options"]) == (3, 0, [3, 5, 7])
    assert (skip["choice"], skip["chosen"], skip["active"]) == ("layer 1", 1, True)
    assert not kernel["active"]
    assert not expansion["active"]


def test_squeeze_and_excite_is_written_where_it_is_on():
    indices = [0] * len(V3_LIKE.decisions)
    indices[5], indices[6] = 2, 1  # expansion 3x and squeeze-and-excite of the first bottleneck
    rows = [row for row in document_of(V3_LIKE, indices)["layers"] if row["kind"] == "bottleneck"]
    assert (rows[0]["expanded"], rows[0]["squeezed"]) == (24, 8)
    assert "squeezed" not in rows[1]
    assert [row["residual"] for row in rows[:3]] == [False, True, True]


def test_the_layers_of_one_residual_have_its_number():
    layers = (
        "residual(conv(3)) residual({ conv(3) relu conv(3) }) relu residual({ residual(conv(3)) conv(3) })"
    )
    space = compile_text(f"space s {{ input image 8 x 8 x 8 block b (filters: 8) {{ {layers} }} }}")
    document = document_of(space, [0] * len(space.decisions))
    jsonschema.validate(document, SCHEMA)
    rows = document["layers"]
    assert [row.get("residual_of") for row in rows] == [0, 1, 1, 1, None, 3, 2]
    assert [row.get("residuals_around") for row in rows] == [None, None, None, None, None, [2], None]
    assert [row["residual"] for row in rows] == ["residual_of" in row for row in rows]
    read = read_architecture(dump(document))
    assert [row.residuals for row in read.layers] == [(0,), (1,), (1,), (1,), (), (2, 3), (2,)]


def test_millions_of_multiply_adds_have_no_rounding():
    space = load_space("digits")
    model, points = cost_model(space, "macs"), sample(space, 40, seed=0)
    exact = (macs_model(space).total(points) / 1e6).tolist()
    assert model.total(points).tolist() != exact  # adding up rounds
    assert [document_of(space, row, model)["totals"]["cost"] for row in points.tolist()] == exact


def test_depths_resolutions_and_residuals_over_no_layers_follow_the_schema():
    layers = "conv(3) residual((0 | 1) * conv(3))"
    space = compile_text(
        f"space s {{ input image (8 | 16) x 3 block b (filters: 8) {{ {layers} }} classifier (classes: 2) }}"
    )
    document = document_of(space, [0] * len(space.decisions))
    jsonschema.validate(document, SCHEMA)
    assert {decision["kind"] for decision in document["decisions"]} == {"resolution", "filters", "depth"}
    assert [layer["kind"] for layer in document["layers"]] == ["conv", "residual", "classifier"]
    assert document["layers"][1]["macs"] == document["layers"][1]["parameters"] == 0


def test_documents_without_the_numbers_of_residuals_are_still_read(mobile):
    document = json.loads(json.dumps(mobile))
    for row in document["layers"]:
        row.pop("residual_of", None)
    jsonschema.validate(document, SCHEMA)
    assert read_architecture(json.dumps(document)).indices == tuple(MOBILE)


@given(small_spaces(), st.data())
def test_any_architecture_follows_the_schema_adds_up_and_comes_back(space, data):
    indices = tuple(data.draw(st.integers(0, len(d.options) - 1)) for d in space.decisions)
    document = document_of(space, indices, data.draw(st.sampled_from([None, cost_model(space, "macs")])))
    jsonschema.validate(document, SCHEMA)
    point = np.array([indices])
    assert document["totals"]["macs"] == macs_model(space).total(point)
    assert document["totals"]["parameters"] == parameters_model(space).total(point)
    if "cost" in document["totals"]:
        assert document["totals"]["cost"] == pytest.approx(document["totals"]["macs"] / 1e6)
        assert document["totals"]["unit"] == "M MAdds"
    read = read_architecture(dump(document))
    assert read.indices == indices
    assert list(read.choices.items()) == [
        (decision.id, decision.options[index])
        for decision, index in zip(space.decisions, indices, strict=True)
    ]
    assert tuple(taken.active for taken in read.decisions) == active_decisions(space, indices)


def test_a_document_is_read_from_a_file(tmp_path, mobile):
    path = tmp_path / "architecture.json"
    path.write_text(json.dumps(mobile))
    read = read_architecture(path)
    assert (read.origin.space, read.origin.sha256, read.origin.run) == ("proxylessnas", "0" * 64, "runs/7")
    assert (read.network, read.totals.macs) == ("space x {}\n", 320_428_864)


@pytest.mark.parametrize(
    "origin", [{"space": "s", "sha256": "0" * 64}, {"space": "s", "sha256": "0" * 64, "run": None}]
)
def test_an_architecture_need_not_come_from_a_run(origin):
    document = document_of(SMALL, MOBILE, origin=origin)
    jsonschema.validate(document, SCHEMA)
    jsonschema.validate({**document, "origin": origin}, SCHEMA)
    assert read_architecture(json.dumps({**document, "origin": origin})).origin.run is None


def test_what_is_no_point_has_no_document():
    with pytest.raises(NotInSpace):
        document_of(SMALL, [*MOBILE[:-1], 1])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda document: document.pop("network"), "the architecture: $.network is missing"),
        (
            lambda document: document.update(schema="x"),
            '$.schema is "x": this version reads "tunas.architecture/1"',
        ),
        (lambda document: document["indices"].pop(), "$.indices has 72 entries for 73 decisions"),
        (
            lambda document: document["indices"].__setitem__(3, 2),
            "$.indices[3] is 2, but $.decisions[3], `b2.0.kernel3`, has number 1, 5, of 3 options",
        ),
        (lambda document: document["decisions"][3].update(choice=7), "has number 1, 7, of 3 options"),
        (lambda document: document["decisions"][3].update(options=[3]), "has number 1, 5, of 1 options"),
        (lambda document: document["origin"].pop("sha256"), "$.origin.sha256 is missing"),
        (
            lambda document: document["layers"][0].update(macs=1.5),
            "$.layers[0].macs is a number with a fraction",
        ),
        (
            lambda document: document["totals"].update(latency_ms="84"),
            "$.totals.latency_ms is a text, not a number",
        ),
    ],
)
def test_a_damaged_document_is_refused(mobile, edit, message):
    document = json.loads(json.dumps(mobile))
    edit(document)
    with pytest.raises(ArchitectureError, match=re.escape(message)) as caught:
        read_architecture(json.dumps(document))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ArchitectureError, match=re.escape(f"{tmp_path / 'broken.json'}: line 1, column 2: ")):
        read_architecture(tmp_path / "broken.json")
    with pytest.raises(ArchitectureError, match=r"nowhere.json: No such file"):
        read_architecture(tmp_path / "nowhere.json")
