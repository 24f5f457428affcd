"""A target in virtual time: for tests, benchmarks, and trying out a policy in seconds."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence

from samplers import Configuration
from sweep.compute.target import (
    Message,
    RunEnded,
    RunOrder,
    RunSaid,
    RunStarted,
    SlotsAre,
)

Curve = Callable[[Configuration], Iterable[float | tuple[float, float]]]
"""Gives the reports of a run: values, or pairs (seconds since the last report, value)."""


class Simulated:
    """Play every run as a learning curve, on a clock that jumps to the next event.

    Args:
        curve: the reports of a configuration. It may raise to let the run fail.
        metric: the name under which the values are logged.
        slots: how many runs execute at one time.
        seconds: the time between two reports that come without one.
        start_at: the virtual time at which the target opens.

    Example:
        >>> target = Simulated(lambda c: [c["lr"] * n for n in range(1, 11)], "accuracy", 8)
    """

    def __init__(
        self,
        curve: Curve,
        metric: str,
        slots: int,
        *,
        seconds: float = 1.0,
        start_at: float = 0.0,
    ) -> None:
        self._curve = curve
        self._metric = metric
        self._slots = slots
        self._seconds = seconds
        self._now = start_at
        self._pushed = 0
        self._queue: list[tuple[float, int, Message]] = []
        self._playing: dict[tuple[int, int], Iterable[float | tuple[float, float]]] = {}

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    def open(self, slots: int) -> None:
        """Bring up the slots at once."""
        self._push(0.0, SlotsAre(min(slots, self._slots)))

    def launch(self, order: RunOrder) -> None:
        """Begin to play a run."""
        key = (order.run, order.attempt)
        self._push(0.0, RunStarted(*key))
        try:
            self._playing[key] = iter(self._curve(order.configuration))
        except Exception as error:  # noqa: BLE001 - the user's function may raise anything
            self._fail(key, error)
            return
        self._next(key)

    def stop(self, run: int, attempt: int, grace: float) -> None:  # noqa: ARG002 - obeys at once
        """End a run; nothing it had yet to say is heard."""
        if self._playing.pop((run, attempt), None) is not None:
            self._push(0.0, RunEnded(run, attempt, None, stopped=True))

    def quarantine(self, node: str) -> None:
        """Nothing: there is one node."""

    def release(self, node: str) -> None:
        """Nothing: there is one node."""

    def poll(self, timeout: float) -> Sequence[Message]:
        """Jump to the next thing that happens within `timeout` virtual seconds."""
        while self._queue and self._queue[0][0] <= self._now + timeout:
            self._now, _, message = heapq.heappop(self._queue)
            match message:
                case RunSaid(run, attempt):
                    if (run, attempt) not in self._playing:
                        continue
                    self._next((run, attempt))
                case RunEnded(run, attempt, stopped=False):
                    if self._playing.pop((run, attempt), None) is None:
                        continue
            return [message]
        self._now += timeout
        return []

    def close(self) -> None:
        """Forget everything."""
        self._queue.clear()
        self._playing.clear()

    def _next(self, key: tuple[int, int]) -> None:
        try:
            report = next(iter(self._playing[key]), None)
        except Exception as error:  # noqa: BLE001 - the user's function may raise anything
            self._fail(key, error)
            return
        if report is None:
            self._push(0.0, RunEnded(*key, 0))
            return
        after, value = report if isinstance(report, tuple) else (self._seconds, report)
        self._push(after, RunSaid(*key, {"k": "s", "n": self._metric, "v": value}))

    def _fail(self, key: tuple[int, int], error: Exception) -> None:
        self._playing[key] = iter(())
        self._push(0.0, RunEnded(*key, 1, error=f"{type(error).__name__}: {error}"))

    def _push(self, after: float, message: Message) -> None:
        heapq.heappush(self._queue, (self._now + after, self._pushed, message))
        self._pushed += 1
