"""`sweep export`: a sweep's runs as a table for other programs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweep.cli.options import find_sweep, json_text, workspace_option

if TYPE_CHECKING:
    import pandas as pd

    from sweep.storage.workspace import SweepFolder


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
@click.option(
    "--to",
    type=(click.Choice(["csv", "json", "parquet", "mlflow", "tensorboard"]), str),
    metavar="KIND PLACE",
    help="As csv, json, parquet, or into a store of mlflow or tensorboard: a file, a folder, or"
    " the URI of a tracking server.",
)
@workspace_option
def export(
    sweep: str,
    kind: str,
    output: Path | None,
    to: tuple[str, str] | None,
    workspace: Path | None,
) -> None:
    """Write the runs of a SWEEP (the last one by default), one a row, or into another's store."""
    if to is not None and to[0] in ("mlflow", "tensorboard"):
        _into_store(find_sweep(workspace, sweep), *to)
        return
    kind, output = (to[0], Path(to[1])) if to is not None else (kind, output)
    from sweep.api.dataframe import runs_dataframe  # noqa: PLC0415 - pandas, and only here
    from sweep.core import words  # noqa: PLC0415
    from sweep.errors import UserError  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    with SweepReader(folder.database) as reader:
        frame = runs_dataframe(reader, folder)
    if kind == "parquet":
        if find_spec("pyarrow") is None:  # pandas needs it for this
            raise UserError("Parquet needs pyarrow: pip install 'hypersweep[parquet]'")
        if output is None:
            raise UserError("Parquet is binary: give --output FILE")
        _of_one_kind(frame).to_parquet(output, index=False)
        return
    if kind == "csv":
        text: str = frame.to_csv(index=False)
    else:
        text = json_text(_plain_rows(frame)) + "\n"  # pandas' own would round to ten digits
    if output is None:
        # A program gets the values as they are; a terminal would obey some of them.
        sys.stdout.write(words.plain(text) if sys.stdout.isatty() else text)
    else:
        output.write_text(text, encoding="utf-8")


def _into_store(folder: SweepFolder, kind: str, place: str) -> None:
    from sweep.storage.reader import SweepReader  # noqa: PLC0415 - not needed for --help

    with SweepReader(folder.database) as reader:
        if kind == "mlflow":
            from sweep.api.export_mlflow import export_mlflow  # noqa: PLC0415 - seconds

            uri = export_mlflow(reader, folder, place)
            click.echo(f"{folder.id} is in {uri}: mlflow ui --backend-store-uri {uri}")
        else:
            from sweep.api.export_tensorboard import export_tensorboard  # noqa: PLC0415 - a second

            export_tensorboard(reader, folder, Path(place))
            click.echo(f"{folder.id} is in {place}: tensorboard --logdir {place}")


def _plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    def plain(value: Any) -> Any:
        if value is None or value != value:  # noqa: PLR0124 - pandas' ways to say nothing
            return None
        return value.isoformat() if hasattr(value, "isoformat") else value

    rows = frame.to_dict("records")
    return [{str(name): plain(value) for name, value in row.items()} for row in rows]


def _of_one_kind(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of several kinds of values, which Parquet does not know, into text."""
    for column in frame.columns:
        values = frame[column]
        if len({type(value) for value in values.dropna()}) > 1:
            frame[column] = [value if value is None else str(value) for value in values]
    return frame
