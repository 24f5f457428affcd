"""A sorted collection of figures that many are added to and taken out of."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

MOST = 1024
"""Figures in a block at most: that many are moved, at C's speed, to make room for one."""
FEWEST = MOST // 16


class Ranks:
    """Figures, each with a whole number that orders equal ones, smallest first.

    They lie in blocks of bounded size, each two arrays: eight bytes a number, and neighbours in
    memory, so that a search stays quick where there are a hundred thousand.

    Args:
        pairs: of figure and order, in any order.

    Attributes:
        size: how many there are.
        blocks: their figures. Not to be changed by others.
    """

    __slots__ = ("_ends", "_orders", "_sizes", "_tops", "blocks", "size")

    def __init__(self, pairs: Iterable[tuple[float, int]] = ()) -> None:
        ordered = sorted(pairs)
        self.size = len(ordered)
        self.blocks: list[array[float]] = []
        self._orders: list[array[int]] = []
        for begin in range(0, len(ordered), MOST // 2):
            some = ordered[begin : begin + MOST // 2]
            self.blocks.append(array("d", [figure for figure, _ in some]))
            self._orders.append(array("q", [order for _, order in some]))
        self._tops = array("d", [block[-1] for block in self.blocks])  # the last of each block
        self._ends = array("q", [orders[-1] for orders in self._orders])  # and its order
        self._sizes = [len(block) for block in self.blocks]

    def pairs(self) -> Iterable[tuple[float, int]]:
        """Yield all figures with their orders, smallest first."""
        for block, orders in zip(self.blocks, self._orders, strict=True):
            yield from zip(block, orders, strict=True)

    def with_more(self, pairs: Iterable[tuple[float, int]]) -> Ranks:
        """Return a collection of these and others."""
        return Ranks([*self.pairs(), *pairs])

    def add(self, figure: float, order: int) -> None:
        """Put one in."""
        number, place = self._find(figure, order)
        if number == len(self._tops):  # above all
            if not number:
                self._insert_block(0, array("d", (figure,)), array("q", (order,)))
                self.size += 1
                return
            number -= 1
            place = len(self.blocks[number])
            self._tops[number], self._ends[number] = figure, order
        block = self.blocks[number]
        block.insert(place, figure)
        self._orders[number].insert(place, order)
        self._sizes[number] += 1
        self.size += 1
        if len(block) > MOST:
            self._split(number)

    def remove(self, figure: float, order: int) -> None:
        """Take one out.

        Raises:
            KeyError: it is not there.
        """
        number, place = self._find(figure, order)
        if number == len(self._tops):
            raise KeyError(figure, order)
        block, orders = self.blocks[number], self._orders[number]
        if block[place] != figure or orders[place] != order:
            raise KeyError(figure, order)
        del block[place], orders[place]
        self._sizes[number] -= 1
        self.size -= 1
        if len(block) < FEWEST and len(self._tops) > 1:
            self._merge(number)
        elif not block:
            self._remove_block(number)
        elif place == len(block):
            self._tops[number], self._ends[number] = block[-1], orders[-1]

    def below(self, figure: float, order: int) -> int:
        """Return how many come before a figure with an order, which need not be there."""
        number, place = self._find(figure, order)
        return sum(self._sizes[:number]) + place if number else place

    def upto(self, figure: float) -> int:
        """Return how many figures are not above one."""
        number = bisect_right(self._tops, figure)
        if number == len(self._tops):
            return self.size
        place = bisect_right(self.blocks[number], figure)
        return sum(self._sizes[:number]) + place if number else place

    # ---- blocks -----------------------------------------------------------------------

    def _find(self, figure: float, order: int) -> tuple[int, int]:
        """Return block and place of the first that does not come before a figure."""
        tops = self._tops
        number = bisect_left(tops, figure)
        if number == len(tops):
            return number, 0
        if tops[number] == figure:  # equal ones may fill many blocks
            after = bisect_right(tops, figure, number)
            number = bisect_left(self._ends, order, number, after)
            if number == len(tops):
                return number, 0
        block = self.blocks[number]
        place = bisect_left(block, figure)
        if block[place] == figure:  # there is one at this place: the last is not before it
            after = bisect_right(block, figure, place)
            place = bisect_left(self._orders[number], order, place, after)
        return number, place

    def _split(self, number: int) -> None:
        block, orders = self.blocks[number], self._orders[number]
        half = len(block) // 2
        self._insert_block(number, block[:half], orders[:half])
        del block[:half], orders[:half]
        self._sizes[number + 1] = len(block)

    def _merge(self, number: int) -> None:
        """Join a block that has become small with a neighbour."""
        first = number if number + 1 < len(self._tops) else number - 1
        block = self.blocks[first] + self.blocks[first + 1]
        orders = self._orders[first] + self._orders[first + 1]
        self._remove_block(first)
        self._remove_block(first)
        self._insert_block(first, block, orders)
        if len(block) > MOST:
            self._split(first)

    def _insert_block(self, number: int, block: array[float], orders: array[int]) -> None:
        self.blocks.insert(number, block)
        self._orders.insert(number, orders)
        self._tops.insert(number, block[-1])
        self._ends.insert(number, orders[-1])
        self._sizes.insert(number, len(block))

    def _remove_block(self, number: int) -> None:
        del self.blocks[number], self._orders[number]
        del self._tops[number], self._ends[number], self._sizes[number]
