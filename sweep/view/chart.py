"""Curves as text: a chart of dots that fits into a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sweep.core.words import number

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of the dots of a Braille character, by column and row."""
BLANK = 0x2800
WIDE, HIGH = 2, 4
"""Dots in one character."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One curve.

    Attributes:
        values: at 1, 2, 3, …; what is not finite is left out.
        style: a colour of rich's.
    """

    values: Sequence[float]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: rows of (text, style) pieces, to be printed one under the other."""

    rows: list[list[tuple[str, str]]]

    def __str__(self) -> str:
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self.rows)


def chart(traces: Sequence[Trace], width: int, height: int, label: str = "report") -> Chart:
    """Draw curves; where several pass, the last one has the colour.

    Args:
        traces: the curves, the most important ones last.
        width: of all, in columns.
        height: of the plotting area, in rows.
        label: what the horizontal axis counts.
    """
    finite = [v for trace in traces for v in trace.values if math.isfinite(v)]
    if not finite:
        return Chart([[("no finite value has been reported yet", "dim")]])
    low, high = min(finite), max(finite)
    last = max(len(trace.values) for trace in traces)
    names = [number(high), number((low + high) / 2), number(low)]
    margin = max(map(len, names)) + 1
    columns = max(10, width - margin - 1)
    canvas = _Canvas(columns, height)
    across, up = (columns * WIDE - 1) / max(1, last - 1), (height * HIGH - 1) / ((high - low) or 1)
    for trace in traces:
        points = [
            (round(x * across), round((v - low) * up))
            for x, v in enumerate(trace.values)
            if math.isfinite(v)
        ]
        canvas.draw(points, trace.style)
    named = {0: names[0], height // 2: names[1], height - 1: names[2]}
    rows = [
        [
            (f"{named.get(place, ''):>{margin - 1}} ", "dim"),
            ("┤" if place in named else "│", "dim"),
            *row,
        ]
        for place, row in enumerate(canvas.rows())
    ]
    rows.append([(" " * margin + "└" + "─" * columns, "dim")])
    ends = f"{last} {label}{'' if last == 1 else 's'}"
    rows.append([(" " * (margin + 1) + "1" + ends.rjust(columns - 1), "dim")])
    return Chart(rows)


class _Canvas:
    """Characters of two by four dots, each with one colour."""

    def __init__(self, columns: int, rows: int) -> None:
        self._bits = [[0] * columns for _ in range(rows)]
        self._styles = [[""] * columns for _ in range(rows)]

    def draw(self, points: Iterable[tuple[int, int]], style: str) -> None:
        """Draw lines from point to point; the origin is at the bottom on the left."""
        before: tuple[int, int] | None = None
        for point in points:
            for x, y in _line(before or point, point):
                self._set(x, y, style)
            before = point

    def _set(self, x: int, y: int, style: str) -> None:
        row = len(self._bits) - 1 - y // HIGH
        column = x // WIDE
        self._bits[row][column] |= DOTS[x % WIDE][HIGH - 1 - y % HIGH]
        self._styles[row][column] = style

    def rows(self) -> Iterable[list[tuple[str, str]]]:
        """Yield the rows, the uppermost first; neighbours of one colour are one piece."""
        for bits, styles in zip(self._bits, self._styles, strict=True):
            pieces: list[tuple[str, str]] = []
            for dots, style in zip(bits, styles, strict=True):
                character = chr(BLANK + dots) if dots else " "
                if pieces and pieces[-1][1] == style:
                    pieces[-1] = pieces[-1][0] + character, style
                else:
                    pieces.append((character, style))
            yield pieces


def _line(start: tuple[int, int], end: tuple[int, int]) -> Iterable[tuple[int, int]]:
    (x, y), (to_x, to_y) = start, end
    steps = max(abs(to_x - x), abs(to_y - y), 1)
    for step in range(steps + 1):
        yield round(x + (to_x - x) * step / steps), round(y + (to_y - y) * step / steps)
