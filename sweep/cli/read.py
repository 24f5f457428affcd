"""`sweep best`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import find_sweep, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from sweep.storage.reader import SweepReader
    from sweep.storage.workspace import SweepFolder


@click.command()
@click.argument("sweep", default="")
@click.option("--top", type=click.IntRange(min=1), default=1, show_default=True, metavar="N")
@json_option
@workspace_option
def best(sweep: str, top: int, as_json: bool, workspace: Path | None) -> None:
    """Show the best run of a SWEEP (the last one by default) and its hyperparameters."""
    from sweep.cli.tables import run_json  # noqa: PLC0415 - not needed for --help
    from sweep.core.words import number, plain, value_text  # noqa: PLC0415
    from sweep.errors import WorkspaceError  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    with SweepReader(folder.database) as reader:
        rows = reader.ranked(top)
        metric = plain(reader.get("definition")["primary_metric_config"]["name"])
        if not rows:
            raise WorkspaceError(f"{folder.id}: {_why_none(reader, folder, metric)}")
    if as_json:
        found = [run_json(folder, row) for row in rows]
        print_json(found[0] if top == 1 else found)
        return
    for row in rows:
        value = click.style(number(row.best), fg="green", bold=True)
        click.echo(f"{folder.run_id(row.number)}  {metric} = {value}  ({row.status})")
        for name, setting in row.configuration.items():
            click.echo(f"  {plain(name)}  {value_text(setting)}")
        click.echo(plain(f"  in {folder.run_folder(row.number, row.attempt)}"))


def _why_none(reader: SweepReader, folder: SweepFolder, metric: str) -> str:
    if folder.is_lone_run:
        return "a lone run has no primary metric: `sweep run show` has all that it has logged"
    logged = reader.metric_names()
    others = f"; what was logged is {', '.join(map(repr, logged))}" if logged else ""
    return f"no run has logged a number as {metric!r}, the primary metric{others}"
