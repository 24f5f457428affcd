"""An engine killed at any write of its journal goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from sweep.core.commands import SweepStatus
from sweep.core.run import RunState
from sweep.storage.journal import SqliteJournal
from sweep.storage.reader import SweepReader
from tests.reliability.driver import engine_on
from tests.reliability.killing import PLACES
from tests.reliability.lives import (
    Driver,
    cut_off,
    killed_again_and_again,
    killed_once,
    points,
    reference,
    spoilt,
)
from tests.reliability.sweeps import SWEEPS, definition


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with closing(Driver()) as driver:
        yield driver


@pytest.mark.parametrize("name", SWEEPS)
def test_killed_at_any_write(driver, tmp_path, name):
    """One slot: the same configurations, results and verdicts, to the last digit."""
    whole = reference(driver, name, tmp_path)
    assert any(r.verdict for r in whole.told.scheduler.runs.values()), "the policy has a say"
    assert whole.writes > 20
    learns = not definition(name).sampling.exact  # and takes its time for it
    tried = points(whole, share=25 if learns else 7)
    for write, place in tried:
        path = tmp_path / f"{write}-{place}.db"
        assert killed_once(driver, whole, path, write, place).problems == [], (write, place)
    assert {place for _, place in tried} == {*PLACES}


@pytest.mark.parametrize("name", SWEEPS)
def test_killed_again_and_again(driver, tmp_path, name):
    whole = reference(driver, name, tmp_path)
    trial = killed_again_and_again(driver, whole, tmp_path / "storm.db", seed=5)
    assert trial.problems == [], trial.kills
    assert len(trial.kills) >= 2


@pytest.mark.parametrize("name", SWEEPS)
def test_killed_with_several_slots(driver, tmp_path, name):
    """Whoever begins again meets others; still nothing is lost and nothing counted twice."""
    whole = reference(driver, name, tmp_path, slots=3)
    for write, place in points(whole, share=17):
        path = tmp_path / f"{write}-{place}.db"
        assert killed_once(driver, whole, path, write, place).problems == [], (write, place)
    storm = killed_again_and_again(driver, whole, tmp_path / "storm.db", seed=6)
    assert storm.problems == [], storm.kills


@pytest.mark.parametrize("damage", [cut_off, spoilt])
@pytest.mark.parametrize("seed", range(6))
def test_killed_and_its_log_damaged(driver, tmp_path, damage, seed):
    """What lies before the damage is whole; what would be lost for ever is refused."""
    whole = reference(driver, "random/bandit", tmp_path)
    assert damage(driver, whole, tmp_path / "damaged.db", seed).problems == []


def test_killed_when_the_last_run_was_told_to_stop(tmp_path):
    """The loss of that run ends the sweep as soon as it is opened again, and readers see it."""
    swept = definition("random/bandit")
    path = tmp_path / "sweep.db"
    with closing(SqliteJournal(path, swept.goal)) as journal:
        engine = engine_on(swept, journal)
        engine.begin()
        while not any(r.state is RunState.STOPPING for r in engine.scheduler.live[-1:]) or (
            len(engine.scheduler.runs) < swept.limits.runs
        ):
            engine.round()
    with closing(SqliteJournal(path, swept.goal)) as journal:
        assert engine_on(swept, journal, 1e6).work() is SweepStatus.COMPLETED
    with SweepReader(path) as reader:
        assert reader.get("status") == ["Completed", ""]
