"""Lives of an engine, each in a process of its own that may be killed in a write of its journal.

``python -m tests.reliability.driver``: one life a line, in JSON, on standard input; one answer a
line on standard output. Each life is a fork of a process that has imported everything, so that
hundreds of them take seconds.

In:  {"sweep": name, "slots": n, "path": database, "start_at": seconds, "write": n, "place": word}
Out: {"killed": bool, "writes": n, "seconds": s}; "writes" is 0 for a life that was killed
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.storage.journal import Journal
from tests.reliability.killing import KillingJournal
from tests.reliability.sweeps import curve, definition


def live(life: dict[str, Any]) -> int:
    """Work on a sweep until it is done, or this process is; return the number of writes."""
    swept = definition(life["sweep"], life["slots"])
    journal = KillingJournal(
        Path(life["path"]), swept.goal, life.get("write", 0), life.get("place", "after")
    )
    engine = engine_on(swept, journal, life.get("start_at", 0.0))
    if not engine.scheduler.done:
        assert engine.work() is SweepStatus.COMPLETED
    journal.close()
    return journal.writes


def engine_on(swept: SweepDefinition, journal: Journal, start_at: float = 0.0) -> Engine:
    """Return an engine for a sweep, on the target in virtual time."""
    return Engine(
        Scheduler(swept),
        Simulated(curve, swept.metric, swept.limits.concurrent, start_at=start_at),
        journal,
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
    )


def in_a_fork(life: dict[str, Any]) -> dict[str, Any]:
    """Let a child live a life; say how it ended."""
    out, theirs = os.pipe()
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(theirs, b"%d" % live(life))
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(theirs)
    with os.fdopen(out, "rb") as pipe:
        writes = int(pipe.read() or 0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), f"{life} ended with {code}"
    seconds = time.perf_counter() - started
    return {"killed": code != 0, "writes": writes, "seconds": seconds}


def warm_up(name: str) -> None:
    """Import here, and not in every fork, what a sweep imports only when it needs it."""
    with tempfile.TemporaryDirectory() as folder:
        live({"sweep": name, "slots": 1, "path": f"{folder}/sweep.db"})


def say(answer: dict[str, Any]) -> None:
    """Print an answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer until there is nothing more to live."""
    warm = set()
    for line in sys.stdin:
        life = json.loads(line)
        if life["sweep"] not in warm:
            warm_up(life["sweep"])
            warm.add(life["sweep"])
        say(in_a_fork(life))


if __name__ == "__main__":
    main()
