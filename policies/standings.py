"""Order statistics of one figure per run, as it stood at any interval.

At interval N a run counts with its figure after N reports, or, when it has fewer, with the
figure after all it has. So the field at N is made of two parts:

* runs that have reached N: one collection per interval at which somebody asks;
* runs that are shorter: filed by their length in a tree of fan-out 16 whose nodes are
  collections, so that "all lengths below N" is a handful of nodes, and a report moves a run
  within one node per level.

Both parts cost O(log n) per report and per question. Of two equal figures that of the older run,
the one with the smaller number, ranks higher.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable

from policies.ranks import Ranks

BITS = 4
"""log2 of the fan-out."""
FEW = 64
"""So many figures are sorted at once when one of them is looked for."""

Gathered = tuple["array[float]", "array[int]"]
Window = tuple["array[float]", int, int]
"""A stretch of a sorted array, from one place to before another."""


class Standings:
    """The figures of all runs at all intervals for which `due` is true; larger is better."""

    def __init__(self, due: Callable[[int], bool]) -> None:
        self._due = due
        self._reached: dict[int, Ranks] = {}
        self._shorter: list[list[Ranks]] = [[]]  # by level, then by length >> (BITS * level)

    def advance(self, run: int, length: int, figure: float | None, previous: float | None) -> None:
        """File a run that has just made its report number `length`.

        `figure` is the one that it has now and `previous` the one before; None stands for none.
        """
        if length >> (BITS * len(self._shorter)):
            self._grow()
        order, node, before = -run, length, length - 1
        for nodes in self._shorter:
            if node == before and figure == previous:
                break  # so it is on all levels above
            if previous is not None:
                nodes[before].remove(previous, order)
            if figure is not None:
                if node >= len(nodes):
                    _reach(nodes, node)
                nodes[node].add(figure, order)
            node, before = node >> BITS, before >> BITS
        if figure is not None and self._due(length):
            reached = self._reached.get(length)
            if reached is None:
                reached = self._reached[length] = Ranks()
            reached.add(figure, order)

    def enter(self, lives: Iterable[tuple[int, Iterable[tuple[int, float | None]]]]) -> None:
        """File many runs that are not filed yet, each with the (length, figure) of its whole life.

        Each collection is sorted once.
        """
        reached: dict[int, Gathered] = defaultdict(lambda: (array("d"), array("q")))
        latest: list[tuple[int, float, int]] = []
        for run, figures in lives:
            length, figure = 0, None
            for length, figure in figures:
                if figure is not None and self._due(length):
                    some, orders = reached[length]
                    some.append(figure)
                    orders.append(-run)
            if figure is not None:
                latest.append((length, figure, -run))
        for length in [*reached]:
            found = self._reached.get(length, Ranks())
            self._reached[length] = found.with_more(zip(*reached.pop(length), strict=True))
        self._enter_shorter(latest)

    def withdraw(self, run: int, figures: Iterable[tuple[int, float | None]]) -> None:
        """Take a run out; `figures` are the pairs (length, figure) of its whole life."""
        length, figure = 0, None
        for length, figure in figures:
            if figure is not None and self._due(length):
                self._reached[length].remove(figure, -run)
        if figure is not None:
            for level, nodes in enumerate(self._shorter):
                nodes[length >> (BITS * level)].remove(figure, -run)

    def size(self, interval: int) -> int:
        """Return how many runs have a figure at `interval`."""
        return sum(part.size for part in self._parts(interval))

    def below(self, interval: int, figure: float, run: int) -> tuple[int, int]:
        """Return how many runs rank below a run with a figure at `interval`, and of how many."""
        count = size = 0
        for part in self._parts(interval):
            count += part.below(figure, -run)
            size += part.size
        return count, size

    def upto(self, interval: int, figure: float) -> tuple[int, int]:
        """Return how many runs have no better figure than this at `interval`, and of how many."""
        count = size = 0
        for part in self._parts(interval):
            count += part.upto(figure)
            size += part.size
        return count, size

    def at(self, interval: int, rank: int) -> float:
        """Return the figure at `rank` (0: the worst) at `interval`.

        Each round looks at the middles of what is left, and leaves a quarter out at least.

        Raises:
            IndexError: there are not that many figures.
        """
        windows: list[Window] = [
            (block, 0, len(block)) for part in self._parts(interval) for block in part.blocks
        ]
        if not 0 <= rank < sum(end for _, _, end in windows):
            message = f"no figure at rank {rank}"
            raise IndexError(message)
        while (left := _length(windows)) > FEW:
            pivot = _middle_of_middles(windows)
            worse = [(b, begin, bisect_left(b, pivot, begin, end)) for b, begin, end in windows]
            if rank < _length(worse):
                windows = [w for w in worse if w[1] < w[2]]
                continue
            better = [(b, bisect_right(b, pivot, begin, end), end) for b, begin, end in windows]
            if rank < (most := left - _length(better)):
                return pivot
            windows, rank = [w for w in better if w[1] < w[2]], rank - most
        return sorted(figure for b, begin, end in windows for figure in b[begin:end])[rank]

    def median(self, interval: int) -> float:
        """Return the middle figure at `interval`, or the mean of the two in the middle.

        Raises:
            IndexError: there is no figure.
        """
        parts = self._parts(interval)
        size = sum(part.size for part in parts)
        upper = self.at(interval, size // 2)
        if size % 2:
            return upper
        places = [(b, bisect_left(b, upper)) for part in parts for b in part.blocks]
        if sum(place for _, place in places) < size // 2:
            return upper  # both are the same
        return (max(b[place - 1] for b, place in places if place) + upper) / 2

    def _parts(self, interval: int) -> list[Ranks]:
        reached = self._reached.get(interval)
        parts = [] if reached is None else [reached]
        end, above = interval, len(self._shorter)
        for nodes in self._shorter:
            above -= 1
            begin = end >> BITS << BITS if above else 0
            parts += [part for part in nodes[begin:end] if part.size]
            end >>= BITS
        return parts

    def _enter_shorter(self, latest: list[tuple[int, float, int]]) -> None:
        longest = max((length for length, _, _ in latest), default=0)
        while longest >> (BITS * len(self._shorter)):
            self._grow()
        for level, nodes in enumerate(self._shorter):
            filed: dict[int, list[tuple[float, int]]] = defaultdict(list)
            for length, figure, order in latest:
                filed[length >> (BITS * level)].append((figure, order))
            for node, pairs in filed.items():
                _reach(nodes, node)
                nodes[node] = nodes[node].with_more(pairs)

    def _grow(self) -> None:
        """Add a level whose only node holds every run so far."""
        top = self._shorter[-1]
        self._shorter.append([Ranks(pair for part in top for pair in part.pairs())])


def _reach(nodes: list[Ranks], node: int) -> None:
    nodes += [Ranks() for _ in range(len(nodes), node + 1)]


def _length(windows: Iterable[Window]) -> int:
    return sum(end - begin for _, begin, end in windows)


def _middle_of_middles(windows: list[Window]) -> float:
    """Return the median of the windows' middles, each with the weight of its length."""
    middles = sorted((b[(begin + end) // 2], end - begin) for b, begin, end in windows)
    left, place = sum(weight for _, weight in middles) / 2, 0
    while left > middles[place][1]:
        left -= middles[place][1]
        place += 1
    return middles[place][0]
