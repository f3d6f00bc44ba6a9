import json

import attrs
import pytest

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.events import EventLog, StepEvent, cpu_seconds, read_events, step_history

NAMES = [field.name for field in attrs.fields(StepEvent)]


def event(step):
    return StepEvent(**dict.fromkeys(NAMES, 0.5) | {"step": step})


def log_steps(path, *steps):
    log = EventLog(path, clock=lambda: 1.5)
    for step in steps:
        log.step(event(step))
    return log


def test_an_event_is_one_line_of_json(tmp_path):
    log_steps(tmp_path / "log", 3)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line) == {
        "schema": "tunas.event/1",
        "event": "step",
        "time": 1.5,
        **attrs.asdict(event(3)),
    }


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_cut_last_line_is_passed_over_and_then_removed(tmp_path, cut):
    path = tmp_path / "log"
    log_steps(path, 0, 1, 2)
    path.write_bytes(path.read_bytes()[:-cut])
    assert [e["step"] for e in read_events(path)] == [0, 1]
    log_steps(path, 5)
    assert [e["step"] for e in read_events(path)] == [0, 1, 5]


def test_what_was_logged_after_the_checkpoint_is_void_after_resuming(tmp_path):
    path = tmp_path / "log"
    log_steps(path, 0, 10, 20, 30)
    log = EventLog(path)
    log.resumed(15)
    log.step(event(20))
    assert [e["step"] for e in step_history(path)] == [0, 10, 20]
    assert [e["event"] for e in read_events(path)].count("step") == 5


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("half an ev", "line 2 of .* is not an event"),
        ('{"schema": 9}', "has schema 9"),
        ("[" * 100_000, "is not an event"),
        ("[]", "is not an event"),
        *(
            (f'{{"schema": "tunas.event/1", "event": {fields}}}', "is not an event")
            for fields in (
                '"step", "time": 1',
                '"step", "step": 1',
                '"step", "step": "1", "time": 1',
                '"step", "step": -1, "time": 1',
                '"step", "step": 1e30, "time": 1',
                '"step", "step": 1, "time": NaN',
                '"step", "step": 1, "time": 1, "reward": [0.5]',
                '"step", "step": 1, "time": 1, "cost": 1e999',
                '"saved", "step": 1, "cpu_seconds": "x"',
                '"resumed"',
            )
        ),
    ],
)
def test_a_line_that_is_no_event_of_ours_is_named(tmp_path, line, part):
    path = tmp_path / "log"
    log_steps(path, 0)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(SearchError, match=part):
        list(read_events(path))


def test_a_log_that_is_refused_stays_as_it_was(tmp_path):
    path = tmp_path / "log"
    log = log_steps(path, 0)
    path.write_text(path.read_text() + "half an ev\n")
    before = path.read_bytes()
    with pytest.raises(SearchError, match=r"line 2 of .* is not an event"):
        log.resumed(1)
    assert path.read_bytes() == before


def test_what_a_later_version_logs_beside_is_passed_over(tmp_path):
    line = '{"schema": "tunas.event/1", "event": "note", "words": "seen"}'
    (tmp_path / "log").write_text(line + "\n")
    assert [e["words"] for e in read_events(tmp_path / "log")] == ["seen"]
    assert step_history(tmp_path / "log") == []


def test_a_number_that_json_does_not_have_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        EventLog(tmp_path / "log").step(attrs.evolve(event(0), loss=float("nan")))


def test_the_cost_of_a_run_adds_up_over_its_resumptions_without_what_was_lost(tmp_path):
    path, ticks = tmp_path / "log", iter([5.0, 6.0, 8.0, 16.0, 100.0, 100.0, 103.0])
    log = EventLog(path, cpu=lambda: next(ticks))  # 5.0: before that the process only started
    log.saved(10)
    assert cpu_seconds(path) == 1
    log.step(event(15))
    log.saved(20)
    log.saved(30)
    assert cpu_seconds(path) == 11
    log = EventLog(path, cpu=lambda: next(ticks))
    log.resumed(20)  # the newest state was damaged
    log.saved(30)
    assert cpu_seconds(path) == 3 + 3


def test_a_log_without_saved_states_has_no_cost(tmp_path):
    log_steps(tmp_path / "log", 0, 10)
    assert cpu_seconds(tmp_path / "log") is None
