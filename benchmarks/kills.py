"""Kills a short search with SIGKILL again and again, and holds what it ends with against a quiet one.

Every other kill falls at a random time, the others inside the writing of a file: halfway through, before
it is on disk, before or after it is renamed. A run is killed a few times, then goes on to its end.

    python benchmarks/kills.py --kills 100 -o benchmarks/results/kills.json
"""

import argparse
import json
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backends")]

from tunas_dsl.cost.named import cost_model  # noqa: E402
from tunas_dsl.language.compiler import load_space  # noqa: E402
from tunas_dsl.runs.events import step_history  # noqa: E402
from tunas_dsl.search.run import RunFolder  # noqa: E402
from tunas_dsl.search.settings import SearchSettings  # noqa: E402
from tunas_torch.data import open_data  # noqa: E402
from tunas_torch.runs.loop import Pace  # noqa: E402
from tunas_torch.search.run import run_search, start_search  # noqa: E402

SPACE = load_space("digits")
MODEL = cost_model(SPACE, "macs")
PACE = Pace(log_every=1, checkpoint_steps=3)
FILES = ("checkpoint.safetensors", "policy.json", "result.json")


def main() -> None:
    """Kill, resume, compare; exits with 1 where a run ended differently."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        outcome = survive(Path(folder), options.kills, options.steps, random.Random(options.seed))
    software = f"torch {torch.__version__}, Python {platform.python_version()}"
    text = json.dumps({**outcome, "software": software, "system": platform.platform()})
    print(text)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(f"{text}\n", encoding="utf-8")
    sys.exit(outcome["runs"] != outcome["equal"])


def survive(folder: Path, kills: int, steps: int, chance: random.Random) -> dict[str, int]:
    """How many runs there were until ``kills`` kills, and how many ended as the one that was left alone."""
    open_data("digits", image_shape=(1, 8, 8), seed=1)  # its imports, once for all children
    settings = SearchSettings(steps=steps, target=0.2, seed=1, batch_size=16, samples_per_step=2)
    quiet = RunFolder.create(folder / "quiet", settings, "digits", MODEL.name)
    started = time.monotonic()
    assert not killed(child(quiet, None), None)
    seconds = time.monotonic() - started
    counts = {"kills": 0, "inside_writes": 0, "runs": 0, "equal": 0, "steps": steps}
    while counts["kills"] < kills:
        run = RunFolder.create(folder / str(counts["runs"]), settings, "digits", MODEL.name)
        for _ in range(chance.randint(1, 8)):
            if chance.random() < 0.5:
                died = killed(child(run, None), chance.uniform(0, seconds))
            else:
                died = killed(child(run, chance.randint(1, 80)), None)
                counts["inside_writes"] += died
            counts["kills"] += died
        assert not killed(child(run, None), None)
        counts["runs"] += 1
        counts["equal"] += same(quiet, run)
    return counts


def child(run: RunFolder, fatal: int | None) -> int:
    """The number of a process that goes on with ``run``, and dies in its ``fatal``-th step of writing."""
    number = os.fork()
    if number:
        return number
    try:
        if fatal is not None:
            die_in_a_write(fatal)
        search = start_search(SPACE, MODEL, run, "cpu", threads=1)
        run_search(search, run, resume=True, report=lambda _: None, tell=lambda _: None, pace=PACE)
        os._exit(0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(1)


def killed(number: int, after: float | None) -> bool:
    """Whether the process was killed, with ``after`` from here after so many seconds; else it ended well."""
    if after is not None:
        time.sleep(after)
        os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        sys.exit("a run could not be resumed")
    return False


class Countdown:
    """Kills this process at the ``fatal``-th call."""

    def __init__(self, fatal: int) -> None:
        self.left = fatal

    def __call__(self) -> None:
        """One call nearer."""
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, with a call before and one after it."""

        def counted(*arguments: Any, **more: Any) -> Any:
            self()
            result = function(*arguments, **more)
            self()
            return result

        return counted


class Halving:
    """A file that is written in halves, with a call of ``count`` between them."""

    def __init__(self, file: Any, count: Countdown) -> None:
        self.file, self.count = file, count

    def write(self, content: Any) -> None:
        """Write ``content``, text or bytes."""
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        self.count()
        self.file.write(content[len(content) // 2 :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> "Halving":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def die_in_a_write(fatal: int) -> None:
    """Counts what this process does to files from now on, and kills it at number ``fatal``."""
    count = Countdown(fatal)
    plain: Any = Path.open

    def opened(path: Path, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        file = plain(path, mode, *arguments, **more)
        return file if "r" in mode else Halving(file, count)

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
        setattr(owner, name, count.around(getattr(owner, name)))
    setattr(Path, "open", opened)  # noqa: B010


def same(one: RunFolder, other: RunFolder) -> bool:
    """Whether two runs ended with the same bytes, after the same steps."""
    steps = [[{**event, "time": None} for event in step_history(run.events)] for run in (one, other)]
    return steps[0] == steps[1] and all(
        (one.path / name).read_bytes() == (other.path / name).read_bytes() for name in FILES
    )


if __name__ == "__main__":
    main()
