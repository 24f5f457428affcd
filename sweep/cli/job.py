"""`sweep job`: sweep jobs of Azure Machine Learning's version 2, as `az ml job` has them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sweep.cli.options import (
    Amount,
    compat_option,
    environment_option,
    find_workspace,
    grace_option,
    json_option,
    many,
    of_the_service,
    print_json,
    quota_option,
    ray_options,
    snapshot_option,
    warm_option,
    warn,
    workspace_option,
    workspace_to_write,
)
from sweep.errors import UserError

_service = of_the_service(
    "--subscription",
    flags=("--web", "--skip-validation", "--verbose", "--debug", "--only-show-errors"),
)

_named = many(
    click.option(
        *("--name", "-n"),
        default="",
        help="A job's name, or a trial's. Default: the last; of `cancel`, none.",
    ),
    workspace_option,
    _service,
)


@click.group()
def job() -> None:
    """Sweep jobs: the YAML of version 2, `type: sweep`.

    \b
    sweep job create -f job.yml --set limits.max_total_trials=8 --stream
    sweep job download -n last --output-name model
    """  # noqa: D301 - click wants the character itself


@job.command()
@click.argument("more", nargs=-1, metavar="[A.B=C]...")
@click.option("--file", "-f", "file", required=True, help="The job's YAML.")
@click.option("--name", "-n", help="Instead of the file's.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="A.B=C",
    help="Say an entry of the file otherwise; may be given again.",
)
@click.option("--stream", "-s", is_flag=True, help="Work on it here, and show it, to its end.")
@click.option("--experiment-name", "-e", help="Instead of the file's; else that of its folder.")
@click.option("--target", "--compute", "--ct", metavar="NAME", help="Instead of the file's.")
@ray_options
@click.option("--cpus-per-run", type=Amount(), metavar="N", help="Default: 1.")
@click.option("--gpus-per-run", type=Amount(), metavar="N", help="Default: 0.")
@click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors.")
@grace_option
@quota_option
@warm_option
@compat_option
@environment_option
@snapshot_option
@json_option
@workspace_option
@_service
def create(**options: Any) -> None:
    """Run a sweep job; without --stream, a process of its own works on it."""
    from sweep.cli.job_submission import (  # noqa: PLC0415 - not needed for --help
        read_job_file,
        submission_from,
    )
    from sweep.cli.work import in_background, work_on  # noqa: PLC0415
    from sweep.engine.check_script import surely_wrong  # noqa: PLC0415
    from sweep.engine.submit import create as keep  # noqa: PLC0415

    entries = {name: options[name] for name in ("name", "experiment_name")}
    read = read_job_file(options["file"], [*options["sets"], *options["more"]], entries)
    workspace = workspace_to_write(options["workspace"])
    submission = submission_from(read, workspace, options)
    for text in surely_wrong(submission):
        warn(text)
    folder = keep(workspace, submission, warn)
    if options["stream"]:
        sys.exit(work_on(folder, quiet=options["quiet"], as_json=options["as_json"]))
    in_background(folder)


@job.command("list")
@click.option("--parent-job-name", "-p", "parent", help="List the trials of this job.")
@click.option(
    *("--max-results", "-r", "last"), type=click.IntRange(min=1), default=50, show_default=True
)
@json_option
@workspace_option
@_service
def list_(parent: str | None, last: int, as_json: bool, workspace: Path | None) -> None:
    """List jobs, the newest first; or the trials of one, the best first."""
    from sweep.cli.tables import runs_table, sweeps_table  # noqa: PLC0415 - not for --help

    found = find_workspace(workspace)
    if parent is not None:
        runs_table(found.sweep(parent), None, as_json=as_json)
    else:
        sweeps_table(found.sweeps(), last, None, as_json=as_json)


@job.command()
@_named
@json_option
def show(name: str, as_json: bool, workspace: Path | None) -> None:
    """Show a job or a trial."""
    from sweep.cli.show import show_run, show_sweep  # noqa: PLC0415 - not needed for --help

    folder, number = find_workspace(workspace).find(name)
    if number is None:
        show_sweep(folder, as_json=as_json)
    else:
        show_run(folder, number, as_json=as_json)


@job.command()
@_named
def stream(name: str, workspace: Path | None) -> None:
    """Show what happens in a job until its end; of a trial, what it prints."""
    from sweep.cli.logs import print_log  # noqa: PLC0415 - not needed for --help
    from sweep.cli.stream import stream_sweep  # noqa: PLC0415

    found = find_workspace(workspace)
    folder, number = found.find(name)
    sys.exit(stream_sweep(folder) if number is None else print_log(found, name, follow=True))


@job.command()
@_named
def cancel(name: str, workspace: Path | None) -> None:
    """Cancel a job with all its trials, or one trial."""
    from sweep.cli.change import cancel_what  # noqa: PLC0415 - not needed for --help

    cancel_what(name, workspace)


@job.command()
@_named
@click.option(
    *("--download-path", "-p", "place"),
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
)
@click.option("--all", "everything", is_flag=True, help="Outputs by name too, each of them.")
@click.option("--output-name", help="Only this output.")
@json_option
def download(
    name: str,
    workspace: Path | None,
    place: Path,
    everything: bool,
    output_name: str | None,
    as_json: bool,
) -> None:
    """Copy what a trial has written, or of a job, what its best trial has.

    Its outputs and logs go into DIR/artifacts, an output by name into DIR/named-outputs/NAME.
    """
    from sweep.cli.download import download as copy  # noqa: PLC0415 - not needed for --help

    if everything and output_name:
        raise UserError("give either --all or --output-name, not both")
    folder, number = find_workspace(workspace).find(name)
    found = copy(folder, number, place, output_name, everything=everything)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['run']}: " + (", ".join(found["folders"]) or "it has written nothing"))
