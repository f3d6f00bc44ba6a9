"""Each sentence of docs/security.md names tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SENTENCES = re.findall(r"^- (.*(?:\n  .*)*)", TEXT, re.MULTILINE)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence[:30])
def test_a_sentence_has_its_tests(sentence):
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", sentence)
    assert named, "a promise without a test"
    for file, function in named:
        (path,) = (ROOT / "tests").rglob(file)
        assert f"def {function}(" in path.read_text(encoding="utf-8")


def test_nothing_was_overlooked():
    assert len(SENTENCES) == TEXT.count("\n- ") > 10
