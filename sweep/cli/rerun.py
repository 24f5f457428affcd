"""`sweep rerun`: a run once more."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sweep.cli.options import find_workspace, warn, work_options, workspace_option


@click.command()
@click.argument("run")
@click.option("--strict", is_flag=True, help="Refuse if Python or packages have changed.")
@work_options
@workspace_option
def rerun(
    run: str,
    strict: bool,
    quiet: bool,
    as_json: bool,
    background: bool,
    workspace: Path | None,
) -> None:
    """Repeat a RUN exactly, as a new sweep of one run, and compare what it reports.

    It is given the same words, hyperparameters, snapshot and variables, on the same target. What
    has changed of Python and its packages is told.
    """
    from sweep.cli.work import in_background, work_on  # noqa: PLC0415 - not needed for --help
    from sweep.engine.rerun import compared  # noqa: PLC0415
    from sweep.engine.rerun import rerun as repeat  # noqa: PLC0415

    before, number = find_workspace(workspace).run(run)
    folder = repeat(before, number, strict=strict, warn=warn)
    if background:
        in_background(folder)
        return
    code = work_on(folder, quiet=quiet, as_json=as_json)
    if not (quiet or as_json):
        click.echo(compared(before, number, folder))
    sys.exit(code)
