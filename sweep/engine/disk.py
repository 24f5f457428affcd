"""Free disk: when new runs must wait for it, when a sweep must pause, how it can still say so."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

LOW_BYTES, LOW_SHARE = 1 << 30, 0.05
"""The low-water mark: so many bytes, or that part of a small file system."""
CRITICAL_SHARE = 0.25
"""Below this part of the low-water mark a sweep pauses."""
RESUME_FACTOR = 1.5
"""Launches go on at this multiple of the mark, so that they do not come and go with each file."""
LOOK_SECONDS = 1.0
"""Least time between two looks at the file system."""
BALLAST_BYTES = 4 << 20
"""Enough for the last transaction of a sweep and the log that it is written in."""


class Level(Enum):
    """How much room there is."""

    OK = "ok"
    LOW = "low"
    CRITICAL = "critical"


class Room(NamedTuple):
    """What a look at the disk has found; `text` says it to a person, empty where all is well."""

    level: Level
    text: str


def free_bytes(folder: Path) -> int:
    """Return the bytes that we may still write where a folder is."""
    return shutil.disk_usage(folder).free


class DiskWatch:
    """Judges the free bytes of the file system that a sweep is on.

    Args:
        folder: any folder on it.
        low: bytes below which no run is launched; None for 1 GiB or 5 % of the file system,
            whichever is less; 0 never to hold anything up.
        critical: bytes below which the sweep pauses; None for a quarter of `low`.
        free: tells the free bytes there; may raise OSError.
    """

    def __init__(
        self,
        folder: Path,
        low: int | None = None,
        critical: int | None = None,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folder = folder
        self._free = free
        self.low = default_low(folder) if low is None else low
        self.critical = int(self.low * CRITICAL_SHARE) if critical is None else critical
        self._room = Room(Level.OK, "")
        self._looked = -LOOK_SECONDS

    def look(self, now: float) -> Room:
        """Return how much room there is; the file system is asked once a second at most.

        Args:
            now: seconds, on any clock that is always the same one.
        """
        if 0 <= now - self._looked < LOOK_SECONDS:
            return self._room
        self._looked = now
        with contextlib.suppress(OSError):  # a file system that does not answer is not yet full
            self._room = self.judge(self._free(self._folder))
        return self._room

    def judge(self, free: int) -> Room:
        """Return what so many free bytes mean, after what was found the last time."""
        held = self._room.level is not Level.OK
        if free < self.critical:
            text = (
                f"the disk is all but full: {in_words(free)} free in {self._folder}; make room,"
                " then resume the sweep"
            )
            return Room(Level.CRITICAL, text)
        if free < self.low * (RESUME_FACTOR if held else 1):
            return Room(
                Level.LOW,
                f"no new runs: {in_words(free)} free in {self._folder}, below the low-water mark"
                f" of {in_words(self.low)}; they go on at {in_words(self.low * RESUME_FACTOR)}",
            )
        return Room(Level.OK, "")


def default_low(folder: Path) -> int:
    """Return the low-water mark of the file system that a folder is on, in bytes."""
    try:
        total = shutil.disk_usage(folder).total
    except OSError:
        return LOW_BYTES
    return min(LOW_BYTES, int(total * LOW_SHARE))


class Ballast:
    """A file that takes room while there is some, to be let go of when there is none.

    What is freed must be written at once: others see it too. So first end whatever else
    writes there.

    Args:
        path: where it lies; on the file system that is written to.
        size: bytes.
    """

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self._path = path
        self._size = size

    def hold(self) -> bool:
        """Take the room; tell whether there was enough."""
        try:
            with self._path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self.free()
            return False
        return True

    def free(self) -> bool:
        """Give the room back; tell whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


def in_words(size: float) -> str:
    """Return a number of bytes as a person would say it: 312 MB, 1.5 GB; units of 1024."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1024
    return f"{size:.3g} {unit}"
