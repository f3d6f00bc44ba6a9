"""What is said of ratings, against scipy and by hand, on made-up architectures."""

import json
import math

import attrs
import numpy as np
import pytest
from scipy import stats

from tests.search.spaces import SPACE
from tunas_dsl.errors import SearchError
from tunas_dsl.search.activity import Activity
from tunas_dsl.training.judging import check_same
from tunas_dsl.training.ranking import Judged, Ranking, ranking_file, read_ranking, write_ranking
from tunas_dsl.training.trust import FEWEST, trust


def made_up(count, seed=0, favoured=None, slope=0.5):
    """Ratings of random architectures, and accuracies that follow them, but for the option ``favoured``."""
    random = np.random.default_rng(seed)
    options = [len(decision.options) for decision in SPACE.decisions]
    rows = Activity(SPACE.decisions).canonical((random.random((count, len(options))) * options).astype(int))
    ratings = random.uniform(0.3, 0.7, count)
    accuracies = 0.2 + slope * ratings + random.normal(0, 0.01, count)
    if favoured is not None:
        decision, option = favoured
        accuracies -= 0.1 * (Activity(SPACE.decisions)(rows)[:, decision] & (rows[:, decision] == option))
    return [
        Judged(indices=tuple(row), cost=1.0, rating=rating, accuracy=accuracy)
        for row, rating, accuracy in zip(rows.tolist(), ratings.tolist(), accuracies.tolist(), strict=True)
    ]


@pytest.mark.parametrize("count", [6, 20, 100])
def test_the_figures_are_scipys(count):
    judged = made_up(count, seed=count)
    found = trust(SPACE, judged)
    ratings = [one.rating for one in judged]
    accuracies = [one.accuracy for one in judged]
    assert found.spearman.value == pytest.approx(stats.spearmanr(ratings, accuracies).statistic)
    assert found.kendall.value == pytest.approx(stats.kendalltau(ratings, accuracies).statistic)
    slope, intercept = np.polyfit(ratings, accuracies, 1)
    assert (found.slope, found.intercept) == (pytest.approx(slope), pytest.approx(intercept))
    assert found.slope_interval[0] < slope < found.slope_interval[1]


def test_the_interval_has_the_truth_as_often_as_it_says():
    """Pairs of normals with a correlation of 0.8 have a rank correlation of 6 / pi asin(0.4)."""
    truth, inside = 6 / math.pi * math.asin(0.4), 0
    random = np.random.default_rng(1)
    for _ in range(300):
        pairs = random.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 25)
        judged = [
            Judged(indices=(0,) * len(SPACE.decisions), cost=1, rating=x, accuracy=y)
            for x, y in pairs.tolist()
        ]
        low, high = trust(SPACE, judged).spearman.interval
        inside += low <= truth <= high
    assert 0.91 <= inside / 300 <= 0.98


def test_what_is_rated_too_high_is_the_clearest_bias():
    number = next(n for n, one in enumerate(SPACE.decisions) if not one.active and len(one.options) > 1)
    found = trust(SPACE, made_up(200, favoured=(number, 1)))
    clearest = found.biases[0]
    assert clearest.decision == SPACE.decisions[number].id
    if clearest.option == SPACE.decisions[number].options[1]:
        assert -0.11 < clearest.effect < -0.08
    else:
        assert 0.04 < clearest.effect < 0.11
    assert clearest.is_clear


def test_too_few_or_equal_ones_say_nothing():
    assert trust(SPACE, made_up(FEWEST - 1)) is None
    assert trust(SPACE, [attrs.evolve(one, rating=0.5) for one in made_up(30)]) is None


def test_a_perfect_order_has_an_interval():
    judged = [attrs.evolve(one, accuracy=one.rating) for one in made_up(30)]
    assert trust(SPACE, judged).spearman.interval == (1.0, 1.0)


RANKING = Ranking(within=0.1, seed=3, recipe={"steps": 5, "batch_size": 16}, judged=tuple(made_up(3)))


def test_a_ranking_comes_back_from_disk(tmp_path):
    assert read_ranking(tmp_path, SPACE) is None
    write_ranking(tmp_path, RANKING)
    assert read_ranking(tmp_path, SPACE) == RANKING


@pytest.mark.parametrize("change", [{"seed": 4}, {"judged": [{"indices": [9]}]}, {"recipe": 3}])
def test_a_damaged_ranking_is_refused(tmp_path, change):
    write_ranking(tmp_path, RANKING)
    path = ranking_file(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SearchError, match="begin anew"):
        read_ranking(tmp_path, SPACE)


@pytest.mark.parametrize("change", [{"within": 0.2}, {"seed": 0}, {"recipe": {"steps": 6, "batch_size": 16}}])
def test_another_ranking_is_not_gone_on_with(change):
    check_same(RANKING, attrs.evolve(RANKING, judged=()), "here")
    with pytest.raises(SearchError, match="here was begun with"):
        check_same(RANKING, attrs.evolve(RANKING, **change), "here")
