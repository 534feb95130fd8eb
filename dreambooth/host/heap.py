"""Memory that was freed goes back to the system: the C library of most Linux systems keeps it otherwise."""

from __future__ import annotations

import ctypes
import sys


def give_freed_memory_back() -> None:
    """Where the C library can be asked for that, as glibc can."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(ctypes.c_size_t(0))
