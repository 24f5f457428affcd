"""A sweep as lines of text: what happened since the last look, read from its journal."""

from __future__ import annotations

from collections.abc import Iterator

from policies import Goal
from sweep.core.commands import Command, Finish, Launch
from sweep.core.events import Completed, Event, Failed, Lost, Opened, SlotsChanged, Stopped
from sweep.core.words import configuration_text, counted, duration, number, one_line
from sweep.storage.reader import RunRow, SweepReader

STARTING_HERE = "starting Ray on this machine"
STARTING_THERE = "starting the compute target"


class Feed:
    """Tells a sweep's story line by line.

    Args:
        reader: the sweep.
        after: leave out the story up to this entry of the journal.
    """

    def __init__(self, reader: SweepReader, after: int = 0) -> None:
        self._reader = reader
        self._seen = after
        self._slots = -1
        told = reader.notices() if after else []
        self._noticed = told[-1][0] if told else 0
        self._goal: Goal = reader.goal
        best = reader.ranked(1) if after else []
        self._best: float | None = best[0].best if best else None
        self._live = {row.number for row in reader.live()} if after else set()
        self._start: float | None = None

    def lines(self) -> Iterator[str]:
        """Yield what is new."""
        for seen, event, commands in self._reader.entries(self._seen):
            self._seen = seen
            if self._start is None:
                self._start = event.at
            if isinstance(event, Completed | Failed | Stopped | Lost):
                self._live.discard(event.run)
            for text in (*self._event(event), *self._commands(commands)):
                yield f"{duration(event.at - self._start):>10}  {text}"
        for noticed, _, _, text in self._reader.notices(self._noticed):
            self._noticed = noticed
            yield f"{'note':>10}  {one_line(text)}"

    def _event(self, event: Event) -> Iterator[str]:
        match event:
            case Opened():
                self._slots = -1
                yield STARTING_HERE if self._reader.get("cluster") is None else STARTING_THERE
            case SlotsChanged(_, slots) if slots != self._slots:
                self._slots = slots
                yield f"{counted(slots, 'slot')} ready"
            case Completed(_, run):
                yield f"run {run} completed{self._result(run)}"
            case Stopped(_, run):
                row = self._reader.run(run)
                yield f"run {run} stopped: {one_line(row.reason) if row else ''}"
            case Failed(_, run, error):
                yield f"run {run} failed: {one_line(error)}"
            case Lost(_, run, reason):
                yield f"run {run} lost: {one_line(reason)}"

    def _commands(self, commands: list[Command]) -> Iterator[str]:
        for command in commands:
            match command:
                case Launch(run, attempt, configuration):
                    self._live.add(run)
                    again = f" (attempt {attempt})" if attempt > 1 else ""
                    values = configuration_text(configuration)
                    yield f"run {run} launched{again}  {values}".rstrip()
                case Finish(status, reason):
                    yield f"sweep {status.value}{': ' + one_line(reason) if reason else ''}"

    def _result(self, number_: int) -> str:
        row = self._reader.run(number_)
        if row is None or row.best is None:
            return ""
        new_best = self._is_best(row)
        star = "  ★ best so far" if new_best else ""
        return f"  best {number(row.best)} of {counted(row.reports, 'report')}{star}"

    def _is_best(self, row: RunRow) -> bool:
        assert row.best is not None
        score = self._goal.score
        if self._best is not None and score(row.best) <= score(self._best):
            return False
        self._best = row.best
        if not self._live:
            return True
        # By their numbers, not by looking through all runs: there may be a hundred thousand.
        live = f"number IN ({', '.join(map(str, self._live))})"
        running = self._reader.ranked(1, f"status IN ('Running', 'CancelRequested') AND {live}")
        return not any(r.best is not None and score(r.best) > score(row.best) for r in running)
