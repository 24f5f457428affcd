"""Figures as pages to point at and zoom into, drawn by plotly; they need no network."""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep.errors import UserError
from sweep.view.figure import (
    INK,
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

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = 340
"""Pixels of one row of panels."""
ALONE = 560


class _Scale(NamedTuple):
    """What shades stand for, the same in all panels."""

    colours: str
    low: float
    high: float
    bar: dict[str, Any]

    @classmethod
    def of(cls, figure: Figure) -> _Scale:
        """Return that of a figure."""
        bar = {"title": {"text": _safe(figure.shade)}}
        return cls("Viridis_r" if figure.reverse else "Viridis", *figure.shades, bar)


def write_html(figure: Figure, path: Path) -> None:
    """Write a figure as one page that holds all it needs.

    Raises:
        UserError: plotly is not installed.
        OSError: the file cannot be written.
    """
    page: str = plotly_figure(figure).to_html(include_plotlyjs=True, full_html=True)
    title = f"<title>{html.escape(figure.title)}</title>"
    path.write_text(page.replace("<head>", f"<head>{title}", 1), encoding="utf-8")


def plotly_figure(figure: Figure) -> Any:
    """Return a figure as plotly's own, for a notebook.

    Raises:
        UserError: plotly is not installed.
    """
    try:
        from plotly import graph_objects as go  # noqa: PLC0415 - a large library
        from plotly.subplots import make_subplots  # noqa: PLC0415
    except ImportError:
        raise UserError("a page needs plotly: pip install 'hypersweep[plot]'") from None
    note = f"<br><sup>{_safe(figure.note)}</sup>" if figure.note else ""
    layout = {
        "title": {"text": _safe(figure.title) + note, "font": {"size": 16, "color": INK}},
        "template": "plotly_white",
        "hoverlabel": {"align": "left"},
        "margin": {"l": 70, "r": 30, "t": 80, "b": 60},
    }
    scale = _Scale.of(figure)
    if figure.parallel is not None:
        drawn = go.Figure(_parallel(go, figure.parallel, scale))
        drawn.update_layout(
            {**layout, "margin": {"l": 90, "r": 60, "t": 120, "b": 40}}, height=ALONE
        )
        return drawn
    rows, columns = figure.grid
    drawn = make_subplots(rows, columns, subplot_titles=[_shown(p.title) for p in figure.panels])
    drawn.update_annotations(font={"size": 12, "color": INK})
    for place, panel in enumerate(figure.panels):
        where = {"row": place // columns + 1, "col": place % columns + 1}
        for mark in panel.marks:
            drawn.add_trace(_trace(go, mark, panel, scale, bar=not place), **where)
        drawn.update_xaxes(**_axis(panel.x), **where)
        drawn.update_yaxes(**_axis(panel.y), **where)
        if any(isinstance(mark, Bars) for mark in panel.marks):
            drawn.update_yaxes(autorange="reversed", **where)
    levels = max(len(panel.y.levels) for panel in figure.panels)
    height = rows * ROW + 80 if len(figure.panels) > 1 else max(ALONE, 18 * levels + 160)
    drawn.update_layout(**layout, height=height, barmode="overlay")
    return drawn


def _axis(axis: Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": _safe(axis.label)}}
    if axis.levels:
        texts = [_safe(text) for text in axis.levels]
        found |= {"tickmode": "array", "tickvals": [*range(len(texts))], "ticktext": texts}
    elif axis.log:
        found |= {"type": "log", "exponentformat": "power"}
    elif axis.whole:
        found["tickformat"] = "d"
    return found


def _trace(go: Any, mark: Mark, panel: Panel, scale: _Scale, *, bar: bool) -> Any:
    match mark:
        case Line():
            shape = "hv" if mark.step else "linear"
            return go.Scatter(
                x=mark.x,
                y=mark.y,
                mode="lines",
                line={"color": mark.colour, "width": mark.width, "shape": shape},
                opacity=mark.opacity,
                legendgroup=mark.name or mark.colour,
                **_named(mark.name),
                **_hover(mark.hover, "%{y:.6g}"),
            )
        case Points():
            marker = _shaded(mark, scale, bar=bar) if mark.shades else {"color": mark.colour}
            return go.Scatter(
                x=mark.x,
                y=mark.y,
                mode="markers",
                marker={**marker, "size": mark.size},
                **_named(mark.name),
                **_hover(mark.hover, "%{x:.6g}, %{y:.6g}"),
            )
        case Bars():
            return go.Bar(
                x=mark.length,
                y=mark.row,
                base=mark.start or None,
                orientation="h",
                marker={"color": mark.colour},
                error_x={"type": "data", "array": mark.errors} if mark.errors else None,
                **_named(mark.name),
                **_hover(mark.hover, "%{x:.6g}"),
            )
        case Surface():
            shades = {"colorscale": scale.colours, "zmin": scale.low, "zmax": scale.high}
            if panel.x.levels or panel.y.levels:  # there is nothing between two texts
                return go.Heatmap(x=mark.x, y=mark.y, z=mark.z, showscale=False, **shades)
            return go.Contour(
                x=mark.x, y=mark.y, z=mark.z, ncontours=24, showscale=False, **shades
            )


def _shaded(mark: Points, scale: _Scale, *, bar: bool) -> dict[str, Any]:
    return {
        "color": mark.shades,
        "colorscale": scale.colours,
        "cmin": scale.low,
        "cmax": scale.high,
        "showscale": bar,
        "colorbar": scale.bar,
        "line": {"width": 0.7, "color": "white"},
    }


def _parallel(go: Any, drawn: Parallel, scale: _Scale) -> Any:
    dimensions = [
        {
            "label": _safe(dimension.label),
            "values": [None if math.isnan(p) else p for p in dimension.places],
            "tickvals": [place for place, _ in dimension.ticks],
            "ticktext": [_safe(text) for _, text in dimension.ticks],
            "range": [0, 1],
        }
        for dimension in drawn.dimensions
    ]
    line = {
        "color": drawn.shades,
        "colorscale": scale.colours,
        "showscale": True,
        "colorbar": scale.bar,
    }
    return go.Parcoords(dimensions=dimensions, line=line)


def _named(name: str) -> dict[str, Any]:
    return {"name": _safe(name), "showlegend": bool(name)}


def _hover(texts: str | Sequence[str], otherwise: str) -> dict[str, Any]:
    """Return what is said of points: one text for all, or each its own."""
    if not texts:
        return {"hovertemplate": f"{otherwise}<extra></extra>"}
    shown = _shown(texts) if isinstance(texts, str) else [*map(_shown, texts)]
    return {"text": shown, "hoverinfo": "text"}


def _shown(text: str) -> str:
    return _safe(text).replace("\n", "<br>")


def _safe(text: str) -> str:
    """Return a text of somebody else's that a page shows as it is."""
    return html.escape(text, quote=False)
