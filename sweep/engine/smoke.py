"""One run of a sweep, where its runs will execute, to its first reports of the primary metric."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from samplers import Configuration
from sweep.compute.outputs import size_of
from sweep.core.definition import SweepDefinition
from sweep.core.events import Reported, Started
from sweep.engine.ancestors import NOBODY
from sweep.engine.open import OpenSweep
from sweep.engine.submit import Submission, create
from sweep.storage.journal import Batch
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

START_SECONDS = 120.0
"""Longest time until a target has begun with it."""
PATIENCE = 2.0
"""Seconds for which a second report is waited for, or as long as the first has taken."""


@dataclass(slots=True)
class Smoke:
    """What has come of the run.

    Attributes:
        configuration: its hyperparameters.
        values: of the primary metric, as far as they were waited for.
        times: seconds from its start to each of them.
        ended: how it has ended by itself, "Completed" or "Failed"; empty where it was ended.
        reason: why it has failed.
        tail: what it has printed last.
        logged: names of what it has logged besides.
        size: bytes in its folder at the end.
        seconds: that the smoke run has taken in all.
    """

    configuration: Configuration = field(default_factory=dict)
    values: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    ended: str = ""
    reason: str = ""
    tail: str = ""
    logged: list[str] = field(default_factory=list)
    size: int = 0
    seconds: float = 0.0

    @property
    def first(self) -> float | None:
        """Seconds from a run's start to its first report; None where there was none."""
        return self.times[0] if self.times else None

    @property
    def interval(self) -> float | None:
        """Seconds from one report to the next; None where there was no second one."""
        return self.times[-1] - self.times[-2] if len(self.times) > 1 else None


class _Enough(Exception):
    """What was to be known is known."""


class _Watch:
    """Follows the one run, and says when it is enough."""

    def __init__(self, smoke: Smoke, seconds: float) -> None:
        self._smoke, self._seconds = smoke, seconds
        self._until = time.monotonic() + START_SECONDS
        self._started: float | None = None
        self._second_until = 0.0

    def __call__(self, batch: Batch) -> None:
        """Look at what has happened.

        Raises:
            _Enough: it is all that is needed, or time is over.
        """
        smoke = self._smoke
        for event, _ in batch.entries:
            if isinstance(event, Started):
                self._started, self._until = event.at, time.monotonic() + self._seconds
                smoke.times.clear()
                smoke.values.clear()
            elif isinstance(event, Reported) and self._started is not None:
                smoke.times.append(event.at - self._started)
                smoke.values.append(event.value)
                if len(smoke.times) == 1:
                    wait = max(PATIENCE, event.at - self._started)
                    self._second_until = min(self._until, time.monotonic() + wait)
        now = time.monotonic()
        if len(smoke.times) > 1 or now > self._until or (smoke.times and now > self._second_until):
            raise _Enough


def smoke(workspace: WorkspaceFolder, submission: Submission, seconds: float) -> Smoke:
    """Let the first run of a sweep go until its second report, or as far as it comes.

    Args:
        workspace: for this alone; what is left in it can go.
        submission: of the sweep.
        seconds: longest time for it, from its start.

    Raises:
        SweepError: it could not be tried.
    """
    limits = replace(submission.definition.limits, runs=1, concurrent=1, consecutive_failures=None)
    whole = submission.definition
    one = SweepDefinition(whole.sampling, whole.metric, whole.goal, limits)  # and no policy
    begun = time.monotonic()
    found = Smoke()
    folder = create(
        workspace,
        replace(submission, definition=one, ancestors=NOBODY, sweep_id="", hdconfig=None),
        lambda _: None,
    )
    with OpenSweep(folder) as opened:
        opened.engine.on_round = _Watch(found, seconds)
        enough = False
        try:
            opened.engine.work()
        except _Enough:
            enough = True
    _read(found, folder, enough=enough)
    found.seconds = time.monotonic() - begun
    return found


def _read(found: Smoke, folder: SweepFolder, *, enough: bool) -> None:
    with SweepReader(folder.database) as reader:
        row = reader.run(0)
        found.logged = reader.metric_names()
    if row is None:
        return
    found.configuration = row.configuration
    found.size = size_of(folder.run_folder(0, row.attempt), whole=True)
    if not enough:
        found.ended, found.reason = row.status, row.reason
        found.tail = str(row.facts.get("tail") or "")
