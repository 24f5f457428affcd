"""A figure, apart from who draws it: matplotlib a picture, plotly a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STATUS_COLOURS = {
    "completed": "#0072b2",
    "stopped early": "#e69f00",
    "failed": "#d55e00",
    "canceled": "#999999",
    "running": "#009e73",
    "waiting": "#bbbbbb",
}
"""Of Okabe and Ito: told apart by all eyes."""
INK, PALE, BEST = "#222222", "#c8c8c8", "#cc3377"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        label: what it shows.
        log: whether it is logarithmic.
        levels: texts at 0, 1, 2, …; empty where it shows numbers.
        whole: whether only whole numbers have a meaning.
    """

    label: str = ""
    log: bool = False
    levels: Sequence[str] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Points that are joined.

    Attributes:
        name: in the legend; empty for none.
        step: whether it goes level to the next point, and then up or down.
        hover: what is said of it in a page.
    """

    x: Sequence[float]
    y: Sequence[float]
    colour: str = INK
    width: float = 1.5
    opacity: float = 1.0
    name: str = ""
    step: bool = False
    hover: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Points with one colour, or with one for each value of `shades`."""

    x: Sequence[float]
    y: Sequence[float]
    colour: str = INK
    shades: Sequence[float] = ()
    size: float = 6.0
    name: str = ""
    hover: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """Level bars, the first one at the top, each with the text of its row.

    Attributes:
        start, length: where each begins, and how far it goes.
        row: in which row it is.
        errors: half the width of the whisker at the end of each; empty for none.
    """

    row: Sequence[float]
    length: Sequence[float]
    start: Sequence[float] = ()
    errors: Sequence[float] = ()
    colour: str = STATUS_COLOURS["completed"]
    name: str = ""
    hover: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Surface:
    """Values over a grid, as shades: `z[row of y][column of x]`."""

    x: Sequence[float]
    y: Sequence[float]
    z: Sequence[Sequence[float]]


Mark = Line | Points | Bars | Surface


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes with what is drawn on it, and a title, where there are several."""

    x: Axis
    y: Axis
    marks: Sequence[Mark]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """An upright axis of parallel coordinates.

    Attributes:
        places: where each run stands; not a number where it has no value.
        ticks: (place, text) of what is written beside it.
    """

    label: str
    places: Sequence[float]
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Runs as lines from axis to axis; the shade is the place on the last one."""

    dimensions: Sequence[Dimension]
    shades: Sequence[float]
    best_is_high: bool
    hover: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: panels side by side, or parallel coordinates.

    Attributes:
        title: what it is of.
        note: a line below the title.
        shade: what the shades of points and lines stand for.
        reverse: whether low values are the good ones.
    """

    title: str
    panels: Sequence[Panel] = ()
    parallel: Parallel | None = None
    note: str = ""
    shade: str = ""
    reverse: bool = False
    columns: int = 3

    @property
    def grid(self) -> tuple[int, int]:
        """The rows and columns in which the panels stand."""
        columns = min(self.columns, len(self.panels))
        return math.ceil(len(self.panels) / columns), columns

    @property
    def shades(self) -> tuple[float, float]:
        """The lowest and the highest value that a shade stands for."""
        marks = [mark for panel in self.panels for mark in panel.marks]
        shades = [s for mark in marks if isinstance(mark, Points) for s in mark.shades]
        shades += [v for mark in marks if isinstance(mark, Surface) for row in mark.z for v in row]
        shades += self.parallel.shades if self.parallel else ()
        low, high = min(shades, default=0.0), max(shades, default=1.0)
        return low, high if high > low else low + 1.0
