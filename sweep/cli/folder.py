"""`sweep folder` and `sweep experiment`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sweep.cli.options import (
    find_workspace,
    json_option,
    of_the_service,
    print_json,
    warn,
    workspace_option,
    workspace_to_write,
)

AMLIGNORE = """\
.ipynb_checkpoints
azureml-logs
.azureml
.git
outputs
azureml-setup
docs
"""


@click.group()
def folder() -> None:
    """Attach a folder: make it a workspace."""


@folder.command()
@click.option("--experiment-name", "-e", help="Default: the folder's name.")
@click.option("--path", type=click.Path(path_type=Path), default=".", show_default=True)
@of_the_service()
@json_option
def attach(experiment_name: str | None, path: Path, as_json: bool) -> None:
    """Make a folder a workspace, with an experiment and a run configuration to start from.

    A folder that is attached already keeps what it has; another experiment replaces its own.
    """
    from sweep.cli.start import folder_name  # noqa: PLC0415 - not needed for --help
    from sweep.cli.templates import write_templates  # noqa: PLC0415
    from sweep.core.words import plain  # noqa: PLC0415

    project = path / ".azureml"
    about, attached = project_config(path), attached_experiment(path)
    experiment = experiment_name or attached or folder_name(path)
    workspace = workspace_to_write(path)
    workspace.add_experiment(experiment)
    project.mkdir(exist_ok=True)
    if attached != experiment:
        about = {"Scope": "local", **about, "Id": experiment}
        (project / "config.json").write_text(json.dumps(about) + "\n")
    if not (path / ".amlignore").exists():
        (path / ".amlignore").write_text(AMLIGNORE)
        if (path / ".gitignore").exists():
            warn("snapshots go by the new .amlignore from now on, and no longer by .gitignore")
    templates = write_templates(project, workspace)
    result = {
        "Experiment name": experiment,
        "Project path": str(path.resolve()),
        "Workspace": str(workspace.path),
    }
    if as_json:
        print_json(result)
        return
    for key, value in result.items():
        click.echo(f"{key + ':':<18}{plain(value)}")
    click.echo(f"{'Configurations:':<18}{', '.join(templates)}")
    click.echo("A run:            sweep run submit-script -c local my_train.py")


def project_config(project: Path) -> dict[str, Any]:
    """Return what the configuration of an attached folder says; nothing where there is none."""
    try:
        about = json.loads((project / ".azureml" / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def attached_experiment(project: Path) -> str:
    """Return the experiment of an attached folder; nothing where it is not attached."""
    experiment = project_config(project).get("Id")
    return experiment if isinstance(experiment, str) else ""


@click.group()
def experiment() -> None:
    """Create and list experiments."""


@experiment.command()
@click.option("--name", "-n", required=True)
@of_the_service()
@workspace_option
def create(name: str, workspace: Path | None) -> None:
    """Create an experiment; if it is there, that is fine."""
    new = workspace_to_write(workspace).add_experiment(name)
    click.echo(f"experiment {name}: {'created' if new else 'is there already'}")


@experiment.command("list")
@json_option
@workspace_option
def list_(as_json: bool, workspace: Path | None) -> None:
    """List the experiments, the oldest first, with their sweeps."""
    from sweep.core.words import plain  # noqa: PLC0415 - not needed for --help

    place = find_workspace(workspace)
    found = [
        {**about, "sweeps": len(place.sweeps(about["name"]))} for about in place.experiments()
    ]
    if as_json:
        print_json(found)
        return
    for about in found:
        click.echo(f"{plain(about['name'])}  (sweeps and runs: {about['sweeps']})")
