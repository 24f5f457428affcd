"""`sweep export`: a sweep's runs as a table for other programs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from sweep.cli.options import find_sweep, workspace_option


@click.command()
@click.argument("sweep", default="")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "json", "parquet"]),
    default="csv",
    show_default=True,
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file; standard output by default.",
)
@workspace_option
def export(sweep: str, kind: str, output: Path | None, workspace: Path | None) -> None:
    """Write the runs of a SWEEP (the last one by default), one a row."""
    from sweep.api.dataframe import runs_dataframe  # noqa: PLC0415 - pandas, and only here
    from sweep.errors import UserError  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    frame = runs_dataframe(SweepReader(folder.database), folder)
    if kind == "parquet":
        if find_spec("pyarrow") is None:  # pandas needs it for this
            raise UserError("Parquet needs pyarrow: pip install 'hypersweep[parquet]'")
        if output is None:
            raise UserError("Parquet is binary: give --output FILE")
        frame.to_parquet(output, index=False)
        return
    text = (
        frame.to_csv(index=False)
        if kind == "csv"
        else frame.to_json(orient="records", indent=2) + "\n"
    )
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text)
