"""The kinds of figures by their names; what draws them is loaded when it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweep.errors import UserError

if TYPE_CHECKING:
    from sweep.view.data import SweepData
    from sweep.view.figure import Figure

KINDS = ("history", "parallel", "importance", "slice", "contour", "curves", "timeline")
OF_HYPERPARAMETERS = ("parallel", "importance", "slice", "contour")


def figure_of(data: SweepData, kind: str, names: Sequence[str] = ()) -> Figure:
    """Return a figure of a sweep.

    Args:
        data: the sweep.
        kind: one of `KINDS`.
        names: of these hyperparameters only.

    Raises:
        UserError: there is no such kind or hyperparameter, or nothing to draw.
    """
    from sweep.view import importance, kinds, space  # noqa: PLC0415 - numpy, and only here

    if kind not in KINDS:
        raise UserError(f"{kind!r} cannot be drawn: expected one of {', '.join(KINDS)}")
    if names and kind not in OF_HYPERPARAMETERS:
        raise UserError(f"{kind} is not drawn by hyperparameters")
    if not data.metric:
        raise UserError(f"{data.id} is a lone run: there is no primary metric to draw")
    whole: dict[str, Callable[[SweepData], Figure]] = {
        "history": kinds.history,
        "curves": kinds.curves,
        "timeline": kinds.timeline,
    }
    by_name: dict[str, Callable[[SweepData, Sequence[str]], Figure]] = {
        "parallel": space.parallel,
        "slice": space.slices,
        "contour": space.contours,
        "importance": importance.importance,
    }
    return whole[kind](data) if kind in whole else by_name[kind](data, names)


def write(figure: Figure, page: Path | None = None, picture: Path | None = None) -> None:
    """Write a figure as a page, as a picture, or both.

    Raises:
        UserError: what draws it is not installed.
        OSError: a file cannot be written.
    """
    if page is not None:
        from sweep.view.html import write_html  # noqa: PLC0415 - a large library

        write_html(figure, page)
    if picture is not None:
        from sweep.view.png import write_png  # noqa: PLC0415 - likewise

        write_png(figure, picture)
