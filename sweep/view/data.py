"""All that figures of one sweep are made of, read at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies import Goal
from samplers import Space
from sweep.core.definition import SweepDefinition
from sweep.core.single import Single
from sweep.core.words import value_text
from sweep.errors import UserError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder

LOGARITHMIC = ("loguniform", "qloguniform", "lognormal", "qlognormal")
SMALLEST_SPAN = 100.0
"""A hyperparameter whose expression is not known is drawn on a logarithmic axis from this on."""


@dataclass(frozen=True, slots=True)
class Column:
    """One hyperparameter over all runs.

    Attributes:
        name: without leading dashes; of a nested one, with dots.
        numeric: whether its values are numbers and it is not a choice of a few texts.
        log: whether its axis is logarithmic.
        values: one for each run that was asked for; None where a run does not have it.
        levels: the texts of its values in order, where it is not numeric.
    """

    name: str
    numeric: bool
    log: bool
    values: list[Any]
    levels: list[str] = field(default_factory=list)

    def place(self, value: Any) -> float | None:
        """Return where a value stands on the axis; of a text, its number among the levels."""
        if value is None:
            return None
        return float(value) if self.numeric else float(self.levels.index(value_text(value)))

    def scaled(self, place: float) -> float:
        """Return a place on the axis as far as the axis goes by powers: its logarithm."""
        return math.log10(place) if self.log else place

    def unscaled(self, height: float) -> float:
        """Return the place that was scaled."""
        return 10**height if self.log else height


@dataclass(frozen=True, slots=True)
class SweepData:
    """One sweep.

    Attributes:
        id: its id.
        metric: name of the primary metric.
        goal: which direction of it is better.
        space: what is searched; None for a lone run.
        rows: its runs in the order of sampling.
        curves: what they reported, by their numbers.
    """

    id: str
    metric: str
    goal: Goal
    space: Space | None
    rows: list[RunRow]
    curves: dict[int, list[float]]

    @property
    def judged(self) -> list[RunRow]:
        """The runs that have a finite value of the primary metric."""
        return [row for row in self.rows if row.best is not None]

    @property
    def ordered(self) -> list[RunRow]:
        """These, the best first; of equal ones the older first."""
        return sorted(self.judged, key=lambda row: -self.goal.score(row.best or 0.0))

    def columns(self, rows: Iterable[RunRow]) -> list[Column]:
        """Return the hyperparameters that differ, or may, among runs."""
        flat = [flattened(row.configuration) for row in rows]
        logarithmic = _logarithmic(self.space)
        names = dict.fromkeys(name for configuration in flat for name in configuration)
        return [_column(n, [c.get(n) for c in flat], logarithmic.get(n)) for n in names]


def sweep_data(reader: SweepReader, folder: SweepFolder) -> SweepData:
    """Read a sweep.

    Raises:
        Damaged: its database is.
    """
    definition = SweepDefinition.from_wire(reader.get("definition"))
    space = None if isinstance(definition.sampling, Single) else definition.sampling.space
    rows = reader.runs()
    return SweepData(folder.id, definition.metric, definition.goal, space, rows, reader.curves())


def with_results(data: SweepData) -> list[RunRow]:
    """Return the runs that have a value of the primary metric.

    Raises:
        UserError: none has.
    """
    if not data.judged:
        raise UserError(
            f"{data.id}: no run has reported {data.metric!r}: there is nothing to draw"
        )
    return data.judged


def chosen(
    data: SweepData, names: Sequence[str] = (), rows: Sequence[RunRow] | None = None
) -> list[Column]:
    """Return the hyperparameters that are named, or all that differ among the runs.

    Raises:
        UserError: one is not there, or none differs.
    """
    columns = data.columns(data.judged if rows is None else rows)
    by_name = {column.name: column for column in columns}
    wanted = [name.lstrip("-") or name for name in names]
    if missing := [name for name in wanted if name not in by_name]:
        raise UserError(
            f"{data.id} has no hyperparameter {missing[0]!r}: it has {', '.join(by_name)}"
        )
    if wanted:
        return [by_name[name] for name in wanted]
    differing = [c for c in columns if len({c.place(v) for v in c.values}) > 1]
    if not differing:
        raise UserError(f"{data.id}: no hyperparameter differs among its runs")
    return differing


def flattened(configuration: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a configuration with the hyperparameters of its branches beside the others."""
    flat: dict[str, Any] = {}
    for key, value in configuration.items():
        name = prefix + (key.lstrip("-") or key)
        if isinstance(value, dict):
            flat.update(flattened(value, f"{name}."))
        else:
            flat[name] = value
    return flat


def best_so_far(values: Iterable[float], goal: Goal) -> list[float]:
    """Return the best of the finite values up to each; not a number before the first."""
    best, found = -math.inf, []
    for value in values:
        best = max(best, goal.score(value))
        found.append(goal.from_score(best) if best > -math.inf else math.nan)
    return found


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _column(name: str, values: list[Any], logarithmic: bool | None) -> Column:
    there = [value for value in values if value is not None]
    if there and all(map(is_number, there)):
        low, high = min(there), max(there)
        wide = low > 0 and high / low >= SMALLEST_SPAN
        log = low > 0 and (wide if logarithmic is None else logarithmic)
        return Column(name, True, log and low < high, values)
    return Column(name, False, False, values, _levels(there))


def _levels(values: list[Any]) -> list[str]:
    """Return the texts of values: numbers by size, before the others by their letters."""
    texts = {value_text(v): (not is_number(v), v if is_number(v) else 0) for v in values}
    return sorted(texts, key=lambda text: (*texts[text], text))


def _logarithmic(space: Space | None) -> dict[str, bool | None]:
    """Tell of the hyperparameters at the top of a space whether they are drawn by powers."""
    found: dict[str, bool | None] = {}
    for name, wire in (space.wire() if space else {}).items():
        word = wire[0] if isinstance(wire, list) and wire else ""
        found[name.lstrip("-") or name] = None if word == "choice" else word in LOGARITHMIC
    return found
