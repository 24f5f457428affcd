"""The guard of a slot: starts its runs and sees to it that nothing of them lives on.

``python -I -S guard.py FD [FOLDER...]``: FD is a Unix stream socket to the slot; both ends speak
one JSON object a line. In the end the folders are taken away. Standard library only; one thread.

* It detaches itself: a worker that exits in order kills its direct children.
* It is a child subreaper, so whatever a run leaves behind (daemons, double forks, other
  sessions) becomes its child. "Gone" is therefore exact: the kernel says that there is no
  child left, and only then is the end of a run announced.
* The end of the socket means that the slot is gone, by whatever death: the run is ended.
* If the guard itself is killed, the slot ends the run, by a mark that its processes carry. What
  is on a leash dies with its guard (parent death signal); that takes longer to start.

To the guard:   {"do": "start", "argv": [...], "env": {...}, "cwd": "..."} with one descriptor
                for all output, or, with "descriptors": 3, those for input, output and errors;
                "oom_score" is how soon the kernel takes its memory when there is none left;
                "leash": whether it dies with the guard;
                "warm": [modules] asks for a fork of a process that has imported these;
                {"do": "stop", "grace": seconds}
From the guard: {"event": "started", "pid": n, "guard": n}, {"event": "refused", "error": "..."},
                {"event": "ended", "code": n, "stopped": bool, "stop_seconds": s, "cpu_seconds": s,
                 "peak_memory": bytes}, {"event": "notice", "text": "..."}
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sweep.compute.warm import Warm

PR_SET_CHILD_SUBREAPER = 36
RETRY = 0.02
"""Seconds between two looks at what has not died yet."""
ORPHAN_GRACE = 1.0
"""Seconds a run is given when its slot has vanished."""
FILES = ("guard.py", "starts.py", "descent.py", "warm.py", "zygote.py")
"""What travels together."""
libc = ctypes.CDLL(None, use_errno=True)


def beside(name: str) -> Any:
    """Return the module in the file of this name that came with this one."""
    path = str(Path(__file__).with_name(f"{name}.py"))
    module = ModuleType(name)
    module.__file__ = path
    SourceFileLoader(name, path).exec_module(module)
    return module


if TYPE_CHECKING:
    from sweep.compute import descent, starts
else:  # it may have come without the rest of us
    descent, starts = beside("descent"), beside("starts")
descendants = descent.descendants


class Guard:
    """One slot's supervisor: at most one run at a time."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.buffer = b""
        self.descriptors: list[int] = []
        self.pid = 0
        """The first process of the run; 0 while there is none."""
        self.status: tuple[int, float, int] | None = None
        """Exit code, CPU seconds and peak memory of the first process once it has ended."""
        self.stop_asked: float | None = None
        self.stopped = False
        self.kill_at = float("inf")
        self.look_at = float("inf")
        self.orphaned = False
        self.warm: Warm | None = None  # made when the first run asks for it
        self.poll = select.poll()
        self.wakeup, wakeup_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakeup_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Work until the slot is gone and nothing of its run is left."""
        self.poll.register(self.wakeup, select.POLLIN)
        self.poll.register(self.channel, select.POLLIN)
        while not (self.orphaned and not self.pid):
            next_look = min(self.kill_at, self.look_at)
            wait = None if next_look == float("inf") else max(0.0, next_look - time.monotonic())
            for fd, _ in self.poll.poll(None if wait is None else wait * 1000 + 1):
                if fd == self.wakeup:
                    os.read(fd, 1 << 16)
                elif self.warm and fd != self.channel.fileno():
                    self.warm.hear()
                elif not self.listen():
                    self.poll.unregister(self.channel)
                    self.orphaned = True
                    self.stop(ORPHAN_GRACE)
            self.watch()

    def listen(self) -> bool:
        """Take what the slot has said; False when it is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self.channel, 1 << 16, 4)
        except OSError:
            return False
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # a run gets what it is meant to get, no more
        self.descriptors += descriptors
        self.buffer += data
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["do"] == "start":
                self.start(order)
            elif order["do"] == "stop":
                self.stop(order["grace"])
        return bool(data)

    def say(self, **message: object) -> None:
        """Tell the slot something, if it is still there."""
        with contextlib.suppress(OSError):
            self.channel.sendall(json.dumps(message).encode() + b"\n")

    # ---- start ------------------------------------------------------------------------

    def start(self, order: dict[str, Any]) -> None:
        """Start a run, and say whether that went well."""
        count = order.get("descriptors", 1)
        given, self.descriptors = self.descriptors[:count], self.descriptors[count:]
        if order.get("warm") is None:
            pid, error = self.spawn(order, given)
            self.begun(pid, error, given)
        else:
            self.warm = self.warm or beside("warm").Warm(self)
            self.warm.start(order, given)

    def spawn(self, order: dict[str, Any], given: list[int]) -> tuple[int, str]:
        """Start a process; return its id, and why it could not be started."""
        return starts.start(order, given)

    def begun(self, pid: int, error: str, given: list[int]) -> None:
        """Take note of a run's first process, and tell of it."""
        for descriptor in given:
            os.close(descriptor)
        self.pid, self.status, self.stopped, self.stop_asked = pid, None, False, None
        self.kill_at = self.look_at = float("inf")
        if error:
            self.pid = 0
            self.say(event="refused", error=error)
        else:
            self.say(event="started", pid=pid, guard=os.getpid())

    # ---- stop -------------------------------------------------------------------------

    def stop(self, grace: float) -> None:
        """Ask the run to end; after `grace` seconds make it."""
        now = time.monotonic()
        if self.warm and self.warm.cancel():
            self.stopped, self.stop_asked = True, now
            self.announce(now)
        if not self.pid:
            return
        if self.stop_asked is None:
            self.stop_asked = now
            self.reap()
            self.stopped = self.status is None
            if grace > 0:
                # The whole group at once: shells do not pass a signal on. Stopped processes
                # take it when they are continued.
                self.signal_group(signal.SIGTERM)
                self.signal_group(signal.SIGCONT)
                self.look_at = now + RETRY
        self.kill_at = min(self.kill_at, now + grace)

    def signal_group(self, number: int) -> None:
        """Signal the processes that have stayed in the run's own group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def watch(self) -> None:
        """Move a run that has ended, or is to end, towards its end."""
        if not self.pid:
            self.reap()
            return
        alone = self.reap()
        now = time.monotonic()
        if alone:
            self.announce(now)
            return
        if self.status is not None and self.stop_asked is None:
            self.kill_at = now  # the run is over; what it left behind goes at once
        if now >= self.kill_at:
            self.signal_group(signal.SIGKILL)
            self.signal_all(signal.SIGKILL)
            self.kill_at = now + RETRY
        elif now >= self.look_at:
            # Something outlives the first signal: members of other sessions may not have it.
            self.signal_all(signal.SIGTERM)
            self.look_at = float("inf")

    def signal_all(self, number: int) -> None:
        """Signal everything that descends from the run, wherever it has gone."""
        for pid in descendants(os.getpid(), self.warm.pid if self.warm else 0):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def reap(self) -> bool:
        """Bury the dead; True when no child is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return self.warm is not None and self.warm.is_alone()
            if self.warm and pid == self.warm.pid:
                self.warm.pid = 0
            if pid == self.pid:
                seconds = usage.ru_utime + usage.ru_stime
                code = os.waitstatus_to_exitcode(status)
                self.status = (code, seconds, usage.ru_maxrss * 1024)

    def announce(self, now: float) -> None:
        """Say that the run is over and that nothing of it is left."""
        code, seconds, peak = self.status or (-signal.SIGKILL, 0.0, 0)
        self.say(
            event="ended",
            code=code,
            stopped=self.stopped,
            stop_seconds=None if self.stop_asked is None else now - self.stop_asked,
            cpu_seconds=seconds,
            peak_memory=peak,
        )
        self.pid = 0
        self.kill_at = self.look_at = float("inf")


def main() -> None:
    """Detach, become a subreaper, serve."""
    if os.fork():
        os._exit(0)
    os.setsid()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # Ray blocks some, and runs would inherit that
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # what is caught, and not ignored, no run inherits
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    Guard(channel).serve()
    descent.clear(sys.argv[2:])


if __name__ == "__main__":
    main()
