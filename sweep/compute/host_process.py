"""The target host as a child of ours, under a guard: when it ends, all of Ray ends with it.

Ray's own processes overwrite their environment and outlive each other by seconds; the guard is
their subreaper, so it knows them all, and says when the last one is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweep.compute.guarded import Guarded
from sweep.errors import TargetError


class HostProcess(Guarded):
    """A running `sweep.compute.host`, and the pipes to it.

    Args:
        env: its whole environment.
        folder: its working directory, and where its log goes.

    Raises:
        TargetError: it cannot be started.
    """

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._buffer = b""
        command = [sys.executable, "-m", "sweep.compute.host"]
        super().__init__(command, env, folder, folder / "host.log", pipes=True)

    def tell(self, **order: Any) -> None:
        """Give an order; if the host is gone, the next `hear` says so."""
        data = json.dumps(order).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self.into, data) :]

    def hear(self, timeout: float) -> list[dict[str, Any]]:
        """Return what it says; wait up to `timeout` seconds for anything.

        Raises:
            TargetError: it is gone; the message is the last line of its log.
        """
        ready, _, _ = select.select([self.out], [], [], timeout)
        if not ready:
            return []
        data = os.read(self.out, 1 << 20)
        if not data:
            raise TargetError(f"the target host is gone{self.last_words()}")
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        # As one list: many small objects are read several times as fast.
        heard: list[dict[str, Any]] = json.loads(b"[%s]" % b",".join(lines))
        return heard
