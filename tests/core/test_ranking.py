"""Runs in the order of their best value, as the service gives them."""

from __future__ import annotations

import math

import pytest

from policies import Goal
from sweep.core.ranking import ranked

UP, DOWN = Goal.MAXIMIZE, Goal.MINIMIZE

REPORTS = {"_0": [0.1, 0.9, 0.3], "_1": [0.95], "_2": [], "_3": [0.9], "_4": [0]}
STATUS = {
    "_0": "Completed",
    "_1": "Canceled",
    "_2": "Failed",
    "_3": "Completed",
    "_4": "Failed",
}


def order(goal, left_out=(), **how):
    best = max if goal is UP else min
    runs = [run for run in REPORTS if STATUS[run] not in left_out]
    return ranked(runs, lambda run: best(REPORTS[run], default=None), goal, **how)


@pytest.mark.parametrize(
    ("goal", "how", "runs"),
    [
        (UP, {}, ["_1", "_0", "_3", "_4", "_2"]),
        (UP, {"reverse": True}, ["_4", "_0", "_3", "_1", "_2"]),
        (UP, {"discard_no_metric": True}, ["_1", "_0", "_3", "_4"]),
        (UP, {"reverse": True, "discard_no_metric": True}, ["_4", "_0", "_3", "_1"]),
        (UP, {"left_out": ("Failed", "Canceled")}, ["_0", "_3"]),
        (DOWN, {}, ["_4", "_0", "_3", "_1", "_2"]),
        (DOWN, {"reverse": True}, ["_1", "_3", "_0", "_4", "_2"]),
        (DOWN, {"discard_no_metric": True}, ["_4", "_0", "_3", "_1"]),
        (DOWN, {"left_out": ("Failed",)}, ["_0", "_3", "_1"]),
    ],
)
def test_the_services_order(goal, how, runs):
    assert order(goal, **how) == runs


def test_the_top_is_a_slice():
    assert order(UP)[:2] == ["_1", "_0"]
    assert order(UP)[: 0 or None] == order(UP)


@pytest.mark.parametrize("goal", [UP, DOWN])
@pytest.mark.parametrize("reverse", [False, True])
def test_equals_keep_their_order(goal, reverse):
    assert ranked("abc", lambda _: 0.0, goal, reverse=reverse) == ["a", "b", "c"]


@pytest.mark.parametrize("goal", [UP, DOWN])
@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_no_finite_number_comes_last(goal, reverse):
    values = [math.nan, 1.0, None, -math.inf, 2.0, math.inf]
    result = ranked(values, lambda v: v, goal, reverse=reverse)
    assert sorted(result[:2]) == [1.0, 2.0]
    assert repr(result[2:]) == "[nan, None, -inf, inf]"
    assert (
        ranked(values, lambda v: v, goal, discard_no_metric=True)
        == result[:2][:: -1 if reverse else 1]
    )


def test_nothing_has_an_order_too():
    assert ranked([], lambda v: v, UP) == []
