import itertools
import json
import shutil

import numpy as np
import pytest

from tests.search.spaces import MODEL, SPACE
from tunas_dsl.errors import SearchError
from tunas_dsl.report.evidence import evidence
from tunas_dsl.report.figures import (
    Spread,
    against_random,
    expected_cost,
    figures,
    groups,
    late_samples,
)
from tunas_dsl.report.progress import seconds_left, settling, sparkline
from tunas_dsl.report.reading import find_runs, read_record
from tunas_dsl.storage.documents import sealed, unsealed


def records(runs):
    return [read_record(path) for path in find_runs([runs])]


def test_the_expected_cost_is_the_mean_over_all_architectures():
    random = np.random.default_rng(3)
    probabilities = [random.dirichlet(np.ones(len(decision.options))) for decision in SPACE.decisions]
    points = np.array(list(itertools.product(*(range(len(d.options)) for d in SPACE.decisions))))
    weights = np.prod([p[points[:, j]] for j, p in enumerate(probabilities)], axis=0)
    assert expected_cost(MODEL, probabilities) == pytest.approx(weights @ MODEL.total(points))


def test_the_figures_are_those_of_the_folder(runs):
    record = read_record(runs / "seed0")
    some = figures(record)
    assert (some.steps, some.seed, some.target, some.finished) == (400, 0, 0.25, True)
    assert some.argmax_cost == pytest.approx(record.model.total(np.array([record.found]))[0])
    assert some.gap == pytest.approx(some.argmax_cost / 0.25 - 1)
    last = record.samples.steps >= 360
    assert some.quality == pytest.approx(record.samples.qualities[last].mean())
    assert len(late_samples(record)) == last.sum()


def test_seeds_are_one_group_and_the_baseline_another(runs):
    assert [[record.name for record in group] for group in groups(records(runs))] == [
        ["random"],
        ["seed0", "seed1"],
    ]


def test_a_search_is_held_against_random_at_its_own_cost(runs):
    search, others = read_record(runs / "seed0"), records(runs)
    found = against_random(search, others)
    random = read_record(runs / "random").samples
    near = np.abs(random.costs / 0.25 - 1) <= 0.02
    assert found.baseline == "random"
    assert found.random.mean == pytest.approx(random.qualities[near].mean())
    assert found.difference == pytest.approx(found.searched.mean - found.random.mean)


def test_a_spread_is_of_what_is_known():
    assert Spread.of([1.0, None, 3.0]) == Spread(2, 2.0, pytest.approx(2**0.5))
    assert Spread.of([4.0]) == Spread(1, 4.0, None)
    assert Spread.of([None]) is None


def test_evidence_says_what_each_option_would_cost_and_how_it_was_rated(runs):
    record = read_record(runs / "seed0")
    found = evidence(record)
    assert [e.decision.id for e in found] == [d.id for d in record.space.decisions if len(d.options) > 1]
    samples = record.samples
    for decided in found:
        (won,) = (option for option in decided.options if option.chosen)
        assert won.cost_change == 0
        number = record.space.position[decided.decision.id]
        for option, seen in enumerate(decided.options):
            other = np.array(record.found)
            other[number] = option
            change = record.model.total(other[None])[0] - record.model.total(np.array([record.found]))[0]
            assert seen.cost_change == pytest.approx(change)
            assert seen.count <= (samples.indices[:, number] == option).sum()
    assert sum(option.count for option in found[0].options) == len(samples)  # the stem always counts


def test_the_decisions_that_settle_are_those_without_a_clear_leader(runs):
    record = read_record(runs / "seed0")
    last = record.snapshots[-1][1]
    open_ones = {d.id for d, row in zip(record.space.decisions, last, strict=True) if max(row) < 0.95}
    found = settling(record)
    assert {one.id for one in found} == open_ones
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
    assert seconds_left(record) is None


def test_snapshots_of_the_policy_are_probabilities_of_every_option(runs):
    record = read_record(runs / "seed0")
    assert record.snapshots[0][0] == 0
    assert record.snapshots[-1][0] == 399
    for _, rows in record.snapshots:
        assert [len(row) for row in rows] == [len(d.options) for d in record.space.decisions]
        assert [sum(row) for row in rows] == pytest.approx([1] * len(rows), abs=1e-4)
    assert [row.argmax() for row in record.probabilities] == list(record.found)


def test_a_sparkline_goes_from_the_lowest_to_the_highest():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([2.0, 2.0]) == "▁▁"


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(SearchError, match="is no run, and there is none in it"):
        list(find_runs([tmp_path]))
    with pytest.raises(SearchError, match="is not a folder"):
        list(find_runs([tmp_path / "nothing"]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": [1, 2]},
        {"samples": [["0:0", 0.5, 0.2]]},
        {"samples": [[None, 0.5, 0.2]]},
        {"samples": 3},
        {"probabilities": [None]},
        {"probabilities": [[0.5, None]]},
        {"probabilities": "x"},
        {"figures": "too few", "samples": [["first", 0.5]]},
        {"figures": "a text", "samples": [["first", "0.5", 0.2]]},
        {"option": "there is none", "samples": [["beyond", 0.5, 0.2]]},
    ],
)
def test_an_event_that_cannot_be_of_the_search_is_named(runs, tmp_path, wrong):
    run = tmp_path / "run"
    shutil.copytree(runs / "seed0", run)
    lines = (run / "events.jsonl").read_text().splitlines()
    event = json.loads(lines[0])
    first = event["samples"][0][0]
    text = json.dumps(wrong).replace("first", first).replace("beyond", "9" + first[1:])
    lines[0] = json.dumps({**event, **json.loads(text)})
    (run / "events.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(SearchError, match=r"events\.jsonl has an event that is none of this search: .* 0"):
        read_record(run)


@pytest.mark.parametrize("row", [[], [0.0, 0.0, 0.0, 0.0, 0.0]])
def test_the_policy_of_another_space_is_refused(runs, tmp_path, row):
    run = tmp_path / "run"
    shutil.copytree(runs / "seed0", run)
    policy = unsealed(json.loads((run / "policy.json").read_text()))
    policy["logits"]["b1.filters"] = row
    (run / "policy.json").write_text(json.dumps(sealed(policy)))
    with pytest.raises(SearchError, match="run has the policy of another space"):
        _ = read_record(run).probabilities
