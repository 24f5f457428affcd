"""What SQLite and the disk say, in words that tell what happened and what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType

from sweep.core.words import fit
from sweep.errors import Damaged, DiskFull, WorkspaceError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PROBE_BYTES = 1 << 16
LONGEST = 200
"""How much of a message is shown: it may quote what a broken page holds."""
OURS = (sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""Mistakes of this program, not of the disk."""
NONSENSE = (ValueError, TypeError, LookupError, RecursionError)
"""What a value raises that is not what was once written."""


class Explained:
    """A block in which a database is used; what goes wrong in it is explained.

    Args:
        path: the database.
        doing: what could not be done, as in "cannot be written"; for reading, nothing.
        values: the block takes values apart: what it cannot is damage.

    Raises:
        DiskFull: there is no room.
        Damaged: the database is not what was once written.
        WorkspaceError: it is closed to us, or taken by another program.
    """

    def __init__(self, path: Path, doing: str = "", *, values: bool = False) -> None:
        self._path, self._doing, self._values = path, doing, values

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        """Explain what ended the block."""
        if isinstance(error, sqlite3.Error) and not isinstance(error, OURS):
            raise explain(self._path, error, self._doing) from None
        # SQLite may quote bytes of a broken page in its message, and Python stumbles over them.
        if isinstance(error, UnicodeDecodeError) or (self._values and isinstance(error, NONSENSE)):
            raise damaged(self._path, f"a value in it makes no sense ({one(error)})") from None


def explain(path: Path, error: sqlite3.Error, doing: str = "") -> WorkspaceError:
    """Return the error that tells a user what SQLite's error means.

    Args:
        path: the database.
        error: what SQLite says.
        doing: what could not be done, as in "cannot be written".
    """
    said = fit(str(error), LONGEST)
    place = f"{path} {doing}" if doing else str(path)
    vague = "disk I/O error" in said or "unable to open" in said
    if "is full" in said or (vague and _is_full(path.parent)):
        return DiskFull(
            f"{place}: the disk is full (or a quota is). What was kept before is safe: make room,"
            " then go on with `sweep resume`"
        )
    if "disk I/O error" in said:
        return WorkspaceError(
            f"{place}: the disk gave an error ({said}); what was kept before is left as it is."
            " Look at the disk (`dmesg` says more), then let `sweep doctor` check the workspace"
        )
    if "readonly" in said or "read-only" in said:
        return WorkspaceError(
            f"{place}: the file, or the folder or disk that it is on, may only be read: see to it"
            " that you may write there"
        )
    if "unable to open" in said:
        return WorkspaceError(f"{place}: {said}: is its folder there, and may you use it?")
    if "locked" in said or "busy" in said:
        return WorkspaceError(f"{place}: {said} by another program: close that, and try again")
    return damaged(path, f"{doing}: {said}" if doing else said)


def explain_os(path: Path, error: OSError) -> OSError | DiskFull:
    """Return what to raise for an error of the system while a file was written.

    Args:
        path: the file.
        error: what the system says, perhaps without saying where.
    """
    if error.errno in FULL:
        return DiskFull(
            f"{path} cannot be written: {error.strerror}. What was kept before is safe: make room,"
            " and try again"
        )
    return OSError(error.errno, error.strerror, str(path))


def damaged(path: Path, why: str) -> Damaged:
    """Return the error for a database that is not what was once written.

    Args:
        path: the database.
        why: how that shows.
    """
    return Damaged(
        f"{path}: {why}: it cannot be used as a sweep's database. It is left as it is:"
        " `sweep doctor` tells what is wrong, and `sweep doctor --repair` saves what can be read",
        why,
    )


def one(error: BaseException) -> str:
    """Return an error on one line."""
    return fit(f"{type(error).__name__}: {error}", LONGEST)


def _is_full(folder: Path) -> bool:
    """Tell whether there is no room in a folder: SQLite does not always say so."""
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
    except OSError as error:
        return error.errno in FULL
    return False
