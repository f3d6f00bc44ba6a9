"""What every measurement writes down: the command, the machine, the versions, and the raw samples."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from tunas_dsl import __version__
from tunas_torch.timing.hardware import hardware, processor

RESULTS = Path(__file__).parent / "results"


def write(
    name: str, options: Mapping[str, Any], summary: Mapping[str, Any], raw: Any, output: Path | None
) -> None:
    """Write the document, to ``results/NAME.json`` where there is no ``output``, and print the summary."""
    path = output or RESULTS / f"{name}.json"
    document = {
        "command": " ".join(["python", f"benchmarks/{name}.py", *sys.argv[1:]]),
        "options": {key: value for key, value in options.items() if key != "output"},
        "machine": machine(options.get("device", "cpu")),
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


def machine(device: str = "cpu") -> dict[str, Any]:
    """The processor, how many there are, how busy they are, the threads that compute, and the ``device``."""
    return {
        "device": device if device == "cpu" else hardware(torch.device(device)),
        "processor": processor(),
        "processors": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
    }


def clock(device: str) -> Callable[[], float]:
    """Seconds: the process's, which other programs hardly touch, or those on the wall once a GPU is done."""
    if device == "cpu":
        return time.process_time

    def now() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return now


def median_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of what ``ones`` are of ``others``, pair by pair."""
    return round(statistics.median(one / other for one, other in zip(ones, others, strict=True)), 4)
