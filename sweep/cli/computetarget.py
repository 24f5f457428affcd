"""`sweep computetarget`: where runs can execute, besides this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweep.cli.options import (
    find_workspace,
    json_option,
    many,
    print_json,
    workspace_option,
)
from sweep.cli.target_options import attach, create, service_options

if TYPE_CHECKING:
    from sweep.storage.targets import TargetEntry
    from sweep.storage.workspace import WorkspaceFolder


@click.group()
def computetarget() -> None:
    """Create, attach, list, show, update and remove compute targets.

    \b
    sweep computetarget create amlcompute -n cpucluster --max-nodes 4
    sweep computetarget attach remote -n attach-dsvm -a HOST -u USER
    sweep start --target cpucluster hdconfig.yml train.py
    """  # noqa: D301 - click wants the character itself


computetarget.add_command(create)
computetarget.add_command(attach)

_named = many(
    click.option("--name", "-n", required=True, help="Of the target."),
    workspace_option,
    service_options,
)


@computetarget.command("list")
@json_option
@workspace_option
@service_options
def list_(as_json: bool, workspace: Path | None) -> None:
    """List the targets."""
    from sweep.cli.tables import print_table  # noqa: PLC0415 - not needed for --help
    from sweep.core.words import plain  # noqa: PLC0415
    from sweep.storage.targets import LOCAL, TargetRegistry  # noqa: PLC0415

    place = _workspace(workspace)
    entries = [LOCAL] if place is None else TargetRegistry(place).entries()
    if as_json:
        print_json([_brief(entry) for entry in entries])
        return
    cells = [
        [plain(text) for text in (entry.name, entry.kind, entry.state, _about(entry))]
        for entry in entries
    ]
    colours = ["red" if entry.error else "" for entry in entries]
    print_table(("name", "type", "state", "about"), cells, 2, colours)


@computetarget.command()
@_named
def show(name: str, workspace: Path | None) -> None:
    """Show a target, as JSON; of a pool also what its nodes do."""
    target = _target(name, workspace)
    shown = target.serialize()
    if not isinstance(status := target.get_status(), str):
        shown["status"] = status.serialize()
    print_json(shown)


@computetarget.command()
@_named
def delete(name: str, workspace: Path | None) -> None:
    """Remove a target that was created."""
    _target(name, workspace).delete()
    click.echo(f"{name}: deleted")


@computetarget.command()
@_named
def detach(name: str, workspace: Path | None) -> None:
    """Forget a target that was attached; it goes on by itself."""
    _target(name, workspace).detach()
    click.echo(f"{name}: detached")


@computetarget.group()
def update() -> None:
    """Change a target."""


@update.command()
@_named
@click.option("--min-nodes", type=click.IntRange(min=0))
@click.option("--max-nodes", type=click.IntRange(min=0))
@click.option("--idle-seconds-before-scaledown", type=click.FloatRange(min=0), metavar="SECONDS")
def amlcompute(name: str, workspace: Path | None, **given: Any) -> None:
    """Change the bounds of a pool; one that is up goes by them from now on."""
    from sweep.api.compute import AmlCompute  # noqa: PLC0415 - not needed for --help
    from sweep.errors import ComputeTargetException, UserError  # noqa: PLC0415

    target = _target(name, workspace)
    if not isinstance(target, AmlCompute):
        raise ComputeTargetException(f"{name} is of type {target.type}: it has no bounds")
    if not any(value is not None for value in given.values()):
        raise UserError("--min-nodes, --max-nodes or --idle-seconds-before-scaledown is needed")
    target.update(**given)
    print_json(target.serialize())


def _workspace(where: Path | None) -> WorkspaceFolder | None:
    """Return the workspace to read from; None where there is none yet, and none is named."""
    from sweep.storage.workspace import WorkspaceFolder  # noqa: PLC0415 - not needed for --help

    if where is None and WorkspaceFolder.near(Path.cwd()) is None:
        return None
    return find_workspace(where)


def _target(name: str, where: Path | None) -> Any:
    from sweep.api.compute import ComputeTarget  # noqa: PLC0415 - not needed for --help
    from sweep.api.workspace import Workspace  # noqa: PLC0415

    place = _workspace(where) or find_workspace(where)
    return ComputeTarget(Workspace(place.path.parent), name)


def _brief(entry: TargetEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "computeType": entry.kind,
        "location": entry.properties.get("location") or entry.properties.get("address", "local"),
        "provisioningState": entry.state,
        "provisioningErrors": entry.error or None,
    }


def _about(entry: TargetEntry) -> str:
    """Return what tells a target from others of its kind."""
    about = entry.properties
    if entry.error:
        return str(entry.error)
    if "provider" in about:
        return f"{about['provider']}, {about['min_nodes']} to {about['max_nodes']} nodes"
    names = ("address", "master", "account_name", "namespace", "description")
    return next((str(about[name]) for name in names if about.get(name)), "")
