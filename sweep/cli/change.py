"""`sweep pause`, `cancel`, `set`, `invalidate`: what can be changed in a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import find_sweep, find_workspace, workspace_option
from sweep.errors import UserError

if TYPE_CHECKING:
    from sweep.storage.workspace import SweepFolder

LATER = "nobody works on it now; it will be done when it is resumed"


@click.command()
@click.argument("sweep", default="")
@workspace_option
def pause(sweep: str, workspace: Path | None) -> None:
    """Let a SWEEP cease for now; `sweep resume` goes on with it. The last one by default.

    What runs is stopped and will run again, from where its script can go on.
    """
    from sweep.engine.wishes import leave  # noqa: PLC0415 - not needed for --help

    folder = find_sweep(workspace, sweep)
    if folder.engine is None:
        raise UserError(f"{folder.id}: nobody works on it, so there is nothing to pause")
    leave(folder.requests, "pause", None, "paused by the user")
    click.echo(f"{folder.id}: asked to pause; go on with it: sweep resume {folder.id}")


@click.command()
@click.argument("reference", metavar="[RUN|SWEEP]", default="")
@workspace_option
def cancel(reference: str, workspace: Path | None) -> None:
    """Cancel a run, or a whole sweep with all its runs; `last` is the last sweep."""
    cancel_what(reference, workspace)


def cancel_what(reference: str, workspace: Path | None) -> None:
    """Leave the wish that a run or a sweep be canceled.

    Raises:
        UserError: it is over, or nothing is named.
        WorkspaceError: it is not there.
    """
    from sweep.cli.show import run_row  # noqa: PLC0415 - not needed for --help
    from sweep.core.run import OVER  # noqa: PLC0415
    from sweep.engine.wishes import leave  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    if not reference:
        raise UserError("cancel what? Name a run or a sweep; `last` is the last sweep")
    folder, number = find_workspace(workspace).find(reference)
    if folder.is_lone_run:
        number = None  # it goes with its only run, also before that is launched
    what = folder.id if number is None else folder.run_id(number)
    with SweepReader(folder.database) as reader:
        status = reader.get("status")[0]
        if status not in OVER and number is not None:
            status = run_row(reader, folder, number).status
    if status in OVER:
        raise UserError(f"{what} is {status} already")
    leave(folder.requests, "cancel", number, "canceled by the user")
    if folder.engine is None:
        click.echo(f"{what}: nobody works on it now; it will be canceled when it is resumed")
    else:
        click.echo(f"{what}: asked to cancel")


@click.command()
@click.argument("sweep", default="")
@click.option(
    "--max-concurrent-runs",
    type=click.IntRange(min=1),
    required=True,
    help="So many runs at one time, from now on. Those that are too many go to their end.",
)
@workspace_option
def set(  # noqa: A001 - the name of the command
    sweep: str, max_concurrent_runs: int, workspace: Path | None
) -> None:
    """Change a SWEEP that is worked on, or paused; the last one by default."""
    from sweep.core.words import counted  # noqa: PLC0415 - not needed for --help
    from sweep.engine.amend import set_concurrency  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    done = set_concurrency(folder, max_concurrent_runs)
    what = f"{counted(max_concurrent_runs, 'run')} at a time"
    click.echo(f"{folder.id}: {what}" if done else f"{folder.id}: {_asked(folder, what)}")


@click.command()
@click.argument("run")
@click.option("--reason", required=True, help="Why its result is wrong; kept with the run.")
@workspace_option
def invalidate(run: str, reason: str, workspace: Path | None) -> None:
    """Let a RUN whose result is wrong count for nothing, from now on.

    It is no longer the best and not ranked; the policy and a sampler that learns forget it. If it
    runs, it is stopped. `sweep resume --rerun NUMBER` lets it run again.
    """
    from sweep.engine.amend import invalidate as invalidate_run  # noqa: PLC0415

    if not reason.strip():
        raise UserError("--reason: say why its result is wrong")
    folder, number = find_workspace(workspace).run(run)
    done = invalidate_run(folder, number, reason.strip())
    what = folder.run_id(number)
    click.echo(f"{what}: counts no longer" if done else f"{what}: {_asked(folder, 'invalidate')}")


def _asked(folder: SweepFolder, what: str) -> str:
    return LATER if folder.engine is None else f"asked: {what}"
