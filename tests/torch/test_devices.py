"""Devices and precisions: what a GPU would be asked to do, as far as a machine without one can tell."""

import attrs
import pytest
import torch

from tests.torch.test_distributed import MODEL, SETTINGS, SPACE, member
from tunas_dsl.errors import DataError, SearchError
from tunas_dsl.ir.selection import prune
from tunas_dsl.training.settings import TrainingSettings
from tunas_torch.data import open_data
from tunas_torch.data.ahead import ReadAhead
from tunas_torch.network import Network
from tunas_torch.runs import precision
from tunas_torch.runs.team import Processes
from tunas_torch.search.memory_budget import recomputed
from tunas_torch.search.steps import Search
from tunas_torch.supernet import Supernet
from tunas_torch.training.steps import Training

DATA = open_data("digits", image_shape=(1, 8, 8), seed=3)
CPU = torch.device("cpu")


def test_a_step_waits_for_its_device_once(monkeypatch):
    """On the meta device nothing has a value: whatever asks for one fails, but for the step's figures.

    Tensors made of numbers of the host would be waited for, too: there are none.
    """
    search = Search(Supernet(SPACE).to("meta"), MODEL, DATA, SETTINGS)
    rates = search.rates(0)
    sampled = search.sampled(rates)
    monkeypatch.setattr(torch.Tensor, "new_tensor", None)
    work = search.work(sampled)
    assert work.losses.is_meta
    assert work.accuracies.shape == (2,)
    with pytest.raises(NotImplementedError, match="meta"):
        search.step()  # the one that it waits for: losses and accuracies, from which the policy learns
    figures = torch.full((2, 2), 0.5, dtype=torch.float64).numpy()
    assert search.learn(rates, sampled, *figures, work.gradients).loss == 0.5


def test_batches_are_read_ahead_in_order_and_the_same():
    read = []

    def load(step):
        read.append(step)
        if step == 4:
            raise DataError("no such image")
        return DATA.train.batch(torch.arange(step, step + 3).numpy(), None, None)

    batches = ReadAhead(load, 6, CPU)
    for step in (0, 1, 3):  # as after a resumption
        images, labels = batches(step)
        assert torch.equal(images, torch.from_numpy(load(step)[0]))
        assert len(labels) == 3
    with pytest.raises(DataError, match="no such image"):
        batches(4)
    assert batches(5)[0].shape == (3, 1, 8, 8)
    assert 6 not in read


def test_for_a_gpu_batches_lie_in_pinned_memory_and_are_copied_without_waiting(monkeypatch):
    pinned, copies = [], []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: pinned.append(self) or self)
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *a, **more: copies.append((self, a, more)) or self)
    batches = ReadAhead(
        lambda step: DATA.train.batch(torch.arange(3).numpy(), None, None), 1, torch.device("cuda")
    )
    batches(0)
    assert [id(tensor) for tensor in pinned] == [id(tensor) for tensor, _, _ in copies]
    assert [(a, more) for _, a, more in copies] == [((torch.device("cuda"),), {"non_blocking": True})] * 2


def test_on_gpus_gradients_go_by_nccl_and_the_rest_between_the_hosts(monkeypatch):
    asked = []
    for name in ("init_process_group", "new_group"):
        monkeypatch.setattr(
            f"torch.distributed.{name}",
            lambda *a, name=name, **more: asked.append((name, a, more.get("backend"))),
        )
    monkeypatch.setattr("torch.distributed.get_rank", lambda: 1)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)
    team = Processes(torch.device("cuda", 1))
    assert asked == [("init_process_group", ("nccl",), None), ("new_group", (), "gloo")]
    assert (team.rank, team.size) == (1, 2)


def test_bfloat16_wants_hardware_for_it(monkeypatch):
    monkeypatch.setattr(
        torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False}, raising=False
    )
    precision.check_precision("float32", CPU)
    with pytest.raises(SearchError, match="the cpu of this machine has no units for bfloat16: use float32"):
        precision.check_precision("bfloat16", CPU)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    precision.check_precision("bfloat16", CPU)


@pytest.mark.parametrize(
    ("execution", "remat"), [("sliced", "none"), ("masked", "none"), ("sliced", "switch")]
)
def test_a_search_in_bfloat16_is_near_one_in_float32(execution, remat):
    """Weights, gradients and losses stay in float32; op warmup is on, so that every kernel size is used."""
    searches = [
        member(None, attrs.evolve(SETTINGS, precision=name, execution=execution, remat=remat))
        for name in ("float32", "bfloat16")
    ]
    for search in searches:
        search.supernet.recomputed = recomputed(search)
    rates = attrs.evolve(searches[0].rates(0), filter_warmup=0.0)
    works = [search.work(search.sampled(rates)) for search in searches]
    torch.testing.assert_close(works[0].losses, works[1].losses, rtol=0.05, atol=0.05)
    assert not torch.equal(works[0].losses, works[1].losses)
    assert {part.dtype for part in works[1].gradients.parts.values()} == {torch.float32}
    names = dict(zip(searches[1].supernet.parameters(), searches[0].supernet.parameters(), strict=True))
    largest = max(
        (works[1].gradients.parts, works[0].gradients.parts),
        key=lambda parts: sum(part.square().sum() for part in parts.values()),
    )
    scale = sum(part.square().sum() for part in largest.values()).sqrt()
    off = sum(
        (part - works[0].gradients.parts[names[parameter]]).square().sum()
        for parameter, part in works[1].gradients.parts.items()
    ).sqrt()
    assert off < 0.2 * scale
    assert searches[1].step().loss > 0


def test_a_training_in_bfloat16_keeps_weights_and_loss_in_float32():
    settings = TrainingSettings(steps=3, batch_size=16, precision="bfloat16", seed=2)
    network = Network(prune(SPACE, [0] * len(SPACE.decisions)), seed=2)
    training = Training(network, DATA, settings)
    plain = Training(Network(network.architecture, seed=2), DATA, attrs.evolve(settings, precision="float32"))
    losses = [(training.step().loss, plain.step().loss) for _ in range(3)]
    assert losses[1][0] == pytest.approx(losses[1][1], rel=0.1)
    assert losses[1][0] != losses[1][1]
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
