"""The target host as a child of ours, under a guard: when it ends, all of Ray ends with it.

Ray's own processes overwrite their environment and outlive each other by seconds; the guard is
their subreaper, so it knows them all, and says when the last one is gone.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweep.compute.guarded import Guarded
from sweep.errors import TargetError

LOG = "host.log"


class HostProcess(Guarded):
    """A running `sweep.compute.host`, and the pipes to it.

    Args:
        env: its whole environment.
        folder: its working directory.
        log: where its errors go, unless that is `host.log` in there.

    Raises:
        TargetError: it cannot be started.
    """

    command: Sequence[str] = (sys.executable, "-m", "sweep.compute.host")

    def __init__(self, env: Mapping[str, str], folder: Path, log: Path | None = None) -> None:
        self._buffer = b""
        self._unsent: deque[bytes] = deque()
        super().__init__(self.command, env, folder, log or folder / LOG, pipes=True)
        os.set_blocking(self.into, False)

    def settle(self, folder: Path) -> None:
        """Let it go on in another folder; before it is told anything else."""
        self.log = folder / LOG
        self.log.touch()
        self.tell(do="settle", folder=str(folder), log=str(self.log))

    def tell(self, **order: Any) -> None:
        """Give an order; if the host is gone, the next `hear` says so.

        Never waits: the host may be waiting for us to hear it.
        """
        self._unsent.append(json.dumps(order).encode() + b"\n")
        self._send()

    def _send(self) -> None:
        """Write what the pipe takes."""
        try:
            while self._unsent:
                data = self._unsent.popleft()
                if rest := data[os.write(self.into, data) :]:
                    self._unsent.appendleft(rest)
        except BlockingIOError:
            self._unsent.appendleft(data)
        except BrokenPipeError:
            self._unsent.clear()

    def hear(self, timeout: float) -> list[dict[str, Any]]:
        """Return what it says; wait up to `timeout` seconds for anything.

        Raises:
            TargetError: it is gone; the message is the last line of its log.
        """
        until = time.monotonic() + timeout
        while True:
            into = [self.into] if self._unsent else []
            wait = max(0.0, until - time.monotonic())
            ready, room, _ = select.select([self.out], into, [], wait)
            if room:
                self._send()
            if ready:
                break
            if not room:
                return []
        data = os.read(self.out, 1 << 20)
        if not data:
            raise TargetError(f"the target host is gone{self.last_words()}")
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        # As one list: many small objects are read several times as fast.
        heard: list[dict[str, Any]] = json.loads(b"[%s]" % b",".join(lines))
        return heard
