"""A target in this process that works in rounds: each run takes one step, and then each the next.

What happens does not depend on how quick a step is, nor on how many are taken at one time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samplers import Configuration
from sweep.compute.target import Message, RunEnded, RunOrder, RunSaid, RunStarted, SlotsAre

Step = tuple[int, Configuration, int]
"""A run's number, its configuration, and how many steps it has taken."""


class Rounds:
    """Plays runs step by step.

    Args:
        take: takes one step of each run and returns what they report, in order; what it raises
            ends the sweep.
        steps: how many a run takes.
        metric: the name under which reports are logged.
        slots: how many runs there are at one time.
    """

    def __init__(
        self, take: Callable[[list[Step]], Sequence[float]], steps: int, metric: str, slots: int
    ) -> None:
        self._take = take
        self._steps = steps
        self._metric = metric
        self._slots = slots
        self._live: dict[int, tuple[RunOrder, int]] = {}
        self._said: list[Message] = []
        self._round = 0

    def now(self) -> float:
        """Return how many rounds there have been."""
        return float(self._round)

    def open(self, slots: int) -> None:
        """Have the slots."""
        self._said.append(SlotsAre(min(slots, self._slots)))

    def launch(self, order: RunOrder) -> None:
        """Let a run take part from the next round on."""
        self._live[order.run] = order, 0
        self._said.append(RunStarted(order.run, order.attempt))

    def stop(self, run: int, attempt: int, grace: float) -> None:  # noqa: ARG002 - obeys at once
        """Let a run take part no longer."""
        if self._live.pop(run, None) is not None:
            self._said.append(RunEnded(run, attempt, None, stopped=True))

    def quarantine(self, node: str) -> None:
        """Nothing: there is one node."""

    def release(self, node: str) -> None:
        """Nothing: there is one node."""

    def poll(self, timeout: float) -> Sequence[Message]:  # noqa: ARG002 - never waits for nothing
        """Say what has happened; if that is nothing, work for a round."""
        if not self._said:
            self._play()
        said, self._said = self._said, []
        return said

    def close(self) -> None:
        """Forget everything."""
        self._live.clear()
        self._said.clear()

    def _play(self) -> None:
        self._round += 1
        going = sorted(self._live)
        steps = [(run, self._live[run][0].configuration, self._live[run][1]) for run in going]
        for run, value in zip(going, self._take(steps), strict=True):
            order, taken = self._live[run]
            message = {"k": "s", "n": self._metric, "v": value}
            self._said.append(RunSaid(run, order.attempt, message))
            self._live[run] = order, taken + 1
        for run in going:
            order, taken = self._live[run]
            if taken == self._steps:
                self._said.append(RunEnded(run, order.attempt, 0))
                del self._live[run]
