"""What measurements call the hardware."""

import platform
from pathlib import Path

import torch


def hardware(device: torch.device) -> str:
    """The name of the processor, or of the accelerator."""
    if device.type == "cpu":
        return processor()
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def processor() -> str:
    """The name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return " ".join((names[0] if names else platform.processor() or platform.machine() or "CPU").split())
