"""Every judgement on every run, counted again from what it says it compared."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median

import pytest

from policies import (
    AsyncSuccessiveHalvingPolicy,
    BanditPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PromisingPolicy,
    TruncationSelectionPolicy,
)
from sweep.engine.wishes import leave
from sweep.errors import SweepError
from sweep.storage.reader import SweepReader
from sweep.storage.schema import connect
from sweep.view.evaluations import ALONE, LEADER, evaluations
from tests.cli.workspaces import kept, play, sweep, values

BANDIT = BanditPolicy(slack_factor=0.1, evaluation_interval=2, delay_evaluation=3)
MEDIAN = MedianStoppingPolicy(delay_evaluation=2)
TRUNCATION = TruncationSelectionPolicy(40, evaluation_interval=2)
STRICT = TruncationSelectionPolicy(40, evaluation_interval=2, exclude_finished_jobs=True)


HALVING = AsyncSuccessiveHalvingPolicy(min_reports=2, reduction_factor=2)


def curve(configuration):
    """Return curves that cross."""
    x = configuration["--x"]
    return [(7 * x % 12) / 12 + report * (5 * x % 7) / 30 for report in range(8)]


def cutoff(policy, one):
    figures = sorted(one.compared.values(), reverse=True)
    if isinstance(policy, BanditPolicy):
        return figures[0] / 1.1
    if isinstance(policy, MedianStoppingPolicy):
        return median(figures)
    if isinstance(policy, AsyncSuccessiveHalvingPolicy):
        return figures[-(-len(figures) // 2) - 1]
    return figures[len(figures) - len(figures) * 40 // 100 - 1]


@pytest.mark.parametrize("policy", [BANDIT, MEDIAN, TRUNCATION, STRICT, HALVING], ids=repr)
def test_every_judgement_follows_from_what_it_compared(place, policy):
    folder = kept(place, points=12, policy=policy, concurrent=3)
    play(folder, curve)
    with SweepReader(folder.database) as reader:
        rows = reader.runs()
        found = {row.number: evaluations(reader, row.number) for row in rows}
        count = reader.get("evaluations")
    assert sum(map(len, found.values())) == count > 12
    assert sum(row.verdict is not None for row in rows) > 2
    for row in rows:
        for one in found[row.number]:
            verdict = one.verdict
            assert policy.due(verdict.interval)
            assert row.number in one.compared
            if verdict.reason not in (LEADER, ALONE):
                assert verdict.cutoff == pytest.approx(cutoff(policy, one))
            if isinstance(policy, (BanditPolicy, MedianStoppingPolicy)):
                behind = verdict.value < verdict.cutoff - 1e-9
                assert verdict.stop == behind or verdict.reason in (LEADER, ALONE)
        stops = [one.verdict for one in found[row.number] if one.verdict.stop]
        assert [asdict(verdict) for verdict in stops] == ([row.verdict] if row.verdict else [])


def test_a_policy_that_learns_compares_with_runs_that_ended_or_came_as_far(place):
    policy = PromisingPolicy(finished_runs=4)
    folder = kept(place, points=12, policy=policy)
    play(folder, lambda c: [(5 * c["--x"] % 12) * (n + 1) for n in range(8)])
    with SweepReader(folder.database) as reader:
        rows, last = {row.number: row for row in reader.runs()}, evaluations(reader, 11)[-1]
    assert last.compared.keys() == {n for n, row in rows.items() if row.status != "Running"}
    assert any(row.verdict for row in rows.values())


def test_an_attempt_that_was_taken_back_is_judged_anew(place):
    folder = kept(place, points=2, policy=BANDIT)

    def paused(configuration):
        yield from (0.5, 0.6, 0.7, 0.8)
        if configuration["--x"]:
            leave(folder.requests, "pause", None, "paused")
            yield from (0.85, 0.9)

    play(folder, paused)
    play(folder, values(*[0.75] * 6))
    with SweepReader(folder.database) as reader:
        found = evaluations(reader, 1)
    assert [(one.attempt, one.verdict.interval) for one in found] == [(1, 4), (2, 4), (2, 6)]
    assert found[1].compared == {0: 0.8, 1: 0.75}


def test_no_policy_no_judgements(place):
    folder = kept(place, points=1, policy=NoTerminationPolicy())
    play(folder, values(0.5))
    with SweepReader(folder.database) as reader:
        assert evaluations(reader, 0) == []


def test_a_journal_that_leads_elsewhere_is_said_to(place):
    folder = kept(place, points=4, policy=BANDIT)
    play(folder, lambda c: [0.5 - 0.1 * c["--x"]] * 4)
    db = connect(folder.database, write=True)
    db.execute("UPDATE event SET value = 0.5 WHERE run = 3 AND value IS NOT NULL")
    db.close()
    with SweepReader(folder.database) as reader, pytest.raises(SweepError):
        evaluations(reader, 3)
    said = sweep("why", 3)
    assert said.code == 0
    assert "  its other judgements cannot be told: " in said.out


def test_why_shows_each_judgement_and_whom_it_was_compared_with(place):
    play(kept(place, points=3, policy=BANDIT, identity="HD_x"), lambda c: [0.5 + c["--x"]] * 15)
    lines = sweep("why", 0).lines
    start = lines.index("  judged 6 times:")
    assert lines[start + 1].split() == ["report", "own", "value", "cut-off", "runs"]
    assert lines[start + 2].split() == ["4", "0.5", "0.454545", "1", "go", "on"]
    assert lines[start + 8].startswith("  the last one: best 0.5 after 14 reports is not below")
    lines = sweep("why", 2).lines
    assert any("the last one: best 2.5 after 14 reports is not below" in line for line in lines)
    assert "    this run 2.5, run 1 1.5, run 0 0.5" in lines


def test_a_long_run_is_cut_unless_all_is_asked_for(place):
    policy = BanditPolicy(slack_factor=0.1)
    play(kept(place, points=1, policy=policy), values(*[0.5] * 30))
    assert "  judged 30 times, the last 12 of them:" in sweep("why", 0).lines
    assert "  judged 30 times:" in sweep("why", 0, "--all").lines
