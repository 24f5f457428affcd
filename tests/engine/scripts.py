"""Sweeps of scripts, ready to be worked on by a real Ray."""

from __future__ import annotations

from policies import Goal, NoTerminationPolicy
from samplers import GridParameterSampling, choice
from sweep.core.definition import Limits, SweepDefinition
from sweep.engine.submit import Submission, create
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.workspace import WorkspaceFolder


def swept(script, source, place, *, runs):
    """Keep a sweep of a script over x = 0, 1, ... in `place`; two runs at a time."""
    source.mkdir()
    (source / "train.py").write_text(script)
    definition = SweepDefinition(
        GridParameterSampling({"x": choice(*range(runs))}),
        "score",
        Goal.MAXIMIZE,
        Limits(runs=runs, concurrent=2),
        NoTerminationPolicy(),
    )
    configuration = RunConfiguration(script="train.py")
    submission = Submission(definition, configuration, source, "demo", cpus_per_run=0.5)
    return create(WorkspaceFolder.make(place), submission, print)
