"""Statements, comparisons, calls and messages: a slow change shows in them on any machine."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from samplers import RandomParameterSampling, uniform
from sweep.compute.simulated import Simulated
from sweep.compute.target import RunOrder
from sweep.core.commands import SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.storage.journal import Batch, SqliteJournal

REPORTS = 50
POLICIES = [
    BanditPolicy(slack_factor=9, delay_evaluation=2),
    MedianStoppingPolicy(delay_evaluation=2),
    TruncationSelectionPolicy(20, delay_evaluation=2),
]


def named(policy: EarlyTerminationPolicy) -> str:
    return type(policy).__name__


def engine_of(path: Path, policy: EarlyTerminationPolicy, runs: int, slots: int) -> Engine:
    definition = SweepDefinition(
        RandomParameterSampling({"x": uniform(0, 1)}, seed=0),
        "m",
        Goal.MAXIMIZE,
        Limits(runs, concurrent=slots),
        policy,
    )

    def curve(configuration: Any) -> Iterator[float]:
        return (n + configuration["x"] for n in range(1, REPORTS + 1))

    return Engine(
        Scheduler(definition),
        Simulated(curve, "m", slots, together=True),
        SqliteJournal(path, Goal.MAXIMIZE),
        lambda launch: RunOrder(launch.run, launch.attempt, launch.configuration),
    )


def reports_of(engine: Engine) -> int:
    return sum(record.reports for record in engine.scheduler.runs.values())


class Statements:
    """Counts what a journal's database is told, by the first word."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.words: Counter[str] = Counter()
        journal._db.set_trace_callback(self._count)

    def _count(self, statement: str) -> None:
        self.words[statement.split(maxsplit=1)[0].upper()] += 1


class TestTheJournal:
    """One transaction a round; one row a report."""

    def test_a_round_of_reports_is_one_transaction(self, tmp_path):
        engine = engine_of(tmp_path / "sweep.db", POLICIES[0], runs=20, slots=20)
        engine.begin()
        while reports_of(engine) < 20:
            engine.round()
        statements = Statements(engine._journal)
        before = reports_of(engine)
        batches: list[Batch] = []
        engine.on_round = batches.append
        for _ in range(10):
            engine.round()
        reports = reports_of(engine) - before
        assert (reports, len(batches)) == (200, 10)
        assert statements.words["COMMIT"] <= len(batches)
        assert statements.words["BEGIN"] <= len(batches)
        # The report itself, and the present state of its run, which is one row a round.
        rows = statements.words["INSERT"] + statements.words["UPDATE"]
        assert 0 < rows <= 2 * reports
        others = sum(statements.words.values()) - rows
        assert others <= 3 * len(batches), statements.words

    def test_many_reports_of_one_run_in_a_round_are_one_row_each_and_one_of_the_run(
        self, tmp_path
    ):
        engine = engine_of(tmp_path / "sweep.db", POLICIES[0], runs=1, slots=1)
        gathered = Batch()
        write = engine._journal.write

        def gather(batch: Batch) -> None:
            gathered.entries += batch.entries
            gathered.records |= batch.records
            gathered.bests |= batch.bests

        engine._journal.write = gather
        engine.begin()
        while not engine.scheduler.done:
            engine.round()
        statements = Statements(engine._journal)
        write(gathered)
        assert statements.words["COMMIT"] == 1
        assert sum(statements.words.values()) <= len(gathered.entries) + 5, statements.words

    def test_nothing_is_written_when_nothing_happens(self, tmp_path):
        engine = engine_of(tmp_path / "sweep.db", POLICIES[0], runs=1, slots=1)
        engine.begin()
        while not reports_of(engine):
            engine.round()
        engine._target._times.clear()  # its run says nothing more
        statements = Statements(engine._journal)
        for _ in range(10):
            engine.round()
        assert not statements.words

    def test_going_on_asks_once_and_not_for_every_report(self, tmp_path):
        path = tmp_path / "sweep.db"
        engine = engine_of(path, POLICIES[0], runs=20, slots=5)
        assert engine.work() is SweepStatus.COMPLETED
        engine._journal.close()
        journal = SqliteJournal(path, Goal.MAXIMIZE)
        statements = Statements(journal)
        scheduler = Scheduler(engine.scheduler.definition)
        again = Engine(scheduler, engine._target, journal, engine._orders)
        assert again.replayed > 20 * REPORTS
        assert 0 < sum(statements.words.values()) <= 5
        journal.close()


class Counted(float):
    """A number that counts how often it is compared."""

    comparisons = 0

    def __lt__(self, other: float) -> bool:
        Counted.comparisons += 1
        return float.__lt__(self, other)

    def __le__(self, other: float) -> bool:
        Counted.comparisons += 1
        return float.__le__(self, other)

    def __gt__(self, other: float) -> bool:
        Counted.comparisons += 1
        return float.__gt__(self, other)

    def __ge__(self, other: float) -> bool:
        Counted.comparisons += 1
        return float.__ge__(self, other)

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return float.__eq__(self, other)

    __hash__ = float.__hash__

    def __add__(self, other: float) -> Counted:
        return Counted(float.__add__(self, other))

    __radd__ = __add__

    def __truediv__(self, other: float) -> Counted:
        return Counted(float.__truediv__(self, other))


def decisions(
    policy: EarlyTerminationPolicy, runs: int, intervals: int = 8
) -> tuple[float, float]:
    """Return comparisons, and calls of functions, per decision, once so many runs are there."""
    board = policy.leaderboard(Goal.MAXIMIZE)

    def value(run: int, n: int) -> float:
        return (run * 7919 % runs) / runs + 0.01 * n  # every level once, in no order

    for run in range(runs):
        for n in range(intervals):
            board.report(run, Counted(value(run, n)))
    judged = [(runs + i, n) for i in range(50) for n in range(intervals)]
    calls = 0

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    Counted.comparisons = 0
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        for run, n in judged:
            interval = board.report(run, Counted(value(run * 31, n)))
            if policy.due(interval) and policy.may_stop(board, run):
                policy.stops(board, run)
    finally:
        sys.setprofile(before)
    return Counted.comparisons / len(judged), calls / len(judged)


class TestPolicies:
    """A decision costs about as much late as early."""

    @pytest.mark.parametrize("policy", POLICIES, ids=named)
    def test_comparisons_per_decision(self, policy):
        few, _ = decisions(policy, 250)
        many, _ = decisions(policy, 4000)
        assert 0 < many <= 100
        assert many <= 1.6 * few, "sixteen times the runs"

    @pytest.mark.parametrize("policy", POLICIES, ids=named)
    def test_calls_per_decision(self, policy):
        _, few = decisions(policy, 250)
        _, many = decisions(policy, 4000)
        assert 0 < many <= 250
        assert many <= 1.6 * few, "sixteen times the runs"


def test_calls_per_event_of_a_whole_engine_do_not_grow(tmp_path):
    """All that the engine does for an event, the journal included, in virtual time."""

    def calls(runs: int) -> float:
        engine = engine_of(tmp_path / f"{runs}.db", POLICIES[0], runs, slots=50)
        entries = count = 0

        def tally(batch: Batch) -> None:
            nonlocal entries
            entries += len(batch.entries)

        def profile(_: Any, event: str, __: Any) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        engine.on_round = tally
        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            engine.work()
        finally:
            sys.setprofile(before)
            engine._journal.close()
        assert entries > runs * REPORTS
        return count / entries

    few, many = calls(50), calls(400)
    assert many <= 150
    assert many <= 1.25 * few
