"""What becomes of freed memory: counted in pages that the system had to clear anew."""

import os
import subprocess
import sys

import pytest

PAGES = """
import resource, sys
import torch
from torch import nn
from tunas_torch.memory.heap import keep_freed_memory
if "keep" in sys.argv: keep_freed_memory()
layers = nn.Sequential(*[nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()) for _ in range(10)])
def step(): layers(torch.ones(16, 16, 48, 48)).sum().backward()
for _ in range(5): step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10): step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(*arguments: str, **environment: str) -> int:
    """Page faults of ten steps of convolutions, in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", PAGES, *arguments]
    ended = subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=True)
    return int(ended.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has this setting")
def test_steps_find_the_memory_that_the_one_before_freed() -> None:
    assert pages("keep") < pages() / 5


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has this setting")
def test_settings_of_the_user_win() -> None:
    given = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
    assert pages("keep", **given) > 10_000
