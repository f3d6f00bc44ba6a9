import pytest
import torch

from tunas_dsl.errors import SearchError
from tunas_dsl.runs.folder import CHECKPOINT
from tunas_torch.runs.checkpoint import Header, load_checkpoint, save_checkpoint

PREVIOUS = "checkpoint.1.safetensors"
TENSORS = {"weights": torch.arange(6.0).reshape(2, 3).T, "step": torch.tensor(7), "empty": torch.zeros(0)}


def save_steps(folder, *steps):
    for step in steps:
        save_checkpoint(folder, Header(step, "space", "settings"), TENSORS | {"step": torch.tensor(step)})


def load(folder):
    messages = []
    header, tensors = load_checkpoint(folder, messages.append)
    assert tensors["step"].item() == header.step
    return header.step, messages


def spoil(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_what_is_read_is_what_was_written(tmp_path):
    header = Header(7, "space", "settings")
    save_checkpoint(tmp_path, header, TENSORS)
    found, tensors = load_checkpoint(tmp_path, pytest.fail)
    assert found == header
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


def test_nothing_is_found_where_nothing_was_written(tmp_path):
    assert load_checkpoint(tmp_path, pytest.fail) is None


def test_the_newest_is_read_and_one_before_it_kept(tmp_path):
    save_steps(tmp_path, 1, 2, 3)
    assert load(tmp_path) == (3, [])
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT, PREVIOUS}
    (tmp_path / CHECKPOINT).unlink()  # as between the two renames of a save
    assert load(tmp_path) == (2, [])


@pytest.mark.parametrize("position", [0, 40, -1], ids=["length", "header", "bytes"])
def test_a_damaged_newest_falls_back_to_the_previous(tmp_path, position):
    save_steps(tmp_path, 1, 2)
    spoil(tmp_path / CHECKPOINT, position)
    step, (message,) = load(tmp_path)
    assert step == 1
    assert message.endswith(f"going on from the one before it, {PREVIOUS}")


@pytest.mark.parametrize("size", [0, 5, 100, -1])
def test_a_cut_newest_falls_back_to_the_previous(tmp_path, size):
    save_steps(tmp_path, 1, 2)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:size])
    assert load(tmp_path)[0] == 1


def test_two_damaged_ones_are_an_error_that_names_both(tmp_path):
    save_steps(tmp_path, 1, 2)
    spoil(tmp_path / CHECKPOINT, -1)
    spoil(tmp_path / PREVIOUS, 0)
    with pytest.raises(SearchError, match="start a new run") as caught:
        load(tmp_path)
    assert CHECKPOINT in str(caught.value)
    assert PREVIOUS in str(caught.value)


def test_a_safetensors_file_that_is_no_checkpoint_is_damaged(tmp_path):
    from safetensors.torch import save_file

    save_file({"weights": torch.zeros(2)}, tmp_path / CHECKPOINT)
    with pytest.raises(SearchError, match="cannot be read"):
        load(tmp_path)


def test_as_many_are_kept_as_asked_for(tmp_path):
    for step in range(6):
        save_checkpoint(tmp_path, Header(step, "space", "settings"), TENSORS, keep=4)
    names = [CHECKPOINT, PREVIOUS, "checkpoint.2.safetensors", "checkpoint.3.safetensors"]
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    for name in names[:3]:
        spoil(tmp_path / name, -1)
    header, _ = load_checkpoint(tmp_path, lambda _: None)
    assert header.step == 2
    save_checkpoint(tmp_path, Header(3, "space", "settings"), TENSORS, keep=1)
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT, "checkpoint.damaged.safetensors"}


def test_a_damaged_one_takes_no_whole_ones_place(tmp_path):
    """With two kept, saving after a fallback must not push the only whole one out."""
    save_steps(tmp_path, 1, 2)
    spoil(tmp_path / CHECKPOINT, -1)
    load(tmp_path)
    save_steps(tmp_path, 3)
    spoil(tmp_path / CHECKPOINT, -1)
    assert load(tmp_path)[0] == 1


def test_a_save_that_breaks_leaves_the_newest_whole(tmp_path, monkeypatch):
    save_steps(tmp_path, 1)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tunas_dsl.runs.folder.os.fsync", full)
    with pytest.raises(SearchError, match="No space left on device; what was there is as it was"):
        save_steps(tmp_path, 2)
    assert load(tmp_path) == (1, [])
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
