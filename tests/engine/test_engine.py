"""The loop with its real journal, on the target in virtual time."""

from __future__ import annotations

import itertools
import math
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    Sampling,
    choice,
    loguniform,
    uniform,
)
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.errors import Diverged, TargetError
from sweep.storage.journal import Batch, Journal, NoJournal, SqliteJournal
from sweep.storage.reader import SweepReader

SPACE = {"lr": uniform(0, 1), "depth": choice(1, 2, 3)}
RANDOM = RandomParameterSampling(SPACE, seed=3)


def curve(configuration: Any) -> list[float]:
    """A run that learns: 12 reports towards its learning rate."""
    return [configuration["lr"] * (1 - 0.8**n) for n in range(1, 13)]


def define(
    sampling: Sampling = RANDOM,
    policy: EarlyTerminationPolicy | None = None,
    runs: int = 12,
    **limits: Any,
) -> SweepDefinition:
    limits.setdefault("concurrent", 3)
    return SweepDefinition(
        sampling, "m", Goal.MAXIMIZE, Limits(runs, **limits), policy or NoTerminationPolicy()
    )


def make(
    definition: SweepDefinition,
    journal: Journal | None = None,
    play: Callable[[Any], Any] = curve,
    start_at: float = 0.0,
    **more: Any,
) -> Engine:
    target = Simulated(play, "m", 3, start_at=start_at)
    return Engine(
        Scheduler(definition),
        target,
        journal or NoJournal(),
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
        **more,
    )


def results(engine: Engine) -> dict[int, Any]:
    """What a sweep has come to, times aside."""
    return {
        n: (r.configuration, r.state, r.reports, r.last, r.verdict)
        for n, r in engine.scheduler.runs.items()
    }


def test_a_sweep_in_virtual_time_is_all_in_its_database(tmp_path):
    path = tmp_path / "sweep.db"
    journal = SqliteJournal(path, Goal.MAXIMIZE)
    engine = make(define(policy=BanditPolicy(slack_factor=0.2)), journal)
    assert engine.work() is SweepStatus.COMPLETED
    journal.close()
    with SweepReader(path) as reader:
        assert reader.get("status") == ["Completed", ""]
        assert reader.get("evaluations") == engine.scheduler.evaluations > 0
        rows = reader.runs()
        for row, record in zip(rows, engine.scheduler.runs.values(), strict=True):
            assert row.number == record.number
            assert row.status == record.state.value
            assert row.configuration == record.configuration
            assert (row.reports, row.last) == (record.reports, record.last)
            assert row.best == engine.scheduler.board.best(record.number)
            assert len(reader.reports(row.number)) == row.reports
            assert row.reason == record.reason
        assert any(row.verdict for row in rows)


class Wishes:
    """Wishes that come in the rounds they are written for."""

    def __init__(self, **by_round: tuple[str, int | None, str]) -> None:
        self._by_round = {int(k[1:]): v for k, v in by_round.items()}
        self._round = 0

    def take(self) -> Sequence[tuple[str, int | None, str]]:
        self._round += 1
        wish = self._by_round.get(self._round)
        return [wish] if wish else []


class TestWishes:
    def test_a_run_can_be_cancelled(self):
        engine = make(define(), wishes=Wishes(r8=("cancel", 1, "boring"), r9=("cancel", 99, "")))
        assert engine.work() is SweepStatus.COMPLETED
        assert engine.scheduler.runs[1].state is RunState.CANCELED
        assert engine.scheduler.runs[1].reason == "boring"

    def test_the_whole_sweep_can_be_cancelled(self):
        engine = make(define(), wishes=Wishes(r20=("cancel", None, "enough")))
        assert engine.work() is SweepStatus.CANCELED
        assert engine.scheduler.reason == "enough"

    def test_a_wish_after_the_end_changes_nothing(self):
        wishes = Wishes(**{f"r{n}": ("cancel", None, "late") for n in range(60, 400)})
        engine = make(define(runs=1), wishes=wishes)
        assert engine.work() is SweepStatus.COMPLETED

    def test_what_was_launched_last_is_stopped_first(self, monkeypatch):
        """It may wait for what runs, and would begin in its place."""
        stops: list[int] = []

        def stop(target: Simulated, run: int, attempt: int, grace: float) -> None:
            stops.append(run)
            simply(target, run, attempt, grace)

        simply = Simulated.stop
        monkeypatch.setattr(Simulated, "stop", stop)
        engine = make(define(), wishes=Wishes(r5=("pause", None, "Ctrl-C")))
        assert engine.work() is SweepStatus.PAUSED
        assert len(stops) == 3
        assert stops == sorted(stops, reverse=True)

    def test_a_paused_sweep_goes_on_where_it_was(self, tmp_path):
        definition = define(policy=MedianStoppingPolicy())
        whole = make(definition)
        whole.work()
        path = tmp_path / "sweep.db"
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        engine = make(definition, journal, wishes=Wishes(r30=("pause", None, "Ctrl-C")))
        assert engine.work() is SweepStatus.PAUSED
        journal.close()
        with SweepReader(path) as reader:
            assert reader.get("status") == ["Paused", "Ctrl-C"]
            assert "NotStarted" in reader.count()
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        again = make(definition, journal, start_at=1000.0)
        assert again.replayed > 0
        assert again.work() is SweepStatus.COMPLETED
        journal.close()
        configurations = {n: r.configuration for n, r in whole.scheduler.runs.items()}
        assert {n: r.configuration for n, r in again.scheduler.runs.items()} == configurations
        assert all(r.state is not RunState.WAITING for r in again.scheduler.runs.values())


class TestTime:
    def test_a_run_that_takes_too_long_is_cancelled(self):
        engine = make(define(run_seconds=5.5))
        assert engine.work() is SweepStatus.COMPLETED
        assert {r.reports for r in engine.scheduler.runs.values()} == {5}
        assert {r.state for r in engine.scheduler.runs.values()} == {RunState.CANCELED}

    def test_a_sweep_that_takes_too_long_ends(self):
        engine = make(define(duration_minutes=0.25))
        assert engine.work() is SweepStatus.COMPLETED
        assert "minutes are over" in engine.scheduler.reason
        assert len(engine.scheduler.runs) == 6


class TestFailures:
    def test_of_some_runs_do_not_end_the_sweep(self):
        def play(configuration: Any) -> list[float]:
            if configuration["depth"] == 2:
                raise ValueError("depth 2 is broken")
            return curve(configuration)

        engine = make(define(), play=play)
        assert engine.work() is SweepStatus.COMPLETED
        failed = [r for r in engine.scheduler.runs.values() if r.state is RunState.FAILED]
        assert failed
        assert {r.reason for r in failed} == {"ValueError: depth 2 is broken"}

    def test_of_the_first_runs_end_it(self):
        def play(_: Any) -> list[float]:
            raise ValueError("all is broken")

        engine = make(define(), play=play)
        assert engine.work() is SweepStatus.FAILED
        assert "the first 3 runs all failed" in engine.scheduler.reason

    def test_nan_is_a_report_like_any_other(self):
        engine = make(define(), play=lambda _: [math.nan, math.inf, 0.5])
        assert engine.work() is SweepStatus.COMPLETED
        assert {r.reports for r in engine.scheduler.runs.values()} == {3}


def test_the_user_hears_that_the_metric_does_not_come(tmp_path):
    journal = SqliteJournal(tmp_path / "sweep.db", Goal.MAXIMIZE)
    definition = SweepDefinition(RANDOM, "accuracy", Goal.MAXIMIZE, Limits(3, 3))
    assert make(definition, journal).work() is SweepStatus.COMPLETED
    journal.close()
    with SweepReader(tmp_path / "sweep.db") as reader:
        [(_, _, run, text)] = reader.notices()
        assert run is not None
        assert f"run {run} has ended without logging 'accuracy'" in text
        assert "it logged: m" in text
        assert [m.value for m in reader.metrics(0, 1)] == curve(reader.run(0).configuration)


class Killed(BaseException):
    """The process is gone."""


class Crashing:
    """A journal whose process is killed at one of its writes: just before, or just after it."""

    def __init__(self, journal: SqliteJournal, at: int, *, after: bool) -> None:
        self._journal = journal
        self._left = at
        self._after = after

    def past(self):
        return self._journal.past()

    def write(self, batch: Batch) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        self._journal.write(batch)
        if self._left == 0:
            raise Killed

    def close(self) -> None:
        self._journal.close()


CASES = {
    "random, bandit": (RANDOM, BanditPolicy(slack_factor=0.3)),
    "sobol, median": (
        RandomParameterSampling(SPACE, seed=3, rule="sobol"),
        MedianStoppingPolicy(1, 2),
    ),
    "grid, truncation": (
        GridParameterSampling({"lr": choice(*(n / 12 for n in range(12)))}),
        TruncationSelectionPolicy(30, 2, 2),
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("after", [False, True], ids=["before a write", "after a write"])
def test_killed_at_any_write_it_goes_on_as_if_nothing_had_happened(tmp_path, case, after):
    """Nothing lost, nothing twice; decisions may differ only for what had to run again."""
    sampling, policy = CASES[case]
    definition = define(sampling, policy, runs=8, concurrent=1)
    whole = make(definition)
    whole.work()
    expected = results(whole)
    for at in itertools.count(1, 17):  # at every other place in tests/reliability
        path = tmp_path / f"{at}.db"
        crashing = Crashing(SqliteJournal(path, Goal.MAXIMIZE), at, after=after)
        try:
            make(definition, crashing).work()
            break  # there are not that many writes
        except Killed:
            crashing.close()
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        again = make(definition, journal, start_at=1e6)
        if not again.scheduler.done:
            again.work()
        journal.close()
        assert results(again) == expected, f"killed at write {at}"
    crashing.close()
    assert at > 50, "it was killed often enough"


def test_a_bayesian_sweep_adopts_what_it_had_proposed(tmp_path):
    space = {"lr": loguniform(-5, 0), "kind": choice("a", "b")}
    definition = define(BayesianParameterSampling(space, seed=1), runs=13, concurrent=2)
    path = tmp_path / "sweep.db"
    crashing = Crashing(SqliteJournal(path, Goal.MAXIMIZE), 130, after=True)
    with pytest.raises(Killed):
        make(definition, crashing).work()
    crashing.close()
    with SweepReader(path) as reader:
        before = [row.configuration for row in reader.runs()]
    journal = SqliteJournal(path, Goal.MAXIMIZE)
    again = make(definition, journal)
    assert again.work() is SweepStatus.COMPLETED
    journal.close()
    after = [r.configuration for r in again.scheduler.runs.values()]
    assert after[: len(before)] == before
    assert len(after) == 13


class TestDiverged:
    @pytest.fixture
    def path(self, tmp_path) -> Path:
        journal = SqliteJournal(tmp_path / "sweep.db", Goal.MAXIMIZE)
        make(define(policy=BanditPolicy(slack_factor=0.3)), journal).work()
        journal.close()
        return tmp_path / "sweep.db"

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            (define(RandomParameterSampling(SPACE, seed=4)), "entry 2 of the journal, SlotsChang"),
            (define(policy=BanditPolicy(slack_factor=0.1)), "the sweep's definition or this prog"),
            (define(policy=BanditPolicy(slack_factor=0.3), concurrent=2), "entry 2"),
            (define(policy=BanditPolicy(slack_factor=0.3), runs=2), "entry 2"),
        ],
    )
    def test_another_definition_is_refused(self, path, changed, says):
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        with pytest.raises(Diverged, match=says):
            make(changed, journal)
        journal.close()

    def test_a_report_that_led_to_nothing_must_lead_to_nothing(self, path):
        with sqlite3.connect(path) as db:
            judged = (
                "SELECT MAX(seq) FROM event WHERE kind = 3 AND commands IS NULL AND run NOT IN"
                " (SELECT run FROM event WHERE kind = 3 AND commands IS NOT NULL)"
            )
            [[number]] = db.execute(judged)
            db.execute("UPDATE event SET value = -1e9 WHERE seq = ?", [number])
            db.execute(
                "UPDATE event SET value = -1e9 WHERE kind = 3 AND run = "
                "(SELECT run FROM event WHERE seq = ?) AND seq < ?",
                [number, number],
            )
        db.close()
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        with pytest.raises(Diverged, match=r"entry \d+ of the journal, Reported.* led to \[\]"):
            make(define(policy=BanditPolicy(slack_factor=0.3)), journal)
        journal.close()

    def test_a_report_of_a_run_that_does_not_run_is_refused(self, path):
        with sqlite3.connect(path) as db:
            [[number]] = db.execute(
                "SELECT MAX(seq) FROM event WHERE kind = 3 AND commands IS NULL"
            )
            db.execute("UPDATE event SET run = 77 WHERE seq = ?", [number])
        db.close()
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        with pytest.raises(Diverged, match=f"entry {number} of the journal: there is no run 77"):
            make(define(policy=BanditPolicy(slack_factor=0.3)), journal)
        journal.close()

    def test_the_same_definition_is_not(self, path):
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        again = make(define(policy=BanditPolicy(slack_factor=0.3)), journal)
        journal.close()
        assert again.scheduler.done
        assert again.replayed > 50


def test_a_target_that_goes_away_leaves_a_sweep_that_can_be_resumed(tmp_path):
    class Fading(Simulated):
        """It is gone after some time."""

        def poll(self, timeout: float) -> Any:
            if self.now() > 5:
                raise TargetError("gone")
            return super().poll(timeout)

    path = tmp_path / "sweep.db"
    journal = SqliteJournal(path, Goal.MAXIMIZE)
    definition = define()
    engine = Engine(
        Scheduler(definition),
        Fading(curve, "m", 3),
        journal,
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
    )
    with pytest.raises(TargetError, match="gone"):
        engine.work()
    journal.close()
    journal = SqliteJournal(path, Goal.MAXIMIZE)
    again = make(definition, journal, start_at=100.0)
    assert again.work() is SweepStatus.COMPLETED
    journal.close()
    assert {r.state for r in again.scheduler.runs.values()} == {RunState.COMPLETED}
    assert {r.attempt for r in again.scheduler.runs.values()} == {1, 2}
