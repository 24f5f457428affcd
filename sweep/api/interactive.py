"""A run that is logged from Python as it goes: `Experiment.start_logging`."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policies import Goal
from sweep.compute.target import Message, RunEnded, RunOrder, RunSaid, RunStarted, SlotsAre
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.core.single import Single
from sweep.engine.engine import Engine
from sweep.engine.submit import keep
from sweep.script.run import Run
from sweep.storage.journal import SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.workspace import WorkspaceFolder


class Here:
    """A target with one slot: this very process, which says itself what happens."""

    def __init__(self) -> None:
        self._said: list[Message] = []

    def now(self) -> float:
        """Return the time of this machine."""
        return time.time()

    def open(self, slots: int) -> None:
        """Have one slot."""
        self._said.append(SlotsAre(min(1, slots)))

    def launch(self, order: RunOrder) -> None:
        """Say that the run goes on: it does already."""
        self._said.append(RunStarted(order.run, order.attempt))

    def stop(self, run: int, attempt: int, grace: float) -> None:  # noqa: ARG002 - nothing runs
        """Say that it is over."""
        self._said.append(RunEnded(run, attempt, None, stopped=True))

    def quarantine(self, node: str) -> None:
        """Nothing: there is no other node."""

    def release(self, node: str) -> None:
        """Nothing: there is no other node."""

    def say(self, message: Message) -> None:
        """Let something happen."""
        self._said.append(message)

    def poll(self, timeout: float) -> Sequence[Message]:  # noqa: ARG002 - never waits
        """Return what has happened."""
        said, self._said = self._said, []
        return said

    def close(self) -> None:
        """There is nothing to end."""


class InteractiveRun(Run):
    """A run that ends when it is told to, or with the block that holds it.

    Args:
        workspace: where it is kept.
        experiment: the experiment it belongs to.
    """

    def __init__(self, workspace: WorkspaceFolder, experiment: str) -> None:
        definition = SweepDefinition(Single(), "", Goal.MAXIMIZE, Limits(runs=1, concurrent=1))
        about = {
            "template": {"interactive": True},
            "resources": {"cpus": 0, "gpus": 0, "cpus_per_run": 1, "gpus_per_run": 0},
            "grace": 0.0,
            "source": str(Path.cwd()),
            "snapshot": {"id": "", "files": 0, "size": 0},
        }
        kept = keep(workspace, definition, experiment, about)
        self._lock = Lock(kept.lock)
        self._journal = SqliteJournal(kept.database, definition.goal)
        self._here = Here()
        self._scheduler = Scheduler(definition)
        self._engine = Engine(
            self._scheduler,
            self._here,
            self._journal,
            lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
        )
        self._one_at_a_time = threading.Lock()
        self._engine.begin()
        self._engine.round()
        self._engine.round()
        folder = kept.run_folder(0)
        for name in ("outputs", "logs"):
            (folder / name).mkdir(parents=True)
        super().__init__(self, kept.run_id(0), folder=str(folder))

    def send(self, message: dict[str, Any]) -> None:
        """Keep one message; when this returns, it is kept."""
        self._happens(RunSaid(0, 1, message))

    def stopped(self) -> bool:
        """Nobody else ends it."""
        return False

    def complete(self) -> None:
        """End the run: it is completed."""
        self._end("")

    def fail(self, error_details: Any = None, error_code: Any = None) -> None:
        """End the run: it has failed."""
        self._end(str(error_details or error_code or "failed"))

    def get_status(self) -> str:
        """Return HyperDrive's word for its state."""
        return self._scheduler.runs[0].state.value

    def __exit__(self, *raised: object) -> None:
        """End the run: it has failed if the block has."""
        error = raised[1]
        self._end("" if error is None else f"{type(error).__name__}: {error}")

    def _happens(self, message: Message) -> None:
        with self._one_at_a_time:
            self._here.say(message)
            self._engine.round()

    def _end(self, error: str) -> None:
        if self._scheduler.done:
            return
        self._happens(RunEnded(0, 1, None if error else 0, error=error))
        self._journal.close()
        self._lock.close()
