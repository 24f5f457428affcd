"""`sweep why`: a run's story, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sweep.cli.options import find_workspace, json_option, print_json, workspace_option

WORDS = {
    "Started": "started",
    "Completed": "completed",
    "Failed": "failed",
    "Stopped": "was stopped, and is gone",
    "Lost": "was lost",
    "CancelAsked": "was to be canceled",
}
"""What happened, to a reader."""


@click.command()
@click.argument("run")
@json_option
@workspace_option
def why(run: str, as_json: bool, workspace: Path | None) -> None:
    """Explain why a RUN was stopped, failed, or went on.

    RUN is a number (of the last sweep) or a run's id.
    """
    from sweep.cli.show import run_row  # noqa: PLC0415 - not needed for --help
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder, number = find_workspace(workspace).run(run)
    with SweepReader(folder.database) as reader:
        row = run_row(reader, folder, number)
        if not as_json:
            for line in _lines(reader, folder, row):
                click.echo(line)
            return
        story = [{"at": at, "event": e, "details": d} for at, e, d in reader.story(number)]
    print_json(
        {
            "runId": folder.run_id(number),
            "status": row.status,
            "reason": row.reason,
            "verdict": row.verdict,
            "story": story,
        }
    )


def _lines(reader: Any, folder: Any, row: Any) -> Iterator[str]:
    from sweep.cli.summary import losses  # noqa: PLC0415
    from sweep.core.words import counted, duration, number, plain  # noqa: PLC0415

    yield f"{click.style(folder.run_id(row.number), bold=True)}: {_ending(row)}"
    if row.reason:
        yield f"  {plain(row.reason)}"
    definition = reader.get("definition")
    metric = plain(definition["primary_metric_config"]["name"])
    curve = reader.reports(row.number)
    if curve:
        values = "  ".join(number(value) for _, value in curve[-12:])
        more = "… " if len(curve) > 12 else ""
        yield f"  its {counted(len(curve), 'report')} of {metric}: {more}{values}"
    if not row.verdict and row.status in ("Completed", "Running"):
        yield f"  {_went_on(definition['policy_config'], row.reports)}"
    for lost in losses(row):
        yield f"  not kept, since it was too much or could not be written: {lost}"
    if seconds := row.facts.get("stop_seconds"):
        yield f"  all of its processes were gone {seconds * 1000:.1f} ms after the first signal"
    for line in plain(row.facts.get("tail", "")).rstrip().splitlines()[-12:]:
        yield f"  | {line}"
    yield "  its story:"
    story = list(reader.story(row.number))
    start = min(at for at in (row.launched_at, *(at for at, _, _ in story)) if at is not None)
    for at, event, details in story:
        yield f"  {duration(at - start):>10}  {_happened(event, plain(details))}"
    yield plain(f"  in {folder.run_folder(row.number, row.attempt)}")


def _happened(event: str, details: str) -> str:
    return f"{WORDS.get(event, event)}{': ' + details if details else ''}"


def _ending(row: Any) -> str:
    if row.verdict and row.status == "Canceled":
        return "stopped early"
    words = {"Canceled": "canceled", "NotStarted": "waits to be started again"}
    word: str = words.get(row.status, row.status.lower())
    return word


def _went_on(policy: dict[str, Any], reports: int) -> str:
    """Say why no policy stopped a run."""
    if policy["name"] == "Default":
        return "no early-termination policy is set: every run goes to its end"
    properties = policy["properties"]
    interval, delay = properties["evaluation_interval"], properties["delay_evaluation"]
    judged = [n for n in range(1, reports + 1) if n >= delay and n % interval == 0]
    if not judged:
        first = -(-max(delay, 1) // interval) * interval
        return f"{policy['name']} never judged it: it asks from report {first} on"
    return f"{policy['name']} judged it at {len(judged)} of its reports and let it go on"
