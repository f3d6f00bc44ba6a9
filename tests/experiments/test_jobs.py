"""What the folder of a job is named after."""

import sys

import pytest

from tests.test_repository import run
from tunas_dsl.experiments import jobs
from tunas_dsl.experiments.code import code_hash, hash_of
from tunas_dsl.experiments.jobs import Job

PLAIN = b"""def double(x):
    return 2 * x
"""
ABOUT = b'''"""Numbers."""

def double(x):
    """Twice x."""
    return 2 * x  # not x * x
'''


def test_what_code_says_of_itself_does_not_count_and_what_it_does_counts():
    assert hash_of([PLAIN]) == hash_of([ABOUT])
    assert hash_of([PLAIN]) != hash_of([PLAIN.replace(b"2", b"3")])
    assert hash_of([PLAIN, PLAIN]) != hash_of([PLAIN])
    assert hash_of([PLAIN], [b"grammar"]) != hash_of([PLAIN], [b"other"])


@pytest.mark.parametrize(
    "other",
    [
        Job("a", ("search", "--seed", "2"), "space s {}"),
        Job("a", ("search", "--seed", "1"), "space t {}"),
    ],
)
def test_the_key_is_that_of_the_work(other):
    job = Job("a", ("search", "--seed", "1"), "space s {}")
    assert job.key == Job("b", ("search", "--seed", "1", "x.space"), "space s {}").key
    assert job.key != other.key


def test_other_code_makes_another_key(monkeypatch):
    job = Job("a", ("search",), "space s {}")
    before = job.key
    monkeypatch.setattr(jobs, "code_hash", lambda: "other")
    assert job.key != before


def test_the_code_is_the_compiler_and_the_backend_and_loads_neither():
    script = "import sys; from tunas_dsl.experiments.code import code_hash, _sources; print(code_hash())"
    script += (
        "; assert 'torch' not in sys.modules; print(sum(b'class Supernet' in text for text in _sources()))"
    )
    ended = run(sys.executable, "-c", script)
    assert ended.stdout.split() == [code_hash(), "1"], ended.stderr
