"""`sweep logs`: what a run has printed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from sweep.cli.options import find_workspace, workspace_option

POLL = 0.2
OVER = ("Completed", "Failed", "Canceled")


@click.command()
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@workspace_option
def logs(run: str, follow: bool, workspace: Path | None) -> None:
    """Print what a RUN has printed: a number (of the last sweep) or a run's id."""
    sys.exit(print_log(find_workspace(workspace), run, follow=follow))


def print_log(workspace: object, reference: str, *, follow: bool) -> int:
    """Print a run's output; return the exit code.

    Raises:
        WorkspaceError: there is no such run.
    """
    from sweep.cli.show import run_row  # noqa: PLC0415 - not needed for --help
    from sweep.core.words import plain  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415
    from sweep.storage.workspace import WorkspaceFolder  # noqa: PLC0415

    assert isinstance(workspace, WorkspaceFolder)
    folder, number = workspace.run(reference)
    reader = SweepReader(folder.database)
    row, printed = run_row(reader, folder, number), 0
    while True:
        over = row.status in OVER
        path = folder.run_folder(number, row.attempt) / "user_logs" / "std_log.txt"
        if path.exists():
            with path.open("rb") as file:
                file.seek(printed)
                while block := file.read(1 << 20):
                    printed += len(block)
                    click.echo(plain(block.decode(errors="replace")), nl=False)
        if over or not follow:
            break
        time.sleep(POLL)
        row = run_row(reader, folder, number)
    if not printed and not follow:
        click.echo(f"run {number} has printed nothing ({row.status})", err=True)
    return 0
