"""`sweep node`: the machines of a cluster, as a sweep sees them."""

from __future__ import annotations

from pathlib import Path

import click

from sweep.cli.options import find_sweep, workspace_option


@click.group()
def node() -> None:
    """Use a machine again on which runs failed."""


@node.command()
@click.argument("name")
@click.argument("sweep", default="")
@workspace_option
def release(name: str, sweep: str, workspace: Path | None) -> None:
    """Let runs start again on NAME, which a sweep has left alone; the last sweep by default."""
    from sweep.core.words import plain  # noqa: PLC0415 - not needed for --help
    from sweep.engine.wishes import leave  # noqa: PLC0415
    from sweep.errors import UserError  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    if folder.engine is None:
        raise UserError(
            f"nobody works on {folder.id} now: when it is resumed, all nodes are used again"
        )
    leave(folder.requests, "release", None, name)
    click.echo(f"{folder.id}: asked to use {plain(name)} again")
