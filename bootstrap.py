"""From a fresh checkout to a first search, to the tests or to the documentation as a site, in one command.

Needs Python 3.11 or later and nothing else; what the project needs goes into ``.venv``.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
CONSTRAINTS = ROOT / "ci" / "constraints.txt"
STAMP = VENV / "bootstrap.stamp"

RUN = "runs/digits"
DEMO: tuple[tuple[str, ...], ...] = (
    (
        *("tunas", "search", "spaces/digits.space", "--data", "digits", "--latency", "macs"),
        *("--target", "0.2", "--steps", "300", "--seed", "0", "-o", RUN),
    ),
    ("tunas", "export", RUN, "-o", f"{RUN}/architecture.json"),
)
"""The commands of ``demo``; the target is in M MAdds."""

LINT: tuple[tuple[str, ...], ...] = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("lint-imports",),
)

DOCS = ("python", "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "build/site")


def main() -> int:
    """Do what the command line says; gives the exit status of the first command that fails, or 0."""
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts this file chooses the Python)
        print(f"bootstrap.py needs Python 3.11 or later; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("command", choices=("demo", "test", "lint", "docs"))
    arguments, further = parser.parse_known_args()
    if further and arguments.command != "test":
        parser.error(f"{arguments.command} takes no arguments, but was given {' '.join(further)}")
    try:
        install("" if arguments.command == "demo" else "[dev]")
        match arguments.command:
            case "demo":
                shutil.rmtree(ROOT / RUN, ignore_errors=True)  # a search never writes over an earlier one
                run(*DEMO)
            case "test":
                run(("python", "-m", "pytest", "-n", "2", *further))
            case "lint":
                run(*LINT)
            case "docs":
                run(DOCS)
    except subprocess.CalledProcessError as failure:
        return failure.returncode if failure.returncode > 0 else 128 - failure.returncode
    except KeyboardInterrupt:
        return 130
    return 0


def install(extras: str) -> None:
    """Install the project, editable, with ``extras`` (``[dev]`` or nothing), unless that was done before."""
    wanted = f"{fingerprint()} {extras}".strip()
    done = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    if done.startswith(wanted):  # with [dev] there is also what goes without
        return
    if not any(PROGRAMS.glob("python*")):
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    STAMP.unlink(missing_ok=True)
    run(("python", "-m", "pip", "install", "--disable-pip-version-check", "-e", f".{extras}"))
    STAMP.write_text(wanted, encoding="utf-8")


def fingerprint() -> str:
    """Give a hash of all that decides what is installed."""
    files = (ROOT / "pyproject.toml", CONSTRAINTS)
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def run(*commands: tuple[str, ...]) -> None:
    """Run programs of ``.venv`` in the checkout, one after the other.

    Raises:
        subprocess.CalledProcessError: one failed; those after it did not start.

    """
    environment = dict(os.environ)
    if shutil.which("nvidia-smi") is None:  # with a GPU, torch must fit its driver
        environment["PIP_CONSTRAINT"] = str(CONSTRAINTS)
    for program, *arguments in commands:
        print("+", program, *arguments, flush=True)
        subprocess.run([str(PROGRAMS / program), *arguments], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
