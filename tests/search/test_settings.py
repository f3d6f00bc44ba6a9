import json

import attrs
import pytest

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.setting import byte_count
from tunas_dsl.search.settings import SearchSettings


def test_learning_rates_follow_the_scale_of_the_search():
    """Facts 7 and 8: at the published scale the defaults are the published figures."""
    paper = SearchSettings(steps=27_050, target=84.0, batch_size=4096)
    assert paper.weight_lr == pytest.approx(2.64)
    assert paper.delay_steps == 6762
    short = SearchSettings(steps=2705, target=84.0)
    assert short.policy_lr == pytest.approx(10 * paper.policy_lr)
    assert SearchSettings(steps=108_203, target=84.0).policy_lr == paper.policy_lr


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"steps": 0}, "`steps` is 0, but must be an integer of at least 1"),
        ({"steps": "many"}, "`steps` is 'many'"),
        ({"steps": True}, "`steps` is True"),
        ({"batch_size": "big"}, "`batch_size` is 'big'"),
        ({"policy_lr": 1e308}, "`policy_lr` is 1e+308, but must be a number above 0 and up to 1,000,000"),
        ({"target": float("nan")}, "`target` is nan, but must be a number above 0"),
        ({"beta": 0.1}, "missing the target must not pay"),
        ({"reward": "mnas"}, "one of absolute, soft, hard, none"),
        ({"policy_lr_schedule": "cosine"}, "one of constant, exponential"),
        ({"seed": -1}, "`seed` is -1"),
        ({"optimizer": "adam"}, "one of tf-rmsprop, tf-rmsprop-skip, torch-rmsprop, torch-sgd, torch-adam"),
        ({"remat": "auto", "memory": "much"}, "`memory` is 'much', but must be a size such as 8GB"),
        ({"memory": "8GB"}, "`memory` is of use with `remat` = auto alone"),
        ({"hierarchical": 1}, "true or false"),
        ({"baseline_momentum": 1}, "from 0 to below 1"),
        ({"op_warmup": 0.5}, "`op_warmup` is 0.5, but must not exceed `policy_delay`, which is 0.25"),
        ({"batch_size": 10}, "`batch_size` is 10, but must be a multiple of `samples_per_step`"),
        ({"validation_batch_size": 6}, "`validation_batch_size` is 6, but must be a multiple"),
    ],
)
def test_what_is_out_of_range_is_named_with_its_bounds(change, part):
    with pytest.raises(SearchError) as caught:
        SearchSettings(**{"steps": 100, "target": 10.0, **change})
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_json_keeps_every_setting():
    settings = SearchSettings(
        steps=100, target=3.5, seed=7, reward="hard", samples_per_step=2, hierarchical=False
    )
    text = json.dumps(settings.to_json())
    assert SearchSettings.from_json(json.loads(text)) == settings
    assert json.loads(text).keys() == {field.name for field in attrs.fields(SearchSettings)}


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"steps": 1, "target": 1, "stpes": 2}, "no setting is called `stpes`"),
        ({"steps": 1}, "there is no value for `target`"),
    ],
)
def test_json_with_other_names_is_refused(settings, part):
    with pytest.raises(SearchError, match=part):
        SearchSettings.from_json(settings)


@pytest.mark.parametrize(
    ("size", "count"), [("8GB", 8 * 10**9), ("0.5 gib", 2**29), ("500MB", 5 * 10**8), ("2TB", 2 * 10**12)]
)
def test_sizes_of_memory(size, count):
    assert byte_count(size) == count
