"""What Ray writes about itself beside a sweep, and a bound on it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from sweep.compute.outputs import in_units, size_of

QUOTA_BYTES = 200_000_000
LOOK_SECONDS = 60.0
"""Between two looks; it comes to about a megabyte an hour."""
TURNED_OVER = re.compile(r".+\.(log|out|err)\.\d+")
"""Logs that Ray has turned over and writes no more to."""


class RayFiles:
    """Measures the folder of a Ray of ours, and takes old logs out when it is too large.

    Args:
        folder: holds Ray's sessions, the host's log and the slots' files.
        quota: bytes.
    """

    def __init__(self, folder: Path, quota: int = QUOTA_BYTES) -> None:
        self._folder = folder
        self._quota = quota
        self._looked: float | None = None
        self._told = False

    def look(self, now: float) -> str:
        """Look, if it is time to; return what the user should know, empty for nothing.

        Args:
            now: seconds, on a clock that is never set back.
        """
        if self._looked is not None and now < self._looked + LOOK_SECONDS:
            return ""
        self._looked = now
        size = size_of(self._folder)
        if size <= self._quota:
            self._told = False
            return ""
        self._remove_old_logs()
        left = size_of(self._folder)
        if self._told:
            return ""
        self._told = left > self._quota
        return (
            f"Ray's own files took {in_units(size)} in {self._folder}, above the quota of"
            f" {in_units(self._quota)}: old logs were removed, {in_units(left)} are left"
        )

    def _remove_old_logs(self) -> None:
        for path in self._folder.glob("session_*/logs/**/*"):
            if TURNED_OVER.fullmatch(path.name) and not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.unlink()
