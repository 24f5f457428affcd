"""Arguments that are earlier runs or sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sweep.errors import ConfigError

R = TypeVar("R")


def runs_given(given: R | Sequence[R] | None, kind: type[R], name: str) -> list[R]:
    """Return the runs that an argument holds: one, a list of them, or None for none.

    Raises:
        ConfigError: it holds something else.
    """
    runs = [] if given is None else [given] if isinstance(given, kind) else given
    if not isinstance(runs, (list, tuple)) or not all(isinstance(run, kind) for run in runs):
        raise ConfigError(f"{name}: expected a {kind.__name__} or a list of them, got {given!r}")
    return list(runs)
