"""The policy that estimates the chance of a run to end among the best."""

from __future__ import annotations

import math
from array import array

import pytest

from policies import Goal, PromisingPolicy
from policies.leaderboard import Leaderboard
from policies.outlook import Outlook
from policies.promising import chance
from policies.promising_weights import LAYERS, SCALES
from policies.signs import Look, Signs

FIRST = PromisingPolicy(finished_runs=8, risk=0.004)


def told(board: Leaderboard, run: int, values: list[float]) -> int:
    for value in values:
        board.report(run, value)
    return run


def swept(curves: list[list[float]], goal: Goal = Goal.MAXIMIZE) -> Outlook:
    """Return what is known after some runs, numbered from 1, have ended."""
    board = FIRST.leaderboard(goal)
    assert isinstance(board, Outlook)
    for run, values in enumerate(curves, 1):
        told(board, run, [v if goal is Goal.MAXIMIZE else -v for v in values])
        FIRST.finished(board, run)
    return board


def alike(goal: Goal = Goal.MAXIMIZE) -> Outlook:
    """Nine runs that are in order from the first report on: each gains a tenth of a report."""
    return swept([[end + n / 10 for n in range(5)] for end in range(1, 10)], goal)


def test_looks_become_rare() -> None:
    assert [n for n in range(1, 30) if FIRST.due(n)] == [2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29]
    every = PromisingPolicy(evaluation_interval=5, delay_evaluation=12)
    assert every.dues(14, 30) == 4
    assert [n for n in range(1, 60) if every.due(n)] == [15, 20, 25, 30, 40, 50]
    assert every.looks(30) == [15, 20, 25, 30]


@pytest.mark.parametrize("goal", list(Goal))
def test_far_behind_all_and_gaining_too_little(goal: Goal) -> None:
    board = alike(goal)
    sign = 1 if goal is Goal.MAXIMIZE else -1
    behind = told(board, 10, [sign * 0.1, sign * 0.2])
    ahead = told(board, 11, [sign * 9.3, sign * 9.4])
    best = told(board, 12, [sign * 9.5])
    assert FIRST.stops(board, behind)
    assert not FIRST.stops(board, ahead)
    assert not FIRST.stops(board, best)
    verdict = FIRST.explain(board, behind)
    assert (verdict.stop, verdict.value, verdict.cutoff) == (True, sign * 0.2, sign * 9.5)
    likely = chance(board.signs(behind))
    assert likely < 0.002
    assert verdict.reason == (
        f"best {sign * 0.2:g} after 2 reports leaves a chance of {likely:.2%} to come out ahead"
        " (0.40% is enough): 10 of 11 runs were ahead by then, and to be the best it has to gain"
        " 9.3, where the 9 finished runs gained at most 0.3"
    )
    assert FIRST.explain(board, best).reason == (
        f"best {sign * 9.5:g} after 1 report is not worse than that of any run"
    )


def test_the_signs_have_no_units() -> None:
    curves = [
        [0.1 * n * end for n in range(6)] for end in (3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0)
    ]
    there = [0.0, 0.1, 0.1]
    for factor, offset in ((1.0, 0.0), (1000.0, -7.0), (1e-6, 0.0)):
        board = swept([[factor * v + offset for v in curve] for curve in curves])
        signs = board.signs(told(board, 9, [factor * v + offset for v in there]))
        assert signs._asdict() == pytest.approx(
            {
                "odds": math.log(8.5 / 1.5),
                "place": math.log(7.5 / 2.5),  # at report 2 it was as good as the last
                "trend": math.log(8.5 / 1.5) - math.log(7.5 / 2.5),
                "distance": math.log((4.5 - 0.1) / (4.5 - 1.75)),
                "beaten": 0,
                "level": 0,
                "enough": math.log(0.5 / 9),
                "gain": math.log(2.7 / 4.4),
                "slope": math.log(0.02),
                "pace": math.log(0.02),
                "idle": 1 / 3,
                "age": math.log(3 / 6),
                "left": math.log(0.52),
                "apart": math.log((4.5 + 3 + 2.5 + 2 - 4 * 1.5) / 4 / 2.75),
                "behind": math.log(0.5 / 9),
                "mobile": math.log(0.5 / 28.5),
                "made_up": math.log(0.5 / 29),
                "of_those": math.log(0.5 / 2),  # no pair is as far apart as 1.7
                "to_best": math.log(0.5 / 29),
                "over": math.log(8),
                "finished": math.log(8),
                "beside": math.log(2),
                "field": math.log(9),
                "longest": 0,
            }
        )


def test_a_run_that_ended_before_counts_at_later_looks() -> None:
    board = alike()
    told(board, 10, [9.0, 9.0])
    FIRST.stopped(board, 10)
    FIRST.finished(board, 10)
    told(board, 11, [0.0] * 6)  # none has come so far
    assert board.ahead(11) == (10, 11)
    told(board, 12, [9.05] * 6)
    assert board.ahead(12) == (1, 12)


def test_where_finished_runs_came_from_behind_the_chance_is_larger() -> None:
    chances = []
    for late in (0.0, 1.0):
        board = swept(
            [[1 + end / 100] * 4 + [1 + end / 100 + late * (10 - end)] for end in range(1, 10)]
        )
        told(board, 40, [1.0, 1.015])
        assert board.ahead(40) == (8, 10)
        chances.append(chance(board.signs(40)))
    assert chances[1] > 3 * chances[0]


def test_how_often_a_distance_was_made_up() -> None:
    lives = [array("d", [value, end]) for value, end in ((0, 5), (1, 4), (3, 6), (6, 4.5))]
    look = Look(1, 0, lives, [2, 0])
    # behind and ahead in the end: 0 of 1 by 1, 0 of 6 by 6, 3 of 6 by 3; not 1 of 6, by 5
    assert look.overtaken == [1, 3, 6]
    assert look.apart == [1, 2, 3, 3, 5, 6]
    assert look.made_up(2.5) == pytest.approx((math.log(2.5 / 7), math.log(2.5 / 6)))
    assert look.mobile == pytest.approx(math.log(3.5 / 3.5))
    assert (look.best, look.middle_best) == ([3, 0], 1.5)
    assert look.behind == math.log(1.5 / 5)


def test_the_first_go_to_their_ends() -> None:
    board = swept([[run / 10, float(run)] for run in range(1, 8)])
    told(board, 8, [0.0, 0.0])
    assert not FIRST.stops(board, 8)
    assert FIRST.explain(board, 8).reason == "7 runs are finished; the first 8 go to their ends"
    board = swept([])
    told(board, 1, [0.0, 0.0])
    assert not FIRST.explain(board, 1).stop


def test_runs_that_ended_early_do_not_judge_one_that_came_further() -> None:
    board = swept([[run / 10] * 3 for run in range(1, 11)])
    told(board, 20, [0.0] * 3)
    assert FIRST.stops(board, 20)
    told(board, 20, [0.0])
    assert not FIRST.stops(board, 20)
    verdict = FIRST.explain(board, 20)
    assert not verdict.stop
    assert verdict.reason == "0 of 10 finished runs made 4 reports or more; 8 are enough"
    board.forget(1)
    assert (board.as_long(3), board.as_long(4)) == (9, 0)
    assert swept([[1.0] * 2, *[[float(n)] * 10 for n in range(8)]]).finished().length == 10
    assert swept([*[[1.0] * 2] * 9, [3.0] * 10]).finished().length == 10


def test_nothing_is_learnt_from_the_end_of_a_run_that_was_stopped_or_lost() -> None:
    board = alike()
    ended = board.finished()
    assert (ended.runs, ended.best, ended.middle, ended.length) == (9, 9.4, 4.9, 5)
    assert (ended.tops, ended.apart) == ([8, 7, 6], pytest.approx(2.5))
    told(board, 10, [0.0, 0.0])
    FIRST.stopped(board, 10)
    FIRST.finished(board, 10)
    assert board.finished().runs == 9
    board.forget(9)
    ended = board.finished()
    assert (ended.runs, ended.best, ended.middle, ended.tops) == (8, 8.4, 4.9, [7, 6, 5])
    board.forget(10)
    told(board, 11, [0.0, 0.0])
    assert board.ahead(11) == (8, 9)


def test_a_lost_attempt_leaves_every_look() -> None:
    board = alike()
    told(board, 10, [0.0, 0.0])
    before = FIRST.explain(board, 10)
    told(board, 11, [0.5, 5.5, 6.0])
    assert FIRST.explain(board, 10) != before
    board.forget(11)
    assert FIRST.explain(board, 10) == before
    assert board.interval(11) == 0


def test_runs_without_a_number() -> None:
    board = swept([[math.nan] * 3] * 8 + [[float(n), 2.0 + n] for n in range(7)])
    ended = board.finished()
    assert (ended.runs, ended.best, ended.middle, ended.length) == (15, 8.0, 8.0, 3)
    lost = told(board, 30, [math.nan] * 3)
    assert FIRST.stops(board, lost)
    assert FIRST.explain(board, lost).reason == "no number after 3 reports, where others have one"
    assert all(map(math.isfinite, board.signs(told(board, 31, [math.nan, 1.0]))))
    assert not FIRST.stops(swept([[math.nan] * 3] * 9), 1)


def test_finished_runs_that_began_without_a_number() -> None:
    """They say nothing of what is gained from there; and few with a number leave no gap."""
    late = [math.nan] * 2 + [1.0, 2.0, 3.0, 4.0]
    board = swept([late, *[[float(n), *([n + 1.0] * 5)] for n in range(9)]])
    assert all(map(math.isfinite, board.signs(told(board, 30, [0.1, 0.2, 0.3, 0.4]))))
    board = swept([[1.0, 2.0], *[[math.nan] * 2] * 9])
    assert all(map(math.isfinite, board.signs(told(board, 30, [0.1, 0.2]))))


def test_a_run_further_back_has_the_smaller_chance() -> None:
    board = alike()
    chances = []
    for run, value in enumerate((8.95, 8.0, 6.0), 20):
        told(board, run, [value, value + 0.1])
        chances.append(chance(board.signs(run)))
        board.forget(run)
    assert chances[0] > 1.5 * chances[1] > 3 * chances[2]


def test_the_table_has_a_weight_for_each_sign() -> None:
    assert tuple(SCALES) == Signs._fields
    widths = [len(Signs._fields), *map(len, LAYERS)]
    assert widths[-1] == 1
    for before, layer in zip(widths, LAYERS, strict=False):
        assert {len(weights) for _, weights in layer} == {before}


def test_what_has_not_reported_or_is_over_already_teaches_nothing() -> None:
    board = alike()
    FIRST.finished(board, 77)  # it has not reported
    assert board.count == 9
    FIRST.finished(board, 1)
    assert board.count == 9


def test_a_copy_and_its_original_look_at_the_same_times() -> None:
    first = PromisingPolicy()
    audited = first.with_audit(0.1)
    assert first.due(20) == audited.due(20)
    assert first.looks(20) == audited.looks(20) == [2, 3, 4, 5, 6, 8, 10, 13, 17]
    assert audited.dues(0, 20) == 9
