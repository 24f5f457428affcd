"""What other policies would have done on the runs of a sweep, or on curves from a file."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from policies import EarlyTerminationPolicy, Goal, NoTerminationPolicy, Verdict
from sweep.core.definition import SweepDefinition
from sweep.errors import UserError
from sweep.storage.reader import SweepReader
from sweep.view.recorded import Recording, play

USUAL = {"evaluation_interval": 1, "delay_evaluation": 0, "exclude_finished_jobs": False}
"""Settings of policies that go without saying."""


@dataclass(frozen=True, slots=True)
class Past:
    """Recorded runs, and how they were run.

    Attributes:
        recordings: in the order of their launch.
        goal: which direction is better.
        slots: how many at one time.
        cut_short: how many were stopped in their time: what they would have come to is not known.
        name: of the sweep or the file.
        metric: what the values are.
    """

    recordings: list[Recording]
    goal: Goal
    slots: int
    cut_short: int = 0
    name: str = ""
    metric: str = "value"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one policy would have done.

    Attributes:
        policy: which.
        stopped: the verdict on each run that it would have stopped, by its number.
        reports: how many would have been made, and of how many.
        seconds: how long it would have taken, and how long without a policy.
        best: the number and the best value of the best run then; None: no finite value.
        winner: the same of the best of all, without a policy.
    """

    policy: EarlyTerminationPolicy
    stopped: dict[int, Verdict]
    reports: tuple[int, int]
    seconds: tuple[float, float]
    best: tuple[int, float] | None
    winner: tuple[int, float] | None

    @property
    def kind(self) -> str:
        """The policy's name without its settings."""
        name = str(self.policy.to_wire()["name"])
        return "none" if name == "Default" else name

    @property
    def words(self) -> str:
        """Its settings that are not the usual ones."""
        said = self.policy.to_wire().get("properties", {}).items()
        return ", ".join(f"{key}={value}" for key, value in said if USUAL.get(key) != value)

    @property
    def name(self) -> str:
        """The policy, as a table says it."""
        return f"{self.kind} ({self.words})" if self.words else self.kind

    def ends(self, one: Recording) -> int:
        """Return after which report a run would have ended."""
        return self.stopped[one.number].interval if one.number in self.stopped else len(one.values)

    @property
    def lost(self) -> bool:
        """Whether the best value would not have been reached."""
        return self.best != self.winner and (
            self.best is None or self.winner is None or self.best[1] != self.winner[1]
        )


def of_sweep(reader: SweepReader, name: str = "") -> Past:
    """Return the runs of a sweep, called so, that have reported, with their times.

    Raises:
        UserError: none has.
    """
    definition = SweepDefinition.from_wire(reader.get("definition"))
    rows = sorted(reader.runs(), key=lambda row: (row.launched_at or math.inf, row.number))
    recordings = []
    for row in rows:
        reports = reader.reports(row.number)
        if reports:
            begin = row.started_at or row.launched_at or reports[0][0]
            times = [begin, *(at for at, _ in reports)]
            seconds = [max(0.0, later - sooner) for sooner, later in pairwise(times)]
            recordings.append(Recording(row.number, [value for _, value in reports], seconds))
    if not recordings:
        raise UserError("no run of this sweep has reported its primary metric")
    cut = sum(row.verdict is not None for row in rows)
    slots = definition.limits.concurrent
    return Past(recordings, definition.goal, slots, cut, name, definition.metric)


def of_file(path: Path, goal: Goal, slots: int) -> Past:
    """Return the runs in a CSV file with the columns run and value, and seconds if known.

    Args:
        path: a line a report, in order; `seconds` are those since the run's report before.
        goal: which direction is better.
        slots: how many at one time.

    Raises:
        UserError: it is no such file.
    """
    values: dict[int, list[float]] = {}
    seconds: dict[int, list[float]] = {}
    with path.open(newline="", encoding="utf-8-sig") as lines:
        table = csv.DictReader(lines)
        try:
            missing = {"run", "value"} - set(table.fieldnames or ())
            if missing:
                raise UserError(f"{path}: expected the columns run and value: no {min(missing)!r}")
            for row in table:
                run = int(row["run"])
                values.setdefault(run, []).append(float(row["value"]))
                seconds.setdefault(run, []).append(_seconds(row.get("seconds")))
        except UnicodeDecodeError:
            raise UserError(f"{path}: expected a CSV file: it is not text") from None
        except (ValueError, TypeError, csv.Error) as error:
            raise UserError(f"{path}:{table.line_num}: expected numbers: {error}") from None
    if not values:
        raise UserError(f"{path}: there is no report in it")
    recordings = [Recording(run, values[run], seconds[run]) for run in values]
    return Past(recordings, goal, slots, name=path.name)


def outcomes(past: Past, policies: Sequence[EarlyTerminationPolicy]) -> list[Outcome]:
    """Play the past again under each policy."""
    whole = play(past.recordings, NoTerminationPolicy(), past.goal, past.slots)
    winner, made = _best(past, whole.reports), sum(whole.reports.values())
    found = []
    for policy in policies:
        played = play(past.recordings, policy, past.goal, past.slots)
        found.append(
            Outcome(
                policy,
                played.stopped,
                (sum(played.reports.values()), made),
                (played.seconds, whole.seconds),
                _best(past, played.reports),
                winner,
            )
        )
    return found


def as_json(one: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON."""
    return {
        "policy": one.policy.to_wire(),
        "stopped": {
            str(run): {"interval": verdict.interval, "reason": verdict.reason}
            for run, verdict in one.stopped.items()
        },
        "reports": one.reports[0],
        "reports_without_policy": one.reports[1],
        "seconds": one.seconds[0],
        "seconds_without_policy": one.seconds[1],
        "best": _run(one.best),
        "best_without_policy": _run(one.winner),
        "winner_lost": one.lost,
    }


def _run(best: tuple[int, float] | None) -> dict[str, Any] | None:
    return None if best is None else {"run": best[0], "value": best[1]}


def _best(past: Past, reports: Mapping[int, int]) -> tuple[int, float] | None:
    """Return the best run by the reports that it has made; of equal ones the older."""
    found: tuple[int, float] | None = None
    for one in past.recordings:
        for value in one.values[: reports[one.number]]:
            if math.isfinite(value) and (
                found is None or past.goal.score(value) > past.goal.score(found[1])
            ):
                found = one.number, value
    return found


def _seconds(text: str | None) -> float:
    if not text:
        return 1.0
    seconds = float(text)
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"seconds cannot be {text}")
    return seconds
