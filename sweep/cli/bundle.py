"""`sweep bundle` and `sweep unbundle`: a sweep as one file."""

from __future__ import annotations

from pathlib import Path

import click

from sweep.cli.options import Size, find_sweep, warn, workspace_option, workspace_to_write


@click.command()
@click.argument("sweep", default="")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file. Default: the sweep's id, here.",
)
@workspace_option
def bundle(sweep: str, output: Path | None, workspace: Path | None) -> None:
    """Write a SWEEP into one file: configuration, snapshot, results, outputs and logs.

    The last one by default. Secrets stay behind. `sweep unbundle` opens it, anywhere.
    """
    from sweep.engine.bundle import SUFFIX  # noqa: PLC0415 - not needed for --help
    from sweep.engine.bundle import bundle as write_bundle  # noqa: PLC0415
    from sweep.engine.disk import in_words  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    file = output or Path(f"{folder.id}{SUFFIX}")
    size = write_bundle(folder, file, warn)
    click.echo(f"{file}: {in_words(size)}; open it with: sweep unbundle {file}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--max-size",
    type=Size(),
    help="Refuse more than that, unpacked, such as 20GB. Default: what there is room for.",
)
@workspace_option
def unbundle(file: Path, max_size: int | None, workspace: Path | None) -> None:
    """Put the sweep of a bundle's FILE into the workspace, to look at it or to resume it.

    To resume a sweep executes its script: open bundles only of those whom you trust with that.
    """
    from sweep.engine.unbundle import unbundle as open_bundle  # noqa: PLC0415

    folder, said = open_bundle(file, workspace_to_write(workspace), largest=max_size)
    for text in said:
        warn(text)
    click.echo(f"{folder.id} is in {folder.path}: sweep run show {folder.id}")
