"""What a sweep has come to, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from sweep.cli.configurations import best_configurations
from sweep.core.words import configuration_text, counted, duration, number, plain
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder

LINES_OF_OUTPUT = 12


def summary(reader: SweepReader, folder: SweepFolder) -> Iterator[str]:
    """Yield the lines that end a sweep."""
    status, reason = reader.get("status")
    runs = reader.runs()
    yield ""
    yield f"{headline(status, reason)}: {_counts(runs)}{_time(runs)}"
    yield from best_lines(reader, folder)
    yield from _policy(reader, runs)
    yield from _first_failure(runs)
    yield from _losses(runs)
    yield from _next(status, runs, folder)


def headline(status: str, reason: str) -> str:
    """Return how a sweep stands, in colour."""
    colours = {"Completed": "green", "Failed": "red"}
    word = click.style(status, fg=colours.get(status, "yellow"), bold=True)
    return f"{word} ({plain(reason)})" if reason else word


def best_lines(reader: SweepReader, folder: SweepFolder) -> Iterator[str]:
    """Yield the best run and its hyperparameters."""
    best = reader.ranked(1)
    metric = reader.get("definition")["primary_metric_config"]
    if not best:
        if metric["name"]:
            yield f"No run has logged {plain(metric['name'])!r}, the primary metric."
        return
    row = best[0]
    if reader.replicates > 1 and (wholes := best_configurations(reader, 1)):
        [one] = wholes
        runs = ", ".join(str(run.number) for run in one.runs)
        yield (
            f"Best configuration: {click.style(str(one.whole.number), bold=True)}"
            f"  {plain(metric['name'])} = {one.figures}  (mean of the runs {runs})"
        )
        yield f"  {configuration_text(row.configuration)}"
        return
    value = click.style(number(row.best), fg="green", bold=True)
    yield (
        f"Best run: {click.style(folder.run_id(row.number), bold=True)}"
        f"  {plain(metric['name'])} = {value}  ({counted(row.reports, 'report')}, {row.status})"
    )
    yield f"  {configuration_text(row.configuration)}"


def _counts(runs: list[RunRow]) -> str:
    by_status: dict[str, int] = {}
    for run in runs:
        word = run.status.lower()
        if run.status == "Canceled":
            word = "stopped early" if run.verdict else "canceled"
        elif run.status == "NotStarted":
            word = "waiting to run again"
        by_status[word] = by_status.get(word, 0) + 1
    counts = ", ".join(f"{count} {word}" for word, count in by_status.items())
    return f"{counted(len(runs), 'run')}{': ' + counts if counts else ''}"


def _time(runs: list[RunRow]) -> str:
    starts = [r.launched_at for r in runs if r.launched_at is not None]
    ends = [r.ended_at for r in runs if r.ended_at is not None]
    return f", in {duration(max(ends) - min(starts))}" if starts and ends else ""


def _policy(reader: SweepReader, runs: list[RunRow]) -> Iterator[str]:
    policy = reader.get("definition")["policy_config"]["name"]
    evaluations = reader.get("evaluations", 0)
    if policy == "Default":
        return
    if not evaluations:
        never = f"{policy} never judged: no run made enough reports for it"
        yield click.style(never, fg="yellow")
        return
    stopped = [r for r in runs if r.verdict]
    yield (
        f"{policy} judged {counted(evaluations, 'time')} and stopped"
        f" {counted(len(stopped), 'run')}{_saved(runs, stopped)}"
    )
    yield from _audit(reader)
    delays = sorted(s for r in runs if (s := r.facts.get("stop_latency")) is not None)
    if delays:
        yield (
            "  from the decision to the last process gone:"
            f" p50 {_quantile(delays, 0.5) * 1000:.1f} ms,"
            f" p99 {_quantile(delays, 0.99) * 1000:.1f} ms"
        )


def _audit(reader: SweepReader) -> Iterator[str]:
    """Say how often the policy was wrong, as far as runs show that it did not stop."""
    if not reader.get("definition")["policy_config"].get("properties", {}).get("audit_fraction"):
        return
    from sweep.errors import SweepError  # noqa: PLC0415 - the journal is played again
    from sweep.view.audit import audit  # noqa: PLC0415

    try:
        found = audit(reader)
    except SweepError as error:
        yield f"  the audit cannot be told: {plain(str(error))}"
        return
    if not found.audited:
        yield "  audit: no run that was to be stopped has gone on to its end"
        return
    low, high = found.interval
    yield (
        f"  audit: {found.wrong} of {counted(found.audited, 'run')} that went on nevertheless came"
        f" among the best 5%: {low:.0%} to {high:.0%} of the stops are wrong (95% interval)"
    )
    regret = f"a value better by {number(found.gain)}" if found.gain else "nothing"
    yield f"    without them {regret} would be lost; they took {counted(found.reports, 'report')}"


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _saved(runs: list[RunRow], stopped: list[RunRow]) -> str:
    """Say what stopping has saved, measured by the runs that went to their end."""
    whole = [r.reports for r in runs if r.status == "Completed" and r.reports]
    if not stopped:
        return ", which saved nothing"
    if not whole:
        return "; what that saved is not known: no run went to its end"
    length = sum(whole) / len(whole)
    spent = sum(r.reports for r in runs)
    saved = sum(max(0.0, length - r.reports) for r in stopped)
    return f", which saved about {saved / (saved + spent):.0%} of the reports"


def _first_failure(runs: list[RunRow]) -> Iterator[str]:
    failed = [r for r in runs if r.status == "Failed"]
    if not failed:
        return
    first = failed[0]
    yield click.style(f"run {first.number} failed: {plain(first.reason)}", fg="red")
    tail: Any = first.facts.get("tail", "")
    for line in plain(tail).rstrip().splitlines()[-LINES_OF_OUTPUT:]:
        yield f"  | {line}"


def losses(row: RunRow) -> Iterator[str]:
    """Yield what a run has said and printed that is not kept, as phrases."""
    if messages := row.facts.get("dropped"):
        yield f"{messages:,} of the messages that it logged"
    if size := row.facts.get("output_dropped"):
        yield f"{size:,} of the bytes that it printed"
    if size := row.facts.get("undelivered"):
        yield f"{size:,} of the bytes in its files"


def _losses(runs: list[RunRow]) -> Iterator[str]:
    lost = [(r, " and ".join(losses(r))) for r in runs]
    lost = [(r, text) for r, text in lost if text]
    if lost:
        first, text = lost[0]
        others = f"; and {counted(len(lost) - 1, 'other run')} like it" if len(lost) > 1 else ""
        told = f"run {first.number}: {text} could not be kept{others}"
        yield click.style(told, fg="yellow")


def _next(status: str, runs: list[RunRow], folder: SweepFolder) -> Iterator[str]:
    yield f"Kept in {plain(str(folder.path))}"
    if status == "Paused":
        yield f"Go on with it: sweep resume {folder.id}"
        return
    if folder.is_lone_run:
        words = ["sweep logs last", "sweep run show"]
    else:
        words = ["sweep best"] if any(r.best is not None for r in runs) else []
        told = next((r for r in runs if r.verdict or r.status == "Failed"), None)
        words += [f"sweep why {told.number}"] if told is not None else []
        words += ["sweep export --format csv"]
    yield f"Next: {'  ·  '.join(words)}"
