"""``tunas validate-latency`` with a bench whose networks are a line over the sums of their operations."""

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.command_line import tunas
from tests.cost.whole_tables import whole
from tests.profiling.fakes import formula
from tunas_dsl.cost.table_files import read_file
from tunas_dsl.cost.table_json import write_table
from tunas_dsl.language.compiler import load_space
from tunas_dsl.profiling.validation import Agreement, Line, Validation
from tunas_dsl.report.agreement import agreement_svg

NUMBERS = st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.1, 100)), min_size=3, max_size=40)


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "t.json"
    file.write_text(write_table(whole(load_space("digits"), formula)))
    return file


@given(NUMBERS)
def test_correlations_are_those_of_scipy(pairs):
    predicted, measured = np.array(pairs).T
    found = Agreement.of(predicted, measured)
    if np.ptp(predicted) < 1e-3 or np.ptp(measured) < 1e-3:
        return
    assert found.pearson == pytest.approx(stats.pearsonr(predicted, measured)[0], abs=1e-6)
    assert found.spearman == pytest.approx(stats.spearmanr(predicted, measured)[0], abs=1e-9)


@given(NUMBERS, st.floats(-5, 5), st.floats(0.1, 3))
def test_no_other_line_has_smaller_relative_errors(pairs, shift, tilt):
    predicted, measured = np.array(pairs).T
    if np.ptp(predicted) < 1e-3:
        return
    best = Line.through(predicted, measured)
    other = Line(best.intercept + shift, best.slope * tilt)

    def loss(line):
        return np.sum(((line(predicted) - measured) / measured) ** 2)

    assert loss(best) <= loss(other) * (1 + 1e-6) + 1e-9


def test_constant_predictions_correlate_with_nothing():
    found = Agreement.of(np.full(4, 2.0), np.array([1.0, 2, 3, 4]))
    assert (found.pearson, found.spearman) == (0, 0)
    assert found.bias == pytest.approx(-0.5)


def test_the_line_is_found_and_everything_is_written(bench, table, tmp_path):
    folder = tmp_path / "v"
    said = tunas("validate-latency", "digits", table, "-n", "20", "--repeats", "4", "-o", folder)
    assert re.search(r"measured = 0\.(29|30)\d\d ms \+ 0\.(80|79)\d\d x the table's sum", said.stdout)
    assert "note: the table is of device d, but no device is measured" in said.stderr
    document = json.loads((folder / "validation.json").read_text())
    assert document["calibration"] == pytest.approx({"intercept": 0.3, "slope": 0.8}, abs=1e-3)
    assert document["agreement"]["pearson"] == pytest.approx(1)
    assert document["agreement"]["spearman"] == pytest.approx(1)
    assert document["calibrated"]["error_percent"] == pytest.approx(0, abs=0.05)
    rows = document["architectures"]
    errors = [row["table_ms"] - row["measured_ms"] for row in rows]
    assert document["agreement"]["bias"] == pytest.approx(np.mean(errors))
    assert document["agreement"]["rmse"] == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    assert len(rows) == 20
    vector = ":".join(map(str, rows[3]["indices"]))
    cost = json.loads(tunas("cost", "digits", vector, "--latency", table, "--format", "json").stdout)
    assert cost["latency_ms"] == pytest.approx(rows[3]["table_ms"])
    plot = ET.parse(folder / "validation.svg").getroot()
    assert plot.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(plot.findall("{*}circle")) == 20


def test_calibration_is_written_into_the_table(bench, table, tmp_path):
    before = read_file(table)
    tunas("validate-latency", "digits", table, "-n", "10", "--repeats", "4", "--calibrate")
    after = read_file(table)
    assert after.intercept == pytest.approx(0.3, abs=1e-3)
    for signature, measured in before.operations.items():
        assert after.operations[signature].ms == pytest.approx(0.8 * measured.ms, rel=2e-3)
    assert "calibrated on 10 networks of digits" in after.source
    again = tunas("validate-latency", "digits", table, "-n", "5", "--repeats", "4", "--calibrate").stdout
    assert re.search(r"measured = -?0\.000\d ms \+ (1\.000|0\.999)\d x", again)
    assert read_file(table).intercept == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", "no-such.json"), "there is no latency table `no-such.json`"),
        (("proxylessnas", "pixel1", "--calibrate"), "only tables of operations are calibrated"),
        (("proxylessnas_original", "proxylessnas_original", "--calibrate"), "is no file of yours"),
        (("quickstart", "{table}"), "there is no entry for"),
    ],
)
def test_what_cannot_be_validated_is_said_before_anything_is_measured(bench, table, arguments, message):
    arguments = [argument.format(table=table) for argument in arguments]
    stderr = tunas("validate-latency", *arguments, status=1).stderr
    assert message in stderr
    assert len(stderr.splitlines()) == 1
    assert bench.prepared == []


def test_what_is_missing_is_estimated_when_told_and_counted(bench, tmp_path):
    table = whole(load_space("digits"), formula)
    gone = next(s for s in table.operations if s.op == "bottleneck" and s.residual)
    del table.operations[gone]
    file = tmp_path / "t.json"
    file.write_text(write_table(table))
    arguments = ("validate-latency", "digits", file, "-n", "4", "--repeats", "4")
    assert "there is no entry for" in tunas(*arguments, status=1).stderr
    assert (
        "1 operation is not in the table, and estimated (--missing fit)"
        in tunas(*arguments, "--missing", "fit").stderr
    )


def test_measured_networks_are_kept_and_more_are_added(bench, table, tmp_path):
    folder = tmp_path / "v"
    arguments = ("validate-latency", "digits", table, "--repeats", "4", "-o", folder)
    tunas(*arguments, "-n", "8")
    assert "--resume goes on with it" in tunas(*arguments, "-n", "8", status=1).stderr
    bench.slowness, bench.prepared = (lambda run: 3.0), []
    said = tunas(*arguments, "-n", "14", "--resume")
    assert "6 networks to measure" in said.stderr
    assert re.search(r"measured = 0\.(29|30)\d\d ms \+ 0\.(80|79)\d\d x", said.stdout)
    bench.prepared = []
    tunas(*arguments, "-n", "14", "--resume")
    assert bench.prepared == []
    bench.device = "another"
    assert "$.device is no device, not another" in tunas(*arguments, "--resume", status=1).stderr
    (folder / "measured.json").write_text('{"schema": "tunas.measured-networks/1"}')
    assert "$.space is None" in tunas(*arguments, "--resume", status=1).stderr


def test_a_plot_of_anything_is_drawn():
    for predicted, measured in (([1, 1], [2, 2]), ([1, 2], [2, 1]), ([1e-6, 5], [3e4, 3])):
        columns = (np.array(numbers, float) for numbers in (predicted, measured, [0, 0]))
        svg = ET.fromstring(agreement_svg(Validation([(0,), (1,)], *columns), "a < b"))
        assert svg.get("aria-label") == "a < b"
        points = svg.findall("{*}circle")
        assert [point[0].text for point in points] == [
            f"{y:.3f} ms measured, {x:.3f} ms by the table" for x, y in zip(predicted, measured, strict=True)
        ]
        _, top, width, height = map(float, svg.get("viewBox").split())
        for point in points:
            assert 0 <= float(point.get("cx")) <= width
            assert top <= float(point.get("cy")) <= top + height
