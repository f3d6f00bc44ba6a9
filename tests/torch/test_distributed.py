"""Several processes search together: what they exchange, what they end with, and how a failure ends them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import attrs
import click
import pytest
import torch
from click.testing import CliRunner

from tests.command_line import interrupted, refusal
from tunas_dsl.cli.errors import user_errors
from tunas_dsl.cost.named import cost_model
from tunas_dsl.errors import DataError, RankError, SearchError
from tunas_dsl.language.compiler import load_space
from tunas_dsl.runs.events import read_events
from tunas_dsl.search.settings import SearchSettings
from tunas_torch.data import open_data
from tunas_torch.optimizers.leaves import Gradients
from tunas_torch.runs.checkpoint import load_checkpoint
from tunas_torch.runs.team import Team
from tunas_torch.search.run import _saying_who
from tunas_torch.search.steps import Search
from tunas_torch.supernet import Supernet

ROOT = Path(__file__).parents[2]
SPACE = load_space("digits")
MODEL = cost_model(SPACE, "macs")
SETTINGS = SearchSettings(
    steps=8, target=0.2, seed=3, batch_size=16, samples_per_step=2, policy_delay=0.25, policy_lr=0.1
)
COMMAND = (
    "search digits --data digits --latency macs --target 0.2 --steps 8 --seed 3 --batch-size 16 "
    "--samples-per-step 2 --policy-lr 0.1"
)


class Place(Team):
    """A rank's place in a team that a test plays."""

    def __init__(self, rank, size=2):
        self.rank, self.size = rank, size


def member(team, settings=SETTINGS, dtype=torch.float32):
    data = open_data("digits", image_shape=(1, 8, 8), seed=settings.seed)
    supernet = Supernet(SPACE, seed=settings.seed).to(dtype)
    return Search(supernet, MODEL, data, settings, team)


def in_turn(settings=SETTINGS):
    """A search of two ranks by one process, which does the work of both in turn and averages by hand."""
    first, second = (member(Place(rank), settings) for rank in (0, 1))
    for _ in range(settings.steps):
        rates = first.rates(first.step_count)
        works = []
        for search in (first, second):
            sampled = search.sampled(rates)
            works.append((search, sampled, search.work(sampled)))
        losses, accuracies = (
            torch.cat([getattr(work, name) for _, _, work in works]).numpy()
            for name in ("losses", "accuracies")
        )
        for search, sampled, _ in works:
            mean = mean_gradients(search, works)
            search.learn(rates, sampled, losses, accuracies, mean)
    return first


def mean_gradients(search, works):
    """The mean over both, of whole tensors, which is how one would write it without slices."""
    mean = Gradients()
    by_name = [
        {name: work.gradients.parts.get(parameter) for name, parameter in one.supernet.named_parameters()}
        for one, _, work in works
    ]
    for name, parameter in search.supernet.named_parameters():
        parts = [parts[name] for parts in by_name if parts[name] is not None]
        if parts:
            whole = torch.zeros_like(parameter.detach())
            for part in parts:
                whole[tuple(slice(length) for length in part.shape)] += part / 2
            mean.parts[parameter] = whole
    return mean


@pytest.fixture
def port():
    """A port that nobody else is given while the test lasts: it is taken, by one who shares it."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("localhost", 0))
        yield found.getsockname()[1]


def launch(arguments, port, size=2):
    """One process for each rank, as torchrun starts them."""
    where = {
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(size),
        "OMP_NUM_THREADS": "1",
        "TORCH_CPP_LOG_LEVEL": "ERROR",  # that a rank had to wait for another is no news
    }
    paths = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    return [
        subprocess.Popen(
            [sys.executable, "-m", "tunas_dsl", *arguments],
            cwd=ROOT,
            env={**os.environ, **where, "PYTHONPATH": paths, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]


PATIENCE = 300
"""Seconds, on a machine that does much else."""


def ended(processes, patience=PATIENCE):
    spoken = [process.communicate(timeout=patience) for process in processes]
    return [process.returncode for process in processes], spoken


def wait_for(happened, processes):
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until
        assert all(process.poll() is None for process in processes), ended(processes)
        time.sleep(0.05)


def has_gone_on(run):
    """Whether a step was logged after a second resumption."""
    kinds = [event["event"] for event in read_events(run / "events.jsonl")]  # but for half a line
    return kinds.count("resumed") == 2 and kinds[-1] == "step"


def weights(run):
    _, tensors = load_checkpoint(run, pytest.fail)
    return tensors


def test_two_processes_reach_what_one_does_that_does_the_work_of_both(tmp_path, port):
    """To float tolerance; then a resumption by a single process goes on from there."""
    run = tmp_path / "run"
    codes, spoken = ended(launch([*COMMAND.split(), "-o", str(run)], port))
    assert codes == [0, 0], spoken
    assert "found" in spoken[0][0]
    assert spoken[1] == ("", "")  # only rank 0 talks
    expected, found = in_turn().state(), weights(run)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
    steps = [json.loads(line)["step"] for line in (run / "events.jsonl").read_text().splitlines()]
    assert steps == sorted(set(steps))  # one log
    assert len(json.loads((run / "events.jsonl").read_text().splitlines()[0])["samples"]) == 4


def test_a_rank_that_dies_ends_the_others_and_any_number_goes_on(tmp_path, port):
    """Rank 1 is killed: rank 0 says so and saves; one process goes on alone, and then two again."""
    run = tmp_path / "run"
    arguments = (
        COMMAND.replace("--steps 8", "--steps 4000").replace("--batch-size 16", "--batch-size 48").split()
    )
    processes = launch([*arguments, "-o", str(run)], port)
    wait_for((run / "events.jsonl").exists, processes)
    processes[1].kill()
    codes, spoken = ended(processes)
    assert codes == [1, -signal.SIGKILL]
    reached = int(weights(run)["step"])
    assert reached > 0
    gone = "another rank is gone: this one cannot go on without it"
    assert spoken[0][1].splitlines()[-1] == f"error: {gone}; saved after {reached} steps"
    interrupted(reached + 1, "search", "--resume", "-o", run)  # this process, alone
    assert int(weights(run)["step"]) == reached + 1
    processes = launch(["search", "--resume", "-o", str(run)], port)
    wait_for(lambda: has_gone_on(run), processes)
    processes[1].send_signal(signal.SIGTERM)  # to one of them; both end after the same step
    codes, spoken = ended(processes)
    assert codes == [130, 130], spoken
    assert int(weights(run)["step"]) > reached + 1


def test_ranks_draw_their_own_architectures_from_their_own_random_numbers():
    searches = [member(Place(rank)) for rank in (0, 1)]
    rates = attrs.evolve(searches[0].rates(0), op_warmup=0.0, filter_warmup=0.0)
    sampled = [search.sampled(rates) for search in searches]
    assert sampled[0].rows() == sampled[1].rows()
    assert len(set(sampled[0].rows())) == 4
    assert member(Team()).sampled(rates).rows() == sampled[0].rows()[:2]  # alone, those of rank 0


def test_batches_that_cannot_be_shared_are_refused():
    with pytest.raises(SearchError, match="`batch_size` is 16, but must be a multiple of 6"):
        member(Place(0, 3))


def test_gradients_of_several_architectures_are_the_mean_of_backward_passes_of_each():
    """In float64, on the real supernet: K samples in a step against K separate passes, L2 included."""
    search = member(Team(), attrs.evolve(SETTINGS, samples_per_step=4, l2=0.01), torch.float64)
    search.data = None
    rates = attrs.evolve(search.rates(0), op_warmup=0.3, filter_warmup=0.3)
    rows = search.sampled(rates).rows()
    images, labels = search.training(0)
    search.training = lambda _: (images.double(), labels)
    *_, gradients = search._train(rows)
    expected = {name: torch.zeros_like(p) for name, p in search.supernet.named_parameters()}
    shares = zip(images.double().chunk(4), labels.chunk(4), strict=True)
    for row, (pixels, truth) in zip(rows, shares, strict=True):
        loss = torch.nn.functional.cross_entropy(search.supernet(pixels, row), truth, label_smoothing=0.1)
        loss = loss + 0.01 * search.supernet.penalty(row)
        for name, gradient in zip(
            expected,
            torch.autograd.grad(
                loss, list(search.supernet.parameters()), allow_unused=True, materialize_grads=True
            ),
            strict=True,
        ):
            expected[name] += gradient / 4
    largest = max(gradient.abs().max() for gradient in expected.values())
    for name, parameter in search.supernet.named_parameters():
        found = torch.zeros_like(parameter)
        if (part := gradients.parts.get(parameter)) is not None:
            found[tuple(slice(length) for length in part.shape)] = part
        assert (found - expected[name]).abs().max() <= 1e-12 * largest, name


def test_what_a_rank_meets_alone_it_says_itself_and_nothing_else(monkeypatch):
    with pytest.raises(RankError, match="rank 1: no such image") as caught, _saying_who(1):
        raise DataError("no such image")
    with pytest.raises(DataError, match=r"^no such image"), _saying_who(0):
        raise DataError("no such image")
    monkeypatch.setenv("RANK", "1")
    for error, said in (
        (caught.value, "error: rank 1: no such image\n"),
        (SearchError("the loss is nan"), ""),
    ):
        result = CliRunner().invoke(click.Command("fails", callback=failing_with(error)))
        assert (result.exit_code, result.stderr) == (1, said)


def failing_with(error):
    def callback():
        with user_errors(click.get_current_context()):
            raise error

    return callback


@pytest.mark.parametrize(
    "command", ["train digits 0", "baseline random digits", "search digits --quality a:b"]
)
def test_what_runs_in_one_process_refuses_several(command, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    more = "--latency macs --target 0.2 --steps 3" if "search" in command else ""
    assert "start it without torchrun" in refusal(*command.split(), *more.split(), "-o", "never")
    assert not Path("never").exists()
