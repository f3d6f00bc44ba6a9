"""What each experiment runs at each scale, beside lists that a person can read next to the paper."""

import re
from pathlib import Path

import pytest

from tunas_dsl.experiments import conduct as conducting
from tunas_dsl.experiments.conduct import conduct
from tunas_dsl.experiments.plan import SCALES, load_experiment, names

COMMANDS = Path(__file__).with_name("commands")


class Finished:
    """A training that has ended."""

    @classmethod
    def open(cls, _):
        return cls()

    def read_result(self):
        return {"validation": {"accuracy": 0.5}, "test": {"accuracy": 0.5}}


def first_of_all(conductor, _):
    return (0,) * len(conductor._space().decisions), {}


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """The distinct commands of an experiment at a scale, with one random architecture for many."""

    def listed(name, scale):
        found = []

        def job(job):
            arguments = [Path(part).name if part.endswith(".space") else part for part in job.arguments]
            text = " ".join("VECTOR" if part.count(":") > 3 else part for part in arguments)
            if text not in found:
                found.append(text)
            return tmp_path

        experiment = load_experiment(name, scale, seeds=1)
        list(conduct(experiment, tmp_path, job))
        return "".join(f"tunas {text}\n" for text in found)

    monkeypatch.setattr(conducting._Conductor, "_read", first_of_all)
    monkeypatch.setattr(conducting, "step_history", lambda _: [{"step": 10**9, "cost": 1.0}])
    monkeypatch.setattr(conducting, "cpu_seconds", lambda _: None)
    monkeypatch.setattr(conducting, "TrainingFolder", Finished)
    monkeypatch.setattr(
        conducting, "sample", lambda space, *_: conducting.np.zeros((1, len(space.decisions)), int)
    )
    return listed


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", names())
def test_the_commands_of_an_experiment_are_those_of_the_list(commands, golden, name, scale):
    golden(COMMANDS / f"{name}-{scale}.txt", commands(name, scale))


@pytest.mark.parametrize("name", names())
def test_at_the_paper_s_scale_what_is_found_is_trained_as_long_as_in_the_paper(commands, name):
    """90 epochs of 1,231,121 images in batches of 4,096 (facts 7, 8 and 11)."""
    trainings = [line for line in commands(name, "paper").splitlines() if line.startswith("tunas train")]
    assert trainings
    for line in trainings:
        steps, batch = (int(re.findall(rf"--{flag} (\d+)", line)[0]) for flag in ("steps", "batch-size"))
        assert steps * batch / 1_231_121 == pytest.approx(90, abs=0.1)
