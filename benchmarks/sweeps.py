"""Sweeps to be measured: kept as `sweep start` and `tune` do, and worked on in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from policies import EarlyTerminationPolicy
from samplers import uniform
from sweep.api.configuration import define
from sweep.api.sampling import resolve
from sweep.api.tune import pickled
from sweep.core.definition import SweepDefinition
from sweep.engine.open import OpenSweep
from sweep.engine.submit import Submission, create, keep, resources_for
from sweep.engine.template import FunctionTemplate
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.journal import Batch
from sweep.storage.reader import RunRow, SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

METRIC = "score"


def definition(
    runs: int,
    slots: int = 2,
    policy: EarlyTerminationPolicy | None = None,
    goal: str = "maximize",
) -> SweepDefinition:
    """Return a random search over one number."""
    return define(
        sampling=resolve("random", {"x": uniform(0, 1)}, 0),
        metric=METRIC,
        goal=goal,
        policy=policy,
        limits={
            "runs": runs,
            "concurrent": slots,
            "duration_minutes": 100_000,
            "consecutive_failures": 3,
        },
    )


def of_script(
    place: Path, script: str, defined: SweepDefinition, command: Sequence[str] = ()
) -> SweepFolder:
    """Keep a sweep of a script, or of a command, below `place`."""
    source = place / "source"
    source.mkdir()
    (source / "train.py").write_text(script)
    if command:
        configuration = RunConfiguration(command=tuple(command))
    else:
        configuration = RunConfiguration(script="train.py")
    submission = Submission(defined, configuration, source, "benchmark", cpus_per_run=share())
    return create(WorkspaceFolder.make(place), submission, lambda _: None)


def of_function(place: Path, name: str, defined: SweepDefinition, **about: Any) -> SweepFolder:
    """Keep a sweep of a function below `place`."""
    facts = {
        "template": FunctionTemplate(name).to_json(),
        "resources": asdict(resources_for(share(), 0, 10.0)),
        "grace": 10.0,
        "source": str(place),
        "snapshot": {"id": "", "files": 0, "size": 0},
        **about,
    }
    return keep(WorkspaceFolder.make(place), defined, "benchmark", facts)


def share() -> float:
    """Return the CPUs of one of two runs at a time."""
    return 1 if resources_for(1, 0, 0).slots > 1 else 0.5


@dataclass
class Worked:
    """What has come of a sweep.

    Attributes:
        runs: as readers see them.
        curves: time at which the engine saw it, and value, of every report, by run.
    """

    runs: list[RunRow]
    curves: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def reports(self) -> list[tuple[float, float]]:
        """All reports."""
        return [report for curve in self.curves.values() for report in curve]

    @property
    def seconds(self) -> float:
        """From the first launch to the last end."""
        return max(r.ended_at or 0 for r in self.runs) - min(r.launched_at or 0 for r in self.runs)


def work(
    folder: SweepFolder,
    function: Callable[..., Any] | None = None,
    on_round: Callable[[Batch], None] | None = None,
) -> Worked:
    """Work on a sweep until it is over."""
    with OpenSweep(folder, None if function is None else pickled(function)) as opened:
        if on_round is not None:
            opened.engine.on_round = on_round
        opened.engine.work()
    with SweepReader(folder.database) as reader:
        runs = reader.runs()
        bad = [r for r in runs if r.status not in ("Completed", "Canceled")]
        if bad:
            sys.exit(f"run {bad[0].number}: {bad[0].status}: {bad[0].reason} {bad[0].facts}")
        return Worked(runs, {r.number: reader.reports(r.number) for r in runs})
