"""Sweeps whose story is told by a test and kept as the engine keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from policies import EarlyTerminationPolicy, Goal, NoTerminationPolicy
from samplers import GridParameterSampling, choice
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import Event, Opened, SlotsChanged
from sweep.core.scheduler import Scheduler
from sweep.storage.journal import Batch, SqliteJournal


def definition(goal: Goal, runs: int, policy: EarlyTerminationPolicy | None) -> SweepDefinition:
    return SweepDefinition(
        GridParameterSampling({"x": choice(*range(max(9, runs)))}),
        "accuracy",
        goal,
        Limits(runs, concurrent=9),
        policy or NoTerminationPolicy(),
    )


class Story:
    """A sweep with a journal; each telling is one batch."""

    def __init__(
        self,
        path: Path,
        *,
        goal: Goal = Goal.MAXIMIZE,
        runs: int = 4,
        policy: EarlyTerminationPolicy | None = None,
    ) -> None:
        self.path = path
        defined = definition(goal, runs, policy)
        self.scheduler = Scheduler(defined)
        self.journal = SqliteJournal(path, goal)
        self.journal.write(Batch(sweep={"definition": defined.to_wire()}))

    def begin(self, slots: int = 4) -> None:
        self.tell(Opened(100), SlotsChanged(100, slots))

    def tell(self, *events: Event, **more: Any) -> None:
        batch = Batch(**more)
        for event in events:
            commands = self.scheduler.handle(event)
            batch.entries.append((event, commands))
            for each in (event, *commands):
                run = getattr(each, "run", None)
                if run is not None:
                    batch.records[run] = self.scheduler.runs[run]
                    batch.bests[run] = self.scheduler.board.best(run)
        self.journal.write(batch)

    def close(self) -> None:
        self.journal.close()
