import json
import subprocess
import sys
from fractions import Fraction
from typing import get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunas_dsl.errors import DocumentError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.exchange import KINDS, read_space, space_document
from tunas_dsl.kinds import BUILT_IN
from tunas_dsl.storage.documents import dump, parse

names = st.text("abc.0", min_size=1, max_size=4)
functions = st.sampled_from(get_args(ir.ActivationFunction))
fractions = st.fractions(0, 8, max_denominator=64)
origins = st.none() | st.builds(ir.Origin, names, st.integers(1, 99))


def choices(options):
    return st.builds(ir.Choice, st.lists(options, min_size=1, max_size=3).map(tuple), st.none() | names)


widths = st.integers(1, 512)
expansions = st.builds(ir.Relative, fractions) | widths
feature_maps = st.builds(ir.FeatureMap, choices(widths), choices(st.tuples(widths, widths)))
shared = {"inputs": feature_maps, "outputs": feature_maps, "origin": origins}
leaves = st.one_of(
    st.builds(ir.Conv, kernel=choices(widths), stride=widths, batch_norm=st.booleans(), **shared),
    st.builds(ir.SeparableConv, kernel=choices(widths), stride=widths, act=functions, **shared),
    st.builds(
        ir.Bottleneck,
        kernel=choices(widths),
        expansion=choices(expansions),
        squeeze_excite=choices(st.booleans()),
        se_ratio=fractions,
        se_act=functions,
        stride=widths,
        act=functions,
        divisor=widths,
        **shared,
    ),
    st.builds(ir.Activation, function=functions, **shared),
    *(st.builds(cls, **shared) for cls in (ir.GlobalPool, ir.Endpoint, ir.Skip)),
)


def nested(layers):
    several = st.lists(layers, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(ir.Sequence, layers=several, **shared),
        st.builds(ir.Residual, body=layers, **shared),
        st.builds(ir.Alternatives, decision=names, layers=several, **shared),
    )


layers = st.recursive(leaves, nested, max_leaves=4)
indices = st.lists(st.integers(0, 9), max_size=3).map(tuple)
conditions = st.lists(st.tuples(names, indices), max_size=2).map(tuple)
decisions = st.builds(
    ir.Decision,
    names,
    st.sampled_from(get_args(ir.DecisionKind)),
    st.lists(widths | names, min_size=1, max_size=3).map(tuple),
    st.integers(0, 2),
    st.lists(conditions, max_size=2).map(tuple),
    origins,
)
blocks = st.builds(ir.Block, names, choices(widths), st.lists(layers, max_size=2).map(tuple), origins)
classifiers = st.none() | st.builds(ir.Classifier, widths, fractions, feature_maps)
spaces = st.builds(
    ir.Space,
    names,
    feature_maps,
    widths,
    st.lists(decisions, max_size=3).map(tuple),
    st.lists(blocks, max_size=2).map(tuple),
    classifiers,
)


def through_json(space):
    return read_space(parse(dump(space_document(space))))


@given(spaces)
def test_a_space_comes_back_as_it_was(space):
    assert through_json(space) == space


def origins_of(space):
    layers = [layer for block in space.blocks for top in block.layers for layer in ir.walk(top)]
    return [part.origin for part in (*space.decisions, *space.blocks, *layers)]


@given(spaces)
def test_origins_come_back_too(space):
    assert origins_of(through_json(space)) == origins_of(space)


def test_every_class_of_layers_has_a_kind_of_its_own():
    assert set(KINDS) == (set(get_args(ir.Layer)) - {ir.Operation}) | set(BUILT_IN.values())
    assert len(set(KINDS.values())) == len(KINDS)


FEATURES = ir.FeatureMap(ir.Choice((8, 16), "width"), ir.constant((4, 4)))
BNECK = ir.Bottleneck(
    inputs=FEATURES,
    outputs=FEATURES,
    kernel=ir.Choice((3, 5), "kernel"),
    expansion=ir.Choice((ir.Relative(Fraction(3)), 72), "expand"),
    squeeze_excite=ir.constant(False),
    se_ratio=Fraction(1, 4),
    se_act="relu",
    stride=1,
    act="relu",
    divisor=8,
)
SPACE = ir.Space(
    name="toy",
    inputs=FEATURES,
    divisor=8,
    decisions=(ir.Decision("width", "filters", (8, 16), 1),),
    blocks=(ir.Block("b1", ir.Choice((8, 16), "width"), (BNECK,)),),
    classifier=ir.Classifier(10, Fraction(0), FEATURES),
)


def test_what_the_document_looks_like():
    document = space_document(SPACE)
    layer = document["blocks"][0]["layers"][0]
    assert document["schema"] == "tunas.space/1"
    assert layer["kind"] == "bottleneck"
    assert layer["se_ratio"] == "1/4"
    assert layer["expansion"] == {"options": ["3x", 72], "decision": "expand"}


def edited(edit):
    document = json.loads(dump(space_document(SPACE)))
    edit(document, document["blocks"][0]["layers"][0])
    return document


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda space, _: space.pop("name"), "$.name is missing"),
        (lambda space, _: space.pop("schema"), '$.schema is missing: this version reads "tunas.space/1"'),
        (
            lambda space, _: space.update(schema="tunas.space/9"),
            '$.schema is "tunas.space/9": this version reads "tunas.space/1"',
        ),
        (lambda space, _: space.update(colour=1), "$ has the unknown key `colour`"),
        (lambda space, _: space.update(divisor=True), "$.divisor is true, not an integer"),
        (lambda space, _: space.update(blocks={"b1": 1}), "$.blocks is an object, not a list"),
        (lambda space, _: space["blocks"].append(3), "$.blocks[1] is not an object"),
        (
            lambda space, _: space["decisions"][0].update(kind="colour"),
            "$.decisions[0].kind is none of filters,",
        ),
        (
            lambda space, _: space["decisions"][0].update(options=[1.5]),
            "options[0] is a number with a fraction, neither an integer nor a text",
        ),
        (
            lambda _, layer: layer.update(kind="warp"),
            "$.blocks[0].layers[0] is a layer of no known kind: conv,",
        ),
        (lambda _, layer: layer.pop("kind"), "$.blocks[0].layers[0] is a layer of no known kind: conv,"),
        (lambda _, layer: layer.update(stride="2"), "$.blocks[0].layers[0].stride is a text, not an integer"),
        (
            lambda _, layer: layer.update(act="tanh"),
            "layers[0].act is none of relu, relu6, swish, swish6, sigmoid",
        ),
        (lambda _, layer: layer.update(se_ratio="1/0"), 'se_ratio is "1/0", not a fraction such as "1/4"'),
        (
            lambda _, layer: layer["expansion"].update(options=["3"]),
            'expansion.options[0] is neither a number of filters nor a multiple such as "3x"',
        ),
        (lambda _, layer: layer["expansion"].update(options="3x"), "expansion.options is a text, not a list"),
        (
            lambda _, layer: layer["inputs"]["size"].update(options=[[4]]),
            "$.blocks[0].layers[0].inputs.size.options[0] has not the form that it should have",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(edit, message):
    with pytest.raises(DocumentError) as caught:
        read_space(edited(edit))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b" 2}', "line 2, column 6: Expecting ':' delimiter"),
        ('{"a": {"b": 1, "b": 2}}', "`b` is given twice in one object"),
        ("[1]", "$ is a list, not an object"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "line 1: a number has thousands of digits"),
    ],
)
def test_text_that_is_no_document(text, message):
    with pytest.raises(DocumentError) as caught:
        parse(text)
    assert message in str(caught.value)


def test_spaces_are_read_without_numpy():
    program = (
        "import sys; import tunas_dsl.ir.exchange as x; x._converter(); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_equal_spaces_give_equal_texts():
    assert dump(space_document(SPACE)) == dump(space_document(attrs.evolve(SPACE)))
