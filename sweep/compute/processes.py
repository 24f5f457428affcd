"""Finding processes by a mark in their environment, and ending them by their number."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

ROUNDS = 500
PAUSE = 0.01


def marked(name: str, value: str) -> list[int]:
    """Return the live processes of this machine that were started with ``name=value``."""
    wanted = f"{name}={value}".encode()
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and wanted in _environment(entry)
    ]


def end_marked(name: str, value: str) -> int:
    """Kill every process that carries the mark, and wait until none is left.

    Returns how many had to be killed. Gives up after some seconds on processes that the
    kernel itself holds.
    """
    killed: set[int] = set()
    for _ in range(ROUNDS):
        found = marked(name, value)
        if not found:
            break
        killed.update(found)
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)
    return len(killed)


def oom_kills(vmstat: Path = Path("/proc/vmstat")) -> int:
    """Return how many processes the kernel has killed here for want of memory."""
    _, _, rest = vmstat.read_bytes().partition(b"\noom_kill ")
    return int(rest.partition(b"\n")[0] or 0)


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has just ended, or it is somebody else's
        return []
