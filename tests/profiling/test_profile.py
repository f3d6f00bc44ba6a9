"""``tunas profile`` with a bench whose times are a formula: what is measured, kept, resumed, and related."""

import json
import re
import signal

import pytest

from tests.command_line import tunas
from tests.profiling.fakes import formula
from tunas_dsl.cli.commands import profile
from tunas_dsl.cost.lookup import operation_model
from tunas_dsl.cost.signature import operations
from tunas_dsl.cost.table_files import read_file
from tunas_dsl.errors import SearchError
from tunas_dsl.language.compiler import load_space
from tunas_dsl.profiling.plan import plan


def distinct(space):
    return {s for operation in operations(space) for s in operation.signatures.flat}


@pytest.mark.parametrize(
    ("name", "number"),
    [("digits", 91), ("proxylessnas", 73), ("proxylessnas_enlarged", 1651), ("ofa_mbv3", 450)],
)
def test_a_plan_has_each_operation_once_in_the_order_of_the_network(name, number):
    space = load_space(name)
    todo = plan(space, {})
    assert len(todo.signatures) == len(set(todo.signatures)) == number
    assert set(todo.signatures) == distinct(space)
    assert todo.signatures[0].op == "conv"
    assert todo.signatures[-1].op == "classifier"
    assert todo.reference in todo.signatures
    cheaper = sum(formula(s) < formula(todo.reference) for s in todo.signatures)
    assert 0.3 < cheaper / number < 0.7


def test_a_profile_is_a_table_that_covers_its_space(bench, tmp_path):
    file = tmp_path / "phone.json"
    said = tunas("profile", "digits", "-o", file, "--repeats", "8").stderr
    assert said.startswith("91 operations of digits to measure with fake 1.0, 1 thread, on no device: about ")
    assert "91 operations; the reference drifted by up to 0.0 %" in said
    table = read_file(file)
    assert (table.name, table.device, table.runtime, table.threads) == ("phone", "no device", "fake 1.0", 1)
    assert table.source == "tunas profile digits: invented time, median of the faster half of 8 runs"
    assert (table.spread_kind, table.intercept) == ("iqr", 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", table.date)
    for signature, measured in table.operations.items():
        assert measured.ms == pytest.approx(formula(signature), abs=5.1e-5)
        assert measured.count == 8
    space = load_space("digits")
    assert operation_model(space, table).estimated == 0
    assert [path.name for path in tmp_path.iterdir()] == ["phone.json"]


def test_only_the_plan_writes_nothing(bench, tmp_path):
    said = tunas("profile", "proxylessnas", "-o", tmp_path / "t.json", "--plan").stderr
    assert "73 operations of proxylessnas to measure" in said
    assert list(tmp_path.iterdir()) == []


def interrupt_after(bench, operations_prepared):
    """Ctrl-C, as the program notices it, once so many operations were prepared."""

    pressed = []

    def slowness(run):
        if len(bench.prepared) >= operations_prepared and not pressed:
            pressed.append(run)
            signal.raise_signal(signal.SIGINT)
        return 1.0

    bench.slowness = slowness


def test_an_interrupted_profile_goes_on_where_it_was(bench, tmp_path):
    """The second half is measured on a device that is half as fast: the reference says so."""
    file = tmp_path / "t.json"
    interrupt_after(bench, 60)
    said = tunas("profile", "digits", "-o", file, "--repeats", "8", status=130).stderr
    assert "interrupted; the same command with --resume goes on" in said
    assert [path.name for path in tmp_path.iterdir()] == ["t.json.partial"]
    kept = read_file(tmp_path / "t.json.partial")
    assert 0 < len(kept.operations) < 91
    bench.slowness, bench.prepared = (lambda run: 2.0), []
    assert (
        "is there already: --resume goes on with it"
        in tunas("profile", "digits", "-o", file, status=1).stderr
    )
    said = tunas("profile", "digits", "-o", file, "--repeats", "8", "--resume").stderr
    left = 91 - len(kept.operations)
    assert said.startswith(f"{left} operations of digits to measure ({len(kept.operations)} are known)")
    assert re.search(r"the reference changed by \+(99\.9|100\.\d) %", said)
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]
    for signature, measured in read_file(file).operations.items():
        assert measured.ms == pytest.approx(formula(signature), rel=2e-3)
    again = tunas("profile", "digits", "-o", file, "--resume").stderr
    assert again == f"{file} has all 91 operations of digits already\n"


def test_another_space_is_added_to_a_table(bench, tmp_path):
    file = tmp_path / "t.json"
    tunas("profile", "proxylessnas", "-o", file, "--repeats", "4")
    bench.prepared = []
    tunas("profile", "proxylessnas_original", "-o", file, "--repeats", "4", "--resume")
    table = read_file(file)
    assert set(table.operations) == distinct(load_space("proxylessnas")) | distinct(
        load_space("proxylessnas_original")
    )
    assert table.source.count("tunas profile") == 2
    tunas("table", "check", file, "proxylessnas", "proxylessnas_original")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "another"}, "was measured with device no device, not another: name another file"),
        ({"threads": 4}, "was measured with threads 1, not 4"),
        ({"runtime": "fake 2.0"}, "was measured with runtime fake 1.0, not fake 2.0"),
    ],
)
def test_what_was_measured_otherwise_is_not_mixed(bench, change, message, tmp_path):
    file = tmp_path / "t.json"
    tunas("profile", "digits", "-o", file, "--repeats", "4")
    for field, other in change.items():
        setattr(bench, field, other)
    assert message in tunas("profile", "proxylessnas", "-o", file, "--resume", status=1).stderr


def test_a_folder_that_is_not_there_is_said_before_anything_is_measured(bench, tmp_path):
    stderr = tunas("profile", "digits", "-o", tmp_path / "no" / "t.json", status=1).stderr
    assert stderr == f"error: {tmp_path / 'no'} is no folder: the table could not be written there\n"
    assert bench.prepared == []


def test_a_damaged_or_foreign_file_is_not_resumed(bench, tmp_path):
    file = tmp_path / "t.json"
    file.write_text("{")
    stderr = tunas("profile", "digits", "-o", file, "--resume", status=1).stderr
    assert stderr.startswith(f"error: {file}: line 1")
    file.write_text(
        json.dumps(
            {
                "schema": "tunas.latency-table/1", "name": "t", "device": "d", "unit": "ms", "source": "s",
                "space": "digits", "sites": [{"site": "0.0", "axes": [], "ms": 1.0}],
            }
        )
    )  # fmt: skip
    assert "operations cannot be added" in tunas("profile", "digits", "-o", file, "--resume", status=1).stderr


def test_what_the_bench_refuses_ends_in_a_line(monkeypatch, tmp_path):
    class Backend:
        def latency_bench(self, runtime, *, device, threads):
            raise SearchError("this runtime needs `x`, which is not installed")

    monkeypatch.setattr(profile, "load_backend", Backend)
    ended = tunas("profile", "digits", "-o", tmp_path / "t.json", status=1)
    assert ended.stderr == "error: this runtime needs `x`, which is not installed\n"
