"""Runs that do not want to end, under the guard that ends them."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from dataclasses import dataclass

from tests.compute.guards import Watched

GRACE = 0.5
"""Seconds between TERM and KILL."""
UP = "os.write(1, b'up'); time.sleep(1000)"
PREAMBLE = "import os, signal, time\n"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
RUNS = {
    "obeys": UP,
    "ignores TERM": DEAF + UP,
    "tight loop that ignores TERM": DEAF + "os.write(1, b'up')\nwhile True: pass",
    "double fork and setsid, all ignore TERM": DEAF
    + """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        UP
    os._exit(0)
time.sleep(1000)
""".replace("UP", UP),
    "300 children that ignore TERM": DEAF
    + """
out, into = os.pipe()
for _ in range(300):
    if os.fork() == 0:
        os.write(into, b"x")
        time.sleep(1000)
left = 300
while left:
    left -= len(os.read(out, left))
UP
""".replace("UP", UP),
    "stopped by SIGSTOP": UP,
}
"""What a run does, by name."""


@dataclass(frozen=True)
class Stop:
    """How a stop went.

    Attributes:
        seconds: from the order to the guard's word that all are gone.
        left: processes that were alive then; there must be none.
    """

    seconds: float
    left: list[int]


def stopped(name: str) -> Stop:
    """Start a run, have it stopped, and see what is left of it."""
    guard = Watched()
    try:
        answer = guard.python(PREAMBLE + textwrap.dedent(RUNS[name]))
        if "SIGSTOP" in name:
            os.kill(answer["pid"], signal.SIGSTOP)
        ended = guard.stop(GRACE)
        assert ended["stopped"]
        return Stop(ended["stop_seconds"], guard.left())
    finally:
        guard.close()


def orphaned(name: str) -> Stop:
    """Start a run, let its slot vanish, and wait until nothing is left of it."""
    guard = Watched()
    try:
        guard.python(PREAMBLE + textwrap.dedent(RUNS[name]))
        started = time.monotonic()
        guard.vanish()
        while (left := guard.left()) and time.monotonic() < started + 20:
            time.sleep(0.01)
        return Stop(time.monotonic() - started, left)
    finally:
        guard.close()
