"""`sweep import`: sweeps of other programs become sweep jobs."""

from __future__ import annotations

from pathlib import Path

import click

from sweep.cli.writing import deliver, output_options
from sweep.errors import UserError


@click.command("import")
@click.argument("file")
@output_options
def import_(file: str, output: Path | None, force: bool, as_json: bool) -> None:
    """Make a sweep job of a sweep of Weights & Biases, or of an experiment of Katib.

    What could not be carried over is said, line by line. `sweep job create -f` runs the job.
    """
    from sweep.formats.findings import Findings  # noqa: PLC0415 - not needed for --help
    from sweep.formats.katib import is_katib, read_katib  # noqa: PLC0415
    from sweep.formats.v2_writer import job_of  # noqa: PLC0415
    from sweep.formats.wandb import is_wandb, read_wandb  # noqa: PLC0415
    from sweep.formats.yaml12 import read_yaml  # noqa: PLC0415

    findings = Findings(file)
    root = read_yaml(file, findings)
    if is_katib(root):
        sweep = read_katib(root, findings)
    elif is_wandb(root):
        sweep = read_wandb(root, findings)
    else:
        raise UserError(
            f"{findings.source}: expected a sweep of Weights & Biases (method, parameters) or an"
            " experiment of Katib (apiVersion, spec); `sweep convert` takes hdconfigs and jobs"
        )
    text = job_of(sweep)
    lost = [*sweep.lost, *(str(problem) for problem in findings.warnings)]
    deliver("v2", text, lost, output=output, force=force, as_json=as_json)
