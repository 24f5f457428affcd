"""`sweep plot` and `sweep curves`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import find_sweep, many, workspace_option
from sweep.errors import UserError
from sweep.view.draw import KINDS

if TYPE_CHECKING:
    from sweep.storage.workspace import SweepFolder
    from sweep.view.data import SweepData
    from sweep.view.figure import Figure

HEIGHT = 16
MOST_IN_TERMINAL = 300
"""So many curves are told apart neither here nor by anybody."""
COLOURS = {"completed": "blue", "stopped early": "yellow", "failed": "red", "running": "green"}

file_options = many(
    click.option(
        "--html",
        "page",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A page to point at and zoom into, without network; drawn by plotly.",
    ),
    click.option(
        "--png",
        "picture",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A picture; drawn by matplotlib.",
    ),
)


@click.command()
@click.argument("sweep", default="")
@click.option("--kind", type=click.Choice(KINDS), default="history", show_default=True)
@click.option(
    "--param",
    "names",
    multiple=True,
    metavar="NAME",
    help="Of these hyperparameters only; for parallel, importance, slice, contour.",
)
@file_options
@workspace_option
def plot(
    sweep: str,
    kind: str,
    names: tuple[str, ...],
    page: Path | None,
    picture: Path | None,
    workspace: Path | None,
) -> None:
    """Draw a SWEEP (the last one by default) into a file: SWEEP-KIND.html, or what is named.

    \b
    history      each run's best value, and the best so far
    parallel     runs as lines through their hyperparameters
    importance   which hyperparameters matter: a random forest, shuffled
    slice        the best value over each hyperparameter
    contour      what a random forest expects over pairs of them
    curves       what runs have reported
    timeline     when each run was at work
    """  # noqa: D301 - click wants the character itself
    from sweep.view.draw import figure_of  # noqa: PLC0415 - not needed for --help

    folder = find_sweep(workspace, sweep)
    figure = figure_of(_read(folder), kind, names)
    if page is None and picture is None:
        page = Path(f"{folder.id}-{kind}.html")
    _write(figure, page, picture)


@click.command()
@click.argument("sweep", default="")
@file_options
@workspace_option
def curves(sweep: str, page: Path | None, picture: Path | None, workspace: Path | None) -> None:
    """Draw the learning curves of a SWEEP (the last one by default) here, or into a file."""
    data = _read(find_sweep(workspace, sweep))
    if page is None and picture is None:
        if not data.metric:
            raise UserError(f"{data.id} is a lone run: there is no primary metric to draw")
        _in_terminal(data)
    else:
        from sweep.view.draw import figure_of  # noqa: PLC0415 - not needed for --help

        _write(figure_of(data, "curves"), page, picture)


def _write(figure: Figure, page: Path | None, picture: Path | None) -> None:
    from sweep.view.draw import write  # noqa: PLC0415

    write(figure, page, picture)
    for path in (page, picture):
        if path is not None:
            click.echo(path)


def _read(folder: SweepFolder) -> SweepData:
    from sweep.storage.reader import SweepReader  # noqa: PLC0415
    from sweep.view.data import sweep_data  # noqa: PLC0415

    with SweepReader(folder.database) as reader:
        return sweep_data(reader, folder)


def _in_terminal(data: SweepData) -> None:
    from rich.text import Text  # noqa: PLC0415

    from sweep.cli.terminal import console  # noqa: PLC0415
    from sweep.core.words import configuration_text, counted, fit, number, plain  # noqa: PLC0415
    from sweep.view.chart import Trace, chart  # noqa: PLC0415
    from sweep.view.kinds import outcome  # noqa: PLC0415

    screen = console()
    best = data.ordered[0] if data.ordered else None
    rows = (data.ordered[:MOST_IN_TERMINAL] or data.rows[:MOST_IN_TERMINAL])[::-1]
    traces = [
        Trace(
            data.curves.get(row.number, []),
            "bold magenta" if row is best else COLOURS.get(outcome(row), "white"),
        )
        for row in rows
    ]
    screen.print(Text(f" {plain(data.metric)} of {counted(len(data.curves), 'run')}", "bold"))
    for row in chart(traces, screen.width - 2, HEIGHT).rows:
        screen.print(Text.assemble(" ", *row), no_wrap=True)
    legend = Text("  ")
    for word in dict.fromkeys(outcome(row) for row in rows):
        legend.append("━ ", COLOURS.get(word, "white")).append(f"{word}   ")
    screen.print(legend)
    if best is not None:
        text = Text("  ").append("━ ", "bold magenta").append(f"best: run {best.number}, ")
        text.append(f"{number(best.best)}  {configuration_text(best.configuration)}")
        screen.print(Text(fit(text.plain, screen.width)) if len(text) > screen.width else text)
