"""Training one architecture: the recipe, evaluation, and a run folder that survives interruptions."""

import attrs
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tunas_dsl.backend import load_backend
from tunas_dsl.errors import SearchError
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.runs.events import step_history
from tunas_dsl.runs.folder import CHECKPOINT
from tunas_dsl.training.run import TrainingFolder
from tunas_dsl.training.settings import TrainingSettings
from tunas_torch.data import BatchSchedule, open_data
from tunas_torch.data.joining import JoinedSource, with_validation
from tunas_torch.network import Network
from tunas_torch.runs.checkpoint import load_checkpoint
from tunas_torch.runs.loop import Pace
from tunas_torch.supernet import Supernet
from tunas_torch.training.evaluation import evaluate
from tunas_torch.training.run import run_training, start_training
from tunas_torch.training.steps import Training, penalty
from tunas_torch.training.trained import load_network

TEXT = """
space tiny {
    input image 8 x 8 x 1
    filters divisible by 8
    block stem (filters: 8) { conv(kernel: 3, stride: 2)  relu }
    block body (filters: 16) {
        bottleneck(kernel: 3, expand: 2x, se: on, act: swish6)
        conv(kernel: 1)  relu  global_pool
    }
    classifier (classes: 10)
}
"""
TINY = compile_text(TEXT)
SETTINGS = TrainingSettings(steps=12, seed=5, batch_size=16, dropout=0.3, evaluate_every=0.05)
DATA = open_data("digits", image_shape=(1, 8, 8), seed=5)


PACE = Pace(log_every=1, checkpoint_steps=5)


class PowerCutError(Exception):
    """Stands for the power cut."""


def new_training(settings=SETTINGS, data=DATA):
    return Training(Network(TINY, seed=settings.seed), data, settings)


def start(run, resume=False, stop_at=None, test=False, pace=PACE):
    def report(progress):
        if progress.step == stop_at:
            raise PowerCutError

    training = start_training(TINY, run, "cpu", None)
    tell = lambda _: None  # noqa: E731
    return run_training(training, run, test=test, resume=resume, report=report, tell=tell, pace=pace)


def same_files(one, other):
    names = (CHECKPOINT, "weights.safetensors", "result.json")
    return all((one.path / name).read_bytes() == (other.path / name).read_bytes() for name in names)


def test_a_training_cut_off_anywhere_goes_on_bit_for_bit(tmp_path):
    """Weights, optimizer, moving averages, dropout and events equal those of one that was left alone."""
    whole, cut = (TrainingFolder.create(tmp_path / name, SETTINGS, "digits") for name in ("whole", "cut"))
    outcome = start(whole)
    for step in (3, 8, 9):
        with pytest.raises(PowerCutError):
            start(cut, resume=step > 3, stop_at=step)
        torch.rand(1)  # what else draws from torch's random numbers makes no difference
    assert start(cut, resume=True) == outcome
    assert outcome.status == "finished"
    assert same_files(whole, cut)
    histories = [[{**event, "time": None} for event in step_history(run.events)] for run in (whole, cut)]
    assert histories[0] == histories[1]
    assert [event["step"] for event in histories[0]] == list(range(12))
    assert histories[0][-1]["validation"]["accuracy"] == outcome.validation.accuracy


def test_a_finished_training_can_be_tested_later(tmp_path):
    run = TrainingFolder.create(tmp_path / "run", SETTINGS, "digits")
    first = start(run)
    assert first.test is None
    later = start(run, resume=True, test=True)
    assert later.validation == first.validation
    backend = load_backend("torch")
    assert later.test == backend.evaluate(TINY, run, split="test", device="cpu", threads=None)
    assert first.validation == backend.evaluate(TINY, run, split="validation", device="cpu", threads=None)


def test_what_is_done_to_images_is_told_before_the_first_step(tmp_path):
    network = compile_text(TEXT.replace("8 x 8 x 1", "12 x 12 x 3"))
    run = TrainingFolder.create(tmp_path / "run", attrs.evolve(SETTINGS, steps=1), "digits")
    said = []
    load_backend("torch").train(
        network,
        run,
        test=False,
        resume=False,
        report=lambda _: said.append("step"),
        tell=said.append,
        device="cpu",
        threads=None,
    )
    counts = "digits: 10 classes, 0 to 9; 1,075 training, 349 validation, 373 test images"
    told = "digits: images of 8 x 8 are resized to 12 x 12, grey is repeated in 3 channels"
    assert said == [counts, told, "step"]


def test_a_step_is_that_of_the_recipe_written_out():
    """Facts 8: TensorFlow's RMSProp from ms = 1, on cross-entropy with smoothed targets and L2."""
    settings = attrs.evolve(SETTINGS, dropout=0.0, weight_warmup=0.0, l2=0.01, weight_lr=0.05)
    training, twin = new_training(settings), Network(TINY, seed=5)
    order = BatchSchedule(len(DATA.train), 16, seed=5, purpose=11)
    images, labels = map(
        torch.from_numpy,
        DATA.train.batch(order.indices(0), DATA.augmentation, np.random.default_rng([5, 10, 0])),
    )
    targets = 0.9 * F.one_hot(labels, 10) + 0.1 / 10
    loss = -(targets * twin(images).log_softmax(dim=1)).sum(dim=1).mean()
    kernels = [p for name, p in twin.named_parameters() if p.ndim == 4]
    loss = loss + 0.01 / 2 * sum((kernel**2).sum() for kernel in kernels)
    gradients = torch.autograd.grad(loss, list(twin.parameters()))
    event = training.step()
    assert event.loss == pytest.approx(loss.item(), rel=1e-5)
    for gradient, before, after in zip(
        gradients, twin.parameters(), training.network.parameters(), strict=True
    ):
        expected = before - 0.05 * gradient / torch.sqrt(0.9 + 0.1 * gradient**2 + 0.1)
        torch.testing.assert_close(after, expected, rtol=1e-4, atol=1e-6)


def test_l2_is_that_of_the_supernet():
    supernet = Supernet(TINY, seed=1)
    vector = (0,) * len(TINY.decisions)
    torch.testing.assert_close(penalty(supernet.extract(vector)), supernet.penalty(vector))


def test_moving_averages_keep_the_share_of_the_setting():
    training = new_training(attrs.evolve(SETTINGS, bn_momentum=0.75))
    norm = next(module for module in training.network.modules() if isinstance(module, nn.BatchNorm2d))
    seen = []
    norm.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].detach()) if norm.training else None
    )
    training.step()
    (features,) = seen
    torch.testing.assert_close(norm.running_mean, 0.25 * features.mean((0, 2, 3)))
    torch.testing.assert_close(norm.running_var, 0.75 + 0.25 * features.var((0, 2, 3)))


def test_dropout_acts_in_training_alone():
    training, without = new_training(), new_training(attrs.evolve(SETTINGS, dropout=0.0))
    losses = training.step().loss, without.step().loss  # the first step moves nothing: its rate is 0
    assert losses[0] != losses[1]
    assert training.network.drop.p == 0.3
    first, second = (evaluate(training.network, DATA, "validation") for _ in range(2))
    assert first == second


def test_evaluation_counts_every_image_once_and_changes_nothing():
    training = new_training(attrs.evolve(SETTINGS, evaluate_every=99))
    for _ in range(3):
        training.step()
    before = {name: tensor.clone() for name, tensor in training.state().items()}
    found = training.evaluate("test")
    assert all(torch.equal(before[name], tensor) for name, tensor in training.state().items())
    assert training.network.training
    network = training.network.eval()
    images, labels = DATA.test.batch(np.arange(len(DATA.test)), None, np.random.default_rng(0))
    with torch.no_grad():
        logits = torch.cat([network(torch.from_numpy(image[None])) for image in images])
    assert found.images == len(DATA.test) == 373
    assert found.accuracy == pytest.approx((logits.argmax(1).numpy() == labels).mean())
    assert found.loss == pytest.approx(F.cross_entropy(logits, torch.from_numpy(labels)).item(), rel=1e-5)


def test_the_weights_come_back_with_their_network(tmp_path):
    run = TrainingFolder.create(tmp_path / "run", SETTINGS, "digits")
    outcome = start(run)
    network, card = load_network(run.weights)
    assert (card.step, card.data, len(card.class_names)) == (12, "digits", 10)
    assert evaluate(network, DATA, "validation") == outcome.validation
    assert card.mean == DATA.train.mean.ravel().tolist()


def spoil(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (None, "the training wrote no checkpoint"),
        (spoil, "does not have the bytes that were written"),
        (lambda content: content[:50], "cannot be read"),
        (
            lambda content: content.replace(b"tunas.weights/1", b"tunas.weights/9"),
            "has schema tunas.weights/9",
        ),
        (
            lambda content: content.replace(b"expand: 2x", b"expand: 3x"),
            "does not have the bytes that were written",
        ),
    ],
)
def test_weights_that_are_not_whole_are_refused(tmp_path, change, part):
    run = TrainingFolder.create(tmp_path / "run", SETTINGS, "digits")
    if change is not None:
        start(run)
        content = run.weights.read_bytes()
        run.weights.write_bytes(change(content))
        assert run.weights.read_bytes() != content
    with pytest.raises(SearchError, match=part):
        load_backend("torch").evaluate(TINY, run, split="validation", device="cpu", threads=None)


def test_weights_of_another_architecture_are_refused(tmp_path):
    run = TrainingFolder.create(tmp_path / "run", SETTINGS, "digits")
    start(run)
    other = compile_text(TEXT.replace("expand: 2x", "expand: 3x"))
    with pytest.raises(SearchError, match="is not of the architecture in"):
        load_backend("torch").evaluate(other, run, split="validation", device="cpu", threads=None)


def test_validation_images_train_too_where_all_are_wanted(tmp_path):
    settings = attrs.evolve(SETTINGS, full=True, steps=3)
    run = TrainingFolder.create(tmp_path / "run", settings, "digits")
    outcome = start(run, test=True)
    assert outcome.validation is None
    assert outcome.test.images == 373
    joined = with_validation(DATA)
    assert len(joined.train) == len(DATA.train) + len(DATA.validation)
    assert not set(joined.train.members) & set(DATA.test.members)
    assert outcome.epochs == pytest.approx(3 * 16 / len(joined.train))
    with pytest.raises(SearchError, match="there are no validation images"):
        load_backend("torch").evaluate(TINY, run, split="validation", device="cpu", threads=None)


def test_two_sources_are_read_in_the_order_asked_for():
    source = DATA.train.source
    joined = JoinedSource(source, source)
    count = len(source.labels)
    for indices in ([count + 7, 3, count, 0, 3], [1, 2], [count + 1, count + 9]):
        expected = source.read(np.array(indices) % count, None)
        assert np.array_equal(joined.read(np.array(indices), None), expected)
        assert np.array_equal(joined.labels[indices], source.labels[np.array(indices) % count])
    other = attrs.evolve(DATA, validation=attrs.evolve(DATA.validation, source=attrs.evolve(source)))
    whole = with_validation(other).train
    assert np.array_equal(np.sort(whole.labels), np.sort(with_validation(DATA).train.labels))
    assert np.array_equal(whole.labels, np.concatenate([DATA.train.labels, DATA.validation.labels]))


def test_divergence_stops_with_the_last_checkpoint_whole(tmp_path):
    settings = attrs.evolve(SETTINGS, weight_lr=1e30, weight_warmup=0.5)
    run = TrainingFolder.create(tmp_path / "run", settings, "digits")
    with pytest.raises(SearchError, match=r"`weight_lr` below 1e\+30"):
        start(run, pace=Pace(checkpoint_steps=1))
    header, state = load_checkpoint(run.path, pytest.fail)
    assert header.step < 12
    assert all(tensor.isfinite().all() for tensor in state.values())


def test_digits_are_learned():
    training = new_training(TrainingSettings(steps=150, batch_size=32, weight_lr=0.1))
    while training.step_count < training.steps:
        event = training.step()
    assert event.validation.accuracy > 0.5  # by chance it would be 0.1
