"""Files of a sweep that nobody but its owner may read, and the secrets of its runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweep.errors import WorkspaceError
from sweep.storage.workspace import SweepFolder

NAME = "secrets.json"
PARTS = frozenset({"command", "arguments", "environment_variables", "needs"})
"""What of a run may hold secrets."""


def enclose(sweep: SweepFolder, secrets: Mapping[str, Any]) -> None:
    """Let nobody else look into a new sweep, and keep what only a launch is to look at.

    Args:
        sweep: its folder is there, its database is not.
        secrets: a JSON value; nothing is kept of an empty one.

    Raises:
        OSError: it cannot be written.
    """
    sweep.path.chmod(0o700)
    if secrets:
        _write(sweep.path / NAME, json.dumps(secrets) + "\n")
    _write(sweep.database, "")  # SQLite gives its logs the mode that the database has


def secrets_of(sweep: SweepFolder) -> dict[str, Any]:
    """Return the secrets of a sweep.

    Raises:
        WorkspaceError: they are not there.
    """
    place = sweep.path / NAME
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found.keys() <= PARTS:
        raise WorkspaceError(
            f"{place} cannot be read: it holds what the runs of {sweep.id} are to be given and"
            " nobody else may know; start the sweep anew"
        )
    return found


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
