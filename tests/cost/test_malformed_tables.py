"""What is no latency table: one line with the place, status 1, nothing executed. The lines are a golden file.

``UPDATE_GOLDEN=1 pytest`` writes ``malformed_tables.txt`` anew; the change is then to be read.
"""

import json
import os
import tracemalloc
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest

from tests.command_line import refusal, tunas
from tunas_dsl.storage.resources import shipped

GOLDEN = Path(__file__).with_name("malformed_tables.txt")
SCHEMA = json.loads((shipped("grammars") / "latency_table.schema.json").read_text())
ROW = {"op": "conv", "input": [8, 8, 3], "output": [8, 8, 8], "kernel": 3, "act": "relu", "ms": 1.0}
HEAD = {"schema": "tunas.latency-table/1", "name": "t", "device": "d", "unit": "ms", "source": "s"}
BNECK = {"op": "bottleneck", "input": [8, 8, 8], "output": [8, 8, 8], "expanded": 24, "ms": 1.0}
SITE = {"site": "0.0", "axes": ["out"], "out": [8, 16], "ms": [1.0, 2.0]}


def table(row=(), **head):
    return {**HEAD, "operations": [{**ROW, **dict(row)}], **head}


def without(document, key):
    return {name: value for name, value in document.items() if name != key}


def sites(*listed, **head):
    return {**HEAD, "space": "digits", "sites": list(listed), **head}


TEXT = json.dumps(table())
JSON = {
    "a field is missing": without(table(), "device"),
    "no version": without(table(), "schema"),
    "another version": table(schema="tunas.latency-table/2"),
    "the version is a number": table(schema=1),
    "another unit": table(unit="us"),
    "no operation": table(operations=[]),
    "no sites either": without(table(), "operations"),
    "both sites and operations": table(space="digits", sites=[SITE]),
    "operations of a space": table(space="digits"),
    "an operation lacks its time": table(operations=[without(ROW, "ms")]),
    "an unknown key": table(colour=1),
    "an unknown key in two lines": table(**{"a\nb": 1}),
    "an unknown key of an operation": table({"colour": 1}),
    "an unknown operation": table({"op": "cnov"}),
    "an unknown activation": table({"act": "gelu"}),
    "a name of two lines": table(name="t\nerror: u"),
    "an empty name": table(name=""),
    "no day": table(date="yesterday"),
    "a day that is none": table(date="2026-02-30"),
    "no threads": table(threads=0),
    "an unknown spread": table(spread_kind="range"),
    "not a number": TEXT.replace("1.0", "NaN"),
    "infinite": TEXT.replace("1.0", "-Infinity"),
    "too large a number": TEXT.replace("1.0", "1e999"),
    "an integer of 400 digits": TEXT.replace("1.0", "1" + "0" * 400),
    "an integer of 10,000 digits": TEXT.replace('"ms"', '\n"ms"').replace("1.0", "1" * 10_000),
    "a negative time": table({"ms": -1.0}),
    "a negative spread": table({"spread": -1.0}),
    "measured no time": table({"count": 0}),
    "a text for a number": table({"ms": "1"}),
    "nothing for a number": table({"ms": None}),
    "a fraction for an integer": table({"kernel": 3.0}),
    "an integer for a truth": table({"residual": 1}),
    "a text for a shape": table({"input": "8x8x3"}),
    "a shape of two": table({"input": [8, 3]}),
    "a shape of none": table({"input": [0, 8, 3]}),
    "a shape of 10^30": table({"input": [8, 8, 10**30]}),
    "a stride that does not fit": table({"stride": 2}),
    "a bottleneck without its width": table(operations=[without(BNECK, "expanded")]),
    "a width inside a convolution": table({"expanded": 8}),
    "an object for a list": table(operations={"0": ROW}),
    "a list for an object": [1],
    "an operation twice": table(operations=[ROW, ROW]),
    "a key twice": '{\n "name": "t",\n "name": "u"\n}',
    "a key of an operation twice": TEXT.replace("[{", '[\n{"ms": 2.0, '),
    "a site of no layer": sites({**SITE, "site": "stem"}),
    "a site twice": sites(SITE, SITE),
    "a site without a list": sites(without(SITE, "out")),
    "a site of other options": sites(
        {**without(SITE, "out"), "axes": ["option"], "option": ["Kernel 3"], "ms": [1.0]}
    ),
    "a site of no filters": sites({**SITE, "out": [0, 8]}),
    "a site with too few numbers": sites({**SITE, "ms": [1.0]}),
    "a negative site without an intercept": sites({**SITE, "ms": [-1.0, 2.0]}),
    "of another space": sites(SITE, space="quickstart"),
    "cut off": TEXT[: len(TEXT) // 2],
    "nothing": "",
    "zeros": b"\0" * 100,
    "bytes": b"\x80\x02}q\x00X\x04\x00\x00\x00ms",
    "half a character": TEXT.replace('"d"', '"\\ud800"'),
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "deep numbers": TEXT.replace("1.0", "[" * 500 + "1" + "]" * 500),
}
CONV = "Conv-input:8x8x3-output:4x4x8:\n  count: 3\n  mean: 1.5\n  std: 0.1\n"
BLOCK = "expanded_conv-input:8x8x8-output:8x8x8-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:0:"
LINES = "\n  count: 3\n  mean: 1.5\n  std: 0.1\n"
PWNED = "!!python/object/apply:os.system ['touch PWNED']"
YAML = {
    "no mean": CONV.replace("  mean: 1.5\n", ""),
    "cut off within an entry": CONV + BLOCK + "\n  count: 3\n  mean: 1.5\n",
    "cut off within a number": CONV + BLOCK + "\n  count: ",
    "cut off within a key": CONV + BLOCK[:40],
    "not a number": CONV.replace("1.5", ".nan"),
    "infinite": CONV.replace("1.5", "inf"),
    "too large a number": CONV.replace("1.5", "1e999"),
    "5,000 digits": CONV.replace("1.5", "9" * 5000),
    "a negative time": CONV.replace("1.5", "-1.5"),
    "a negative spread": CONV.replace("0.1", "-0.1"),
    "half a run": CONV.replace("3", "2.5", 2),
    "a unit": CONV.replace("1.5", "1500 us"),
    "a text for a number": CONV.replace("1.5", "'1.5'"),
    "a list for a number": CONV.replace("1.5", "[1.5]"),
    "nothing for a number": CONV.replace("1.5", ""),
    "an underscore": CONV.replace("1.5", "1_5"),
    "an unknown field": CONV + "  unit: 3\n",
    "a field twice": CONV + "  mean: 2\n",
    "a key twice": CONV + CONV,
    "an operation twice": CONV + CONV.replace("8x8x3", "08x8x3"),
    "both spreads": CONV + "  var: 0.1\n",
    "an unknown key": CONV.replace("Conv-", "Convolution-"),
    "a shape of two": CONV.replace("8x8x3", "8x3"),
    "a shape of none": CONV.replace("8x8x3", "8x0x3"),
    "a shape of 5,000 digits": CONV.replace("8x8x3", "8x8x" + "9" * 500),
    "a stride that does not fit": BLOCK.replace("8x8x8-expand", "3x3x8-expand") + LINES,
    "a skip over a stride": BLOCK.replace("8x8x8-expand", "4x4x8-expand").replace("stride:1", "stride:2")
    + LINES,
    "two kinds of keys": BLOCK + LINES + BLOCK.replace("-se:0-hs:0", "") + LINES,
    "a tag": PWNED + "\n",
    "a tag at a number": CONV.replace("1.5", PWNED),
    "a tag by a directive": "%TAG ! tag:yaml.org,2002:python/\n---\n"
    + CONV.replace("1.5", "!name:os.system 1"),
    "a bomb": "a: &a [x, x]\n"
    + "".join(f"{n}: &{n} [*{b}, *{b}, *{b}]\n" for b, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "a merge": CONV + "<<: *a\n",
    "deep lists": "[" * 100_000,
    "deep mappings": "".join(" " * depth + "a:\n" for depth in range(1000)),
    "two documents": CONV + "---\n" + CONV,
    "a list": "- " + CONV.replace("\n  ", "\n    "),
    "a word": "table\n",
    "a tab": CONV.replace("  mean", "\tmean"),
    "nothing": "",
    "zeros": b"\0" * 100,
    "bytes": b"\xff\xfeC\0o\0n\0v\0",
}
COLUMNS = "op,input,output,kernel,ms\nconv,8x8x3,8x8x8,3,1.5\n"
CSV = {
    "no column of times": COLUMNS.replace(",ms", ",us"),
    "an unknown column": COLUMNS.replace("kernel", "colour"),
    "a column twice": COLUMNS.replace("kernel", "ms"),
    "semicolons": COLUMNS.replace(",", ";"),
    "cut off": COLUMNS + "conv,8x8x3,8x",
    "an open quote": COLUMNS + '"conv,8x8x3,8x8x8,3,2\n',
    "a negative time": COLUMNS.replace("1.5", "-1.5"),
    "not a number": COLUMNS.replace("1.5", "nan"),
    "infinite": COLUMNS.replace("1.5", "1e999"),
    "an underscore": COLUMNS.replace("1.5", "1_5"),
    "a number of another script": COLUMNS.replace(",3,", ",\uff13,"),
    "a cell of 200,000 characters": COLUMNS.replace("1.5", "9" * 200_000),
    "a stride that does not fit": COLUMNS.replace("8x8x8", "4x4x8"),
    "an operation twice": COLUMNS + "conv,8x8x3,8x8x8,3,2\n",
    "an empty cell": COLUMNS.replace("conv", ""),
    "no operation": COLUMNS.splitlines()[0] + "\n",
    "nothing": "",
    "bytes": bytes(range(256)),
}
CASES = [
    (ending, name, text)
    for ending, cases in (("json", JSON), ("yaml", YAML), ("csv", CSV))
    for name, text in cases.items()
]
BY_MEANING = {
    "not a number", "infinite", "too large a number",  # Python's JSON has these, jsonschema lets them pass
    "an integer of 400 digits", "an operation twice", "a key twice", "a key of an operation twice",
    "a day that is none", "a stride that does not fit", "a site twice", "a site without a list",
    "a site with too few numbers", "a negative site without an intercept", "of another space",
    "an integer of 10,000 digits", "half a character", "a fraction for an integer",
}  # fmt: skip
"""What a JSON Schema cannot say."""


def written(folder, ending, text):
    file = folder / f"table.{ending}"
    content = text if isinstance(text, str | bytes) else json.dumps(text)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def golden():
    lines = GOLDEN.read_text(encoding="utf-8").splitlines() if GOLDEN.exists() else []
    return dict(line.split(" => ", 1) for line in lines)


@pytest.mark.parametrize(("ending", "name", "text"), CASES, ids=[f"{e}: {n}" for e, n, _ in CASES])
def test_a_malformed_table_gets_one_line(ending, name, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, ending, text)
    if ending == "json":
        line = refusal("cost", "digits", "--latency", file)
        if name != "of another space":
            assert refusal("table", "check", file) == line
    else:
        line = refusal("table", "import", file, "-o", tmp_path / "out.json")
    assert line.startswith(f"{file}")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    shown = line.replace(str(tmp_path), "")
    if "UPDATE_GOLDEN" in os.environ:
        lines = {**golden(), f"{ending}: {name}": shown}
        ordered = (f"{e}: {n}" for e, n, _ in CASES)
        text = "".join(f"{key} => {lines[key]}\n" for key in ordered if key in lines)
        GOLDEN.write_text(text, encoding="utf-8")
    assert shown == golden()[f"{ending}: {name}"]


def documents():
    """What is JSON and wrong by its form, by name."""
    for name in sorted(JSON.keys() - BY_MEANING):
        text = JSON[name] if isinstance(JSON[name], str | bytes) else json.dumps(JSON[name])
        with suppress(ValueError, RecursionError):
            yield pytest.param(json.loads(text), id=name)


@pytest.mark.parametrize("document", list(documents()))
def test_the_schema_refuses_what_the_reader_refuses(document):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize(
    "document",
    [
        table(),
        table(operations=[without(ROW, "act"), BNECK], intercept=-0.5, date="2026-11-25", threads=4),
        table({"spread": 0, "count": 9, "ms": 0}, spread_kind="iqr", runtime="onnxruntime 1.32"),
        sites(SITE),
        sites({**SITE, "ms": [-1.0, 2.0]}, intercept=3),
    ],
)
def test_the_schema_takes_what_the_reader_takes(document, tmp_path):
    jsonschema.validate(document, SCHEMA)
    tunas("table", "check", written(tmp_path, "json", document))


@pytest.mark.parametrize("ending", ["json", "yaml", "csv"])
def test_a_file_of_a_gigabyte_is_refused_unread(ending, tmp_path):
    """It is a hole on the disk; that nothing of it is read shows in that no memory is taken."""
    file = tmp_path / f"table.{ending}"
    with file.open("wb") as opened:
        opened.truncate(2**30)
    arguments = ("table", "import", file, "-o", tmp_path / "out.json")
    tracemalloc.start()
    line = refusal("cost", "digits", "--latency", file) if ending == "json" else refusal(*arguments)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert line == f"{file}: it is larger than 64 MB"
