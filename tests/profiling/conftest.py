"""A backend whose bench is made up."""

import pytest

from tests.profiling.fakes import Bench
from tunas_dsl.cli.commands import profile, validate_latency


@pytest.fixture
def bench(monkeypatch):
    """What ``tunas profile`` and ``tunas validate-latency`` measure with."""
    bench = Bench()

    class Backend:
        def latency_bench(self, runtime, *, device, threads):
            return bench

    for command in (profile, validate_latency):
        monkeypatch.setattr(command, "load_backend", Backend)
    return bench
