"""`sweep why`: a run's story, with the reasons."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweep.cli.judgements import MOST, judgements
from sweep.cli.options import find_workspace, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from sweep.storage.reader import SweepReader
    from sweep.view.evaluations import Evaluation

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
@click.option("--all", "whole", is_flag=True, help="Show every judgement of a long run.")
@json_option
@workspace_option
def why(run: str, whole: bool, as_json: bool, workspace: Path | None) -> None:
    """Explain why a RUN was stopped, failed, or went on: every judgement of the policy.

    RUN is a number (of the last sweep) or a run's id.
    """
    from sweep.cli.show import run_row  # noqa: PLC0415 - not needed for --help
    from sweep.storage.reader import SweepReader  # noqa: PLC0415

    folder, number = find_workspace(workspace).run(run)
    with SweepReader(folder.database) as reader:
        row = run_row(reader, folder, number)
        if not as_json:
            for line in _lines(reader, folder, row, whole=whole):
                click.echo(line)
            return
        judged, problem = _judged(reader, number)
        story = [{"at": at, "event": e, "details": d} for at, e, d in reader.story(number)]
    print_json(
        {
            "runId": folder.run_id(number),
            "status": row.status,
            "reason": row.reason,
            "verdict": row.verdict,
            "evaluations": [_as_json(one) for one in judged],
            **({"evaluations_problem": problem} if problem else {}),
            "story": story,
        }
    )


def _lines(reader: Any, folder: Any, row: Any, *, whole: bool) -> Iterator[str]:
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
    judged, problem = _judged(reader, row.number)
    yield from judgements(judged, row.number, reader.goal, None if whole else MOST)
    if problem:
        yield f"  its other judgements cannot be told: {plain(problem)}"
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


def _judged(reader: SweepReader, number: int) -> tuple[list[Evaluation], str]:
    """Return the judgements on a run, and why there are none where that is a fault."""
    from sweep.errors import SweepError  # noqa: PLC0415
    from sweep.view.evaluations import evaluations  # noqa: PLC0415 - numpy

    try:
        return evaluations(reader, number), ""
    except SweepError as error:
        return [], str(error)


def _as_json(one: Evaluation) -> dict[str, Any]:
    compared = {str(number): value for number, value in one.compared.items()}
    about = {"attempt": one.attempt, "at": one.at, **asdict(one.verdict)}
    return {**about, "compared_by": one.figure, "compared_with": compared}


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
    from policies import policy_from_wire  # noqa: PLC0415 - not needed for --help

    rule = policy_from_wire(policy)
    judged = rule.dues(0, reports)
    if not judged:
        first = next(n for n in itertools.count(1) if rule.due(n))
        return f"{policy['name']} never judged it: it asks from report {first} on"
    return f"{policy['name']} judged it at {judged} of its reports and let it go on"
