"""`sweep python`: drivers that were written for the service's SDK."""

from __future__ import annotations

from pathlib import Path

import click

from sweep.cli.options import SCRIPT_AND_ARGUMENTS


@click.command(context_settings={**SCRIPT_AND_ARGUMENTS, "ignore_unknown_options": True})
@click.argument("driver", type=click.Path(path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def python(driver: Path, arguments: tuple[str, ...]) -> None:
    """Run a Python script that imports azureml: its sweeps run here.

    DRIVER makes and submits the sweep, as for the service; ARGUMENTS are its own. In a notebook,
    `%load_ext sweep` does the same.
    """
    from sweep.compat.driver import run_driver  # noqa: PLC0415 - not needed for --help

    run_driver(driver, arguments)
