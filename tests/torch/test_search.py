import json
import os
import signal

import attrs
import numpy as np
import pytest
import torch
from torch import nn

from tunas_dsl.cost.model import CostModel, Site
from tunas_dsl.errors import SearchError
from tunas_dsl.ir import space as ir
from tunas_dsl.ir.selection import AVERAGE
from tunas_dsl.runs.events import read_events, step_history
from tunas_dsl.runs.folder import CHECKPOINT
from tunas_dsl.search.reinforce.start import logits_on_target
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import SearchSettings
from tunas_dsl.storage.documents import sealed, unsealed
from tunas_torch.data import BatchSchedule
from tunas_torch.layers.operations import prefix
from tunas_torch.layers.path import Used
from tunas_torch.runs.loop import Pace
from tunas_torch.search.run import run_search
from tunas_torch.search.steps import Search

WIDTHS = (2, 4, 8, 16)
SPACE = ir.Space(
    name="toy",
    inputs=ir.FeatureMap(ir.constant(1), ir.constant((4, 4))),
    divisor=1,
    decisions=(
        ir.Decision("width", "filters", WIDTHS, 3),
        *(ir.Decision(f"gate{number}", "kernel", (0, 1), 0) for number in range(5)),
    ),
    blocks=(),
    classifier=None,
)


class ToySupernet(nn.Module):
    """A hidden layer of a searched width, then as many gates as there are decisions left."""

    def __init__(self, seed):
        super().__init__()
        self.space = SPACE
        generator = torch.Generator().manual_seed(seed)
        self.inner = nn.Parameter(torch.randn(16, max(WIDTHS), generator=generator) / 4)
        self.outer = nn.Parameter(torch.zeros(max(WIDTHS), 3))
        self.gates = nn.Parameter(torch.zeros(5, 2))
        self.seen = []

    def forward(self, images, indices, weights):
        inner, outer, gates = (weights[parameter] for parameter in (self.inner, self.outer, self.gates))
        self.seen.append((torch.is_grad_enabled(), indices, float(outer.detach()[0].sum())))
        hidden = torch.relu(images.flatten(1) @ inner)
        logits = hidden @ outer
        for gate, index in enumerate(indices[1:]):
            scale = gates[gate].mean() if index == AVERAGE else gates[gate, index]
            logits = logits * (1 + scale)
        return logits

    def used(self, indices):
        width = WIDTHS[indices[0]]
        for parameter, shape, share in (
            (self.inner, (16, width), 1.0),
            (self.outer, (width, 3), 0.0),
            (self.gates, (5, 2), 0.0),
        ):
            yield Used("", parameter, shape, shape, share)


def ToyCost():  # noqa: N802 (a cost model, made anew)
    """Two for each filter, and one to sixteen for an open gate."""
    gates = tuple(Site(f"gate{n}", (n + 1,), np.array([0.0, 2.0**n])) for n in range(5))
    filters = Site("filters", (0,), 2.0 * np.array(WIDTHS))
    return CostModel("toy", "ms", (len(WIDTHS), 2, 2, 2, 2, 2), 0.0, (filters, *gates))


class ToyImages:
    """Three noisy patterns, one a label; augmentation adds more noise."""

    def __init__(self, count, seed):
        random = np.random.default_rng(seed)
        self.labels = random.integers(0, 3, count)
        patterns = np.random.default_rng(0).normal(size=(3, 1, 4, 4))
        self.images = (patterns[self.labels] + random.normal(size=(count, 1, 4, 4))).astype(np.float32)

    def __len__(self):
        return len(self.labels)

    def batch(self, indices, augment, rng):
        images = self.images[indices]
        if augment:
            images = images + 0.1 * rng.normal(size=images.shape).astype(np.float32)
        return images, self.labels[indices]


@attrs.frozen
class ToyData:
    train: ToyImages
    validation: ToyImages
    augmentation: bool = True


DATA = ToyData(ToyImages(200, 1), ToyImages(100, 2))
SETTINGS = SearchSettings(
    steps=24,
    target=30.0,
    seed=4,
    batch_size=16,
    validation_batch_size=32,
    samples_per_step=2,
    entropy_bonus=0.1,
)


def new_search(settings=SETTINGS, model=ToyCost):
    return Search(ToySupernet(settings.seed), model(), DATA, settings)


class PowerCutError(Exception):
    """Stands for the power cut."""


def start(run, resume=False, report=lambda _: None, tell=pytest.fail, **options):
    pace = Pace(**{"log_every": 1, "checkpoint_steps": 5} | options)
    return run_search(new_search(run.settings), run, resume=resume, report=report, tell=tell, pace=pace)


def at(step, action):
    def report(progress):
        if progress.step == step:
            action()

    return report


def power_cut():
    raise PowerCutError


def create(path, settings=SETTINGS):
    return RunFolder.create(path, settings, "toy", "toy")


def steps_of(run):
    return [{**event, "time": None} for event in step_history(run.events)]


def same_files(one, other):
    return all(
        (one.path / name).read_bytes() == (other.path / name).read_bytes()
        for name in (CHECKPOINT, "policy.json", "result.json")
    )


def test_a_search_cut_off_anywhere_goes_on_bit_for_bit(tmp_path):
    """Weights, optimizer, policy, baseline and events equal those of a search that was left alone."""
    whole, cut = create(tmp_path / "whole"), create(tmp_path / "cut")
    assert start(whole).status == "finished"
    for step in (3, 12, 13):  # an error saves what there is, wherever it comes
        with pytest.raises(PowerCutError):
            start(cut, resume=step > 3, report=at(step, power_cut), tell=lambda _: None)
    assert start(cut, resume=True).status == "finished"
    assert same_files(whole, cut)
    assert steps_of(whole) == steps_of(cut)
    assert len(steps_of(cut)) == 24
    assert [e["step"] for e in read_events(cut.events) if e["event"] == "resumed"] == [3, 12, 13]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_finishes_the_step_and_saves(tmp_path, number):
    whole, run = create(tmp_path / "whole"), create(tmp_path / "run")
    start(whole)
    before = signal.getsignal(number)
    outcome = start(run, report=at(7, lambda: os.kill(os.getpid(), number)))
    assert (outcome.status, outcome.step) == ("interrupted", 7)
    assert signal.getsignal(number) is before
    assert run.read_policy()[0] == 7
    assert not (run.path / "result.json").exists()
    start(run, resume=True)
    assert same_files(whole, run)
    assert steps_of(whole) == steps_of(run)


def test_a_second_ctrl_c_does_not_wait_for_the_step(tmp_path):
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        start(create(tmp_path / "run"), report=at(7, twice))


def test_a_damaged_checkpoint_costs_the_steps_since_the_previous_one(tmp_path):
    whole, run = create(tmp_path / "whole"), create(tmp_path / "run")
    start(whole)
    with pytest.raises(PowerCutError):
        start(run, report=at(13, power_cut))
    (run.path / CHECKPOINT).write_bytes((run.path / CHECKPOINT).read_bytes()[:-1])
    messages = []
    start(run, resume=True, tell=messages.append)
    assert messages[0].endswith("going on from the one before it, checkpoint.1.safetensors")
    assert same_files(whole, run)
    assert steps_of(whole) == steps_of(run)


def test_resuming_what_is_finished_changes_nothing(tmp_path):
    run = create(tmp_path / "run")
    first = start(run)
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    assert start(run, resume=True) == first
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_other_settings_are_not_resumed(tmp_path):
    run = create(tmp_path / "run")
    start(run)
    description = unsealed(json.loads((run.path / "settings.json").read_text()))
    description["settings"]["target"] = 31.0
    (run.path / "settings.json").write_text(json.dumps(sealed(description)))
    with pytest.raises(SearchError, match=r"the settings of .* changed after its checkpoint"):
        start(RunFolder.open(run.path), resume=True)


def test_the_state_of_another_space_is_refused():
    state = new_search().state()
    state["supernet.inner"] = state["supernet.inner"][:, :3]
    with pytest.raises(SearchError, match="does not fit this space"):
        new_search().load_state(state)


def test_divergence_stops_with_the_last_checkpoint_whole(tmp_path):
    run = create(tmp_path / "run", attrs.evolve(SETTINGS, weight_lr=1e30, policy_lr=SETTINGS.policy_lr))
    with pytest.raises(SearchError, match=r"the loss is (nan|inf) in step \d+: .* `weight_lr` below 1e\+30"):
        start(run, checkpoint_steps=1)
    step, logits = run.read_policy()
    assert step < 24
    assert all(np.isfinite(row).all() for row in logits.values())


def test_a_state_with_weights_that_are_not_finite_is_not_given_away(tmp_path):
    search = new_search()
    search.optimizer.limits[2][0, 0] = torch.inf
    with pytest.raises(SearchError, match="weights that are not finite in step 0"):
        search.state()


def test_checkpoints_follow_the_clock_too(tmp_path):
    run = create(tmp_path / "run")
    seen = []
    start(
        run,
        report=at(3, lambda: seen.append(run.read_policy()[0])),
        checkpoint_steps=10**9,
        checkpoint_seconds=0.0,
    )
    assert seen == [2]


def test_every_sample_trains_and_is_rated_with_the_weights_from_before_the_step():
    """Facts 7: one snapshot for both passes; masks shared by training, validation and cost."""
    search = new_search()
    for _ in range(3):
        search.supernet.seen.clear()
        search.step()
        trains, grades = search.supernet.seen[:2], search.supernet.seen[2:]
        assert [graded for graded, _, _ in trains + grades] == [True, True, False, False]
        assert [indices for _, indices, _ in trains] == [indices for _, indices, _ in grades]
        assert len({weights for _, _, weights in trains + grades}) == 1


def test_gradients_are_the_mean_over_the_samples():
    """The step's gradient equals that of the mean loss over all samples, L2 of the used parts included."""
    search = new_search()
    search.step()
    *_, gradients = search._train([(1, 0, 0, 0, 0, 0), (2, 1, 1, 1, 1, 1)])
    search.optimizer.flush()
    parameters = list(search.supernet.parameters())
    got = [torch.zeros_like(parameter) for parameter in parameters]
    for whole, parameter in zip(got, parameters, strict=True):
        part = gradients.parts[parameter]
        prefix(whole, part.shape).copy_(part)
    indices = BatchSchedule(200, 16, SETTINGS.seed, 2).indices(1)
    images, labels = DATA.train.batch(indices, True, search.random(1, 0))
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    total = 0.0
    for part, row in ((slice(0, 8), (1, 0, 0, 0, 0, 0)), (slice(8, 16), (2, 1, 1, 1, 1, 1))):
        weights = {used.parameter: used.values for used in search.supernet.used(row)}
        logits = search.supernet(images[part], row, weights)
        loss = nn.functional.cross_entropy(logits, labels[part], label_smoothing=0.1)
        total = total + (loss + 2e-5 * weights[search.supernet.inner].square().sum()) / 2
    expected = torch.autograd.grad(total, list(search.supernet.parameters()))
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_steps_and_seeds_draw_other_architectures():
    """In the last 18 steps, where nothing is replaced and a policy that hardly learns stays uniform."""
    slow = attrs.evolve(SETTINGS, policy_lr=1e-9)
    drawn = []
    for seed in (4, 5):
        search = new_search(attrs.evolve(slow, seed=seed))
        for _ in range(24):
            search.step()
        drawn.append([indices for graded, indices, _ in search.supernet.seen if graded][-36:])
    assert len(set(drawn[0])) > 18
    assert drawn[0] != drawn[1]


def test_a_policy_that_begins_on_target_stays_there_until_it_learns():
    search = new_search(attrs.evolve(SETTINGS, start="on-target", target=24.0))
    began = search.policy.logits.detach().clone()
    assert began.numpy() == pytest.approx(logits_on_target(SPACE.decisions, ToyCost().total, 24.0))
    assert began.abs().max() > 0.1
    for _ in range(6):
        search.step()
    assert torch.equal(search.policy.logits, began)
    search.step()
    assert not torch.equal(search.policy.logits, began)


def test_warmup_and_delay_hold_the_policy():
    """Facts 5 and 7: at step 0 everything is replaced; up to the delay the logits stay at 0."""
    search = new_search(attrs.evolve(SETTINGS, start="uniform"))
    events = [search.step() for _ in range(6)]
    first = search.supernet.seen[0][1]
    assert first == (3, *[AVERAGE] * 5)
    assert events[0].op_warmup == events[0].filter_warmup == 1.0
    assert events[0].cost == 2 * 16 + 31 / 2
    assert search.policy.logits.abs().max() == 0
    search.step()
    assert search.policy.logits.abs().max() > 0


@pytest.mark.parametrize("seed", range(2))
def test_a_search_ends_at_its_target(seed):
    """400 steps at 32 of 4 to 63 ms, where larger widths rate higher."""
    settings = SearchSettings(
        steps=400,
        target=32.0,
        seed=seed,
        beta=-0.5,
        batch_size=16,
        validation_batch_size=64,
        samples_per_step=4,
    )
    search = new_search(settings)
    for _ in range(settings.steps):
        event = search.step()
    assert event.argmax_cost == pytest.approx(32.0, rel=0.05)
    assert event.accuracy > 0.6
