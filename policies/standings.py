"""Order statistics of one figure per run, as it stood at any interval.

At interval N a run counts with its figure after N reports, or, when it has fewer, with the
figure after all it has. So the field at N is made of two parts:

* runs that have reached N: one sorted list per interval at which somebody asks;
* runs that are shorter: filed by their length in a tree of fan-out 16 whose nodes are sorted
  lists, so that "all lengths below N" is a handful of nodes, and a report moves a run within
  one node per level.

Both parts cost O(log n) per report and per question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from sortedcontainers import SortedList

BITS = 4
"""log2 of the fan-out."""

Key = TypeVar("Key", float, tuple[float, int])
"""A run's figure; larger is better."""


class Standings(Generic[Key]):
    """The figures of all runs at all intervals for which `due` is true."""

    def __init__(self, due: Callable[[int], bool]) -> None:
        self._due = due
        self._reached: dict[int, Any] = {}
        self._shorter: dict[tuple[int, int], Any] = defaultdict(SortedList)
        self._levels = 1

    def advance(self, length: int, key: Key | None, previous: Key | None) -> None:
        """File a run that has just made its report number `length`.

        `key` is its figure now and `previous` the one before; None stands for no figure.
        """
        if length >> (BITS * self._levels):
            self._grow()
        for level in range(self._levels):
            node, before = length >> (BITS * level), (length - 1) >> (BITS * level)
            if node == before and key == previous:
                continue
            if previous is not None:
                self._shorter[level, before].remove(previous)
            if key is not None:
                self._shorter[level, node].add(key)
        if key is not None and self._due(length):
            reached = self._reached.get(length)
            if reached is None:
                reached = self._reached[length] = SortedList()
            reached.add(key)

    def withdraw(self, figures: Iterable[tuple[int, Key | None]]) -> None:
        """Take a run out; `figures` are the pairs (length, figure) of its whole life."""
        length, key = 0, None
        for length, key in figures:
            if key is not None and self._due(length):
                self._reached[length].remove(key)
        if key is not None:
            for level in range(self._levels):
                self._shorter[level, length >> (BITS * level)].remove(key)

    def size(self, interval: int) -> int:
        """Return how many runs have a figure at `interval`."""
        return sum(len(part) for part in self._parts(interval))

    def below(self, interval: int, key: Key) -> int:
        """Return how many runs have a figure strictly worse than `key` at `interval`."""
        return sum(part.bisect_left(key) for part in self._parts(interval))

    def upto(self, interval: int, key: Key) -> int:
        """Return how many runs have a figure that is not better than `key` at `interval`."""
        return sum(part.bisect_right(key) for part in self._parts(interval))

    def at(self, interval: int, rank: int) -> Key:
        """Return the figure at `rank` (0: the worst) at `interval`.

        Raises:
            IndexError: there are not that many figures.
        """
        windows = [(part, 0, len(part)) for part in self._parts(interval)]
        if not 0 <= rank < sum(high for _, _, high in windows):
            message = f"no figure at rank {rank}"
            raise IndexError(message)
        while True:
            part, low, high = max(windows, key=lambda w: w[2] - w[1])
            pivot: Key = part[(low + high) // 2]
            cuts = [p.bisect_left(pivot) for p, _, _ in windows]
            ends = [p.bisect_right(pivot) for p, _, _ in windows]
            if sum(cuts) <= rank < sum(ends):
                return pivot
            if rank < sum(cuts):
                windows = [(p, lo, c) for (p, lo, _), c in zip(windows, cuts, strict=True)]
            else:
                windows = [(p, e, hi) for (p, _, hi), e in zip(windows, ends, strict=True)]

    def _parts(self, interval: int) -> list[Any]:
        parts = [self._reached.get(interval)]
        shorter, top = self._shorter, self._levels - 1
        for level in range(top + 1):
            end = interval >> (BITS * level)
            nodes = range(end >> BITS << BITS, end) if level < top else range(min(end, 1 << BITS))
            parts += [shorter.get((level, node)) for node in nodes]
        return [part for part in parts if part]

    def _grow(self) -> None:
        """Add a level whose only node holds every run so far."""
        top = self._levels - 1
        everyone = [k for (level, _), part in self._shorter.items() if level == top for k in part]
        self._shorter[self._levels, 0] = SortedList(everyone)
        self._levels += 1
