"""How the C library's heap treats freed memory, which decides a fifth of a step's time on a CPU.

A step frees hundreds of megabytes and asks for the same again in the next. glibc gives much of it back
to the system in between, which then has to clear every page anew.
"""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""What glibc's ``malloc.h`` calls ``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD``."""

KEPT = 2**31 - 1
"""Bytes at the end of the heap that stay with the process: the most that can be said."""

LARGEST_IN_HEAP = 32 * 2**20
"""Bytes of what is taken from the heap and not from the system, the most that glibc allows."""


def keep_freed_memory() -> None:
    """Let freed memory stay with the process, where the C library is glibc and the user has not set it."""
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGEST_IN_HEAP)
        mallopt(_TRIM_THRESHOLD, KEPT)
