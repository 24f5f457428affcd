"""Targets on a pool, for tests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sweep.compute.pool import Pool
from sweep.compute.ray_target import RayTarget
from sweep.compute.renewal import target_on
from sweep.compute.target import (
    Message,
    RunEnded,
    RunLost,
    RunStarted,
    SlotsAre,
)
from sweep.lease import holder
from tests.compute.orders import EACH, order

PATIENCE = 100.0
"""Seconds in which anything on a pool must have happened: the machine may be busy."""
FOREVER = "import time; time.sleep(1000)"


class User:
    """One sweep on a pool: its target, and all that it has said."""

    def __init__(self, pool: Pool, folder: Path, wanted: int) -> None:
        self.pool = pool
        self.folder = folder
        self.target = target_on(pool, partial(RayTarget, EACH, folder / "ray", cluster=pool))
        self.heard: list[Message] = []
        self.slots = 0
        self.target.open(wanted)

    def listen(self) -> None:
        for message in self.target.poll(0.1):
            self.heard.append(message)
            if isinstance(message, SlotsAre):
                self.slots = message.slots

    def until(self, done: Callable[[], Any], *others: User) -> Any:
        """Listen, and let others listen, until something is so; return it."""
        deadline = time.monotonic() + PATIENCE
        while not (found := done()):
            assert time.monotonic() < deadline, (self.pool.status(), self.heard)
            for user in (self, *others):
                user.listen()
        return found

    def launch(self, run: int, code: str = FOREVER, attempt: int = 1) -> None:
        self.target.launch(order(self.folder, run, code, attempt))

    def of(self, kind: type[Message]) -> dict[int, Any]:
        """Return the messages of a kind by run."""
        return {m.run: m for m in self.heard if isinstance(m, kind)}  # type: ignore[union-attr]

    def start(self, *runs: int) -> dict[int, RunStarted]:
        for run in runs:
            self.launch(run)
        self.until(lambda: self.of(RunStarted).keys() >= set(runs))
        return self.of(RunStarted)

    def end(self, *runs: int) -> None:
        for run in runs:
            self.target.stop(run, 1, 0)
        self.until(lambda: self.of(RunEnded).keys() >= set(runs))

    def lost(self, *others: User) -> RunLost:
        return self.until(lambda: next(iter(self.of(RunLost).values()), None), *others)


@contextlib.contextmanager
def using(pool: Pool, folder: Path, wanted: int) -> Iterator[User]:
    """A sweep on a pool, which is gone in the end."""
    user = User(pool, folder, wanted)
    try:
        yield user
    finally:
        user.target.close()


def await_nodes(pool: Pool, count: int, *users: User) -> float:
    """Wait until there are so many nodes; return after how many seconds."""
    began = time.monotonic()
    while pool.status()["current_node_count"] != count:
        assert time.monotonic() < began + PATIENCE, pool.status()
        for user in users:
            user.listen()
        time.sleep(0.05)
    return time.monotonic() - began


def await_no_keeper(pool: Pool) -> None:
    until = time.monotonic() + PATIENCE
    while holder(pool.files.lock) is not None:
        assert time.monotonic() < until, pool.files.log.read_text()
        time.sleep(0.05)


def states(pool: Pool) -> list[str]:
    return sorted(node["state"] for node in pool.status()["nodes"])
