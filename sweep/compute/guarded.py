"""A process of ours with all that it starts, under a guard: it ends whole, and we know when."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from sweep.compute import guard
from sweep.compute.guarding import send_order, start_guard
from sweep.errors import TargetError

GOODBYE = 20.0
"""Seconds in which a guard must have ended everything below it."""


class Guarded:
    """One process, started under a guard of its own.

    When we end, by whatever death, the guard ends it and everything that it has started.

    Args:
        argv: program and arguments.
        env: its whole environment.
        folder: its working directory.
        log: where its errors go, and its output where nobody listens to it.
        pipes: whether we write to its input (`into`) and read its output (`out`).

    Raises:
        TargetError: it cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        log: Path,
        *,
        pipes: bool = False,
    ) -> None:
        self.log = log
        self.into = self.out = -1
        self._guard = start_guard(Path(guard.__file__))
        self._words = self._guard.makefile("rb")
        order: dict[str, object] = {"do": "start", "argv": [*argv], "env": dict(env)}
        order |= {"cwd": str(folder), "leash": True}
        with log.open("ab") as errors:
            if pipes:
                theirs_in, self.into = os.pipe()
                self.out, theirs_out = os.pipe()
                given = [theirs_in, theirs_out, errors.fileno()]
                send_order(self._guard, {**order, "descriptors": 3}, given)
                os.close(theirs_in)
                os.close(theirs_out)
            else:
                send_order(self._guard, order, [errors.fileno()])
        self._guard.setblocking(True)
        answer = json.loads(self._words.readline())
        if answer["event"] != "started":
            self._let_go()
            raise TargetError(f"{argv[0]} cannot be started: {answer['error']}")
        self._guard_pid: int = answer["guard"]
        self.pid: int = answer["pid"]

    def last_words(self) -> str:
        """Return the last line of its log, and where the log is, as the end of a sentence."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        return f"{last} (its log: {self.log})"

    def members(self) -> list[int]:
        """Return the processes that live below its guard: itself and all that it has started."""
        return guard.descendants(self._guard_pid)

    def close(self, grace: float = 0) -> None:
        """End it, after `grace` seconds by force; return when its last process is gone."""
        if self.into >= 0:
            os.close(self.into)
            self.into = -1
        with contextlib.suppress(OSError):
            send_order(self._guard, {"do": "stop", "grace": grace}, [])
            self._guard.settimeout(grace + GOODBYE)
            self._words.readline()
        self._let_go()

    def _let_go(self) -> None:
        self._words.close()
        self._guard.close()
        for pipe in (self.into, self.out):
            if pipe >= 0:
                os.close(pipe)
