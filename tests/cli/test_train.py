"""`tunas train` and `tunas evaluate`: what they accept, what they leave, and how they end."""

import json
import shutil
from pathlib import Path

import attrs
import pytest

from tests.command_line import interrupted, refusal, tunas
from tunas_dsl.exchange.architecture_json import read_architecture
from tunas_dsl.ir.selection import prune
from tunas_dsl.language.compiler import compile_text, load_space
from tunas_dsl.language.unparse import unparse
from tunas_dsl.training.settings import TrainingSettings

VECTOR = "1:0:1:0:0:0:0:1:0:1:0:1:0:0"
SPACE = load_space("digits")
NETWORK = prune(SPACE, list(map(int, VECTOR.split(":"))))
DATA = ("--data", "digits")
SHORT = (*DATA, "--steps", 6, "--batch-size", 16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = tmp_path_factory.mktemp("cli") / "run"
    return run, tunas("train", "digits", VECTOR, *SHORT, "-o", run)


def test_a_training_ends_with_weights_and_a_validation_accuracy(trained):
    run, ended = trained
    names = {path.name for path in run.iterdir()}
    assert names >= {
        "settings.json",
        "architecture.json",
        "events.jsonl",
        "weights.safetensors",
        "result.json",
    }
    assert "validation accuracy 0." in ended.stdout
    assert "on 349 images" in ended.stdout
    assert "test accuracy" not in ended.stdout
    assert json.loads((run / "result.json").read_text())["test"] is None
    document = read_architecture(run / "architecture.json")
    assert document.indices == tuple(map(int, VECTOR.split(":")))
    assert compile_text(document.network) == NETWORK


def test_the_same_architecture_in_any_form_is_the_same_training(trained, tmp_path):
    run, _ = trained
    (tmp_path / "a.space").write_text(unparse(NETWORK))
    for name, arguments in {
        "json": (run / "architecture.json",),
        "space": (tmp_path / "a.space",),
        "both": ("digits", tmp_path / "a.space"),
        "json-in-space": ("digits", run / "architecture.json"),
    }.items():
        tunas("train", *arguments, *SHORT, "-o", tmp_path / name)
        for file in ("weights.safetensors", "checkpoint.safetensors", "result.json"):
            assert (tmp_path / name / file).read_bytes() == (run / file).read_bytes(), (name, file)


def test_evaluation_is_on_validation_images_unless_asked_otherwise(trained):
    run, ended = trained
    assert tunas("evaluate", run).stdout.strip() in ended.stdout
    found = json.loads(tunas("evaluate", run, "--format", "json").stdout)
    assert found == json.loads((run / "result.json").read_text())["validation"]
    tested = json.loads(tunas("evaluate", run, "--test", "--format", "json").stdout)
    assert tested["split"] == "test"
    assert tested["images"] == 373


def test_ctrl_c_saves_and_resume_goes_on_bit_for_bit(trained, tmp_path):
    run, _ = trained
    ended = interrupted(2, "train", "digits", VECTOR, *SHORT, "-o", tmp_path / "cut")
    assert (
        f"interrupted after 2 steps; go on with: tunas train --resume -o {tmp_path / 'cut'}" in ended.stderr
    )
    assert "validation" in tunas("evaluate", tmp_path / "cut").stdout
    tunas("train", "--resume", "-o", tmp_path / "cut")
    for file in ("weights.safetensors", "checkpoint.safetensors", "result.json"):
        assert (tmp_path / "cut" / file).read_bytes() == (run / file).read_bytes(), file


def test_a_result_that_was_changed_is_not_believed(trained, tmp_path):
    run = Path(shutil.copytree(trained[0], tmp_path / "run"))
    file = run / "result.json"
    file.write_text(file.read_text().replace('"step": 6', '"step": 7'))
    damaged = f"{file} is damaged: it is not what was written; delete it"
    assert refusal("train", "--resume", "-o", run).startswith(damaged)
    file.unlink()
    tunas("train", "--resume", "-o", run)
    assert file.read_bytes() == (trained[0] / "result.json").read_bytes()


def test_a_preset_is_scaled_and_its_dropout_stays(tmp_path):
    arguments = ("digits", VECTOR, *DATA, "--preset", "360", "--steps", 2, "-o", tmp_path / "run")
    tunas("train", *arguments, "--test")
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())["settings"]
    assert (settings["steps"], settings["epochs"], settings["dropout"]) == (2, None, 0.15)
    assert json.loads((tmp_path / "run" / "result.json").read_text())["test"]["images"] == 373


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", *SHORT, "-o", "never"), "`digits` has decisions: name an architecture"),
        (("digits", "1:2", *SHORT, "-o", "never"), "2 indices are given"),
        (
            ("digits", VECTOR, "--data", "no-such", "--steps", 2, "-o", "never"),
            "there is no data set `no-such`",
        ),
        (("digits", VECTOR, *SHORT, "--epochs", 2, "-o", "never"), "both are given"),
        (("digits", VECTOR, *SHORT, "--dropout", 1, "-o", "never"), "`dropout` is 1.0"),
        (("digits", VECTOR, *SHORT, "-o", "spaces"), "is not an empty folder"),
        (("--resume", "-o", "spaces"), "spaces is not the folder of a training"),
    ],
)
def test_user_errors_are_one_line_and_leave_nothing(arguments, message, tmp_path):
    arguments = [tmp_path / "never" if argument == "never" else argument for argument in arguments]
    line = tunas("train", *arguments, status=1).stderr.splitlines()[-1]
    assert line.startswith("error: ")
    assert message in line
    assert not (tmp_path / "never").exists()


def test_a_resumed_training_keeps_what_it_was_started_with(trained):
    run, _ = trained
    for given, message in (
        (("--seed", 3), "`seed` is 3, but"),
        (("--data", "folder:x"), "there is no folder or zip file"),
        (("digits", "0" + VECTOR[1:]), "is not the architecture that"),
    ):
        assert message in tunas("train", *given, "--resume", "-o", run, status=1).stderr


def test_a_training_without_what_it_needs_is_a_usage_error(tmp_path):
    stderr = tunas("train", "-o", tmp_path / "never", status=2).stderr
    assert "a new training needs ARCH, --data, --epochs, --steps or --preset" in " ".join(stderr.split())


def test_train_has_an_option_for_every_setting():
    text = tunas("train", "--help").stdout
    assert [
        f.name for f in attrs.fields(TrainingSettings) if f"--{f.name.replace('_', '-')}" not in text
    ] == []
