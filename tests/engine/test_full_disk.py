"""A disk that really fills up, under a sweep: it pauses, its database is whole, it goes on."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess

import pytest

from policies import Goal, NoTerminationPolicy
from samplers import GridParameterSampling, choice
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.engine.disk import Ballast, DiskWatch
from sweep.engine.engine import Engine
from sweep.storage.journal import SqliteJournal
from sweep.storage.reader import SweepReader

SIZE = 64 << 20


@pytest.fixture
def small(tmp_path):
    """Give a file system of 64 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place, *, but=0):
    """Take all the room there is, but so many bytes."""
    with (place / "filling").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * (1 << 16))
    with (place / "filling").open("ab") as file:
        file.truncate(max(0, file.tell() - but))


def is_whole(database):
    with contextlib.closing(sqlite3.connect(database)) as db:
        return db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class Sweep:
    """A sweep of 40 played runs, two at a time, whose journal is on a disk."""

    REPORTS = 20
    DEFINITION = SweepDefinition(
        GridParameterSampling({"x": choice(*range(40))}),
        "score",
        Goal.MAXIMIZE,
        Limits(runs=40, concurrent=2),
        NoTerminationPolicy(),
    )

    def __init__(self, place):
        self.place = place
        self.database = place / "sweep.db"
        self.time = 0.0

    def work(self, at_round, *, watched=True):
        """Work on it; `at_round` is called with the number of each round, and the scheduler."""
        journal = SqliteJournal(self.database, Goal.MAXIMIZE)
        scheduler = Scheduler(self.DEFINITION)
        target = Simulated(
            lambda c: [float(c["x"])] * self.REPORTS, "score", 2, start_at=self.time
        )
        engine = Engine(
            scheduler,
            target,
            journal,
            lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
        )
        engine.disk = DiskWatch(self.place) if watched else None
        engine.ballast = Ballast(self.place / "ballast")
        assert engine.ballast.hold()
        rounds = iter(range(1_000_000))
        engine.on_round = lambda _: at_round(next(rounds), scheduler)
        try:
            return engine.work(), scheduler
        finally:
            self.time = target.now()
            journal.close()
            engine.ballast.free()


@pytest.mark.parametrize("watched", [True, False])
def test_a_sweep_pauses_and_goes_on_when_there_is_room(small, watched):
    sweep = Sweep(small)

    def at_round(number, _):
        if number == 100:
            fill(small)

    status, scheduler = sweep.work(at_round, watched=watched)
    assert status is SweepStatus.PAUSED
    assert "full" in scheduler.reason
    assert is_whole(sweep.database)
    done = sum(r.reports for r in scheduler.runs.values())
    assert 0 < done < 40 * sweep.REPORTS
    with SweepReader(sweep.database) as reader:
        assert reader.get("status") == ["Paused", scheduler.reason]

    (small / "filling").unlink()
    status, scheduler = sweep.work(lambda *_: None, watched=watched)
    assert status is SweepStatus.COMPLETED
    assert {r.state for r in scheduler.runs.values()} == {RunState.COMPLETED}
    assert sum(r.reports for r in scheduler.runs.values()) == 40 * sweep.REPORTS
    assert is_whole(sweep.database)


def test_new_runs_wait_for_room(small):
    sweep, launched = Sweep(small), []

    def at_round(number, scheduler):
        if number == 100:
            fill(small, but=2_000_000)  # less than 5 %, more than a quarter of that
        if number in (110, 170):
            launched.append(len(scheduler.runs))
        if number == 170:
            (small / "filling").unlink()

    status, _ = sweep.work(at_round)
    assert status is SweepStatus.COMPLETED
    assert launched[0] == launched[1] < 40, "what ran has gone on, nothing new has begun"
    with SweepReader(sweep.database) as reader:
        notices = [text for *_, text in reader.notices()]
    assert any(text.startswith("no new runs: ") for text in notices)
    assert "there is room on the disk: runs go on" in notices
