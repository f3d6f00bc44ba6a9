import json

import attrs
import pytest

from tunas_dsl.errors import SearchError
from tunas_dsl.training.settings import TrainingSettings


@pytest.mark.parametrize(
    ("epochs", "images", "steps"),
    [(90, 1_231_121, 27_050), (360, 1_231_121, 108_203), (360, 1_281_167, 112_602)],
)
def test_steps_of_the_papers_trainings(epochs, images, steps):
    """Facts 8: derived from the sizes of ImageNet's splits and the batch of 4096."""
    settings = TrainingSettings(epochs=epochs, batch_size=4096)
    assert settings.steps_for(images) == steps
    assert settings.weight_lr == pytest.approx(2.64)
    assert settings.bn_momentum_for(steps) == 0.99
    assert int(settings.weight_warmup * 112_602) == 2815


def test_short_trainings_forget_the_initial_moving_averages():
    settings = TrainingSettings(steps=1)
    for steps in (11, 40, 300, 999, 1000, 5000):
        momentum = settings.bn_momentum_for(steps)
        assert momentum**steps < 5e-5
        assert momentum <= 0.99
    assert settings.bn_momentum_for(3) == 0
    assert TrainingSettings(steps=1, bn_momentum=0.9).bn_momentum_for(1) == 0.9


@pytest.mark.parametrize(
    ("every", "expected"), [(1.0, [10, 20, 30]), (2.0, [20]), (0.5, [5, 10, 15, 20, 25, 30])]
)
def test_evaluations_complete_epochs(every, expected):
    settings = TrainingSettings(steps=30, batch_size=10, evaluate_every=every)
    assert [step for step in range(1, 31) if settings.evaluates(step, 100)] == expected


def test_an_epoch_that_ends_within_a_batch_is_complete_after_it():
    settings = TrainingSettings(steps=30, batch_size=32)
    assert [step for step in range(1, 31) if settings.evaluates(step, 100)] == [
        4,
        7,
        10,
        13,
        16,
        19,
        22,
        25,
        29,
    ]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({}, "but neither is given"),
        ({"steps": 1, "epochs": 1}, "but both are given"),
        ({"steps": 0}, "`steps` is 0, but must be an integer of at least 1"),
        ({"epochs": float("inf")}, "`epochs` is inf, but must be a number above 0"),
        ({"steps": 1, "batch_size": 1}, "`batch_size` is 1, but must be an integer of at least 2"),
        ({"steps": 1, "dropout": 1.0}, "`dropout` is 1.0, but must be a number from 0 to below 1"),
        ({"steps": 1, "bn_momentum": -0.1}, "`bn_momentum` is -0.1"),
        ({"steps": 1, "full": 1}, "true or false"),
    ],
)
def test_what_is_out_of_range_is_named_with_its_bounds(change, part):
    with pytest.raises(SearchError) as caught:
        TrainingSettings(**change)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_json_keeps_every_setting():
    settings = TrainingSettings(epochs=3.5, seed=7, dropout=0.1, full=True)
    text = json.dumps(settings.to_json())
    assert TrainingSettings.from_json(json.loads(text)) == settings
    assert json.loads(text).keys() == {field.name for field in attrs.fields(TrainingSettings)}
