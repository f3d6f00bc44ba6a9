import sys

import numpy as np
import pytest

from tests.search.spaces import MODEL, SPACE
from tunas_dsl.cost.sampling import sample
from tunas_dsl.errors import SearchError
from tunas_dsl.ir.selection import canonical
from tunas_dsl.search.quality import Evaluator, load_quality
from tunas_dsl.search.synthetic import SyntheticQuality

MODULE = """
import numpy as np

def good(architectures):
    return architectures.sum(axis=1) / 100

def listed(architectures):
    return [0.5] * len(architectures)

class Table:
    def __init__(self, space):
        self.width = len(space.decisions)

    def __call__(self, architectures):
        assert architectures.shape[1] == self.width
        return np.ones(len(architectures))

def fails(architectures):
    raise KeyError("no such architecture")

def short(architectures):
    return [1.0]

def nothing(architectures):
    return None

def words(architectures):
    return ["good"] * len(architectures)

def ragged(architectures):
    return [[1.0], [1.0, 2.0]]

def infinite(architectures):
    return np.full(len(architectures), np.inf)

number = 7

class Broken:
    def __init__(self, space):
        raise ValueError("no table for this space")
"""


@pytest.fixture
def user_module(tmp_path, monkeypatch):
    (tmp_path / "user_oracle.py").write_text(MODULE)
    (tmp_path / "user_syntax.py").write_text("def quality(:\n")
    monkeypatch.chdir(tmp_path)
    yield
    for name in ("user_oracle", "user_syntax"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("user_module")
@pytest.mark.parametrize("function", ["good", "listed", "Table"])
def test_functions_lists_and_classes_rate(function):
    evaluator = Evaluator("it", load_quality(f"user_oracle:{function}", SPACE), SPACE)
    assert evaluator(sample(SPACE, 3, 0)).shape == (3,)
    assert evaluator(sample(SPACE, 2, 1)).dtype == float
    assert evaluator.evaluations == 5


@pytest.mark.usefixtures("user_module")
@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("user_oracle", "is not of the form module:function"),
        ("no_such_module:f", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("user_oracle:absent", "module user_oracle has no absent"),
        ("user_oracle:number", "is int, which cannot be called"),
        ("user_oracle:Broken", "ValueError: no table for this space (user_oracle.py:"),
        ("user_syntax:quality", "SyntaxError"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_line(name, part):
    with pytest.raises(SearchError) as caught:
        load_quality(name, SPACE)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("user_module")
@pytest.mark.parametrize(
    ("function", "part"),
    [
        ("fails", "failed, also when tried again: KeyError: 'no such architecture' (user_oracle.py:19)"),
        ("short", "gave an array of shape (1,) for 2 architectures"),
        ("nothing", "gave an array of shape () for 2"),
        ("words", "the quality `it` gave ['good', 'good'], which are no numbers: could not convert"),
        ("ragged", "gave [[1.0], [1.0, 2.0]], which are no numbers: setting an array element"),
        ("infinite", "gave inf for the architecture"),
    ],
)
def test_wrong_numbers_are_refused(function, part):
    evaluator = Evaluator("it", load_quality(f"user_oracle:{function}", SPACE), SPACE)
    with pytest.raises(SearchError) as caught:
        evaluator(sample(SPACE, 2, 0))
    assert part in str(caught.value)


def test_equal_networks_are_equal_rows():
    seen = []

    def quality(architectures):
        seen.extend(architectures.tolist())
        architectures[:] = 0  # what a function does to them is its own business
        return np.zeros(len(architectures))

    drawn = sample(SPACE, 50, 0)
    before = drawn.copy()
    Evaluator("it", quality, SPACE)(drawn)
    assert seen == [list(canonical(SPACE, row)) for row in drawn]
    assert (drawn == before).all()


def test_the_synthetic_quality_grows_with_size_and_has_the_noise_of_a_batch():
    quality = SyntheticQuality(SPACE, images=400, effects=0.0)
    order = sample(SPACE, 200, 0)[np.argsort(MODEL.total(sample(SPACE, 200, 0)))]
    exact = quality.exact(order)
    assert (np.diff(exact) >= 0).all()
    noise = np.array([quality(order) for _ in range(50)]) - exact
    expected = np.sqrt(exact * (1 - exact) / 400)
    np.testing.assert_allclose(noise.std(axis=0).mean(), expected.mean(), rtol=0.05)
    assert abs(noise.mean()) < 0.001


def test_the_synthetic_noise_goes_on_where_it_was():
    whole, cut, resumed = (SyntheticQuality(SPACE) for _ in range(3))
    rows = sample(SPACE, 4, 0)
    expected = [whole(rows).tolist() for _ in range(4)]
    got = [cut(rows).tolist() for _ in range(2)]
    resumed.load_state(cut.state())
    assert got + [resumed(rows).tolist() for _ in range(2)] == expected
