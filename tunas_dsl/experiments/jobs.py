"""The work of an experiment: commands of this program, each in a folder named after all that it depends on.

Whatever is finished is used again, also by other experiments; what was interrupted goes on.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from tunas_dsl.errors import SearchError
from tunas_dsl.experiments.code import code_hash
from tunas_dsl.runs.folder import RESULT, has_begun
from tunas_dsl.storage.locking import locked

_SECONDS = 0.2
"""So often it is asked whether to stop."""


class InterruptedJobError(Exception):
    """The work was interrupted, in a job or between two; it can go on."""


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
        """A hash of everything that the outcome depends on, the code included."""
        settings = [part for part in self.arguments if not part.endswith(".space")]
        return hashlib.sha256(json.dumps([code_hash(), settings, self.space]).encode()).hexdigest()[:16]


class Jobs:
    """Runs jobs in folders below ``work``; ``tell`` hears of each that is not done yet.

    ``interrupted`` says whether to stop; then the job that runs is told so, and saves.
    """

    def __init__(
        self, work: Path, tell: Callable[[str], None], interrupted: Callable[[], bool] = lambda: False
    ) -> None:
        self._work, self._tell, self._interrupted = work, tell, interrupted

    def __call__(self, job: Job) -> Path:
        """The run folder of ``job``, finished.

        Raises:
            SearchError: the command failed; it has said why.
            InterruptedJobError: it was interrupted.
        """
        folder = self._work / "runs" / job.key
        if self._interrupted():
            raise InterruptedJobError
        if (folder / RESULT).exists():
            return folder
        resume = _resumption(folder)
        self._tell(f"{job.label}: tunas {' '.join(job.arguments)}")
        status, said = self._run([*job.arguments, *resume, "-o", str(folder)])
        if self._interrupted() or status in (129, 130, 143, -1, -2, -15):
            raise InterruptedJobError
        if status:
            sys.stderr.write(said)
            raise SearchError(f"`tunas {' '.join(job.arguments)}` ended with status {status}")
        return folder

    def _run(self, arguments: Sequence[str]) -> tuple[int, str]:
        """The status of ``tunas`` with ``arguments``, and what it said."""
        command = [sys.executable, "-P", "-m", "tunas_dsl", *arguments]  # -P: not from the present folder
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as child:
            try:
                return _followed(child, self._interrupted)
            except BaseException:
                child.kill()  # what it wrote is whole
                raise


def _resumption(folder: Path) -> tuple[str, ...]:
    """The option to go on with what is in ``folder``; what is too little for that is cleared away."""
    if has_begun(folder):
        return ("--resume",)
    if folder.exists():
        with locked(folder, inside=True):  # else a job of an experiment that was killed still works there
            shutil.rmtree(folder, ignore_errors=True)
    return ()


def _followed(child: "subprocess.Popen[str]", interrupted: Callable[[], bool]) -> tuple[int, str]:
    """Wait for the end of ``child``, which is told once that there was an interruption."""
    told = False
    while True:
        with suppress(subprocess.TimeoutExpired):
            said = child.communicate(timeout=_SECONDS)[1]
            return child.returncode, said
        if interrupted() and not told:
            child.terminate()
            told = True
