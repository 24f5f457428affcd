"""Everything that can be raised at a user, as a tree.

SweepError                  root; carries the exit code of the command line
├── UserError               something the user can mend; exit code 2
│   ├── ConfigError         a configuration is wrong; says where, line by line
│   ├── WorkspaceError      a workspace or a name in it cannot be used
│   │   ├── Damaged         what is kept of a sweep cannot be read any more
│   │   └── DiskFull        there is no room to write; what was kept is safe; exit code 1
│   ├── ResourceError       what is asked for can never be had on this target
│   └── ComputeTargetException   a compute target of that name or kind cannot be had
├── IllegalEvent            a target broke the protocol
├── Diverged                a journal does not belong to this sweep's definition
├── TargetError             a compute target could not be brought up or went away
└── RunFailed               a run or a sweep that was waited for has failed

SweepWarning                what a user should know of a sweep that is run nevertheless
"""

from __future__ import annotations

from collections.abc import Sequence


class SweepError(Exception):
    """The root of all errors of this package."""

    exit_code = 1


class UserError(SweepError):
    """Something that the user can mend; shown as one message without a traceback."""

    exit_code = 2


class Problem:
    """One thing that is wrong in a configuration.

    Args:
        message: what was given, what was expected, and the nearest right spelling.
        key: dotted path of the entry, such as ``policy.slack_factor``.
        source: name of the file; empty where the configuration is not a file.
        line: 1-based line, 0 where unknown.
        column: 1-based column.
    """

    __slots__ = ("column", "key", "line", "message", "source")

    def __init__(
        self, message: str, *, key: str = "", source: str = "", line: int = 0, column: int = 0
    ) -> None:
        self.message, self.key = message, key
        self.source, self.line, self.column = source, line, column

    def __str__(self) -> str:
        place = self.source
        if self.line:
            place += f":{self.line}:{self.column}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(UserError, ValueError):
    """A configuration is wrong.

    Attributes:
        problems: each on a line of its own when shown.
    """

    def __init__(self, problems: Sequence[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class WorkspaceError(UserError):
    """A workspace, or a name in it, cannot be used."""


class Damaged(WorkspaceError):
    """What is kept of a sweep cannot be read any more; nothing has been changed.

    Attributes:
        why: how that shows, without the place and the advice.
    """

    def __init__(self, message: str, why: str = "") -> None:
        self.why = why or message
        super().__init__(message)


class DiskFull(WorkspaceError):
    """There is no room to write what happened; everything before it is kept.

    The same can be written again once there is room.
    """

    exit_code = 1


class ResourceError(UserError):
    """What is asked for can never be had on this target."""


class ComputeTargetException(UserError):
    """A compute target cannot be made, found or used; the service's name for it."""

    @property
    def message(self) -> str:
        """What is wrong."""
        return str(self)


class IllegalEvent(SweepError):
    """An event arrived that the state of its run does not allow."""


class Diverged(SweepError):
    """Replaying a journal led to other decisions than it records."""


class TargetError(SweepError):
    """A compute target could not be brought up, or went away."""


class RunFailed(SweepError):
    """A run or a sweep that was waited for has failed."""


class SweepWarning(UserWarning):
    """What a user of the Python interface should know of something that is done nevertheless."""
