"""Figures as pictures, drawn by matplotlib without a display."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from sweep.errors import UserError
from sweep.view.figure import (
    INK,
    PALE,
    Axis,
    Bars,
    Figure,
    Line,
    Mark,
    Panel,
    Parallel,
    Points,
    Surface,
)

DPI = 150
PANEL = 4.2, 3.4
"""Inches of one panel among several."""
ALONE = 8.0, 4.8
MANY_ROWS = 28
"""Rows of bars that have their place in a picture of the usual height."""
LEVELS = 24
"""Levels of shade in a contour."""
LONGEST_LABEL = 18
ENTRY = 0.3
"""Inches of one entry of a legend, and what is around it."""
BELOW = "outside lower center"
"""Where a legend hides nothing."""


def write_png(figure: Figure, path: Path) -> None:
    """Draw a figure into a file.

    Raises:
        UserError: matplotlib is not installed.
        OSError: the file cannot be written.
    """
    drawn(figure).savefig(path, dpi=DPI, format="png")


def drawn(figure: Figure) -> Any:
    """Return a figure as matplotlib's.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415
    except ImportError:
        raise UserError("a PNG needs matplotlib: pip install 'hypersweep[plot]'") from None
    canvas = Canvas(figsize=_size(figure), layout="constrained")
    FigureCanvasAgg(canvas)
    title = f"{figure.title}\n{figure.note}" if figure.note else figure.title
    canvas.suptitle(_safe(title), fontsize=11, color=INK)
    if figure.parallel is not None:
        _parallel(canvas, figure, figure.parallel)
    else:
        axes = [*canvas.subplots(*figure.grid, squeeze=False).flat]
        for ax, panel in zip(axes, figure.panels, strict=False):
            _panel(ax, panel, figure)
        for ax in axes[len(figure.panels) :]:
            ax.axis("off")
        if figure.shade:
            canvas.colorbar(_shades(figure), ax=axes, label=_safe(figure.shade), aspect=40)
    return canvas


def _size(figure: Figure) -> tuple[float, float]:
    if figure.parallel is not None:
        return max(ALONE[0], 1.5 * len(figure.parallel.dimensions)), ALONE[1]
    if len(figure.panels) > 1:
        rows, columns = figure.grid
        return columns * PANEL[0], rows * PANEL[1] + 0.6
    levels = len(figure.panels[0].y.levels)
    return ALONE[0], min(40.0, ALONE[1] * max(1.0, levels / MANY_ROWS))


def _panel(ax: Any, panel: Panel, figure: Figure) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    bars = any(isinstance(mark, Bars) for mark in panel.marks)
    ax.set_title(_safe(panel.title), fontsize=8, color=INK)
    _axis(ax.xaxis, panel.x)
    _axis(ax.yaxis, panel.y)
    if not any(isinstance(mark, Surface) for mark in panel.marks):
        ax.grid(axis="x" if bars else "both", color="#e8e8e8", linewidth=0.7)
        ax.set_axisbelow(True)
    for mark in panel.marks:
        _mark(ax, mark, panel, figure)
    if bars:
        ax.invert_yaxis()
    named = [mark for mark in panel.marks if getattr(mark, "name", "")]
    if named and all(isinstance(mark, Line) for mark in named):  # they fill the panel
        handles, _ = ax.get_legend_handles_labels()
        ax.figure.legend(handles=handles, ncols=len(named), fontsize=8, frameon=False, loc=BELOW)
    elif named:
        if len(figure.panels) > 1:  # there is little room in each: it gets room of its own
            low, high = ax.get_ylim()
            share = min(0.6, ENTRY / PANEL[1] * len(named))
            ax.set_ylim(low, high + (high - low) * share / (1 - share))
        ax.legend(fontsize=8, frameon=True, framealpha=0.8, edgecolor="none", loc="best")


def _axis(axis: Any, wanted: Axis) -> None:
    axis.set_label_text(_safe(wanted.label), fontsize=9, color=INK)
    axis.set_tick_params(labelsize=8)
    if wanted.levels:
        step = max(1, math.ceil(len(wanted.levels) / 60))
        places = range(0, len(wanted.levels), step)
        axis.set_ticks([*places], [_short(wanted.levels[n]) for n in places])
    elif wanted.log:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    elif wanted.whole:
        from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

        axis.set_major_locator(MaxNLocator(integer=True))


def _mark(ax: Any, mark: Mark, panel: Panel, figure: Figure) -> None:
    surfaced = any(isinstance(other, Surface) for other in panel.marks)
    match mark:
        case Line():
            style = {"color": mark.colour, "linewidth": mark.width, "alpha": mark.opacity}
            how = "steps-post" if mark.step else "default"
            ax.plot(mark.x, mark.y, drawstyle=how, label=_safe(mark.name) or None, **style)
        case Points() if mark.shades:
            shades = _shades(figure)
            ax.scatter(
                *(mark.x, mark.y),
                c=mark.shades,
                s=mark.size**2 * 0.7,
                cmap=shades.cmap,
                norm=shades.norm,
                edgecolors="white" if surfaced else "none",
                zorder=3,
            )
        case Points():
            ax.scatter(
                *(mark.x, mark.y), c=mark.colour, s=mark.size**2 * 0.7, label=mark.name or None
            )
        case Bars():
            ax.barh(
                mark.row,
                mark.length,
                left=mark.start or None,
                xerr=mark.errors or None,
                color=mark.colour,
                ecolor=INK,
                height=0.75,
                label=mark.name or None,
            )
        case Surface():
            shades = _shades(figure)
            style = {"cmap": shades.cmap, "norm": shades.norm}
            if panel.x.levels or panel.y.levels:  # there is nothing between two texts
                ax.pcolormesh(mark.x, mark.y, mark.z, shading="nearest", **style)
            else:
                ax.contourf(mark.x, mark.y, mark.z, levels=LEVELS, **style)


def _shades(figure: Figure) -> Any:
    """Return what turns values into shades, the same in all panels."""
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415
    from matplotlib.colors import Normalize  # noqa: PLC0415

    return ScalarMappable(Normalize(*figure.shades), "viridis_r" if figure.reverse else "viridis")


def _parallel(canvas: Any, figure: Figure, drawn: Parallel) -> None:
    ax = canvas.subplots()
    shades = _shades(figure)
    across = range(len(drawn.dimensions))
    for n, shade in enumerate(drawn.shades):
        heights = [dimension.places[n] for dimension in drawn.dimensions]
        ax.plot(across, heights, color=shades.to_rgba(shade), linewidth=1.3, alpha=0.75)
    for x, dimension in enumerate(drawn.dimensions):
        ax.axvline(x, color=PALE, linewidth=1, zorder=0)
        for place, text in dimension.ticks:
            style = {"fontsize": 7, "color": INK, "va": "center", "zorder": 5}
            box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
            ax.text(x + 0.02, place, _short(text), bbox=box, **style)
    ax.set_xticks([*across], [_short(d.label) for d in drawn.dimensions], fontsize=9)
    ax.set_yticks([])
    ax.set_xlim(-0.1, len(drawn.dimensions) - 0.75)
    ax.set_ylim(-0.04, 1.04)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    canvas.colorbar(shades, ax=ax, label=_safe(figure.shade), aspect=40)


def _short(text: str) -> str:
    short = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return _safe(short)


def _safe(text: str) -> str:
    """Return a text without what matplotlib takes for formulas."""
    return text.replace("$", r"\$")
