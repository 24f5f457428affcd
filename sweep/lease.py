"""Files that say that a process lives: a lock that dies with the process that holds it.

An open file description lock: it can be tested without being taken, so that somebody who only
looks never stands in the way of somebody who wants to work.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

FLOCK = struct.Struct("hhqqi4x")
"""Linux' struct flock on 64 bits: type, whence, start, length, pid."""
EXCLUSIVE = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class Lease:
    """A lock on a file with our process id in it, held from construction to `close`.

    A process that is forked holds it too, until both have ended.

    Raises:
        BlockingIOError: another live process holds it.
        OSError: it cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, EXCLUSIVE)
            self.sign()
        except PermissionError:  # which some file systems say instead
            os.close(self._file)
            raise BlockingIOError from None
        except OSError:
            os.close(self._file)
            raise

    def sign(self) -> None:
        """Write our process id down: after a fork, that of the process that stays."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Let go."""
        os.close(self._file)


def holder(path: Path) -> int | None:
    """Return the process that holds a lease, 0 if it has not signed yet, None if there is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            asked = fcntl.fcntl(file, fcntl.F_OFD_GETLK, EXCLUSIVE)
            if FLOCK.unpack(asked)[0] == fcntl.F_UNLCK:
                return None
            written = os.read(file, 32)
        finally:
            os.close(file)
    except OSError:
        return None
    return int(written) if written.isdigit() else 0
