"""One writer per sweep: a lock that dies with the process that holds it.

An open file description lock: it can be tested without being taken, so that somebody who only
looks never stands in the way of somebody who wants to work.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from sweep.errors import WorkspaceError
from sweep.storage.closing import Closing
from sweep.storage.trouble import explain_os

FLOCK = struct.Struct("hhqqi4x")
"""Linux' struct flock on 64 bits: type, whence, start, length, pid."""
EXCLUSIVE = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class Lock(Closing):
    """An exclusive lock on a sweep, held from construction to `close`.

    Raises:
        WorkspaceError: another live process holds it; the message names it.
        DiskFull: there is no room to write down who holds it.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b", buffering=0)
        try:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, EXCLUSIVE)
        except (BlockingIOError, PermissionError):
            self._file.close()
            holder = holder_of(path)
            who = f"process {holder}" if holder else "another process"
            raise WorkspaceError(f"{path.parent.name}: {who} is working on this sweep") from None
        try:
            self._file.truncate(0)
            self._file.write(str(os.getpid()).encode())
        except OSError as error:
            self._file.close()
            raise explain_os(path, error) from None

    def close(self) -> None:
        """Let others work on the sweep."""
        self._file.close()


def holder_of(path: Path) -> int | None:
    """Return the process that works on a sweep now, or None.

    0 stands for a process that has not written its number yet.
    """
    try:
        with path.open("rb") as file:
            if FLOCK.unpack(fcntl.fcntl(file, fcntl.F_OFD_GETLK, EXCLUSIVE))[0] == fcntl.F_UNLCK:
                return None
            written = file.read()
    except OSError:
        return None
    return int(written) if written.isdigit() else 0
