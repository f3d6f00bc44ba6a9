"""The work of an experiment: commands of this program, each in a folder named after all that it depends on.

Whatever is finished is used again, also by other experiments; what was interrupted goes on.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from tunas_dsl import __version__
from tunas_dsl.search.errors import SearchError


class InterruptedJobError(Exception):
    """A job was interrupted; it can go on."""


@attrs.frozen
class Job:
    """``tunas`` with these ``arguments``; ``space`` is the text of the space that they name.

    ``label`` says what it is for.
    """

    label: str
    arguments: tuple[str, ...]
    space: str

    @property
    def key(self) -> str:
        """A hash of everything that the outcome depends on."""
        told = [part for part in self.arguments if not part.endswith(".space")]
        return hashlib.sha256(json.dumps([__version__, told, self.space]).encode()).hexdigest()[:16]


class Jobs:
    """Runs jobs in folders below ``work``; ``tell`` hears of each that is not done yet."""

    def __init__(self, work: Path, tell: Callable[[str], None]) -> None:
        self._work, self._tell = work, tell

    def __call__(self, job: Job) -> Path:
        """The run folder of ``job``, finished.

        Raises:
            SearchError: the command failed; it has said why.
            InterruptedJobError: it was interrupted.
        """
        folder = self._work / "runs" / job.key
        if (folder / "result.json").exists():
            return folder
        resume = ("--resume",) if (folder / "settings.json").exists() else ()
        self._tell(f"{job.label}: tunas {' '.join(job.arguments)}")
        status = _run([*job.arguments, *resume, "-o", str(folder)])
        if status in (130, -2, -15, 143):
            raise InterruptedJobError
        if status:
            raise SearchError(f"`tunas {' '.join(job.arguments)}` ended with status {status}")
        return folder


def _run(arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", "tunas_dsl", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        try:
            said = child.communicate()[1]
        except KeyboardInterrupt:
            child.communicate()  # it got the signal too, and saves
            return 130
    if child.returncode not in (0, 130):
        sys.stderr.write(said)
    return child.returncode
