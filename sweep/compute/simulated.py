"""A target in virtual time: for tests, benchmarks, and trying out a policy in seconds."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

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
SeededCurve = Callable[..., Iterable[float | tuple[float, float]]]
"""The same, also given ``seed=``."""


class Simulated:
    """Play every run as a learning curve, on a clock that jumps to the next event.

    Args:
        curve: the reports of a configuration. It may raise to let the run fail.
        metric: the name under which the values are logged.
        slots: how many runs execute at one time.
        seconds: the time between two reports that come without one.
        start_at: the virtual time at which the target opens.
        together: say all that happens at one moment at once, as a busy target does.
        seeds: gives the seed of a run by its number, for a curve that takes it; None: none does.

    Example:
        >>> target = Simulated(lambda c: [c["lr"] * n for n in range(1, 11)], "accuracy", 8)
    """

    def __init__(  # noqa: PLR0913 - four are seldom said
        self,
        curve: Curve | SeededCurve,
        metric: str,
        slots: int,
        *,
        seconds: float = 1.0,
        start_at: float = 0.0,
        together: bool = False,
        seeds: Callable[[int], int] | None = None,
    ) -> None:
        self._curve = curve
        self._seeds = seeds
        self._metric = metric
        self._slots = slots
        self._seconds = seconds
        self._now = start_at
        self._together = together
        self._times: list[float] = []  # a heap: when something happens
        self._waiting: dict[float, deque[Message]] = {}  # and what, in the order of its cause
        self._playing: dict[tuple[int, int], Iterator[float | tuple[float, float]]] = {}

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
            seed = {} if self._seeds is None else {"seed": self._seeds(order.run)}
            self._playing[key] = iter(self._curve(order.configuration, **seed))
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
        """Jump to the next thing that happens within `timeout` virtual seconds.

        With `together` that is all that happens at that moment; what this leads to at the same
        moment is said by the next poll.
        """
        times, playing = self._times, self._playing
        latest, messages = self._now + timeout, list[Message]()
        while not messages and times and times[0] <= latest:
            self._now = now = times[0]
            waiting = self._waiting[now]
            happens = waiting if self._together else [waiting.popleft()]
            if self._together or not waiting:
                heapq.heappop(times)
                del self._waiting[now]
            for message in happens:
                if type(message) is RunSaid:  # the most frequent by far
                    if (key := (message.run, message.attempt)) not in playing:
                        continue
                    self._next(key)
                elif type(message) is RunEnded and not message.stopped:
                    if playing.pop((message.run, message.attempt), None) is None:
                        continue
                messages.append(message)
        if not messages:
            self._now = latest
        return messages

    def close(self) -> None:
        """Forget everything."""
        self._times.clear()
        self._waiting.clear()
        self._playing.clear()

    def _next(self, key: tuple[int, int]) -> None:
        try:
            report = next(self._playing[key], None)
        except Exception as error:  # noqa: BLE001 - the user's function may raise anything
            self._fail(key, error)
            return
        if report is None:
            self._push(0.0, RunEnded(*key, 0))
            return
        after, value = report if isinstance(report, tuple) else (self._seconds, report)
        run, attempt = key
        self._push(after, RunSaid(run, attempt, {"k": "s", "n": self._metric, "v": value}))

    def _fail(self, key: tuple[int, int], error: Exception) -> None:
        self._playing[key] = iter(())
        self._push(0.0, RunEnded(*key, 1, error=f"{type(error).__name__}: {error}"))

    def _push(self, after: float, message: Message) -> None:
        at = self._now + after
        waiting = self._waiting.get(at)
        if waiting is None:
            waiting = self._waiting[at] = deque()
            heapq.heappush(self._times, at)
        waiting.append(message)
