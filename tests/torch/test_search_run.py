"""The whole backend, from a space's text to a run folder, with real images and a real supernet."""

import attrs
import pytest
import torch

from tunas_dsl.backend import load_backend
from tunas_dsl.cost.named import cost_model
from tunas_dsl.errors import SearchError
from tunas_dsl.language.compiler import compile_text
from tunas_dsl.search.run import RunFolder
from tunas_dsl.search.settings import LR_PER_256, SearchSettings
from tunas_torch.runs.checkpoint import load_checkpoint
from tunas_torch.runs.starting import use
from tunas_torch.search.run import start_search

TINY = """
space tiny {
    input image 8 x 8 x 1
    filters divisible by 8
    block stem (filters: 8 | 16) { conv(kernel: 3 | 5, stride: 2)  relu }
    block body (filters: 8 | 16) {
        residual(bottleneck(kernel: 3, expand: 1x | 2x, se: off | on, act: swish6) | skip)
        conv(kernel: 1)  relu  global_pool
    }
    classifier (classes: 10)
}
"""
SPACE = compile_text(TINY)
MODEL = cost_model(SPACE, "macs")
SETTINGS = SearchSettings(steps=12, target=0.03, seed=5, batch_size=16, samples_per_step=2)


class PowerCutError(Exception):
    """Stands for the power cut."""


def search(run, resume=False, stop_at=None, space=SPACE):
    def report(progress):
        if progress.step == stop_at:
            raise PowerCutError

    options = {"resume": resume, "report": report, "tell": lambda _: None, "device": "cpu", "threads": None}
    return load_backend("torch").search(space, MODEL, run, **options)


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path):
    whole = RunFolder.create(tmp_path / "whole", SETTINGS, "digits", MODEL.name)
    cut = RunFolder.create(tmp_path / "cut", SETTINGS, "digits", MODEL.name)
    outcome = search(whole)
    with pytest.raises(PowerCutError):
        search(cut, stop_at=7)
    assert search(cut, resume=True) == outcome
    (_, ours), (_, theirs) = (load_checkpoint(run.path, pytest.fail) for run in (whole, cut))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert whole.most_probable(SPACE) == cut.most_probable(SPACE) == outcome.argmax.indices
    assert whole.found(SPACE, MODEL) == cut.found(SPACE, MODEL) == outcome.indices


def test_dropout_is_of_trainings_alone_so_that_a_seed_is_one_search(tmp_path):
    """Paper, E.2: shared weights are trained and rated without."""
    texts = [TINY, TINY.replace("classes: 10", "classes: 10, dropout: 0.5")]
    outcomes = []
    for number, text in enumerate([*texts, texts[1]]):
        torch.manual_seed(number)
        run = RunFolder.create(tmp_path / str(number), SETTINGS, "digits", MODEL.name)
        outcomes.append((search(run, space=compile_text(text)), load_checkpoint(run.path, pytest.fail)[1]))
    for outcome, state in outcomes[1:]:
        assert outcome == outcomes[0][0]
        assert all(torch.equal(tensor, state[name]) for name, tensor in outcomes[0][1].items())


def test_another_seed_is_another_search(tmp_path):
    runs = [
        RunFolder.create(tmp_path / str(seed), attrs.evolve(SETTINGS, seed=seed), "digits", MODEL.name)
        for seed in (1, 2)
    ]
    for run in runs:
        search(run)
    assert runs[0].read_policy() != runs[1].read_policy()


@pytest.mark.parametrize(
    ("space", "device", "part"),
    [
        (attrs.evolve(SPACE, classifier=None), "cpu", "`tiny` has no classifier"),
        (
            attrs.evolve(SPACE, classifier=attrs.evolve(SPACE.classifier, classes=7)),
            "cpu",
            "`digits` has 10 classes, but the classifier of `tiny` only 7",
        ),
        (SPACE, "abacus", "there is no device `abacus`"),
        (SPACE, "cuda:99", "there is no device `cuda:99`"),
    ],
)
def test_what_cannot_be_searched_is_said_at_the_start(tmp_path, space, device, part):
    run = RunFolder.create(tmp_path / "run", SETTINGS, "digits", MODEL.name)
    with pytest.raises(SearchError, match=part):
        start_search(space, MODEL, run, device, threads=None)


def begun(tmp_path, name, **changes):
    settings = attrs.evolve(SETTINGS, **changes)
    return start_search(SPACE, MODEL, RunFolder.create(tmp_path / name, settings, "digits", "macs"), "cpu", 1)


def test_masks_and_slices_search_alike(tmp_path):
    """For as long as float32 lets them."""
    searches = [begun(tmp_path, execution, execution=execution) for execution in ("sliced", "masked")]
    for _ in range(4):
        sliced, masked = (search.step() for search in searches)
        assert sliced.loss == pytest.approx(masked.loss, rel=1e-4)
        assert sliced.cost == masked.cost


@pytest.mark.parametrize("optimizer", LR_PER_256)
def test_every_optimizer_learns(tmp_path, optimizer):
    sizes = {"batch_size": 64, "validation_batch_size": 4, "samples_per_step": 1, "steps": 60}
    search = begun(tmp_path, "run", optimizer=optimizer, weight_lr=LR_PER_256[optimizer], **sizes)
    losses = [search.step().loss for _ in range(60)]
    assert sum(losses[-10:]) < 0.985 * sum(losses[:10])


def test_remat_is_what_the_settings_say(tmp_path):
    averaged = {"op_warmup": 0.25, "filter_warmup": 0.25, "steps": 40}
    plans = {
        name: begun(tmp_path, name, remat=name, **averaged, **({"memory": "8GB"} if name == "auto" else {}))
        for name in ("none", "switch", "auto")
    }
    assert [len(search.supernet.recomputed) for search in plans.values()] == [0, 2, 0]
    losses = {name: [search.step().loss for _ in range(3)] for name, search in plans.items()}
    assert losses["none"] == losses["auto"] == pytest.approx(losses["switch"], rel=1e-5)
    with pytest.raises(SearchError, match=r"a step takes 0\.[67] GB at least, but may take 0\.1 GB"):
        begun(tmp_path, "little", remat="auto", memory="100 MB")


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("8 x 8 x 1", []),
        ("8 x 8 x 3", ["digits: grey is repeated in 3 channels"]),
        (
            "12 x 12 x 3",
            ["digits: images of 8 x 8 are resized to 12 x 12, grey is repeated in 3 channels"],
        ),
    ],
)
def test_what_is_done_to_images_is_told_once_the_search_has_started(tmp_path, image, told):
    space = compile_text(
        f"space one {{\n    input image {image}\n    block b (filters: 8 | 16) {{ conv(kernel: 3)  relu  "
        "global_pool }\n    classifier (classes: 10)\n}\n"
    )
    model = cost_model(space, "macs")
    settings = attrs.evolve(SETTINGS, steps=1, target=0.1)
    said = []
    load_backend("torch").search(
        space,
        model,
        RunFolder.create(tmp_path / "run", settings, "digits", model.name),
        resume=False,
        report=lambda _: said.append("step"),
        tell=said.append,
        device="cpu",
        threads=None,
        started=lambda: said.append("started"),
    )
    counts = "digits: 10 classes, 0 to 9; 1,075 training, 349 validation, 373 test images"
    assert said == ["started", counts, *told, "step"]


@pytest.mark.parametrize("device", ["privateuseone", "nonsense"])
def test_a_device_that_there_is_not_is_said_in_a_line(device):
    with pytest.raises(SearchError, match=f"there is no device `{device}` on this machine"):
        use(device, None)
