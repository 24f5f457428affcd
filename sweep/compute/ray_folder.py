"""The folder of a Ray of ours: a short name for it, and nothing left in it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path

SOCKET_PATH_LIMIT = 44
"""Ray appends some 60 characters to its folder; a Unix socket's path may have 107."""


class RayFolder:
    """Where Ray's files and sockets go.

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
