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

from sweep.compute import guard
from sweep.compute.slot import send_order, start_guard
from sweep.errors import TargetError

GOODBYE = 20.0
"""Seconds in which a guard must have ended everything below it."""


class HostProcess:
    """A running `sweep.compute.host`, and the pipes to it.

    Args:
        env: its whole environment.
        folder: its working directory, and where its log goes.

    Raises:
        TargetError: it cannot be started.
    """

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.log = folder / "host.log"
        self._buffer = b""
        self._guard = start_guard(Path(guard.__file__))
        self._words = self._guard.makefile("rb")
        theirs_in, self._in = os.pipe()
        self._out, theirs_out = os.pipe()
        with self.log.open("ab") as log:
            order = {
                "do": "start",
                "argv": [sys.executable, "-m", "sweep.compute.host"],
                "env": dict(env),
                "cwd": str(folder),
                "descriptors": 3,
            }
            send_order(self._guard, order, [theirs_in, theirs_out, log.fileno()])
        self._guard.setblocking(True)
        os.close(theirs_in)
        os.close(theirs_out)
        answer = json.loads(self._words.readline())
        if answer["event"] != "started":
            raise TargetError(f"the target host cannot be started: {answer['error']}")
        self._guard_pid: int = answer["guard"]

    def tell(self, **order: Any) -> None:
        """Give an order; if the host is gone, the next `hear` says so."""
        data = json.dumps(order).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._in, data) :]

    def hear(self, timeout: float) -> list[dict[str, Any]]:
        """Return what it says; wait up to `timeout` seconds for anything.

        Raises:
            TargetError: it is gone; the message is the last line of its log.
        """
        ready, _, _ = select.select([self._out], [], [], timeout)
        if not ready:
            return []
        data = os.read(self._out, 1 << 20)
        if not data:
            raise TargetError(f"the target host is gone{self.last_words()}")
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def last_words(self) -> str:
        """Return the last line of its log, and where the log is, as the end of a sentence."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        return f"{last} (its log: {self.log})"

    def members(self) -> list[int]:
        """Return the processes that live below its guard: the host, Ray, slots, runs."""
        return guard.descendants(self._guard_pid)

    def close(self) -> None:
        """End it; return when its last process is gone."""
        os.close(self._in)
        self._guard.settimeout(GOODBYE)
        with contextlib.suppress(OSError):
            send_order(self._guard, {"do": "stop", "grace": 0}, [])
            self._guard.settimeout(GOODBYE)
            self._words.readline()
        self._words.close()
        self._guard.close()
        os.close(self._out)
