"""A folder of ours on a remote machine: its name is short, and it is held while we live.

Whoever is killed leaves its folder behind; the next of us that starts there takes it away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from sweep.compute.ray_folder import SOCKET_PATH_LIMIT

PREFIX = "sweep-r"
YOUNG_SECONDS = 60.0
"""A folder that has changed so lately may be about to be held."""


def short_folder() -> Path:
    """Return a new folder for files and sockets, which this process holds until it ends.

    Where the usual place for temporary files has a long name, it is in /tmp.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    if len(str(folder)) > SOCKET_PATH_LIMIT:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    fcntl.flock(_opened(folder), fcntl.LOCK_EX)
    for other in folder.parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # it has just gone, or is somebody else's
            if _abandoned(other):
                shutil.rmtree(other, ignore_errors=True)
    return folder


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _abandoned(folder: Path) -> bool:
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mtime > time.time() - YOUNG_SECONDS:
        return False
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
