"""Which processes descend from another, and what is done when none is left.

It travels with the guard, and uses nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def descendants(root: int, but: int = 0) -> list[int]:
    """Return the processes below `root` that are not dead yet; not `but` and those below it."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(entry.path, "stat").read_bytes()
                state, parent = stat.rpartition(b")")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    children.setdefault(int(parent), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        below = [pid for pid in children.get(todo.pop(), []) if pid != but]
        found += below
        todo += below
    return found


def clear(folders: list[str]) -> None:
    """Take away what was a slot's, and the folder around it when it was the last there."""
    import shutil  # noqa: PLC0415 - only now, for it takes ten milliseconds

    for folder in map(Path, folders):
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()
