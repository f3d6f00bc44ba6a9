"""A run is saved after so many seconds or steps, and what is left at its end."""

import pytest

from tunas_dsl.runs.events import EventLog, read_events
from tunas_dsl.runs.saving import Saver


@pytest.fixture
def saves(tmp_path, monkeypatch):
    """``saves(seconds=..., steps=...)``: after which steps a run of ten, each of a second, is saved."""

    def run(**pace):
        now, written = [0], []
        monkeypatch.setattr("tunas_dsl.runs.saving.time.monotonic", lambda: float(now[0]))
        log = EventLog(tmp_path / "log")
        saver = Saver(lambda: now[0], lambda: written.append(now[0]), log, **pace)
        for _ in range(10):
            now[0] += 1
            saver.keep_pace()
        saver.catch_up()
        assert [event["step"] for event in read_events(log.path) if event["event"] == "saved"] == written
        return written

    return run


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        ({"seconds": 4.0}, [2, 6, 10]),
        ({"seconds": 100.0}, [2, 10]),
        ({"seconds": 100.0, "steps": 3}, [2, 5, 8, 10]),
        ({"seconds": 2.0, "steps": 5}, [2, 4, 6, 8, 10]),
    ],
)
def test_what_is_due_first_is_saved_and_the_rest_at_the_end(saves, pace, expected):
    assert saves(**pace) == expected
