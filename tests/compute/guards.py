"""A guard at work, as the slot sees it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sweep.compute import guard
from sweep.compute.execution import OOM_SCORE
from sweep.compute.guarding import send_order, start_guard
from sweep.compute.processes import end_marked, marked

MARK = "SWEEP_RUN_ID"


class Watched:
    """A guard, the pipe its run writes to, and the mark of everything below it."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(8)
        self.socket = start_guard(Path(guard.__file__))
        self.socket.settimeout(20)
        self._lines = self.socket.makefile("rb")
        self.output = -1
        self.leash = False

    def start(
        self,
        argv: Sequence[str],
        cwd: str = "/",
        warm: Sequence[str] | None = None,
        **env: str,
    ) -> dict[str, Any]:
        """Order a run; return the guard's answer."""
        self.order(argv, cwd, warm, **env)
        return self.hear()

    def order(self, argv: Sequence[str], cwd: str, warm: Sequence[str] | None, **env: str) -> None:
        """Order a run."""
        self.output, theirs = os.pipe()
        everything = {"PATH": os.environ["PATH"], MARK: self.mark, **env}
        order: dict[str, Any] = {"do": "start", "argv": list(argv), "env": everything, "cwd": cwd}
        order |= {"oom_score": OOM_SCORE, "warm": warm, "leash": self.leash}
        send_order(self.socket, order, [theirs])
        self.socket.settimeout(20)
        os.close(theirs)

    def python(self, code: str, *arguments: str) -> dict[str, Any]:
        """Order a run of Python code; return once it has said something."""
        answer = self.start([sys.executable, "-S", "-c", code, *arguments])
        assert answer["event"] == "started"
        assert self.said()
        return answer

    def said(self) -> bytes:
        """Return what the run has written; wait for it to write, or to be gone."""
        return os.read(self.output, 65536)

    def everything(self) -> str:
        """Return all that the run has written; wait until nobody can write any more."""
        return b"".join(iter(self.said, b"")).decode()

    def stop(self, grace: float) -> dict[str, Any]:
        """Have the run ended; return how it ended."""
        send_order(self.socket, {"do": "stop", "grace": grace}, [])
        self.socket.settimeout(20)
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Return the guard's next word."""
        said: dict[str, Any] = json.loads(self._lines.readline())
        return said

    def left(self) -> list[int]:
        """Return the processes of its runs that are alive."""
        return marked(MARK, self.mark)

    def vanish(self) -> None:
        """Do what a killed slot does: let go of everything at once."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self.socket.close()

    def close(self) -> None:
        """Leave nothing behind, whatever has happened."""
        self._lines.close()
        self.socket.close()
        end_marked(MARK, self.mark)


def parent_of(pid: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
