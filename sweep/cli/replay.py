"""`sweep replay`: what other policies would have done on a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweep.cli.options import find_sweep, json_option, print_json, workspace_option
from sweep.cli.plot import file_options

if TYPE_CHECKING:
    from sweep.view.what_if import Outcome, Past

USUAL = (
    "none",
    "bandit:slack_factor=0.1,delay_evaluation=5",
    "bandit:slack_factor=0.2,delay_evaluation=5",
    "median:delay_evaluation=5",
    "truncation:truncation_percentage=20,evaluation_interval=5",
    "asha",
    "promising",
)
"""What is compared when nothing is asked for."""


@click.command()
@click.argument("sweep", default="")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME:KEY=VALUE,...",
    help="As in bandit:slack_factor=0.1; may be given again. Default: the usual ones.",
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Curves of a CSV file with the columns run and value instead of a sweep.",
)
@click.option(
    "--goal",
    type=click.Choice(["maximize", "minimize"]),
    default=None,
    help="Of the curves in a file; a sweep has its own.",
)
@click.option(
    "--max-concurrent-runs", type=click.IntRange(min=1), help="Default: the sweep's, or 8."
)
@file_options
@json_option
@workspace_option
def replay(  # noqa: PLR0913, PLR0917 - its options
    sweep: str,
    policies: tuple[str, ...],
    file: Path | None,
    goal: str | None,
    max_concurrent_runs: int | None,
    page: Path | None,
    picture: Path | None,
    as_json: bool,
    workspace: Path | None,
) -> None:
    """Show what other policies would have made of a finished SWEEP, the last one by default.

    A CSV file may stand in its place, as with --file.

    Its runs are played again, in their order and at their pace: which would have been stopped,
    what that would have saved, and whether the winner would have been lost. A page or a picture
    shows the curves of all runs, and where each policy would have ended them.
    """
    from sweep.formats.policy_words import policy_of_words  # noqa: PLC0415 - not for --help
    from sweep.view import what_if  # noqa: PLC0415

    asked = [policy_of_words(text) for text in policies or USUAL]
    past = _past(sweep, file, goal, max_concurrent_runs, workspace)
    outcomes = what_if.outcomes(past, asked)
    if page is not None or picture is not None:
        from sweep.view.draw import write  # noqa: PLC0415 - numpy, and only here
        from sweep.view.replayed import replayed  # noqa: PLC0415

        write(replayed(past, outcomes), page, picture)
    if as_json:
        print_json([what_if.as_json(one) for one in outcomes])
        return
    for line in _table(outcomes):
        click.echo(line)
    if len(outcomes) == 1:
        for line in _stops(outcomes[0]):
            click.echo(line)
    if past.cut_short:
        from sweep.core.words import counted  # noqa: PLC0415

        click.echo(
            f"{counted(past.cut_short, 'run')} of this sweep had been stopped early: what"
            " they would have come to is not known, so savings are more, and losses may be"
        )
    for path in (page, picture):
        if path is not None:
            click.echo(path)


def _past(
    sweep: str, file: Path | None, goal: str | None, slots: int | None, workspace: Path | None
) -> Past:
    from dataclasses import replace  # noqa: PLC0415

    from policies import Goal  # noqa: PLC0415
    from sweep.errors import UserError  # noqa: PLC0415
    from sweep.formats.text import is_file  # noqa: PLC0415
    from sweep.storage.reader import SweepReader  # noqa: PLC0415
    from sweep.view import what_if  # noqa: PLC0415

    if file is None and sweep.endswith(".csv") and is_file(sweep):
        file, sweep = Path(sweep), ""  # no sweep is called so
    if file is not None:
        if goal is None:
            raise UserError("--goal: curves in a file need it: maximize or minimize")
        if sweep:
            raise UserError("give a sweep or --file, not both")
        return what_if.of_file(file, Goal(goal), slots or 8)
    if goal is not None:
        raise UserError("--goal goes with --file: a sweep has its own")
    folder = find_sweep(workspace, sweep)
    with SweepReader(folder.database) as reader:
        past = what_if.of_sweep(reader, folder.id)
    return replace(past, slots=slots) if slots else past


def _table(outcomes: list[Outcome]) -> Iterator[str]:
    from sweep.core.words import NOTHING, number  # noqa: PLC0415

    rows = [("policy", "stopped", "reports", "time", "best run", "value", "winner")]
    for one in outcomes:
        best = one.best
        rows.append(
            (
                one.name,
                str(len(one.stopped)),
                f"{one.reports[0] / max(1, one.reports[1]):.0%}",
                f"{one.seconds[0] / one.seconds[1]:.0%}" if one.seconds[1] else NOTHING,
                str(best[0]) if best else NOTHING,
                number(best[1]) if best else NOTHING,
                "lost" if one.lost else "kept",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        line = "  ".join(cells)
        colour = "red" if row[-1] == "lost" else None
        yield click.style(line, bold=not place, fg=colour)


def _stops(one: Outcome) -> Iterator[str]:
    """Say who would have been stopped, and why."""
    for run, verdict in sorted(one.stopped.items()):
        yield f"run {run}: {verdict.reason}"
