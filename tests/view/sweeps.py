"""A sweep of which it is known what matters."""

from __future__ import annotations

import math
from pathlib import Path

from policies import BanditPolicy, Goal
from samplers import RandomParameterSampling, choice, loguniform, uniform
from sweep.core.definition import Limits, SweepDefinition
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.data import SweepData, sweep_data
from tests.cli.workspaces import _created, play

SPACE = {
    "--lr": loguniform(-9, 0),
    "--kind": choice("a", "b"),
    "--idle": uniform(0, 1),
    "--same": choice(7),
}


def searched(place: Path, runs: int = 60) -> SweepFolder:
    """Keep a sweep whose result depends on `lr`, a little on `kind`, and on nothing else."""
    definition = SweepDefinition(
        RandomParameterSampling(SPACE, seed=1),
        "accuracy",
        Goal.MAXIMIZE,
        Limits(runs, 4),
        BanditPolicy(slack_factor=0.15, delay_evaluation=2),
    )
    folder = _created(place, definition, "searched", "HD_searched")

    def curve(configuration):
        top = 1 - 0.1 * abs(math.log10(configuration["--lr"]) + 2)
        top -= 0.05 * (configuration["--kind"] == "b")
        for report in range(1, 5):
            yield top * (1 - 0.5**report)

    play(folder, curve)
    return folder


def read(folder: SweepFolder) -> SweepData:
    with SweepReader(folder.database) as reader:
        return sweep_data(reader, folder)
