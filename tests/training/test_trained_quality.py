"""A quality that trains: what it trains, what it uses again, and how it ends; the training is made up."""

import json

import numpy as np
import pytest

from tunas_dsl.errors import SearchError
from tunas_dsl.exchange.architecture_json import read_architecture
from tunas_dsl.language.compiler import load_space
from tunas_dsl.runs.interruption import InterruptedStep
from tunas_dsl.search.quality import Evaluator
from tunas_dsl.training.progress import Evaluation, TrainingOutcome
from tunas_dsl.training.quality import TrainedQuality, Trainings, folder_name, settled

SPACE = load_space("digits")
ROWS = np.array([[0] * 14, [1, *[0] * 13], [0] * 14])


class Trainer:
    """Ends as ``statuses`` say, one training after another; accuracies are made from the networks."""

    def __init__(self, *statuses):
        self.statuses, self.heard = list(statuses), []

    def __call__(self, network, run, resume):
        self.heard.append((run.path.name, resume))
        status = self.statuses.pop(0) if self.statuses else "finished"
        if status == "killed":
            raise PowerCutError
        for name in ("weights", "checkpoint", "checkpoint.1"):
            (run.path / f"{name}.safetensors").write_text("whole")
        if status == "diverged":
            raise SearchError("the loss is nan in step 3")
        accuracy = 1 / (1 + len(str(network)))
        validation = Evaluation(split="validation", images=9, accuracy=accuracy, loss=1.0)
        outcome = TrainingOutcome(status=status, step=3, epochs=0.1, validation=validation, test=None)
        if status == "finished":
            run.write_result(outcome)
        return outcome


class PowerCutError(Exception):
    """Stands for the power cut."""


def quality(folder, train, **given):
    recipe = settled({"steps": 3, "seed": 5, **given})
    return TrainedQuality(SPACE, Trainings(folder=folder, data="digits", recipe=recipe, sha256="0"), train)


def test_each_architecture_is_trained_once_in_a_folder_of_its_name(tmp_path):
    train = Trainer()
    asked = Evaluator("training:digits", quality(tmp_path, train), SPACE)
    first = asked(ROWS)
    names = [folder_name(tuple(row)) for row in ROWS[:2].tolist()]
    assert train.heard == [(name, False) for name in names]
    assert (asked.evaluations, asked.trainings) == (3, 2)
    assert first[0] == first[2] != first[1]
    again = quality(tmp_path, pytest.fail)
    assert again(ROWS) == first.tolist()
    document = read_architecture(tmp_path / names[1] / "architecture.json")
    assert document.indices == tuple(ROWS[1].tolist())
    settings = json.loads((tmp_path / names[1] / "settings.json").read_text())["settings"]
    assert (settings["steps"], settings["seed"], settings["batch_size"]) == (3, 5, 64)


@pytest.mark.parametrize(("status", "resumes"), [("interrupted", True), ("killed", False)])
def test_what_was_begun_goes_on_and_what_was_finished_stays(tmp_path, status, resumes):
    train = Trainer("finished", status)
    with pytest.raises(InterruptedStep if resumes else PowerCutError):
        quality(tmp_path, train)(ROWS)
    names = [folder_name(tuple(row)) for row in ROWS[:2].tolist()]
    again = quality(tmp_path, train)
    assert again.trainings == 1
    assert again(ROWS) == quality(tmp_path / "quiet", Trainer())(ROWS)
    assert train.heard == [(names[0], False), (names[1], False), (names[1], resumes)]
    assert again.trainings == 2


def test_a_training_that_has_finished_keeps_its_weights_and_no_checkpoint(tmp_path):
    first, second = (tmp_path / folder_name(tuple(row)) for row in ROWS[:2].tolist())
    with pytest.raises(InterruptedStep):
        quality(tmp_path, Trainer("finished", "interrupted"))(ROWS)
    assert kept(first) == {"weights.safetensors"}
    assert kept(second) == {"weights.safetensors", "checkpoint.safetensors", "checkpoint.1.safetensors"}
    (first / "checkpoint.safetensors").write_text("killed before it was deleted")
    quality(tmp_path, Trainer())(ROWS)
    assert kept(first) == kept(second) == {"weights.safetensors"}


def kept(folder):
    return {path.name for path in folder.glob("*.safetensors")}


def test_a_training_whose_result_is_damaged_is_not_believed(tmp_path):
    first = quality(tmp_path, Trainer())(ROWS)
    result = tmp_path / folder_name(tuple(ROWS[0].tolist())) / "result.json"
    result.write_text(result.read_text().replace('"accuracy": 0.', '"accuracy": 0.9'))
    with pytest.raises(SearchError, match=r"result\.json is damaged"):
        quality(tmp_path, pytest.fail)(ROWS)
    result.unlink()
    assert quality(tmp_path, Trainer())(ROWS) == first


def test_a_training_that_fails_is_named(tmp_path):
    with pytest.raises(SearchError, match=r"training of 1(:0)+, with the --train settings, failed: the loss"):
        Evaluator("training:digits", quality(tmp_path, Trainer("finished", "diverged")), SPACE)(ROWS)


def test_trainings_with_other_settings_are_refused(tmp_path):
    quality(tmp_path, Trainer())(ROWS)
    with pytest.raises(SearchError, match="is a training with other settings or images"):
        quality(tmp_path, pytest.fail, batch_size=32)(ROWS)


def test_a_recipe_leaves_the_dropout_to_the_architecture_unless_it_is_given():
    assert "dropout" not in settled({"steps": 3})
    assert settled({"steps": 3, "dropout": 0.0})["dropout"] == 0
    assert settled(settled({"epochs": 2.0})) == settled({"epochs": 2.0})
    with pytest.raises(SearchError, match="both are given"):
        settled({"steps": 3, "epochs": 1.0})


def test_a_long_index_vector_is_hashed():
    assert folder_name((0, 2, 1)) == "0:2:1"
    assert len(folder_name((1,) * 200)) == 32
    assert folder_name((1,) * 200) != folder_name((1,) * 199 + (2,))
