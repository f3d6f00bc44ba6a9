"""The contract of the program: documents on stdout, messages on stderr, exit statuses."""

import itertools
import json
import platform
from importlib.metadata import version

import attrs
import numpy as np
import pytest

from tests.command_line import document, tunas
from tunas_dsl import __version__
from tunas_dsl.cli import COMMANDS
from tunas_dsl.cost.layers import macs_model
from tunas_dsl.cost.sampling import sample
from tunas_dsl.ir.matching import find_indices
from tunas_dsl.ir.selection import canonical, prune
from tunas_dsl.language.compiler import load_space
from tunas_dsl.language.unparse import unparse
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings

BAD = "space bad {\n    input image 8 x 8 x 1\n    block b (filters: 8) { conw(kernel: 3) }\n}\n"
SYNTHETIC = "tunas_dsl.search.synthetic:SyntheticQuality"
BASELINE = ("baseline", "random", "digits", "--quality", SYNTHETIC, "--latency", "macs", "-n", "8")
SEARCH = ("search", "digits", "--data", "digits", "--latency", "macs", "--steps", "8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    assert tunas(command, "--help").stdout.startswith("Usage:")


def test_version_names_torch():
    versions = f"tunas {__version__}, Python {platform.python_version()}, torch {version('torch')}\n"
    assert tunas("--version").stdout == versions


def test_check_finds_spaces_in_folders_and_places_errors(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "bad.space").write_text(BAD)
    (finding, *_) = document("check", tmp_path, status=1)
    assert (finding["line"], finding["column"], finding["severity"]) == (3, 28, "error")
    assert finding.keys() >= {"path", "end_line", "end_column", "code", "message", "hint"}
    ended = tunas("check", tmp_path, status=1)
    assert "in 1 file" in ended.output
    assert "conw" in ended.stderr


def test_check_reads_standard_input_and_knows_clean_from_missing():
    assert document("check", "digits") == []
    assert document("check", "-", stdin=BAD, status=1)[0]["path"] == "-"
    assert "no-such.space" in tunas("check", "no-such.space", status=2).stderr


def test_show_gives_the_published_size_of_proxylessnas():
    shown = document("show", "proxylessnas")
    assert shown["name"] == "proxylessnas"
    assert shown["logits"] == 153
    assert 6e17 < int(shown["architectures"]) < 7e17
    assert shown["decisions"][0].keys() >= {"id", "kind", "options"}
    assert "combinations" in tunas("show", "digits", "--decisions").stdout


def test_cost_of_a_published_network_as_text():
    costs = document(
        "cost", "proxylessnas", "spaces/reference/proxylessnas_mobile.space", "--latency", "pixel1"
    )
    assert costs["latency_ms"] == pytest.approx(84.4, abs=0.1)
    assert costs["macs"] == 320_428_864
    assert document("cost", "spaces/reference/proxylessnas_mobile.space")["macs"] == costs["macs"]


@pytest.mark.parametrize("name", ["digits", "proxylessnas", "mobilenet_v3_like"])
def test_an_architecture_written_as_text_is_found_in_its_space(name, tmp_path):
    space = load_space(name)
    for vector in sample(space, 5, 1).tolist():
        architecture = prune(space, vector)
        (tmp_path / "a.space").write_text(unparse(architecture))
        again = find_indices(space, load_space(tmp_path / "a.space"))
        assert prune(space, again) == architecture


def test_a_network_of_another_space_is_refused():
    ended = tunas("cost", "digits", "spaces/reference/mobilenet_v2.space", status=1)
    assert "is no point of `digits`" in ended.stderr


def test_samples_keep_to_the_band_and_to_the_seed():
    arguments = ("sample", "proxylessnas", "-n", 5, "--latency", "pixel1", "--target", 84, "--within", 1)
    rows = document(*arguments)
    assert [abs(row["latency_ms"] - 84) <= 1 for row in rows] == [True] * 5
    assert rows == document(*arguments)
    vector = ":".join(map(str, rows[0]["indices"]))
    assert document("cost", "proxylessnas", vector)["macs"] == rows[0]["macs"]


def test_the_band_is_a_percent_of_the_target_unless_told():
    band = ("--latency", "macs", "--target", 0.3)
    one_percent = (*band, "--within", 0.003)
    for command in ("show", "sample"):
        assert document(command, "digits", *band) == document(command, "digits", *one_percent)
    for command in ("show", "sample", "export"):
        assert "None" not in tunas(command, "--help").stdout
    assert "belong together" in tunas("sample", "digits", "--within", 1, status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", "spaces/digits.space"), "spaces/digits.space is a space with decisions"),
        (("export", "spaces/digits.space", "--format", "onnx", "-o", "never"), "`tunas sample spaces/"),
        (("cost", "digits", "--latency", "mac"), "`macs` nor one of the shipped"),
        (("cost", "digits", "--latency", "mac"), "did you mean `macs`?"),
        (("cost", "digits", "1:2"), "2 indices are given"),
        (("cost", "digits", "--latency", "pixel1"), "pixel1"),
        (("show", "no-such.space"), "No such file"),
        (
            ("sample", "digits", "--latency", "macs", "--target", "0.041473", "--within", "1e-7"),
            "the nearest cost 0.041472 and 0.04352 M MAdds",
        ),
        ((*BASELINE, "--target", "9", "-o", "never"), "0.041472 to 0.600192 M MAdds"),
    ],
)
def test_user_errors_are_one_line(arguments, message):
    (line,) = tunas(*arguments, status=1).stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_search_names_all_that_it_needs_at_once():
    said = tunas("search", "digits", "-o", "never", status=2).stderr
    for option in ("--data digits|", "--quality", "--latency macs|TABLE", "--target", "--steps"):
        assert option in said
    said = tunas("baseline", "random", "digits", "-o", "never", status=2).stderr
    assert all(option in said for option in ("--quality", "--latency", "--target", "--n"))


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (
            "synthetik",
            "is not of the form module:function, nor `synthetic`, supernet:RUN or training:DATA",
        ),
        (
            "tunas_dsl.search.synthetic:Synthetic",
            "module tunas_dsl.search.synthetic has no Synthetic; did you mean SyntheticQuality?",
        ),
    ],
)
def test_a_misspelt_quality_is_said_before_a_search_begins(tmp_path, quality, said):
    arguments = ("--latency", "macs", "--target", "0.3", "--steps", "8", "-o", tmp_path / "run")
    (line,) = tunas("search", "digits", "--quality", quality, *arguments, status=1).stderr.splitlines()
    assert line.startswith("error: ")
    assert line.endswith(said)


def test_search_has_an_option_for_every_setting():
    text = tunas("search", "--help").stdout
    assert [f.name for f in attrs.fields(SearchSettings) if f"--{f.name.replace('_', '-')}" not in text] == []


def test_failed_start_leaves_the_folder_free(tmp_path):
    run = tmp_path / "run"
    ended = tunas(
        "search", "digits", "--data", "no-such", *SEARCH[4:], "--target", "0.3", "-o", run, status=1
    )
    assert "searching" not in ended.stderr
    assert not run.exists()


def test_search_with_a_quality_of_ones_own_needs_no_data(tmp_path):
    run = tmp_path / "run"
    arguments = ("search", "digits", "--quality", "synthetic", "--latency", "macs", "--target", "0.2")
    ended = tunas(*arguments, "--steps", 20, "--seed", 1, "-o", run)
    assert "80 evaluations" in ended.stdout
    vector = tunas("export", run, "--format", "indices").stdout.strip()
    assert json.loads((run / "result.json").read_text())["indices"] == [int(i) for i in vector.split(":")]
    again = tunas("search", "--resume", "-o", run).stdout
    assert again == ended.stdout
    assert "`target` is 0.3" in tunas("search", "--resume", "--target", "0.3", "-o", run, status=1).stderr


@pytest.mark.parametrize("algorithm", ["random", "evolution"])
def test_baselines_keep_to_the_band_and_export(tmp_path, algorithm):
    run = tmp_path / "run"
    band = ("--latency", "macs", "--target", "0.2", "--within", "0.01")
    ended = tunas("baseline", algorithm, "digits", "--quality", SYNTHETIC, *band, "-n", 150, "-o", run)
    assert "150 evaluations" in ended.stdout
    tunas("export", run, "-o", tmp_path / "a.json")
    assert abs(document("cost", "digits", tmp_path / "a.json")["macs"] / 1e6 - 0.2) <= 0.01


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (("--data", "digits"), "--data and --quality exclude each other"),
        (("--batch-size", "4"), "there is no use for --batch-size"),
    ],
)
def test_training_and_a_quality_of_ones_own_exclude_each_other(more, part):
    arguments = ("search", "digits", "--quality", SYNTHETIC, "--latency", "macs", "--target", "0.2")
    assert part in tunas(*arguments, "--steps", 9, "-o", "never", *more, status=2).stderr


def trained(folder, space, target=0.3):
    """A run of the digits in ``folder`` whose policy likes the last options the most."""
    tunas("compile", "digits", "-o", folder / "bundle")
    run = RunFolder.create(folder / "run", SearchSettings(steps=9, target=target), "digits", "macs")
    (folder / "bundle").rename(run.bundle)
    run.write_policy(9, {d.id: [float(k) for k in range(len(d.options))] for d in space.decisions})
    return run


def test_export_takes_the_most_probable_options_in_every_format(tmp_path):
    space, path = load_space("digits"), tmp_path / "run"
    last = [len(decision.options) - 1 for decision in space.decisions]
    trained(tmp_path, space, target=float(macs_model(space).total(np.array([last]))[0]) / 1e6)
    assert tunas("export", path, "--format", "indices").stdout.strip() == ":".join(map(str, last))
    tunas("export", path, "-o", tmp_path / "a.json")
    tunas("export", path, "--format", "space", "-o", tmp_path / "a.space")
    expected = int(macs_model(space).total(np.array([last]))[0])
    for file in ("a.json", "a.space"):
        assert document("cost", "digits", tmp_path / file)["macs"] == expected
        assert document("cost", tmp_path / file)["macs"] == expected
    for arguments in ((path,), ("digits", path)):
        assert document("cost", *arguments)["macs"] == expected
        assert document("show", *arguments)["macs"]["largest"] == expected
    assert "nothing differs" in tunas("diff", path, tmp_path / "a.json").stdout
    assert "b1.filters" in tunas("diff", "digits", path, ":".join(["0"] * 14), status=1).stdout


def test_export_takes_the_most_probable_on_target_and_tells_of_both(tmp_path):
    space, path = load_space("digits"), tmp_path / "run"
    run = trained(tmp_path, space)
    points = np.array(list(itertools.product(*(range(len(d.options)) for d in space.decisions))))
    costs = macs_model(space).total(points) / 1e6
    logs = sum(np.log(row)[points[:, d]] for d, row in enumerate(run.probabilities(space)))
    for within, given in ((0.5, True), (0.05, True), (0.001, True), (0.003, False)):  # 1 % of 0.3
        told = ("--within", within) if given else ()
        ended = tunas("export", path, "--format", "indices", "--on-target", *told)
        found = [int(index) for index in ended.stdout.strip().split(":")]
        inside = np.abs(costs - 0.3) <= within
        assert logs[points.tolist().index(found)] == pytest.approx(logs[inside].max())
        argmax, on_target = ended.stderr.splitlines()
        assert argmax.startswith("argmax: ")
        assert on_target.startswith("on target: ")
        assert on_target.endswith(ended.stdout.strip())
    ended = tunas("export", path, "--on-target", "--within", 1e-7, status=1)
    below, above = costs[costs < 0.3].max(), costs[costs > 0.3].min()
    assert f"the nearest cost {below:.10g} and {above:.10g} M MAdds" in ended.stderr
    assert "--on-target" in tunas("export", path, "--within", 1, status=2).stderr
    assert "folder of a search" in tunas("export", __file__, "--on-target", status=2).stderr


def test_export_takes_a_text_without_decisions(tmp_path):
    network = "spaces/reference/proxylessnas_mobile.space"
    tunas("export", network, "-o", tmp_path / "a.json")
    assert document("cost", tmp_path / "a.json") == document("cost", network)
    text = tunas("export", network, "--format", "space").stdout
    assert text == tunas("export", tmp_path / "a.json", "--format", "space").stdout
    vector = tunas("export", network, "--format", "indices").stdout
    assert vector == tunas("export", tmp_path / "a.json", "--format", "indices").stdout


def test_samples_by_the_policy_and_by_architectures(tmp_path):
    space = load_space("digits")
    run = trained(tmp_path, space)
    band = ("--latency", "macs", "--target", 0.3, "--within", 0.05)
    for distribution in ("architectures", f"policy:{run.path}"):
        rows = document("sample", "digits", "-n", 50, *band, "--distribution", distribution)
        assert [abs(row["macs"] / 1e6 - 0.3) <= 0.05 for row in rows] == [True] * 50
        vectors = [tuple(row["indices"]) for row in rows]
        assert (vectors == [canonical(space, vector) for vector in vectors]) == (distribution[0] == "a")
    assert (
        "is not a policy for"
        in tunas("sample", "proxylessnas", "--distribution", f"policy:{run.path}", status=1).stderr
    )
    assert "none of decisions" in tunas("sample", "digits", "--distribution", "even", status=2).stderr


def test_a_cost_is_explained_line_by_line():
    network = "spaces/reference/proxylessnas_mobile.space"
    costs = document("cost", "proxylessnas", network, "--latency", "pixel1", "--explain")
    explanation = costs["explanation"]
    assert explanation["total"] == pytest.approx(costs["latency_ms"])
    lines = {line["layer"]: line for line in explanation["lines"]}
    assert lines["b4.0"]["decisions"] == {"b4.0.kernel": 7, "b4.0.expand": "6x"}
    assert lines["b2.3"]["key"] == "skip"
    macs = document("cost", network, "--explain")
    assert macs["explanation"]["total"] == macs["macs"]
    text = tunas("cost", "proxylessnas", network, "--latency", "pixel1", "--explain").stdout
    assert "b4.0   kernel=7 expand=6x   2.8308  kernel=7, expand=6x\n" in text
    assert "name one" in tunas("cost", "proxylessnas", "--explain", status=2).stderr
