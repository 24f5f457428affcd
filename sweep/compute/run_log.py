"""What one run prints, in its folder: never more than a quota, and never a reason to fail."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LOG_BYTES = 100_000_000
"""What is kept of one run's output, in two pieces."""
LEAST = 4096
TAIL = 8192
"""Bytes of a run's output that are sent along when it fails."""


class RunLog:
    """A file that starts anew when it has half the quota; one older piece is kept beside it.

    What cannot be written, on a full disk say, is dropped and counted, and once there is room
    again the file says so. The size is asked of the file, since a forked child may write to it.

    Args:
        path: the file; the older piece of `x.txt` is `x.1.txt`.
        limit: bytes of both.

    Attributes:
        dropped: bytes of output that are in neither file.
        error: why something could not be written; empty when everything could.
        tail: the last of the output, kept or not.
    """

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        self._path = path
        self._older = older_piece(path)
        self._half = max(limit, LEAST) // 2
        self._file = -1
        self._missing = 0  # not written since the file last said so
        self.dropped = 0
        self.error = ""
        self.tail = b""

    def write(self, data: bytes) -> None:
        """Add some output; returns always."""
        self.tail = (self.tail + data[-TAIL:])[-TAIL:]
        try:
            while data:
                data = data[self._write_some(data) :]
        except OSError as error:
            self.error = error.strerror or str(error)
            self.dropped += len(data)
            self._missing += len(data)

    def close(self) -> None:
        """Close the file; it is opened again by another `write`."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1

    def _write_some(self, data: bytes) -> int:
        """Write what fits into the present piece, up to the end of a line if there is one."""
        if self._file < 0:
            self._open()
        if self._missing:
            self._say(f"{self._missing:,} bytes of output could not be written: {self.error}")
            self._missing = 0
        room = self._room()
        if len(data) > room and b"\n" not in data[: max(room, 0)] and room < self._half // 2:
            self._turn()  # rather than in the midst of a line
            room = max(self._room(), 1)  # if somebody else has filled it: turn once more
        if len(data) > room:
            data = data[: data.rfind(b"\n", 0, room) + 1 or room]
        return os.write(self._file, data)

    def _room(self) -> int:
        """Return how many bytes fit: none once others have turned twice, and it has no name."""
        found = os.fstat(self._file)
        return self._half - found.st_size if found.st_nlink else 0

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o666)

    def _turn(self) -> None:
        """Begin a new piece, unless another process has just done so."""
        ours = os.fstat(self._file).st_ino
        self.close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == ours:
                with contextlib.suppress(FileNotFoundError):
                    self.dropped += self._older.stat().st_size
                self._path.replace(self._older)
        self._open()
        if os.fstat(self._file).st_size == 0:
            gone = f"; {self.dropped:,} bytes before that are not kept" if self.dropped else ""
            self._say(f"what was printed before is in {self._older.name}{gone}")

    def _say(self, text: str) -> None:
        os.write(self._file, f"[sweep: {text}]\n".encode())


def older_piece(path: Path) -> Path:
    """Return where the older piece of a log is, if it has been turned over."""
    return path.with_name(f"{path.stem}.1{path.suffix}")
