import math

import pytest

from tunas_dsl.runs.schedule import policy_lr, price_of_cost, warmup_probability, weight_lr


@pytest.mark.parametrize(("step", "expected"), [(-500, 1), (0, 1), (5, 0.5), (9, 0.1), (10, 0), (50, 0)])
def test_warmup_falls_linearly_from_one_to_zero(step, expected):
    """Facts 8, the reference tests' linear decay over 10 steps."""
    assert warmup_probability(step, 10) == pytest.approx(expected)


def test_no_warmup_replaces_nothing():
    assert warmup_probability(0, 0) == 0


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 0), (2, 0.8), (5, 2), (10, 1 + math.cos(5 * math.pi / 95)), (100, 0)]
)
def test_weight_lr_with_warmup(step, expected):
    """Facts 8: peak 2, 5 warmup steps of 100."""
    assert weight_lr(step, 100, 2.0, warmup_steps=5) == pytest.approx(expected)


@pytest.mark.parametrize(("step", "expected"), [(0, 2), (10, 1 + math.cos(math.pi / 5)), (50, 0), (70, 0)])
def test_weight_lr_without_warmup(step, expected):
    """Facts 8: peak 2, 50 steps."""
    assert weight_lr(step, 50, 2.0, warmup_steps=0) == pytest.approx(expected)


def test_weight_lr_rises_for_676_of_the_papers_27050_steps():
    """Facts 7 and 8, the published search."""
    rates = [weight_lr(step, 27_050, 2.64) for step in range(27_051)]
    assert rates.index(max(rates)) == 676
    assert max(rates) == 2.64
    assert rates[338] == pytest.approx(1.32)


@pytest.mark.parametrize("schedule", ["constant", "exponential"])
def test_policy_lr_is_zero_up_to_the_delay_and_starts_at_its_base(schedule):
    assert policy_lr(6761, 27_050, 6762, 4.8e-3, schedule) == 0
    assert policy_lr(6762, 27_050, 6762, 4.8e-3, schedule) == 4.8e-3


def test_policy_lr_grows_tenfold_or_not_at_all():
    """Facts 7: 4.8e-3 growing to 4.8e-2."""
    assert policy_lr(27_050, 27_050, 6762, 4.8e-3, "exponential") == pytest.approx(4.8e-2)
    halfway = policy_lr(75, 100, 50, 1.0, "exponential")
    assert halfway == pytest.approx(math.sqrt(10))
    assert policy_lr(75, 100, 50, 1.0, "constant") == 1.0


def test_the_price_of_cost_grows_from_a_step_on():
    def price(step):
        return price_of_cost(step, 100, 60, -0.1, 100.0)

    assert [price(step) for step in (0, 20, 60)] == [-0.1] * 3
    assert price(80) == pytest.approx(-1.0)
    assert price(100) == pytest.approx(-10.0)
    assert {price_of_cost(step, 100, 60, -0.1, 1.0) for step in range(101)} == {-0.1}
