"""How much a run has written into its folder, and when that is too much."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

LOOK_SECONDS = 5.0
"""Between two looks at a folder."""
SHARE = 0.05
"""At most this part of one processor's time goes into looking."""
UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "bytes"))
MOST_ENTRIES = 200_000
"""Files that one look counts; more are not looked for."""


async def until_above(
    folder: Path, quota: int, at_first: int = 0, seconds: float = LOOK_SECONDS
) -> None:
    """Return when a run has written more than its quota.

    What it prints does not count here: that has a quota of its own.

    Args:
        folder: the run's.
        quota: bytes.
        at_first: bytes that were there before it: its copy of the source.
        seconds: least time between two looks.
    """
    import asyncio  # noqa: PLC0415 - the engine only wants sizes

    enough = at_first + quota
    while True:
        began = time.monotonic()
        if await asyncio.to_thread(size_of, folder, enough) > enough:
            return
        took = time.monotonic() - began
        await asyncio.sleep(max(seconds, took / SHARE))


def size_of(folder: Path, enough: float = float("inf"), *, whole: bool = False) -> int:
    """Return the bytes on the disk that are below a run's folder, without its printed output.

    Args:
        folder: links in it are not followed; what vanishes meanwhile is left out.
        enough: stop counting when there are more.
        whole: count what it has printed too, and however many files there are.
    """
    size, entries, todo = 0, 0, [str(folder)]
    most = float("inf") if whole else MOST_ENTRIES
    printed = str(folder / "user_logs" / "std_log.")
    while todo:
        with contextlib.suppress(OSError), os.scandir(todo.pop()) as found:
            for entry in found:
                entries += 1
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                elif whole or not entry.path.startswith(printed):
                    with contextlib.suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                if size > enough or entries > most:
                    return size
    return size


def too_much(quota: int) -> str:
    """Return why a run is ended that has written too much."""
    return f"outputs are above the quota of {in_units(quota)}"


def in_units(size: int) -> str:
    """Return a number of bytes as a quota is given: 1.5 GB; units of 1000."""
    unit, name = next((u, n) for u, n in UNITS if size >= u or u == 1)
    return f"{size / unit:.4g} {name}"
