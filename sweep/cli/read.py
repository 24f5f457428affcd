"""`sweep best`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweep.cli.options import find_sweep, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from sweep.storage.reader import SweepReader
    from sweep.storage.workspace import SweepFolder
    from sweep.view.importance import Importance

BAR = 24
"""Characters of the bar of a hyperparameter on which all depends."""


@click.command()
@click.argument("sweep", default="")
@click.option("--top", type=click.IntRange(min=1), default=1, show_default=True, metavar="N")
@click.option("--importance", is_flag=True, help="Tell as well which hyperparameters matter.")
@json_option
@workspace_option
def best(sweep: str, top: int, importance: bool, as_json: bool, workspace: Path | None) -> None:
    """Show the best run of a SWEEP (the last one by default) and its hyperparameters."""
    from sweep.cli.configurations import (  # noqa: PLC0415 - not needed for --help
        best_configurations,
        json_of,
        lines_of,
    )
    from sweep.cli.tables import run_json  # noqa: PLC0415
    from sweep.core.words import number, plain, value_text  # noqa: PLC0415
    from sweep.errors import WorkspaceError  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    with SweepReader(folder.database) as reader:
        rows = reader.ranked(top)
        wholes = best_configurations(reader, top) if reader.replicates > 1 else []
        metric = plain(reader.get("definition")["primary_metric_config"]["name"])
        if not rows:
            raise WorkspaceError(f"{folder.id}: {_why_none(reader, folder, metric)}")
        matters = _importance(reader, folder) if importance else None
    if as_json:
        found: Any = [run_json(folder, row) for row in rows]
        if wholes:
            found = [
                {**run_json(folder, one.runs[0]), "configuration": json_of(one)} for one in wholes
            ]
        found = found[0] if top == 1 else found
        print_json(found if matters is None else {"best": found, "importance": _json(matters)})
        return
    for one in wholes:
        for line in lines_of(one, folder, metric):
            click.echo(line)
    for row in [] if wholes else rows:
        value = click.style(number(row.best), fg="green", bold=True)
        click.echo(f"{folder.run_id(row.number)}  {metric} = {value}  ({row.status})")
        for name, setting in row.configuration.items():
            click.echo(f"  {plain(name)}  {value_text(setting)}")
        click.echo(plain(f"  in {folder.run_folder(row.number, row.attempt)}"))
    if matters is not None:
        click.echo(f"Importance for {metric}:")
        for line in (*_bars(matters), matters.note):
            click.echo(f"  {line}")


def _why_none(reader: SweepReader, folder: SweepFolder, metric: str) -> str:
    if folder.is_lone_run:
        return "a lone run has no primary metric: `sweep run show` has all that it has logged"
    logged = reader.metric_names()
    others = f"; what was logged is {', '.join(map(repr, logged))}" if logged else ""
    return f"no run has logged a number as {metric!r}, the primary metric{others}"


def _importance(reader: SweepReader, folder: SweepFolder) -> Importance:
    from sweep.view.data import sweep_data  # noqa: PLC0415 - a forest is a large library
    from sweep.view.importance import importance_of  # noqa: PLC0415

    return importance_of(sweep_data(reader, folder))


def _json(found: Importance) -> dict[str, Any]:
    shares = [
        {"hyperparameter": name, "share": share, "deviation": deviation}
        for name, share, deviation in found.shares
    ]
    return {"runs": found.runs, "explained_variance": found.explained, "hyperparameters": shares}


def _bars(found: Importance) -> Iterator[str]:
    """Yield a line for each hyperparameter: its name, share, deviation, and a bar."""
    width = max(len(name) for name, _, _ in found.shares)
    for name, share, deviation in found.shares:
        bar = "█" * round(share * BAR)
        yield f"{name:<{width}}  {share:>4.0%} ± {deviation:>3.0%}  {bar}".rstrip()
