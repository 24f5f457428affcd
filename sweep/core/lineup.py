"""Who runs next: those that wait to run again, in their order, then new ones."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from samplers import (
    Configuration,
    Course,
    Sampling,
    SpaceError,
    absent_functions,
    functions_of,
    guide_of,
    sampling_wire,
    with_functions,
)
from sweep.core.run import RunRecord
from sweep.errors import ConfigError

Outcome: TypeAlias = tuple[float | None, Course | None]
"""What a run came to, and how, as `Sampler.tell` takes them."""


class Lineup:
    """Every run of a sweep so far, and where the next one comes from.

    Args:
        sampling: gives the configurations.
        most: upper bound on the number of runs.
        given: configurations of the first runs.

    Attributes:
        runs: every run so far by its number.
    """

    def __init__(self, sampling: Sampling, most: int, given: Sequence[Configuration] = ()) -> None:
        self._given = given
        self.runs: dict[int, RunRecord] = {}
        self._begun: list[Configuration] = []  # while points and refusals were others
        self._sampler = sampling.sampler()
        self._exact = sampling.exact
        self._most = most
        self._exhausted = False
        self._waiting: list[int] = []
        self._pending: dict[int, Configuration] = {}  # asked for, outcome not told
        self.recorded: Mapping[int, Configuration] | None = None
        """While the past is replayed: the configurations that were launched then."""

    @property
    def spent(self) -> bool:
        """Whether there will be no other run."""
        return not self._waiting and (self._exhausted or len(self.runs) >= self._most)

    @property
    def waiting(self) -> list[RunRecord]:
        """Runs that wait to run again, in their order."""
        return [self.runs[number] for number in sorted(self._waiting)]

    def next(self) -> RunRecord | None:
        """Return the run to launch next; None when there is none."""
        if self._waiting:
            return self.runs[heapq.heappop(self._waiting)]
        number = len(self.runs)
        configuration = None if self.spent else self._ask(number, number)
        if configuration is None:
            self._exhausted = True
            return None
        record = self.runs[number] = RunRecord(number, configuration)
        self._pending[number] = configuration
        return record

    def wait(self, record: RunRecord) -> None:
        """Let a run wait for its turn to run again."""
        heapq.heappush(self._waiting, record.number)

    def leave(self, record: RunRecord) -> None:
        """Take a run out of those that wait."""
        self._waiting.remove(record.number)
        heapq.heapify(self._waiting)

    def conclude(self, record: RunRecord, outcome: Outcome) -> None:
        """Teach the sampler the outcome of a run that is over."""
        self.learn(record.configuration, outcome)
        del self._pending[record.number]

    def learn(self, configuration: Configuration, outcome: Outcome) -> None:
        """Teach the sampler an outcome; what is not in its space cannot be learnt from."""
        with contextlib.suppress(SpaceError):
            self._sampler.tell(configuration, *outcome)

    def redefine(
        self,
        sampling: Sampling,
        most: int,
        outcomes: Mapping[int, Outcome],
        *,
        otherwise: bool = False,
    ) -> None:
        """Go on with another sampling, which learns what is known.

        Args:
            sampling: gives configurations from now on.
            most: upper bound on the number of runs.
            outcomes: of the runs that are over, by number.
            otherwise: whether points or refusals have changed, so it is no matter of numbers
                where the sampling goes on.
        """
        if otherwise:
            self._begun = self._proposed()[len(self._given) :]
        self._sampler = sampling.sampler(self._begun) if self._begun else sampling.sampler()
        self._exact, self._most, self._exhausted = sampling.exact, most, False
        for number, outcome in outcomes.items():
            self.learn(self.runs[number].configuration, outcome)

    def again(self, record: RunRecord) -> None:
        """Let a run that is over run once more."""
        self._pending[record.number] = record.configuration
        self.wait(record)

    def _proposed(self) -> list[Configuration]:
        """Return the configurations so far, in their order."""
        return [record.configuration for record in self.runs.values()]

    def _ask(self, number: int, place: int) -> Configuration | None:
        """Return configuration `place`, the first run of which is run `number`."""
        if place < len(self._given):
            return self._given[place]
        # A sampler that learns may propose another last digit on another machine, so its
        # recorded configurations are adopted.
        if self.recorded is not None and not self._exact:
            return self.recorded.get(number)
        pending = [] if self._exact else list(self._pending.values())
        try:
            return self._sampler.ask(place - len(self._given), pending)
        except SpaceError as error:  # nearly everything is refused
            raise ConfigError(f"sampling: {error}") from None


def with_functions_of(old: Sampling, new: Sampling) -> Sampling:
    """Return a sampling in its stored form with the functions that another one has."""
    functions = functions_of(old)
    return with_functions(new, functions) if absent_functions(new) and functions else new


def guided_otherwise(old: Sampling, new: Sampling) -> bool:
    """Tell whether a sampling with points or refusals, or without them now, is another one.

    Only with points or refusals, so that sweeps of before there were any go on as they did.
    """
    if not (guide_of(old) or guide_of(new)):
        return False
    return sampling_wire(old) != sampling_wire(new)
