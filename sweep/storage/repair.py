"""What a look at a workspace proves to be wrong, put right; everything else is left alone."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sweep.errors import WorkspaceError
from sweep.storage.checkup import check_database
from sweep.storage.doctor import OF_EVERY_SWEEP, SweepCheck, WorkspaceCheck, examine, has_database
from sweep.storage.lock import Lock
from sweep.storage.salvage import rebuild
from sweep.storage.workspace import WorkspaceFolder


@dataclass(slots=True)
class Repair:
    """What a repair has come to.

    Attributes:
        done: what was done, a line each.
        left: what was tried in vain, a line each.
    """

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def repair(workspace: WorkspaceFolder, seen: WorkspaceCheck | None = None) -> Repair:
    """Put right what can be proved: never while somebody works on a sweep.

    * The workspace is closed to others.
    * A damaged database is made anew from what can be read of it; the original is kept.
    * Folders of sweeps and runs that nobody knows of and that hold nothing are removed.

    Args:
        workspace: the workspace.
        seen: what a look at it has found; by default, one is taken.
    """
    seen, came_to = seen or examine(workspace), Repair()
    if any(finding.kind == "permission" for finding in seen.findings):
        workspace.path.chmod(0o700)
        came_to.done.append(f"{workspace.path}: only its owner can look inside now")
    for check in seen.sweeps:
        if check.engine is None and (check.empty or check.run_folders or _mendable(check)):
            try:
                _mend(check, came_to)
            except WorkspaceError as error:  # one that cannot be mended does not hold up others
                came_to.left.append(str(error))
            except OSError as error:
                why = f"{error.strerror}; its database has been left as it is"
                came_to.left.append(f"{check.folder.path}: {why}")
    return came_to


def _mendable(check: SweepCheck) -> bool:
    return check.database is not None and check.database.mend


def _mend(check: SweepCheck, came_to: Repair) -> None:
    folder = check.folder
    with Lock(folder.lock):
        if check.empty and not has_database(folder):
            _remove_empty(folder.path)
            came_to.done.append(f"{folder.path}: removed; there was nothing in it")
            return
        for path in check.run_folders:
            with suppress(OSError):  # something has come into it
                path.rmdir()
                came_to.done.append(f"{path}: removed; it was empty")
        if _mendable(check) and check_database(folder.database).mend:  # it may have changed since
            came_to.done.append(rebuild(folder.database))


def _remove_empty(path: Path) -> None:
    """Remove a folder that holds folders only, and what every sweep's folder has."""
    for name in OF_EVERY_SWEEP:
        (path / name).unlink(missing_ok=True)
    for place, _, _ in os.walk(path, topdown=False):
        Path(place).rmdir()
