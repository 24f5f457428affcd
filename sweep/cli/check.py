"""`sweep check`: can a sweep work?"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sweep.cli.options import (
    SCRIPT_AND_ARGUMENTS,
    Amount,
    cluster_options,
    compat_option,
    environment_option,
    json_option,
    print_json,
    resource_options,
    script_and_source,
    snapshot_option,
    source_options,
    warm_option,
    warn_of_misplaced,
    workspace_option,
)
from sweep.errors import UserError

if TYPE_CHECKING:
    from sweep.engine.check import Checked
    from sweep.engine.script_check import Remark
    from sweep.engine.submit import Submission
    from sweep.storage.workspace import WorkspaceFolder

PARTS = ("configuration", "script", "imports", "files", "resources", "policy", "smoke run")
COLOURS = {"fine": "green", "warning": "yellow", "error": "red"}
VERDICTS = {
    "error": "it cannot work",
    "warning": "it can work; look at the warnings first",
    "fine": "it can work",
}


@click.command(context_settings=SCRIPT_AND_ARGUMENTS)
@click.argument("hdconfig", metavar="HDCONFIG|JOB")
@click.argument("script", default="")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@source_options
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="A.B=C",
    help="Say an entry of a sweep job otherwise; may be given again.",
)
@click.option("--no-smoke", is_flag=True, help="Execute nothing of the script.")
@click.option(
    "--smoke-seconds",
    type=Amount(),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time of the smoke run.",
)
@resource_options
@warm_option
@compat_option
@environment_option
@snapshot_option
@cluster_options
@json_option
@workspace_option
def check(**options: Any) -> None:
    """Check a sweep before it begins, as `sweep start` would run it; keep nothing.

    The files, the options of SCRIPT (argparse or click) against what is swept, its imports, what
    runs take and what there is; then one run on the real target, to its first report of the
    primary metric. A sweep job of version 2 needs no SCRIPT: its command names one. Exit code 2:
    it cannot work.
    """
    from sweep.engine.check import check as check_sweep  # noqa: PLC0415 - not needed for --help
    from sweep.storage.workspace import WorkspaceFolder  # noqa: PLC0415

    warn_of_misplaced(options["arguments"])
    workspace = WorkspaceFolder.near(options["workspace"] or Path.cwd())
    with tempfile.TemporaryDirectory(prefix="sweep-check-") as place:
        if _is_job(options):
            own = workspace or WorkspaceFolder.make(Path(place))
            submission = _of_job(options, own)
        else:
            submission = _of_hdconfig(options)
        found = check_sweep(
            workspace,
            submission,
            seconds=None if options["no_smoke"] else options["smoke_seconds"],
            tell=lambda text: click.echo(text, err=True),
        )
    if options["as_json"]:
        print_json(_json(found))
    else:
        _show(found, submission)
    sys.exit(0 if found.works else 2)


def _is_job(options: Mapping[str, Any]) -> bool:
    """Tell whether a sweep job is to be checked.

    Raises:
        UserError: what is given does not go together.
    """
    from sweep.formats.definitions import is_job_file  # noqa: PLC0415 - not needed for --help
    from sweep.formats.lookup import find_hdconfig  # noqa: PLC0415

    name, script = options["hdconfig"], options["script"]
    if not is_job_file(find_hdconfig(name, script_and_source(options)[1])):
        if not script:
            raise UserError(f"{name} is no sweep job: name the SCRIPT of its runs behind it")
        if options["sets"]:
            raise UserError(f"--set is for sweep jobs, and {name} is none")
        return False
    given = {
        "SCRIPT": script,
        "--run-configuration-name": options["run_configuration_name"],
        "--source-directory": options["source_directory"],
    }
    if wrong := [word for word, value in given.items() if value]:
        said = f"{name} is a sweep job, which says itself what a trial runs"
        raise UserError(f"{said}: leave out {' and '.join(wrong)}")
    return True


def _of_job(options: Mapping[str, Any], workspace: WorkspaceFolder) -> Submission:
    from sweep.cli.job_submission import (  # noqa: PLC0415 - not needed for --help
        read_job_file,
        submission_from,
    )

    said = click.get_current_context().get_parameter_source
    more = dict(options)
    for name in ("cpus_per_run", "gpus_per_run"):
        if said(name) is ParameterSource.DEFAULT:
            more[name] = None  # then it is the file's
    return submission_from(
        read_job_file(options["hdconfig"], options["sets"], {}), workspace, more
    )


def _of_hdconfig(options: Mapping[str, Any]) -> Submission:
    from sweep.cli.start import folder_name  # noqa: PLC0415 - not needed for --help
    from sweep.cli.submission import read_submission  # noqa: PLC0415

    script, source = script_and_source(options)
    return read_submission(
        hdconfig=options["hdconfig"],
        script=script,
        source=source,
        experiment=folder_name(source),
        runconfig=options["run_configuration_name"],
        options={**options, "resume_from": (), "resume_child_runs": ()},
    )


def _verdict(found: Checked) -> str:
    levels = {remark.level for remark in found.remarks}
    return next(level for level in VERDICTS if level in levels or level == "fine")


def _json(found: Checked) -> dict[str, Any]:
    smoke = found.smoke
    return {
        "verdict": _verdict(found),
        "remarks": [{"part": r.part, "level": r.level, "text": r.text} for r in found.remarks],
        "reports": found.reports,
        "first_report_seconds": smoke and smoke.first,
        "interval_seconds": smoke and smoke.interval,
        "run_seconds": found.run_seconds,
        "sweep_seconds": found.sweep_seconds,
        "run_bytes": found.run_bytes,
        "sweep_bytes": found.sweep_bytes,
    }


def _show(found: Checked, submission: Submission) -> None:
    from sweep.engine.script_check import Remark  # noqa: PLC0415 - not needed for --help

    definition = submission.definition
    said = f"{definition.sampling.name.lower()} over {', '.join(definition.sampling.space.names)}"
    said += f"; {definition.goal.value} {definition.metric}"
    remarks = [Remark("configuration", "fine", said), *found.remarks]
    width = max(len(remark.part) for remark in remarks)
    for part in (*PARTS, "estimate"):
        shown = [remark for remark in remarks if remark.part == part]
        worse = [remark for remark in shown if remark.level != "fine"]
        for remark in worse if part in PARTS and worse else shown:
            _line(remark, width)
    word = _verdict(found)
    click.echo(click.style(VERDICTS[word], fg=COLOURS[word], bold=True))


def _line(remark: Remark, width: int) -> None:
    from sweep.core.words import plain  # noqa: PLC0415 - not needed for --help

    level = click.style(f"{remark.level:<8}", fg=COLOURS[remark.level])
    first, *others = plain(remark.text).splitlines() or [""]
    click.echo(f"{remark.part:<{width}}  {level} {first}")
    for line in others:
        click.echo(f"{'':<{width + 11}}{line}")
