import json
import math
from contextlib import suppress
from random import Random

import attrs
import pytest

from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.runs.folder import write_document
from tunas_dsl.search.progress import Outcome
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.storage.documents import unsealed

SETTINGS = SearchSettings(steps=100, target=10.0, seed=3)


def test_an_opened_run_is_the_one_that_was_created(tmp_path):
    run = RunFolder.create(tmp_path / "deep" / "run", SETTINGS, "digits", "pixel1")
    again = RunFolder.open(tmp_path / "deep" / "run")
    assert again == run
    assert again.fingerprint == run.fingerprint


def test_a_folder_with_anything_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(SearchError, match="is not an empty folder"):
        RunFolder.create(tmp_path, SETTINGS, "digits", "pixel1")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(SearchError, match="is not an empty folder"):
        RunFolder.create(tmp_path / "run", SETTINGS, "digits", "pixel1")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "is not the folder of a search"),
        ("{", "line 1, column 2"),
        ('{"schema": 2}', "this version reads"),
        ('{"schema": "tunas.run/1"}', "`settings` is not an object"),
        (
            '{"schema": "tunas.run/1", "data": "digits", "cost": "ms", "settings": {"steps": 0}}',
            "no value for `target`",
        ),
    ],
)
def test_settings_that_are_not_ours_are_refused(tmp_path, text, part):
    if text is not None:
        (tmp_path / "settings.json").write_text(text)
    with pytest.raises(SearchError, match=part):
        RunFolder.open(tmp_path)


def test_settings_that_were_changed_are_refused(tmp_path):
    RunFolder.create(tmp_path, SETTINGS, "digits", "pixel1")
    file = tmp_path / "settings.json"
    file.write_text(file.read_text().replace('"steps": 100', '"steps": 101'))
    with pytest.raises(SearchError, match=r"settings\.json is damaged: it is not what was written"):
        RunFolder.open(tmp_path)


def test_a_flipped_bit_of_the_settings_is_refused_or_changes_nothing(tmp_path):
    run = RunFolder.create(tmp_path, SETTINGS, "digits", "pixel1")
    file = tmp_path / "settings.json"
    written = file.read_bytes()
    random = Random(0)
    for place in random.sample(range(len(written)), 200):
        flipped = written[place] ^ 1 << random.randrange(8)
        file.write_bytes(written[:place] + bytes([flipped]) + written[place + 1 :])
        with suppress(SearchError):
            assert RunFolder.open(tmp_path) == run


def test_settings_of_before_they_had_a_hash_are_read(tmp_path):
    run = RunFolder.create(tmp_path, SETTINGS, "digits", "pixel1")
    document = json.loads((tmp_path / "settings.json").read_text())
    assert len(document.pop("sha256")) == 64
    (tmp_path / "settings.json").write_text(json.dumps(document))
    assert RunFolder.open(tmp_path) == run


def test_the_fingerprint_follows_settings_and_cost_model_and_not_where_the_data_lie(tmp_path):
    fingerprints = {
        RunFolder.create(tmp_path / str(number), settings, data, cost).fingerprint
        for number, (settings, data, cost) in enumerate(
            [
                (SETTINGS, "digits", "pixel1"),
                (SETTINGS, "folder", "pixel1"),
                (SETTINGS, "digits", "MAdds"),
                (SearchSettings(steps=100, target=10.0), "digits", "pixel1"),
            ]
        )
    }
    assert len(fingerprints) == 3


def test_policy_and_result_are_replaced_whole(tmp_path):
    run = RunFolder.create(tmp_path / "run", SETTINGS, "digits", "pixel1")
    with pytest.raises(SearchError, match="has no policy yet"):
        run.read_policy()
    run.write_policy(10, {"stem.filters": [0.0, 1.0]})
    run.write_policy(20, {"stem.filters": [0.0, 2.0]})
    assert run.read_policy() == (20, {"stem.filters": [0.0, 2.0]})
    run.write_result(Outcome(status="finished", step=100, indices=(1,), cost=9.5, unit="ms"))
    result = json.loads((run.path / "result.json").read_text())
    assert unsealed(result) == {
        "schema": "tunas.result/1",
        "status": "finished",
        "step": 100,
        "indices": [1],
        "cost": 9.5,
        "unit": "ms",
    }
    assert sorted(path.name for path in run.path.iterdir()) == ["policy.json", "result.json", "settings.json"]


def test_a_folder_in_the_place_of_a_file_is_named_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "policy.json"
    path.mkdir()
    with pytest.raises(OSError) as caught:  # noqa: PT011 (which one it is, is up to the system)
        write_document(path, {"step": 1})
    assert caught.value.filename == str(path)
    assert [below.name for below in tmp_path.iterdir()] == ["policy.json"]


def test_the_most_probable_architecture_is_read_without_a_backend(tmp_path):
    decisions = (ir.Decision("b", "kernel", (3, 5, 7), 0), ir.Decision("a", "filters", (8, 16), 1))
    size = ir.FeatureMap(ir.constant(3), ir.constant((8, 8)))
    space = ir.Space("toy", size, 8, decisions, (), None)
    run = RunFolder.create(tmp_path / "run", SETTINGS, "digits", "pixel1")
    run.write_policy(10, {"a": [-1.0, -0.5], "b": [0.5, 2.0, 2.0]})
    assert run.most_probable(space) == (1, 1)
    run.write_policy(20, {"a": [-1.0, -0.5], "b": [0.5, 2.0]})
    with pytest.raises(SearchError, match="is not a policy for `toy`"):
        run.most_probable(space)


def test_the_probabilities_of_the_policy_are_read_without_a_backend(tmp_path):
    decisions = tuple(ir.Decision(id, "kernel", (3, 5), 1) for id in ("a", "b"))
    size = ir.FeatureMap(ir.constant(3), ir.constant((8, 8)))
    space = ir.Space("two", size, 8, decisions, (), None)
    run = RunFolder.create(tmp_path / "run", SETTINGS, "digits", "pixel1")
    run.write_policy(3, {"b": [1000.0, 0.0], "a": [0.0, math.log(3)]})
    first, second = run.probabilities(space)
    assert first.tolist() == pytest.approx([0.25, 0.75])
    assert second.tolist() == [1.0, 0.0]
    baseline = attrs.evolve(run, quality="module:function", algorithm="random")
    with pytest.raises(SearchError, match="`random` learns none"):
        baseline.probabilities(space)
