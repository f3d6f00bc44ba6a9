"""What every measurement writes down: the command, the machine, the versions, and the raw samples."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from tunas_dsl import __version__

RESULTS = Path(__file__).parent / "results"


def write(
    name: str, options: Mapping[str, Any], summary: Mapping[str, Any], raw: Any, output: Path | None
) -> None:
    """Write the document, to ``results/NAME.json`` where there is no ``output``, and print the summary."""
    path = output or RESULTS / f"{name}.json"
    document = {
        "command": " ".join(["python", f"benchmarks/{name}.py", *sys.argv[1:]]),
        "options": {key: value for key, value in options.items() if key != "output"},
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "tunas-dsl": __version__,
        },
        "summary": summary,
        "raw": raw,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=2))
    print(f"raw samples: {path}", file=sys.stderr)


def machine() -> dict[str, Any]:
    """The processor, how many there are, how busy they are, and the threads that compute."""
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
    }


def processor() -> str:
    """What the system calls the processor."""
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def median_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of what ``ones`` are of ``others``, pair by pair."""
    return round(statistics.median(one / other for one, other in zip(ones, others, strict=True)), 4)
