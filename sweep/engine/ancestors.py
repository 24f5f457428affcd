"""Earlier sweeps that a new one learns from: `resume_from`, `resume_child_runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samplers import BayesianParameterSampling, Space, sampling_from_wire
from sweep.core.definition import SweepDefinition
from sweep.core.prior import Prior, Trial
from sweep.core.run import INVALID, OVER
from sweep.core.single import SINGLE
from sweep.errors import ConfigError
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder

MOST_PARENTS = 5
ENDED = ("Completed", "Canceled")
"""How a sweep has ended that others may learn from."""

Child = tuple[SweepFolder, int]
"""A run of an earlier sweep: the sweep and its number."""


@dataclass(frozen=True, slots=True)
class Ancestors:
    """Earlier sweeps, and runs of earlier sweeps that are to run again first.

    Attributes:
        parents: sweeps whose outcomes are known from the start.
        children: runs whose configurations come first, and are given their old outputs.
    """

    parents: Sequence[SweepFolder] = ()
    children: Sequence[Child] = ()

    def check(self, definition: SweepDefinition) -> None:
        """Refuse what the sweep of this definition cannot learn from.

        Raises:
            ConfigError: there are too many, one is named twice, goes on, or has another metric.
            WorkspaceError: one is not there.
        """
        _at_most(MOST_PARENTS, self.parents, "resume_from")
        limits = definition.limits
        _at_most(limits.runs // limits.replicates, self.children, "resume_child_runs")
        _at_most(MOST_PARENTS, self._of_children(), "the sweeps of resume_child_runs")
        _once([folder.id for folder in self.parents], "resume_from")
        _once([folder.run_id(n) for folder, n in self.children], "resume_child_runs")
        for folder in self.parents:
            with SweepReader(folder.database) as reader:
                status = reader.get("status")[0]
                _comparable(definition, folder, reader, "resume_from")
            if status not in ENDED:
                raise ConfigError(
                    f"resume_from: {folder.id} is {status}: only a sweep that is Completed or"
                    " Canceled can be learnt from"
                )
        for folder in self._of_children():
            with SweepReader(folder.database) as reader:
                _comparable(definition, folder, reader, "resume_child_runs")
        for folder, number in self.children:
            status = _row(folder, number).status
            if status not in OVER:
                raise ConfigError(f"resume_child_runs: {folder.run_id(number)} is {status} still")

    def kept(self) -> dict[str, Any] | None:
        """Return what the new sweep keeps of them, a JSON value; None where there are none."""
        if not self.parents and not self.children:
            return None
        trials = [trial for folder in self.parents for trial in _trials(folder)]
        given = [_row(folder, number).configuration for folder, number in self.children]
        return {
            **Prior(tuple(trials), tuple(given)).to_wire(),
            "resume_from": [folder.id for folder in self.parents],
            "resume_child_runs": [folder.run_id(n) for folder, n in self.children],
            "spaces": [_generator(folder) for folder in self._of_children()],
        }

    def trials(self) -> int:
        """Return how many runs the parents have of which something is known."""
        return sum(bool(trial.values) for folder in self.parents for trial in _trials(folder))

    def outputs(self) -> list[str]:
        """Return the outputs of the runs that run again, in order; empty for none."""
        places = []
        for folder, number in self.children:
            outputs = folder.run_folder(number, _row(folder, number).attempt) / "outputs"
            places.append(str(outputs.resolve()) if outputs.is_dir() else "")
        return places

    def _of_children(self) -> list[SweepFolder]:
        return list({folder.id: folder for folder, _ in self.children}.values())


NOBODY = Ancestors()


def spaces_of(prior: Mapping[str, Any] | None) -> list[Space]:
    """Return the spaces that given configurations may come from.

    Raises:
        KeyError, ValueError: that is not what `Ancestors.kept` gave.
    """
    return [sampling_from_wire(**g).space for g in (prior or {}).get("spaces", ())]


def _trials(folder: SweepFolder) -> list[Trial]:
    with SweepReader(folder.database) as reader:
        curves = reader.curves()
        return [
            Trial(
                row.configuration,
                tuple(curves.get(row.number, ())),
                stopped=row.status == "Canceled" and row.verdict is not None,
            )
            for row in reader.runs()
            if row.status in OVER and not row.reason.startswith(INVALID)
        ]


def _row(folder: SweepFolder, number: int) -> RunRow:
    with SweepReader(folder.database) as reader:
        row = reader.run(number)
    if row is None:
        raise ConfigError(f"resume_child_runs: there is no run {folder.run_id(number)}")
    return row


def _generator(folder: SweepFolder) -> dict[str, Any]:
    with SweepReader(folder.database) as reader:
        generator: dict[str, Any] = reader.get("definition")["generator_config"]
        return generator


def _comparable(
    definition: SweepDefinition, folder: SweepFolder, reader: SweepReader, what: str
) -> None:
    """Refuse a sweep whose runs cannot be compared with those of the new one."""
    wire = reader.get("definition")
    if wire["generator_config"]["name"] == SINGLE:
        raise ConfigError(f"{what}: {folder.id} is a lone run and no sweep")
    theirs = wire["primary_metric_config"]
    if (theirs["name"], theirs["goal"]) != (definition.metric, definition.goal.value):
        raise ConfigError(
            f"{what}: {folder.id} has another primary metric: {theirs['goal']} {theirs['name']},"
            f" and not {definition.goal.value} {definition.metric}"
        )
    sampling = definition.sampling
    if isinstance(sampling, BayesianParameterSampling):
        space = sampling_from_wire(**wire["generator_config"]).space
        if space.distinct().wire() != sampling.space.distinct().wire():
            raise ConfigError(
                f"{what}: {folder.id} has another parameter space; Bayesian sampling can only"
                " learn from the same one"
            )


def _at_most(most: int, given: Sequence[Any], what: str) -> None:
    if len(given) > most:
        raise ConfigError(f"{what}: expected at most {most}, got {len(given)}")


def _once(ids: Sequence[str], what: str) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ConfigError(f"{what}: {name} is named twice")
