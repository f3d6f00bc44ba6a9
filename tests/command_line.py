"""The program as tests run it: in their own process, on a terminal of known width without colours."""

import json
import os
import signal
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from tunas_dsl.cli import cli
from tunas_dsl.cli.display.progress import Reporter


def tunas(*arguments, status=0, stdin=None, columns=80, colours=False):
    """What ``tunas ARGUMENTS`` printed; it ended with this status. An exception that is a bug is raised."""
    colour = {"FORCE_COLOR": "1"} if colours else {"NO_COLOR": "1"}
    environment = {"COLUMNS": str(columns), "TERM": "xterm-256color", **colour}
    command = [str(argument) for argument in arguments]
    ended = CliRunner().invoke(cli, command, input=stdin, env=environment, catch_exceptions=False)
    assert ended.exit_code == status, ended.output
    return ended


def document(*arguments, **more):
    """The JSON that a command prints with ``--format json``."""
    return json.loads(tunas(*arguments, "--format", "json", **more).stdout)


def refusal(*arguments):
    """All that a command says, one line, that refuses what it was given."""
    ended = tunas(*arguments, status=1)
    (line,) = ended.stderr.splitlines()
    assert (line.startswith("error: "), ended.stdout) == (True, "")
    return line.removeprefix("error: ")


def interrupted(step, *arguments, by=signal.SIGINT):
    """What a search or a training says that gets a signal after this step."""
    with after_step(step, lambda: os.kill(os.getpid(), by)):
        return tunas(*arguments, status=130)


@contextmanager
def after_step(step, act):
    """Calls ``act()`` whenever a search or a training has reported this step."""
    report = Reporter.report

    def acting(self, progress):
        report(self, progress)
        if progress.step == step:
            act()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reporter, "report", acting)
        yield
