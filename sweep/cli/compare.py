"""`sweep compare`: runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sweep.cli.options import find_workspace, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from rich.table import Table

    from sweep.storage.reader import RunRow
    from sweep.storage.workspace import SweepFolder

PALETTE = ("cyan", "magenta", "yellow", "green", "blue", "red")
HEIGHT = 10


class Compared(NamedTuple):
    """One of the runs: where it is kept, its state, and what it has logged."""

    folder: SweepFolder
    row: RunRow
    metric: str
    curve: list[float]
    logged: dict[str, Any]


@click.command()
@click.argument("runs", nargs=-1, required=True)
@json_option
@workspace_option
def compare(runs: tuple[str, ...], as_json: bool, workspace: Path | None) -> None:
    """Compare RUNS: what differs among them, and how they went.

    A run is a number (of the last sweep) or a run's id; they may be of several sweeps.
    """
    from sweep.cli.tables import run_json  # noqa: PLC0415 - not needed for --help
    from sweep.errors import UserError  # noqa: PLC0415

    if len(runs) < 2:
        raise UserError("compare: expected two runs or more, as in `sweep compare 3 17`")
    place = find_workspace(workspace)
    found = [_read(*place.run(reference)) for reference in runs]
    if as_json:
        print_json(
            [
                {
                    **run_json(one.folder, one.row),
                    "primary_metric": one.metric,
                    "curve": one.curve,
                    "metrics": one.logged,
                }
                for one in found
            ]
        )
    else:
        _show(found)


def _read(folder: SweepFolder, number: int) -> Compared:
    from sweep.api.children import metrics_of  # noqa: PLC0415
    from sweep.cli.show import run_row  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    with SweepReader(folder.database) as reader:
        row = run_row(reader, folder, number)
        metric: str = reader.get("definition")["primary_metric_config"]["name"]
        logged = metrics_of(reader, row)
        logged.pop(metric, None)
        return Compared(folder, row, metric, [v for _, v in reader.reports(number)], logged)


def _show(runs: list[Compared]) -> None:
    from rich.text import Text  # noqa: PLC0415

    from sweep.cli.terminal import console  # noqa: PLC0415
    from sweep.core.words import one_line  # noqa: PLC0415
    from sweep.view.chart import Trace, chart  # noqa: PLC0415

    screen = console()
    screen.print(_table(runs))
    for run in runs:
        if run.row.reason:
            screen.print(Text(f" run {run.row.number}: {one_line(run.row.reason)}", "dim"))
    if any(run.curve for run in runs) and len({run.metric for run in runs}) == 1:
        traces = [Trace(r.curve, colour(n)) for n, r in enumerate(runs)]
        screen.print(Text(f"\n {one_line(runs[0].metric)}", "bold"))
        for row in chart(traces, screen.width - 2, HEIGHT).rows:
            screen.print(Text.assemble(" ", *row), no_wrap=True)


def colour(number: int) -> str:
    """Return the colour of the run at a place."""
    return PALETTE[number % len(PALETTE)]


def _table(runs: list[Compared]) -> Table:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    several = len({run.folder.id for run in runs}) > 1
    for place, run in enumerate(runs):
        name = run.folder.run_id(run.row.number) if several else f"run {run.row.number}"
        table.add_column(Text(name, f"bold {colour(place)}"), overflow="fold")
    table.add_column("")
    for name, cells in _lines(runs):
        differ = len(set(cells)) > 1
        mark = Text("≠", "bold") if differ else Text("=", "dim")
        style = "" if differ else "dim"
        table.add_row(Text(f" {name}"), *(Text(cell, style) for cell in cells), mark)
    return table


def _lines(runs: Sequence[Compared]) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the cells of each line: results, hyperparameters, other metrics."""
    from sweep.cli.tables import lasted  # noqa: PLC0415
    from sweep.core.words import (  # noqa: PLC0415
        MARKS,
        NOTHING,
        duration,
        number,
        plain,
        value_text,
    )
    from sweep.view.data import flattened  # noqa: PLC0415

    yield "status", [MARKS[run.row.status] for run in runs]
    metrics = dict.fromkeys(run.metric for run in runs if run.metric)
    for metric in metrics:
        mine = [run.row if run.metric == metric else None for run in runs]
        yield plain(metric), [number(row.best if row else None) for row in mine]
        yield f"{plain(metric)}, last", [number(row.last if row else None) for row in mine]
    yield "reports", [str(run.row.reports) for run in runs]
    yield "time", [duration(lasted(run.row)) for run in runs]
    flat = [flattened(run.row.configuration) for run in runs]
    for name in dict.fromkeys(name for values in flat for name in values):
        yield plain(name), [value_text(v[name]) if name in v else NOTHING for v in flat]
    for name in dict.fromkeys(name for run in runs for name in run.logged):
        yield plain(name), [_last(run.logged[name]) if name in run.logged else "-" for run in runs]


def _last(value: Any) -> str:
    from sweep.core.words import fit, value_text  # noqa: PLC0415

    return fit(value_text(value[-1] if isinstance(value, list) and value else value), 40)
