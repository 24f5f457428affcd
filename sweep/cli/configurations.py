"""Configurations that are each run several times, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sweep.core.words import counted, number, plain, value_text
from sweep.storage.replicates import means_of, place_of

if TYPE_CHECKING:
    from sweep.core.replicates import Aggregate
    from sweep.storage.reader import RunRow, SweepReader
    from sweep.storage.workspace import SweepFolder


class Best(NamedTuple):
    """A configuration, and its runs that have a value, the best first."""

    whole: Aggregate
    runs: list[RunRow]

    @property
    def figures(self) -> str:
        """The mean and the deviation, in colour."""
        mean = click.style(number(self.whole.value), fg="green", bold=True)
        return mean if self.whole.deviation is None else f"{mean} ± {number(self.whole.deviation)}"


def best_configurations(reader: SweepReader, top: int) -> list[Best]:
    """Return the best configurations, at most `top`; those without a value are none of them."""
    means = means_of(reader.runs())
    found: dict[int, Best] = {}
    for row in reader.ranked():
        whole = means.get(row.number)
        if whole is not None and whole.value is not None:
            found.setdefault(whole.number, Best(whole, [])).runs.append(row)
    return [*found.values()][:top]


def lines_of(best: Best, folder: SweepFolder, metric: str) -> Iterator[str]:
    """Yield the lines that show a configuration and its runs."""
    runs = counted(len(best.runs), "run")
    yield f"configuration {best.whole.number}  {metric} = {best.figures}  (mean of {runs})"
    for name, setting in best.runs[0].configuration.items():
        yield f"  {plain(name)}  {value_text(setting)}"
    for row in best.runs:
        yield f"  {folder.run_id(row.number)}  {number(row.best)}  ({row.status})"
    first = best.runs[0]
    yield plain(f"  in {folder.run_folder(first.number, first.attempt)}")


def json_of(best: Best) -> dict[str, Any]:
    """Return what a configuration has come to, as a JSON value."""
    return {
        "number": best.whole.number,
        "runs": list(best.whole.runs),
        "mean_primary_metric": best.whole.value,
        "deviation": best.whole.deviation,
    }


def cells_of(row: RunRow, means: dict[int, Aggregate]) -> tuple[str, str, str]:
    """Return what a table of runs says of a run: its configuration, which run of it, the mean."""
    place = place_of(row)
    mean = means[row.number].value if row.number in means else None
    number_of, which = ("", "") if place is None else (str(place[0]), str(place[1]))
    return number_of, which, number(mean)
