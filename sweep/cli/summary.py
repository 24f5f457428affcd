"""What a sweep has come to, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from sweep.cli.configurations import best_configurations
from sweep.core.words import configuration_text, counted, number, plain
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.ending import counts, policy_lines, time_of

LINES_OF_OUTPUT = 12


def summary(reader: SweepReader, folder: SweepFolder) -> Iterator[str]:
    """Yield the lines that end a sweep."""
    status, reason = reader.get("status")
    runs = reader.runs()
    yield ""
    yield f"{headline(status, reason)}: {counts(runs)}{time_of(runs)}"
    yield from best_lines(reader, folder)
    yield from policy_lines(reader, runs, lambda text: click.style(text, fg="yellow"))
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
