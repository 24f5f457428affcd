"""Configurations that are each run several times: who runs next, and what a sampler is told.

A configuration's value is the mean of the best values of its runs. A run that has reported, but
never a finite number, makes it no value at all; a run that has not reported leaves it as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from samplers import Configuration, Sampling, dice
from sweep.core.lineup import Lineup, Outcome
from sweep.core.run import TERMINAL, RunRecord, RunState

STREAM = "\0replicate"
"""The stream of dice that the seeds of replicates come from; no parameter can be called so."""

Place = tuple[int, int]
"""Of a run: the number of its configuration, and which of its replicates it is, both from 0."""


def seed_of(seed: int | None, place: Place) -> int:
    """Return the seed of a run: the same for one replicate of every configuration.

    So configurations differ by what they are, and not by their luck.
    """
    return dice.bits(seed or 0, place[1], STREAM) >> 22  # 31 bits: any library takes them


def mean_of(values: Iterable[float | None]) -> float | None:
    """Return the value of a configuration: None for none.

    Args:
        values: of its runs; None for one that has not reported, NaN for one that has reported no
            finite number.
    """
    known = [value for value in values if value is not None]
    return fmean(known) if known and all(map(math.isfinite, known)) else None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What the runs of one configuration come to.

    Attributes:
        number: of the configuration.
        runs: their numbers.
        value: the mean of their best values; None for none.
        deviation: the standard deviation of these; None for fewer than two.
    """

    number: int
    runs: tuple[int, ...]
    value: float | None
    deviation: float | None


def aggregated(runs: Iterable[tuple[int, int, float | None]]) -> dict[int, Aggregate]:
    """Return what the configurations come to, by their numbers.

    Args:
        runs: configuration, run, and value as for `mean_of`.
    """
    members: dict[int, list[tuple[int, float | None]]] = {}
    for configuration, run, value in runs:
        members.setdefault(configuration, []).append((run, value))
    found = {}
    for configuration, pairs in members.items():
        known = [value for _, value in pairs if value is not None]
        mean = mean_of(known)
        deviation = stdev(known) if mean is not None and len(known) > 1 else None
        numbers = tuple(run for run, _ in pairs)
        found[configuration] = Aggregate(configuration, numbers, mean, deviation)
    return found


class Replicated(Lineup):
    """The lineup of a sweep that runs each configuration several times, one after the other.

    A configuration is begun only if there is room for all of its runs. When one of them ends
    otherwise than completed, or is told to, no more of them are launched.

    Args:
        sampling, most, given: see `Lineup`; `most` counts runs, `given` configurations.
        each: how many runs a configuration has.
    """

    def __init__(
        self, sampling: Sampling, most: int, given: Sequence[Configuration], each: int
    ) -> None:
        super().__init__(sampling, most, given)
        self._each = each
        self._members: list[list[RunRecord]] = []
        self._losses: dict[int, float | None] = {}

    @property
    def spent(self) -> bool:
        """Whether there will be no other run."""
        if self._waiting or self._is_open():
            return False
        return self._exhausted or len(self.runs) + min(self._each, self._most) > self._most

    def next(self) -> RunRecord | None:
        """Return the run to launch next; None when there is none."""
        if self._waiting:
            return super().next()
        number = len(self.runs)
        if not self._is_open():
            place = len(self._members)
            configuration = None if self.spent else self._ask(number, place)
            if configuration is None:
                self._exhausted = True
                return None
            self._pending[place] = configuration
            self._members.append([])
        place, group = len(self._members) - 1, self._members[-1]
        configuration = self._pending[place]
        record = self.runs[number] = RunRecord(number, configuration, place=(place, len(group)))
        group.append(record)
        return record

    def conclude(self, record: RunRecord, outcome: Outcome) -> None:
        """Teach the sampler the outcome of a configuration whose runs are all over."""
        place = _configuration(record)
        self._losses[record.number] = _known(record, outcome[0])
        if self._is_over(place):
            self.learn(record.configuration, self._outcome(place))
            self._pending.pop(place, None)

    def redefine(
        self,
        sampling: Sampling,
        most: int,
        outcomes: Mapping[int, Outcome],
        *,
        otherwise: bool = False,
    ) -> None:
        """Go on with another sampling, which learns what is known; see `Lineup`."""
        super().redefine(sampling, most, {}, otherwise=otherwise)
        self._losses = {n: _known(self.runs[n], loss) for n, (loss, _) in outcomes.items()}
        for place, group in enumerate(self._members):
            if self._is_over(place):
                self.learn(group[0].configuration, self._outcome(place))

    def again(self, record: RunRecord) -> None:
        """Let a run that is over run once more."""
        self._pending[_configuration(record)] = record.configuration
        self._losses.pop(record.number, None)
        self.wait(record)

    def _proposed(self) -> list[Configuration]:
        return [group[0].configuration for group in self._members]

    def _is_open(self) -> bool:
        """Tell whether the latest configuration has runs that are still to be launched."""
        if not self._members or len(self.runs) >= self._most:
            return False
        group = self._members[-1]
        return len(group) < self._each and not any(map(_has_ended_early, group))

    def _is_over(self, place: int) -> bool:
        group = self._members[place]
        if place == len(self._members) - 1 and self._is_open():
            return False
        return all(record.state in TERMINAL for record in group)

    def _outcome(self, place: int) -> Outcome:
        # A mean of values has no course.
        return mean_of(self._losses.get(record.number) for record in self._members[place]), None


def _configuration(record: RunRecord) -> int:
    assert record.place is not None, "every run of such a sweep has a place"
    return record.place[0]


def _known(record: RunRecord, loss: float | None) -> float | None:
    """Return a loss as `mean_of` takes it."""
    if loss is None and record.reports and not record.invalid:
        return math.nan
    return None if record.invalid else loss


def _has_ended_early(record: RunRecord) -> bool:
    if record.state is RunState.STOPPING:
        return not record.again
    return record.state in (RunState.FAILED, RunState.CANCELED)
