"""What crosses between engine and target host for a run, counted on a real Ray."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from policies import Goal, NoTerminationPolicy
from samplers import GridParameterSampling, choice
from sweep.api.tune import pickled
from sweep.compute.host_process import HostProcess
from sweep.core.commands import SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.engine.open import OpenSweep
from sweep.engine.submit import keep, resources_for
from sweep.engine.template import FunctionTemplate
from sweep.storage.workspace import SweepFolder, WorkspaceFolder
from tests.engine.scripts import swept

pytestmark = pytest.mark.ray

RUNS, REPORTS = 12, 10
SCRIPT = f"""\
from sweep import Run
run = Run.get_context()
for number in range({REPORTS}):
    run.log("score", float(number))
"""


def train(run, x):
    for number in range(REPORTS):
        run.log("score", float(number) + x)


def of_function(place: Path) -> SweepFolder:
    definition = SweepDefinition(
        GridParameterSampling({"x": choice(*range(RUNS))}),
        "score",
        Goal.MAXIMIZE,
        Limits(RUNS, concurrent=2),
        NoTerminationPolicy(),
    )
    about = {
        "template": FunctionTemplate("train").to_json(),
        "resources": asdict(resources_for(0.5, 0, 1)),
        "grace": 1,
        "source": str(place),
        "snapshot": {"id": "", "files": 0, "size": 0},
    }
    return keep(WorkspaceFolder.make(place), definition, "demo", about)


@pytest.fixture
def crossed(monkeypatch) -> tuple[Counter[str], Counter[str], list[int]]:
    """What the host is told and what it says, by kind, and the rounds that were written."""
    told: Counter[str] = Counter()
    said: Counter[str] = Counter()
    tell, hear = HostProcess.tell, HostProcess.hear

    def telling(process: HostProcess, **order: Any) -> None:
        told[order["do"]] += 1
        tell(process, **order)

    def hearing(process: HostProcess, timeout: float) -> list[dict[str, Any]]:
        heard = hear(process, timeout)
        said.update(message["k"] for message in heard)
        return heard

    monkeypatch.setattr(HostProcess, "tell", telling)
    monkeypatch.setattr(HostProcess, "hear", hearing)
    return told, said, []


@pytest.mark.parametrize("kind", ["scripts", "functions"])
def test_orders_and_messages_per_run(tmp_path, crossed, kind):
    told, said, rounds = crossed
    if kind == "functions":
        here = sys.modules[__name__]
        import cloudpickle  # noqa: PLC0415 - as `tune` does

        cloudpickle.register_pickle_by_value(here)
        try:
            folder, function = of_function(tmp_path), pickled(train)
        finally:
            cloudpickle.unregister_pickle_by_value(here)
    else:
        folder, function = swept(SCRIPT, tmp_path / "source", tmp_path, runs=RUNS), None
    with OpenSweep(folder, function) as opened:
        opened.engine.on_round = lambda batch: rounds.append(bool(batch))
        assert opened.engine.work() is SweepStatus.COMPLETED
        reports = sum(r.reports for r in opened.engine.scheduler.runs.values())
    assert reports == RUNS * REPORTS
    # A call of Ray for each: one a run, and a few for the sweep.
    assert 0 < told.pop("start") <= RUNS
    assert sum(told.values()) <= 6, told
    # What a run says, its start and its end; that slots are up, and that Ray is.
    assert said["said"] == reports
    assert said["started"] == said["ended"] == RUNS
    assert sum(said.values()) <= reports + 2 * RUNS + 6, said
    # Words that come together are heard, judged and written together.
    assert sum(rounds) <= sum(said.values())
