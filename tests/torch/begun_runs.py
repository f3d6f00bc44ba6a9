"""Runs that were begun, and what commands say that fail on them."""

import signal

from tests.command_line import interrupted, tunas

SYNTHETIC = "tunas_dsl.search.synthetic:SyntheticQuality"
SEARCH = ("search", "digits", "--latency", "macs", "--target", 0.2, "--seed", 1)
SUPERNET = ("--data", "digits", "--batch-size", 8, "--samples-per-step", 1, "--steps", 4)
NETWORK = "1:0:1:0:0:0:0:1:0:1:0:1:0:0"
WEIGHTS = "weights.safetensors"


def begin(folder):
    """A search, a training and a search by a quality, each interrupted after some of its steps."""
    commands = {
        "search": (*SEARCH, *SUPERNET),
        "train": ("train", "digits", NETWORK, "--data", "digits", "--steps", 4, "--batch-size", 8),
        "quality": (*SEARCH, "--quality", SYNTHETIC, "--steps", 9),
    }
    for name, command in commands.items():
        interrupted(2, *command, "-o", folder / name, by=signal.SIGTERM)


def failure(*arguments):
    """The line with which a command ends that fails."""
    *before, last = tunas(*arguments, status=1).stderr.splitlines()
    assert [line.startswith("error: ") for line in (*before, last)] == [False] * len(before) + [True]
    return last


def flip(path, place=-5):
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
