"""The folder of a Ray of ours: a short name for it, and nothing left in it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sweep.lease import holder

SOCKET_PATH_LIMIT = 44
"""Ray appends some 60 characters to its folder; a Unix socket's path may have 107."""
LINK = re.compile("sweep-[0-9a-f]{12}")
"""How a short name is called, in the folder for temporary files."""
LOCKS = ("../lock", "../../keeper.lock")
"""From the folder of a Ray, what is held by whoever works on the sweep, or keeps the pool."""


class RayFolder:
    """Where Ray's files and sockets go.

    One that is made takes away the short names that others have left who were killed.

    Args:
        folder: made if need be.

    Attributes:
        short: a name for it that is short enough.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._link: Path | None = None
        self.short = self._folder
        if len(str(self._folder)) > SOCKET_PATH_LIMIT:
            for link in _abandoned():
                link.unlink(missing_ok=True)
            self.short = self._link = Path(tempfile.gettempdir()) / f"sweep-{secrets.token_hex(6)}"
            self._link.symlink_to(self._folder)

    def clear(self) -> None:
        """Take away what a Ray that is gone has left."""
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for entry in self._folder.glob("session_*"):
            if entry.is_symlink():
                entry.unlink()
            else:
                shutil.rmtree(entry, ignore_errors=True)
        shutil.rmtree(self._folder / "s", ignore_errors=True)


def _abandoned() -> Iterator[Path]:
    """Yield the short names whose folder is gone, or nobody works in any more.

    Those of our own folder may be in use: they stay until whoever works in it is gone.
    """
    for entry in Path(tempfile.gettempdir()).iterdir():
        if not LINK.fullmatch(entry.name):
            continue
        with contextlib.suppress(OSError):  # it has just gone, or is no link
            target = entry.readlink()
            gone = not target.is_dir() or _left(target)
            if gone and entry.lstat().st_uid == os.getuid():
                yield entry


def _left(folder: Path) -> bool:
    """Tell whether whoever worked in a folder of Ray is gone."""
    locks = [lock for name in LOCKS if (lock := folder / name).exists()]
    return bool(locks) and all(holder(lock) is None for lock in locks)
