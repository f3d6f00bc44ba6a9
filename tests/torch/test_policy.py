import math

import attrs
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE, active_decisions
from tunas_dsl.search.reinforce.baseline import Baseline
from tunas_torch.optimizers.reinforce import PolicyOptimizer
from tunas_torch.policy import Policy, Sampled

INPUTS = ir.FeatureMap(ir.constant(3), ir.constant((8, 8)))


def space(*decisions):
    return ir.Space("toy", INPUTS, 8, tuple(decisions), (), None)


def op(id, count, *active):
    return ir.Decision(id, "kernel", tuple(range(count)), 0, tuple(active))


def filters(id, options, *active):
    return ir.Decision(id, "filters", tuple(options), options.index(max(options)), tuple(active))


NESTED = space(op("three", 3, (("outer", (0,)),)), op("four", 4, (("outer", (1,)),)), op("outer", 2))
DEEP = space(
    op("outer", 3),
    op("inner", 2, (("outer", (0, 2)),)),
    op("leaf", 4, (("outer", (0,)), ("inner", (1,))), (("outer", (1,)),)),
    filters("width", [8, 24, 16]),
    op("single", 1),
)


def sample(policy, seed=0, count=64, op_warmup=0.0, filter_warmup=0.0):
    return policy.sample(np.random.default_rng(seed), count, op_warmup, filter_warmup)


def given_rows(policy, *rows):
    indices = torch.tensor(rows)
    zeros = torch.zeros(indices.shape, dtype=torch.bool)
    return Sampled(indices, indices, zeros, torch.zeros(indices.shape[1], dtype=torch.float64))


def with_random_logits(policy, seed=0):
    policy.logits.data = torch.from_numpy(np.random.default_rng(seed).normal(size=policy.logits.shape))
    return policy


def test_entropy_and_log_prob_of_flat_decisions():
    """Facts 5: 1, 2, 3 and 4 options."""
    policy = Policy(space(*(op(f"d{n}", n) for n in (1, 2, 3, 4))))
    sampled = sample(policy)
    assert policy.entropy(sampled.indices).tolist() == pytest.approx([math.log(24)] * 64)
    assert policy.log_prob(sampled).tolist() == pytest.approx([-math.log(24)] * 64)


@pytest.mark.parametrize(
    ("hierarchical", "left", "right"),
    [(True, math.log(2 * 3), math.log(2 * 4)), (False, math.log(2 * 3 * 4), math.log(2 * 3 * 4))],
)
def test_only_what_is_selected_counts_in_a_hierarchical_policy(hierarchical, left, right):
    """Facts 5: a 2-way decision over a 3-way and a 4-way one."""
    policy = Policy(NESTED, hierarchical=hierarchical)
    rows = given_rows(policy, (2, 3, 0), (2, 3, 1))
    assert policy.entropy(rows.indices).tolist() == pytest.approx([left, right])
    assert policy.log_prob(rows).tolist() == pytest.approx([-left, -right])


def test_averaging_the_outer_decision_keeps_both_sides():
    """Facts 5: both branches are active under [0.5, 0.5]."""
    policy = Policy(NESTED)
    entropy = policy.entropy(torch.tensor([[0, 0, AVERAGE]]))
    assert entropy.item() == pytest.approx(math.log(2 * 3 * 4))


def test_full_op_warmup_averages_every_op_and_no_filters():
    policy = Policy(space(op("kernel", 3), filters("width", [4, 12, 8])))
    sampled = sample(policy, op_warmup=1.0)
    assert sampled.indices[:, 0].unique().tolist() == [AVERAGE]
    assert sampled.indices[:, 1].unique().tolist() == [0, 1, 2]
    assert policy.log_prob(sampled).tolist() == pytest.approx([-math.log(3)] * 64)


def test_full_filter_warmup_takes_the_largest_and_averages_no_op():
    policy = Policy(space(op("kernel", 3), filters("width", [4, 12, 8])))
    sampled = sample(policy, filter_warmup=1.0)
    assert sampled.indices[:, 1].unique().tolist() == [1]
    assert sampled.indices[:, 0].unique().tolist() == [0, 1, 2]


def test_full_warmup_is_certain_and_teaches_nothing():
    """Facts 5 and 14.18: log-prob 0 at p = 1, and no NaN in value or gradient."""
    policy = with_random_logits(Policy(DEEP))
    sampled = sample(policy, op_warmup=1.0, filter_warmup=1.0)
    log_prob = policy.log_prob(sampled)
    log_prob.sum().backward()
    assert log_prob.tolist() == [0.0] * 64
    assert policy.logits.grad.abs().max() == 0
    assert policy.gradients(sampled, torch.ones(64, dtype=torch.float64)).abs().max() == 0


def test_likelihood_of_what_happened_under_partial_warmup():
    """Facts 5: log p where replaced, else log(1 - p) + log pi."""
    policy = Policy(space(op("kernel", 3)))
    sampled = sample(policy, op_warmup=0.4)
    expected = [math.log(0.4) if row == (AVERAGE,) else math.log(0.6 / 3) for row in sampled.rows()]
    assert policy.log_prob(sampled).tolist() == pytest.approx(expected)
    assert len(set(expected)) == 2


def test_replacement_is_drawn_for_each_decision_on_its_own():
    policy = Policy(space(op("a", 3), op("b", 3)))
    replaced = sample(policy, count=20_000, op_warmup=0.3).replaced.double()
    assert replaced.mean(dim=0).tolist() == pytest.approx([0.3, 0.3], abs=0.015)
    assert replaced.prod(dim=1).mean().item() == pytest.approx(0.09, abs=0.01)


def test_samples_follow_the_probabilities():
    policy = with_random_logits(Policy(space(op("a", 4), op("b", 2))))
    drawn = torch.nn.functional.one_hot(sample(policy, count=40_000).drawn, 4).double().mean(dim=0)
    torch.testing.assert_close(drawn, policy.probabilities(), rtol=0, atol=0.01)
    assert policy.probabilities()[1, 2:].tolist() == [0, 0]


def test_samples_depend_on_the_generator_alone():
    policy = Policy(DEEP)
    first, again, other = (sample(policy, seed=seed, op_warmup=0.5) for seed in (5, 5, 6))
    assert torch.equal(first.indices, again.indices)
    assert not torch.equal(first.indices, other.indices)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 0, 1, 2]), st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 3])),
        min_size=1,
    )
)
def test_activity_is_that_of_the_intermediate_representation(rows):
    vectors = [(*row, 1, 0) for row in rows]
    expected = [list(active_decisions(DEEP, vector)) for vector in vectors]
    assert Policy(DEEP).activity(torch.tensor(vectors)).tolist() == expected


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 1.0]), st.booleans(), st.sampled_from([1.0, 5.0]))
def test_closed_form_gradient_is_autograds(seed, warmup, hierarchical, temperature):
    policy = with_random_logits(Policy(DEEP, hierarchical, temperature), seed)
    sampled = sample(policy, seed, 6, op_warmup=warmup, filter_warmup=warmup / 2)
    advantages = torch.from_numpy(np.random.default_rng(seed).normal(size=6))
    closed = policy.gradients(sampled, advantages)
    for k, loss in enumerate(-advantages * policy.log_prob(sampled)):
        (expected,) = torch.autograd.grad(loss, policy.logits, retain_graph=True)
        torch.testing.assert_close(closed[k], expected, rtol=0, atol=1e-12)


def test_entropy_gradient_is_autograds():
    policy = with_random_logits(Policy(DEEP))
    indices = sample(policy, count=8).indices
    (expected,) = torch.autograd.grad(policy.entropy(indices).mean(), policy.logits)
    torch.testing.assert_close(policy.entropy_gradient(indices), expected, rtol=0, atol=1e-12)


def test_temperature_divides_the_gradient_and_nothing_else_at_the_start():
    """Facts 5: temperature 5."""
    plain, hot = Policy(NESTED), Policy(NESTED, temperature=5.0)
    rows = given_rows(plain, (2, 3, 0))
    one = torch.ones(1, dtype=torch.float64)
    torch.testing.assert_close(hot.gradients(rows, one) * 5, plain.gradients(rows, one))
    assert hot.log_prob(rows).item() == plain.log_prob(rows).item()
    assert hot.entropy(rows.indices).item() == plain.entropy(rows.indices).item()


def test_the_first_of_the_most_probable_options_wins():
    policy = Policy(DEEP)
    assert policy.argmax() == (0, 0, 0, 0, 0)
    policy.logits.data[3, :3] = torch.tensor([-2.0, -1.0, -1.0])
    assert policy.argmax() == (0, 0, 0, 1, 0)


def test_extreme_logits_stay_finite():
    policy = Policy(space(op("a", 3)))
    policy.logits.data[0] = torch.tensor([1000.0, 0.0, -1000.0])
    sampled = sample(policy)
    assert sampled.indices.unique().tolist() == [0]
    assert policy.log_prob(sampled).abs().max() == 0
    assert policy.entropy(sampled.indices).isfinite().all()


def test_debiased_baseline():
    """Facts 7: momentum 0.9, inputs 1 then 2."""
    baseline = Baseline(0.9)
    assert baseline.update(1.0) == pytest.approx(1.0)
    assert baseline.update(2.0) == pytest.approx(0.29 / 0.19)


def test_one_sample_a_step_is_plain_adam():
    """Facts 7, against torch.optim.Adam; without an epsilon, since the two add it in different places."""
    logits = torch.zeros(2, 3, dtype=torch.float64)
    theirs = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    ours = PolicyOptimizer(logits)
    adam = torch.optim.Adam([theirs], lr=0.01, betas=(0.0, 0.999), eps=1e-30)
    random = np.random.default_rng(0)
    for _ in range(20):
        theirs.grad = torch.from_numpy(random.normal(size=(2, 3)))
        ours.step(theirs.grad[None], 0.01)
        adam.step()
    torch.testing.assert_close(logits, theirs.detach(), rtol=0, atol=1e-7)


def test_squares_are_taken_before_averaging():
    """Facts 14.13: opposed gradients leave the logits, but not the second moment, at 0."""
    logits = torch.zeros(1, 1, dtype=torch.float64)
    optimizer = PolicyOptimizer(logits)
    optimizer.step(torch.tensor([[[3.0]], [[-3.0]]], dtype=torch.float64), 1.0)
    assert optimizer.square.item() == pytest.approx(9e-3)
    assert logits.item() == 0


def test_the_moment_runs_while_the_policy_is_frozen():
    """Facts 14.14."""
    logits = torch.zeros(1, 1, dtype=torch.float64)
    optimizer = PolicyOptimizer(logits)
    for _ in range(3):
        optimizer.step(torch.full((1, 1, 1), 2.0, dtype=torch.float64), 0.0)
    assert logits.item() == 0
    assert optimizer.updates == 3
    assert optimizer.square.item() == pytest.approx(4 * (1 - 0.999**3))


def test_reinforcement_finds_the_rewarded_options():
    """Three decisions whose option 2 pays, through noise: the policy must learn all three."""
    policy = Policy(space(*(op(f"d{n}", 4) for n in range(3))))
    optimizer, baseline = PolicyOptimizer(policy.logits), Baseline()
    for step in range(300):
        random = np.random.default_rng([1, step])
        sampled = policy.sample(random, 4)
        rewards = (sampled.drawn == 2).double().mean(dim=1) + 0.1 * torch.from_numpy(random.normal(size=4))
        advantages = rewards - baseline.update(rewards.mean().item())
        optimizer.step(policy.gradients(sampled, advantages), 0.05)
    assert policy.argmax() == (2, 2, 2)
    assert policy.probabilities()[:, 2].min() > 0.8


def test_a_sampled_point_is_immutable():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        sample(Policy(NESTED)).drawn = None
