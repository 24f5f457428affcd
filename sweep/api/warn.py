"""Warnings of the Python interface."""

from __future__ import annotations

import inspect
import warnings

from sweep.engine.check_script import surely_wrong
from sweep.engine.submit import Submission, create, placed
from sweep.errors import SweepWarning
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

OWN = "sweep."
"""How the names of our modules begin."""


def warn(text: str) -> None:
    """Warn of something, at the line of the user's that has led to it."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith(OWN):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, SweepWarning, stacklevel=level)


def keep(workspace: WorkspaceFolder, submission: Submission) -> SweepFolder:
    """Check a sweep and keep it, warning of what is not meant or can have no effect.

    Raises:
        UserError: it can never run; nothing has been kept.
    """
    submission = placed(workspace, submission)
    for text in surely_wrong(submission):
        warn(text)
    return create(workspace, submission, warn)
