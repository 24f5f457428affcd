"""`sweep start` and `sweep resume`: the short forms."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from sweep.cli.options import (
    SCRIPT_AND_ARGUMENTS,
    cluster_options,
    compat_option,
    earlier_options,
    environment_option,
    find_sweep,
    grace_option,
    quota_option,
    resource_options,
    script_and_source,
    snapshot_option,
    source_options,
    warm_option,
    warn_of_misplaced,
    work_options,
    workspace_option,
)
from sweep.errors import UserError


@click.command(context_settings=SCRIPT_AND_ARGUMENTS)
@click.argument("hdconfig")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--experiment-name", "-e", help="Default: the name of the script's folder.")
@source_options
@click.option("--seed", type=int, help="Of all randomness; drawn and recorded when not given.")
@click.option("--max-total-runs", type=click.IntRange(min=1), help="Instead of the file's.")
@click.option("--max-concurrent-runs", type=click.IntRange(min=1), help="Instead of the file's.")
@resource_options
@grace_option
@quota_option
@warm_option
@earlier_options
@compat_option
@environment_option
@snapshot_option
@cluster_options
@work_options
@workspace_option
def start(**options: Any) -> None:
    """Run a sweep here.

    HDCONFIG says what is swept; SCRIPT is run once per configuration, with ARGUMENTS and the
    hyperparameters behind it.
    """
    from sweep.cli.submission import submit_sweep  # noqa: PLC0415 - not needed for --help

    if options["script"].startswith("-"):
        raise UserError(f"{options['script']}: the command's own options stand before HDCONFIG")
    warn_of_misplaced(options["arguments"])
    script, source = script_and_source(options)
    submit_sweep(
        hdconfig=options["hdconfig"],
        script=script,
        source=source,
        experiment=options["experiment_name"] or folder_name(source),
        runconfig=options["run_configuration_name"],
        options=options,
    )


@click.command()
@click.argument("sweep", default="")
@click.option("--max-total-runs", type=click.IntRange(min=1), help="More than before.")
@click.option("--max-concurrent-runs", type=click.IntRange(min=1), help="Instead of before.")
@click.option(
    "--max-duration-minutes", type=click.FloatRange(min=0), help="In all, with the time before."
)
@click.option(
    "--rerun",
    default="",
    metavar="WHICH",
    help="Also run again: numbers, or failed, lost, canceled, stopped, completed; with commas.",
)
@click.option(
    "--changed",
    type=click.Choice(["old", "new"]),
    default=None,
    help="If script or file have changed: go on with the old or the new ones.",
)
@work_options
@workspace_option
def resume(sweep: str, workspace: Path | None, **options: Any) -> None:
    """Go on with a sweep that was paused or killed, or further with one that has ended.

    SWEEP is an id, the beginning of one, or a sweep's folder; the last sweep by default.
    """
    from sweep.cli.work import in_background, work_on  # noqa: PLC0415 - not needed for --help
    from sweep.engine.continuation import Continuation  # noqa: PLC0415

    folder = find_sweep(workspace, sweep)
    names = ("max_total_runs", "max_concurrent_runs", "max_duration_minutes", "rerun", "changed")
    said = {name: options[name] for name in names if options[name]}
    continuation = Continuation(**said)
    if options["background"]:
        said.setdefault("changed", "old")  # a change is refused before, if nothing is said of it
        words = [f"--{name.replace('_', '-')}={value}" for name, value in said.items()]
        in_background(folder, continuation, words)
        return
    code = work_on(
        folder, quiet=options["quiet"], as_json=options["as_json"], continuation=continuation
    )
    sys.exit(code)


def folder_name(source: Path) -> str:
    """Return a folder's name as the name of an experiment."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", source.resolve().name)
    return name.lstrip("_-") or "sweep"
