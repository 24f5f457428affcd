"""Sweeps that refuse configurations by a function, which is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from policies import Goal
from samplers import BayesianParameterSampling, GridParameterSampling, choice
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.engine.refusing import check_kept, functions_in, supplied
from sweep.errors import ConfigError, UserError
from sweep.storage.journal import SqliteJournal

SPACE = {"a": choice(*range(6)), "b": choice("x", "y")}


def odd(configuration: dict[str, Any]) -> bool:
    return bool(configuration["a"] % 2)


def definition_of(kind: Any, refuse: Any, runs: int) -> SweepDefinition:
    sampling = kind(SPACE, seed=1, refuse=refuse)
    return SweepDefinition(sampling, "m", Goal.MAXIMIZE, Limits(runs, 2))


def engine_of(path: Any, definition: SweepDefinition) -> Engine:
    return Engine(
        Scheduler(definition),
        Simulated(lambda c: [float(c["a"])], "m", 2),
        SqliteJournal(path, Goal.MAXIMIZE),
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
    )


@pytest.mark.parametrize("kind", [GridParameterSampling, BayesianParameterSampling])
def test_a_sweep_goes_on_with_the_function_given_again(tmp_path, kind):
    first = definition_of(kind, [{"b": "y", "a": 4}, odd], 2)
    engine = engine_of(tmp_path / "sweep.db", first)
    assert engine.work() is SweepStatus.COMPLETED
    engine._journal.close()
    kept = SweepDefinition.from_wire(first.to_wire())
    further = SweepDefinition.from_wire({**first.to_wire(), "max_total_jobs": 9})
    # Readers play the past without it, but nothing new can be proposed.
    reader = engine_of(tmp_path / "sweep.db", kept)
    assert len(reader.scheduler.runs) == 2
    reader.redefine(further.to_wire())
    with pytest.raises(ConfigError, match=r"odd is not kept; go on in Python"):
        reader.work()
    reader._journal.close()
    with pytest.raises(UserError, match=r"^HD_1 refuses configurations by the Python function"):
        supplied(kept, (), "HD_1")
    engine = engine_of(tmp_path / "sweep.db", supplied(kept, [odd], "HD_1"))
    engine.redefine(further.to_wire())
    assert engine.work() is SweepStatus.COMPLETED
    found = [(r.configuration["a"], r.configuration["b"]) for r in engine.scheduler.runs.values()]
    assert sorted(found) == [(0, "x"), (0, "y"), (2, "x"), (2, "y"), (4, "x")]
    engine._journal.close()


def test_functions_that_nobody_asked_for(tmp_path):
    kept = definition_of(GridParameterSampling, None, 2)
    assert supplied(kept, (), "HD_1") is kept
    with pytest.raises(ConfigError, match="1 functions are given for 0"):
        supplied(kept, [odd], "HD_1")


def test_conditions_are_not_given_again():
    assert functions_in(odd) == functions_in([odd]) == [odd]
    assert functions_in(None) == []
    with pytest.raises(ConfigError, match="only the functions are given again"):
        functions_in({"a": 1})


def test_a_function_does_not_go_to_another_process():
    check_kept(definition_of(GridParameterSampling, {"a": 1}, 2))
    with pytest.raises(ConfigError, match=r"say it by conditions .* or use tune"):
        check_kept(definition_of(GridParameterSampling, odd, 2))
