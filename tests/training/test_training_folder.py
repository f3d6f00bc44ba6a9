import json

import attrs
import pytest

from tunas_dsl.errors import SearchError
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.training.progress import Evaluation, TrainingOutcome
from tunas_dsl.training.run import TrainingFolder
from tunas_dsl.training.settings import TrainingSettings

SETTINGS = TrainingSettings(steps=100, seed=3)


def test_an_opened_training_is_the_one_that_was_created(tmp_path):
    run = TrainingFolder.create(tmp_path / "deep" / "run", SETTINGS, "digits")
    again = TrainingFolder.open(tmp_path / "deep" / "run")
    assert again == run
    assert again.fingerprint == run.fingerprint
    assert attrs.evolve(run, data="folder:x").fingerprint == run.fingerprint  # data may lie elsewhere
    assert attrs.evolve(run, settings=TrainingSettings(steps=100)).fingerprint != run.fingerprint


def test_searches_and_trainings_are_told_apart(tmp_path):
    RunFolder.create(tmp_path / "search", SearchSettings(steps=1, target=1.0), "digits", "macs")
    TrainingFolder.create(tmp_path / "training", SETTINGS, "digits")
    with pytest.raises(SearchError, match="search is the folder of a search, not of a training"):
        TrainingFolder.open(tmp_path / "search")
    with pytest.raises(SearchError, match="training is the folder of a training, not of a search"):
        RunFolder.open(tmp_path / "training")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "is not the folder of a training"),
        ("[]", "not an object"),
        ('{"schema": "tunas.training/1"}', "`settings` is not an object"),
        ('{"schema": "tunas.training/1", "data": "digits", "settings": {}}', "neither is given"),
    ],
)
def test_settings_that_are_not_ours_are_refused(tmp_path, text, part):
    if text is not None:
        (tmp_path / "settings.json").write_text(text)
    with pytest.raises(SearchError, match=part):
        TrainingFolder.open(tmp_path)


def test_settings_that_were_changed_are_refused(tmp_path):
    TrainingFolder.create(tmp_path, SETTINGS, "digits")
    file = tmp_path / "settings.json"
    file.write_text(file.read_text().replace('"steps": 100', '"steps": 101'))
    with pytest.raises(SearchError, match=r"settings\.json is damaged: it is not what was written"):
        TrainingFolder.open(tmp_path)


VALIDATION = Evaluation(split="validation", images=20, accuracy=0.75, loss=0.5)
OUTCOME = TrainingOutcome(status="finished", step=100, epochs=2.5, validation=VALIDATION, test=None)


@pytest.fixture
def finished(tmp_path):
    run = TrainingFolder.create(tmp_path / "run", SETTINGS, "digits")
    run.write_result(OUTCOME)
    return run


def test_the_result_says_what_was_evaluated(finished):
    assert finished.read_result() == {"schema": "tunas.trained/1", **attrs.asdict(OUTCOME)}


def test_a_result_that_was_changed_is_refused(finished):
    file = finished.path / "result.json"
    file.write_text(file.read_text().replace("0.75", "0.95"))
    with pytest.raises(SearchError, match=r"result\.json is damaged: .*; delete it, and the command"):
        finished.read_result()


def test_a_result_that_was_written_before_they_had_a_hash_is_read(finished):
    result = {"schema": "tunas.trained/1", **attrs.asdict(OUTCOME)}
    (finished.path / "result.json").write_text(json.dumps(result))
    assert finished.read_result() == result


@pytest.mark.parametrize("part", [0, "x", {}, {"accuracy": "x", "loss": 1.0}, {"accuracy": 0.5}])
def test_a_result_without_an_accuracy_is_refused(finished, part):
    result = {"schema": "tunas.trained/1", **attrs.asdict(OUTCOME), "validation": part}
    (finished.path / "result.json").write_text(json.dumps(result))
    with pytest.raises(SearchError, match=r"result\.json: \$\.validation is no evaluation; delete it"):
        finished.read_result()
