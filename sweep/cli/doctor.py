"""`sweep doctor`: is all well in a workspace?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import find_workspace, json_option, print_json

if TYPE_CHECKING:
    from sweep.storage.doctor import WorkspaceCheck
    from sweep.storage.repair import Repair
    from sweep.storage.workspace import WorkspaceFolder


@click.command()
@click.argument("workspace", default=None, required=False, type=click.Path(path_type=Path))
@click.option("--repair", "mend", is_flag=True, help="Put right what can be proved to be wrong.")
@json_option
def doctor(workspace: Path | None, mend: bool, as_json: bool) -> None:
    r"""Check a WORKSPACE, found from here upwards by default, and every sweep in it.

    Databases are checked to the last entry; folders, processes and requests that nobody owns
    are named, each with what to do. Nothing is changed without --repair.

    --repair makes a damaged database anew from what can be read of it and keeps the original
    beside it, removes empty folders that belong to nothing, and closes the workspace to others.
    It never touches a sweep that somebody works on.

    Exit code: 0, all is well; 1, something is not, or still is not; 2, a mistake in the command.
    """
    from dataclasses import asdict  # noqa: PLC0415 - not needed for --help

    from sweep.storage.doctor import examine  # noqa: PLC0415
    from sweep.storage.repair import Repair, repair  # noqa: PLC0415

    place = find_workspace(workspace)
    seen, came_to = examine(place), Repair()
    if mend:
        came_to = repair(place, seen)
        seen = examine(place)
    if as_json:
        found = [asdict(finding) for finding in seen.all_findings]
        print_json(
            {
                "workspace": str(place.path),
                "sweeps": len(seen.sweeps),
                "findings": found,
                "repaired": came_to.done,
                "not_repaired": came_to.left,
            }
        )
    else:
        _show(place, seen, came_to)
    sys.exit(1 if seen.all_findings or came_to.left else 0)


def _show(place: WorkspaceFolder, seen: WorkspaceCheck, came_to: Repair) -> None:
    from sweep.core.words import counted, one_line  # noqa: PLC0415 - not needed for --help

    for line in came_to.done:
        click.echo(f"{click.style('repaired', fg='green')} {one_line(line)}")
    for line in came_to.left:
        click.echo(f"{click.style('not repaired', fg='red')} {one_line(line)}")
    for finding in seen.all_findings:
        kind = click.style(finding.kind, fg="yellow", bold=True)
        click.echo(f"{kind} {one_line(finding.where)}")
        click.echo(f"  {one_line(finding.what)}")
        click.echo(f"  to do: {one_line(finding.todo)}")
    for check in seen.sweeps:
        if check.engine is not None:
            click.echo(f"process {check.engine} is working on {check.folder.id}: database only")
    checked = f"{counted(len(seen.sweeps), 'sweep')} in {place.path}"
    findings = len(seen.all_findings)
    verdict = click.style("all is well", fg="green") if not findings else f"{findings} to look at"
    click.echo(f"{checked}: {verdict}")
