"""A target host that is started before it is known whether it is needed.

It loads Ray, which takes half a second, while the command on whose behalf it is there loads and
reads all the rest. Nobody has to take it: it ends when we do.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from threading import Thread

from sweep.compute.host_process import HostProcess
from sweep.compute.ray_environment import host_environment
from sweep.errors import TargetError


class Standby(Thread):
    """Starts a host, in the background."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.host: HostProcess | None = None
        self.start()

    def run(self) -> None:
        """Start it; where that fails, it fails again, and with a message, when it is needed."""
        with contextlib.suppress(TargetError, OSError):
            self.host = HostProcess(host_environment(), Path("/"), Path(os.devnull))


_ahead: list[Standby] = []


def begin() -> None:
    """Start a host ahead."""
    _ahead.append(Standby())


def host_in(folder: Path) -> HostProcess:
    """Return a host that works in a folder: the one that was started ahead, or a new one.

    Raises:
        TargetError: it cannot be started.
    """
    host = _taken()
    if host is None:
        return HostProcess(host_environment(), folder)
    host.settle(folder)
    return host


def dismiss() -> None:
    """End what was started ahead: the host that is needed is on another machine."""
    if (host := _taken()) is not None:
        host.close()


def _taken() -> HostProcess | None:
    if not _ahead:
        return None
    ahead = _ahead.pop()
    ahead.join()
    return ahead.host
