"""`sweep run`: the commands of HyperDrive's own command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sweep.cli.folder import attached_experiment
from sweep.cli.options import (
    SCRIPT_AND_ARGUMENTS,
    compat_option,
    earlier_options,
    environment_option,
    find_workspace,
    grace_option,
    json_option,
    many,
    of_the_service,
    resource_options,
    snapshot_option,
    warn_of_misplaced,
    work_options,
    workspace_option,
)
from sweep.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])
STATUSES = (
    *("NotStarted", "Queued", "Preparing", "Provisioning", "Starting", "Running", "Finalizing"),
    *("CancelRequested", "Completed", "Failed", "Canceled", "Paused", "Interrupted"),
    *("waiting", "stopping", "stopped"),
)
"""HyperDrive's words for the states of sweeps and runs, and ours for some of them."""

_service = of_the_service("--subscription-id", flags=("--verbose", "--debug"))

submit_options = many(
    click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[SCRIPT [ARGUMENTS]...]"),
    click.option("--run-configuration-name", "-c", help="A .runconfig of the project."),
    click.option("--experiment-name", "-e", help="Default: that of the attached folder."),
    click.option("--path", default=".", show_default=True, help="The project's folder."),
    click.option("--source-directory", help="What every run gets a copy of. Default: --path."),
    click.option("--target", "--ct", help="Instead of the run configuration's target."),
    click.option(
        "--conda-dependencies",
        "-d",
        metavar="FILE",
        help="Instead of the configuration's packages.",
    ),
    click.option(
        "--output-metadata-file",
        "-t",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Also write the result into this file, as JSON.",
    ),
    resource_options,
    grace_option,
    compat_option,
    environment_option,
    snapshot_option,
    work_options,
    workspace_option,
    _service,
)


@click.group()
def run() -> None:
    """Submit, list, show and cancel runs and sweeps."""


@run.command("submit-hyperdrive", context_settings=SCRIPT_AND_ARGUMENTS)
@click.option(
    "--hyperdrive-configuration-name", required=True, help="An hdconfig.yml: a path, or a name."
)
@earlier_options
@submit_options
def submit_hyperdrive(hyperdrive_configuration_name: str, **options: Any) -> None:
    """Run a sweep: a run configuration, an hdconfig.yml and a script."""
    from sweep.cli.submission import submit_sweep  # noqa: PLC0415 - not needed for --help

    if not options["run_configuration_name"]:
        raise UserError("-c RUNCONFIG is needed here; `sweep start` does without")
    submit_sweep(hdconfig=hyperdrive_configuration_name, **_submission(options))


@run.command("submit-script", context_settings=SCRIPT_AND_ARGUMENTS)
@submit_options
def submit_script(**options: Any) -> None:
    """Run a script once."""
    from sweep.cli.submission import submit_script as submit  # noqa: PLC0415

    submit(**_submission(options))


def _submission(options: dict[str, Any]) -> dict[str, Any]:
    """Return what both kinds of submission have in common."""
    words = options["words"]
    options["arguments"] = words[1:]
    warn_of_misplaced(options["arguments"])
    source = Path(options["source_directory"] or options["path"])
    if not source.is_dir():
        raise UserError(f"{source}: there is no such folder")
    experiment = options["experiment_name"] or attached_experiment(Path(options["path"]))
    if not experiment:
        raise UserError(
            "no experiment: give -e EXPERIMENT, or attach the folder to one: sweep folder attach"
        )
    return {
        "script": words[0] if words else None,
        "source": source,
        "experiment": experiment,
        "runconfig": options["run_configuration_name"],
        "options": options,
    }


@run.command("list")
@click.argument("sweep", default=None, required=False)
@click.option("--parent-run-id", "parent", help="List the runs of this sweep.")
@click.option(
    "--last", type=click.IntRange(min=1), default=10, show_default=True, help="How many sweeps."
)
@click.option("--status", help="Only those of this status.")
@click.option("--experiment-name", "-e", default="", help="Only sweeps of this experiment.")
@click.option("--compute-target-name", "target", default="", help="Only those on this target.")
@json_option
@workspace_option
@_service
def list_(**options: Any) -> None:
    """List sweeps, or the runs of one SWEEP, the best first."""
    from sweep.cli.tables import runs_table, sweeps_table  # noqa: PLC0415
    from sweep.formats.findings import did_you_mean  # noqa: PLC0415

    status, as_json = options["status"], options["as_json"]
    if status is not None and status.lower() not in map(str.lower, STATUSES):
        raise UserError(f"--status: there is no {status!r}{did_you_mean(status, STATUSES)}")
    workspace = find_workspace(options["workspace"])
    reference = options["sweep"] if options["sweep"] is not None else options["parent"]
    if reference is not None and options["target"]:
        raise UserError("--compute-target-name: all runs of a sweep are on the same target")
    if reference is not None:
        runs_table(workspace.sweep(reference), status, as_json=as_json)
    else:
        sweeps = workspace.sweeps(options["experiment_name"])
        sweeps_table(sweeps, options["last"], status, options["target"], as_json=as_json)


@run.command("show")
@click.argument("reference", metavar="[RUN|SWEEP]", default="")
@click.option("--run", "-r", "named", default="", help="The same, as an option.")
@json_option
@workspace_option
@_service
def show(reference: str, named: str, as_json: bool, workspace: Path | None) -> None:
    """Show a run or a sweep; the last sweep by default."""
    from sweep.cli.show import show_run, show_sweep  # noqa: PLC0415

    folder, number = find_workspace(workspace).find(reference or named)
    if number is None:
        show_sweep(folder, as_json=as_json)
    else:
        show_run(folder, number, as_json=as_json)


@run.command("cancel")
@click.argument("reference", metavar="[RUN|SWEEP]", default="")
@click.option("--run", "-r", "named", default="", help="The same, as an option.")
@workspace_option
@_service
def cancel(reference: str, named: str, workspace: Path | None) -> None:
    """Cancel a run, or a whole sweep with all its runs; `last` is the last sweep."""
    from sweep.cli.change import cancel_what  # noqa: PLC0415 - not needed for --help

    cancel_what(reference or named, workspace)


@run.command("monitor-logs")
@click.option("--run", "-r", "reference", required=True)
@workspace_option
@_service
def monitor_logs(reference: str, workspace: Path | None) -> None:
    """Print what a run prints, until it ends."""
    from sweep.cli.logs import print_log  # noqa: PLC0415

    sys.exit(print_log(find_workspace(workspace), reference, follow=True))
