"""`sweep gc`: room on the disk."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sweep.cli.options import Amount, find_workspace, json_option, print_json, workspace_option


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option(
    "--keep-best",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="So many of the best runs of each sweep keep their outputs.",
)
@click.option(
    "--older",
    type=Amount(),
    default=0.0,
    metavar="DAYS",
    help="Only sweeps that ended so many days ago.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option
@workspace_option
def gc(
    dry_run: bool, keep_best: int, older: float, yes: bool, as_json: bool, workspace: Path | None
) -> None:
    """Free disk space: what sweeps that are over have left and nobody needs.

    Outputs of runs that are not among the best, whole sweeps that were canceled, snapshots that no
    sweep has. Results and logs stay. Nothing of a sweep that is worked on or paused is touched.
    """
    from sweep.engine.disk import in_words  # noqa: PLC0415 - not needed for --help
    from sweep.engine.gc import free, plan  # noqa: PLC0415

    parts = plan(find_workspace(workspace), keep_best=keep_best, older_days=older)
    total = sum(part.size for part in parts)
    if as_json:
        print_json(
            [
                {
                    "sweep": part.sweep and part.sweep.id,
                    "what": part.what,
                    "bytes": part.size,
                    "paths": [str(path) for path in part.paths],
                }
                for part in parts
            ]
        )
    else:
        for part in parts:
            name = "snapshots" if part.sweep is None else part.sweep.id
            click.echo(f"{in_words(part.size):>10}  {name}: {part.what}")
        click.echo(f"{in_words(total):>10}  in all" if parts else "there is nothing to be freed")
    if dry_run or not parts:
        return
    if not yes and sys.stdin.isatty():
        click.confirm("Remove it?", abort=True, err=True)
    freed = sum(part.size for part in parts if free(part))
    if not as_json:
        click.echo(f"freed {in_words(freed)}")
