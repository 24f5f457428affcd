"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sweep.storage.workspace import NAME, SweepFolder, WorkspaceFolder

F = TypeVar("F", bound=Callable[..., Any])

SCRIPT_AND_ARGUMENTS = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""Everything behind the script belongs to it."""


def many(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Combine options into one decorator."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


workspace_option = click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Folder that holds {NAME}; found from here upwards by default.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
resource_options = many(
    click.option("--cpus-per-run", type=float, default=1.0, show_default=True, metavar="N"),
    click.option("--gpus-per-run", type=float, default=0.0, show_default=True, metavar="N"),
)
work_options = many(
    click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors."),
    json_option,
    click.option("--async", "background", is_flag=True, help="Do not wait for the end."),
)
grace_option = click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Time a run has to end by itself when it is stopped.",
)


def find_workspace(where: Path | None) -> WorkspaceFolder:
    """Return the workspace to read from.

    Raises:
        WorkspaceError: there is none.
    """
    if where is not None:
        return WorkspaceFolder(where if where.name == NAME else where / NAME)
    found = WorkspaceFolder.near(Path.cwd())
    return found or WorkspaceFolder(Path.cwd() / NAME)


def workspace_to_write(where: Path | None) -> WorkspaceFolder:
    """Return the workspace to put something into; made here if there is none."""
    if where is not None:
        return WorkspaceFolder.make(where.parent if where.name == NAME else where)
    return WorkspaceFolder.near(Path.cwd()) or WorkspaceFolder.make(Path.cwd())


def find_sweep(where: Path | None, reference: str) -> SweepFolder:
    """Return a sweep by its id, the beginning of its id, or its folder; the last one by default.

    Raises:
        WorkspaceError: there is none.
    """
    place = Path(reference)
    if reference and (place / "sweep.json").is_file():
        place = place.resolve()
        return SweepFolder(place.name, place)
    return find_workspace(where).sweep(reference)


def warn(text: str) -> None:
    """Tell the user something that does not keep a command from going on."""
    click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {text}", err=True)
