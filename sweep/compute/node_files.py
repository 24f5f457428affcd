"""Our files on a node that does not see the engine's.

Below the node's folder for temporary files, for this user only::

    hypersweep-<uid>/
      trees/<id>/      snapshots, by the hash of their names and contents
      locks/<id>       held by the slot that fetches one, while the others on the node wait
      work/<slot>/     folders of the runs of one slot; what a dead slot has left is taken away

Standard library only: it travels with the slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

KEPT_SECONDS = 7 * 86400.0
"""A snapshot that was not used for so long is taken away."""
LOCK_SECONDS = 0.1
"""Between two tries to get a lock."""


def base() -> Path:
    """Return this user's folder for our files; nobody else can write there.

    Raises:
        OSError: it belongs to somebody else.
    """
    path = Path(tempfile.gettempdir()) / f"hypersweep-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid != os.getuid():
        raise OSError(f"{path} belongs to somebody else")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


def abandoned(work: Path) -> Iterator[Path]:
    """Yield folders of slots that are gone, renamed so that nobody else takes them away too."""
    for folder in [*work.iterdir()]:
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(OSError):  # it is held
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder.rename(folder.with_name(f"dead-{folder.name[-16:]}"))
        os.close(lock)


def unused(trees: Path) -> list[Path]:
    """Return snapshots that nobody has used for long."""
    long_ago = time.time() - KEPT_SECONDS
    return [folder for folder in trees.iterdir() if folder.stat().st_mtime < long_ago]


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock; wait for it, and with this thread everything else."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextlib.asynccontextmanager
async def waited_for(path: Path) -> AsyncIterator[None]:
    """Hold a lock; wait for it while everything else goes on."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOCK_SECONDS)
        yield
    finally:
        os.close(lock)
