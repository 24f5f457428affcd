"""Which run is in which slot, and how many a slot is given ahead."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sweep.compute.assignment import MOST_AHEAD, RECALL_SECONDS, Assignment, Node
from sweep.compute.target import RunOrder, SlotsAre


def made(slots: int = 2, can_wait: bool = True) -> Assignment:
    runs = Assignment(can_wait)
    for slot in range(slots):
        runs.add(slot, Node(f"node-{slot}", "vm"), 0.0)
    runs.are()
    return runs


def busy(runs: Assignment, seconds: float, count: int = 40) -> SlotsAre | None:
    """Execute some runs of a duration; return the last news."""
    news = None
    for number in range(count):
        runs.place(f"b{number}", RunOrder(number, 1, {}))
        runs.end(f"b{number}", 0.0, seconds)
        news = runs.news() or news
    return news


def test_one_at_a_time_at_first():
    runs = made()
    assert {runs.place("a", RunOrder(0, 1, {})), runs.place("b", RunOrder(1, 1, {}))} == {0, 1}
    assert runs.place("c", RunOrder(2, 1, {})) is None
    assert runs.are() == SlotsAre(2, 2, 0)


def test_short_runs_are_given_ahead():
    runs = made()
    news = busy(runs, 0.001)
    assert news is not None
    assert news.slots == 2
    assert 0 < news.ahead <= 2 * MOST_AHEAD
    placed = [runs.place(str(n), RunOrder(n, 1, {})) for n in range(news.slots + news.ahead)]
    assert sorted(placed) == sorted([0, 1] * (len(placed) // 2))
    assert runs.place("more", RunOrder(99, 1, {})) is None


def test_one_is_given_ahead_where_runs_take_less_than_a_second():
    assert busy(made(), 0.5) == SlotsAre(2, 2, 2)


def test_two_where_they_take_less_than_a_fifth_and_the_slot_is_told_of_each():
    runs = made(1)
    assert busy(runs, 0.05) == SlotsAre(1, 1, 2)
    for number in range(3):
        runs.place(str(number), RunOrder(number, 1, {}))
        assert runs.is_low(0, 1)


def test_nothing_is_taken_back_for_a_slot_whose_next_run_may_be_under_way():
    runs = made()
    busy(runs, 0.05)
    for number, key in enumerate(["a", "b", "next", "other"]):
        runs.place(key, RunOrder(number, 1, {}))
    now = 10.0
    here, there = runs.slot("a"), 1 - runs.slot("a")
    for key in [k for k in ("a", "b", "next", "other") if runs.slot(k) == here]:
        runs.end(key, now, 0.05)
    assert runs.overdue(now + RECALL_SECONDS / 2) == []
    assert runs.overdue(now + 2 * RECALL_SECONDS) == [there]


@pytest.mark.parametrize(("can_wait", "seconds"), [(False, 0.001), (True, 5)])
def test_others_are_not(can_wait, seconds):
    assert busy(made(can_wait=can_wait), seconds) is None


def test_what_waits_behind_a_long_run_is_taken_back_when_another_slot_is_free():
    runs = made()
    busy(runs, 0.001)
    for number, key in enumerate(["a", "b", "next"]):
        runs.place(key, RunOrder(number, 1, {}))
    long = runs.slot("next")
    (short,) = (key for key in "ab" if runs.slot(key) != long)
    assert runs.overdue(2 * RECALL_SECONDS) == [], "the other one is busy"
    runs.end(short, 0.0, 0.001)
    assert runs.overdue(RECALL_SECONDS / 2) == []
    assert runs.overdue(2 * RECALL_SECONDS) == [long]
    assert runs.overdue(3 * RECALL_SECONDS) == [], "asked once"
    assert runs.give_back("next") == RunOrder(2, 1, {})
    assert "next" not in runs
    assert runs.place("next", RunOrder(2, 1, {})) == 1 - long


def test_a_slot_is_told_of_many_at_once():
    runs = made(1)
    news = busy(runs, 0.001)
    assert news is not None
    keys = [str(n) for n in range(news.ahead + 1)]
    for number, key in enumerate(keys):
        runs.place(key, RunOrder(number, 1, {}))
    assert runs.is_low(0, len(keys)), "it holds nothing that it knows of"
    assert not runs.is_low(0, 1)


def test_a_slot_that_is_gone_takes_its_runs_along():
    runs = made()
    slot = runs.place("a", RunOrder(0, 1, {}))
    assert slot is not None
    assert runs.remove(slot) == [RunOrder(0, 1, {})]
    assert runs.remove(1 - slot) == []
    assert runs.idle() == []
    assert runs.are() == SlotsAre(0, 0, 0)


def test_a_node_that_is_shunned_gets_nothing():
    runs = made()
    runs.quarantined.add("node-0")
    assert runs.are() == SlotsAre(1, 1, 0)
    assert runs.shunned(0)
    assert not runs.shunned(1)


class Story(RuleBasedStateMachine):
    """Whatever happens, a run is in one slot, and no slot holds more than it may."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = made(3)
        self.number = 0
        self.now = 0.0
        self.placed: dict[str, int] = {}

    @rule(seconds=st.sampled_from([0.0001, 0.002, 0.5]))
    def execute(self, seconds: float) -> None:
        if self.placed:
            key = min(self.placed)
            del self.placed[key]
            self.now += seconds
            self.runs.end(key, self.now, seconds)
            self.runs.news()

    @rule()
    def place(self) -> None:
        self.number += 1
        key = f"{self.number:05}"
        slot = self.runs.place(key, RunOrder(self.number, 1, {}))
        if slot is not None:
            self.placed[key] = slot

    @precondition(lambda self: self.runs.up)
    @rule()
    def lose(self) -> None:
        slot = max(self.runs.up)
        lost = {order.run for order in self.runs.remove(slot)}
        assert lost == {int(key) for key, where in self.placed.items() if where == slot}
        self.placed = {k: s for k, s in self.placed.items() if s != slot}

    @rule()
    def come_up(self) -> None:
        slot = next(n for n in range(99) if n not in self.runs.up)
        self.runs.add(slot, Node(f"node-{slot}", "vm"), self.now)

    @rule()
    def recall(self) -> None:
        self.now += 1
        for slot in self.runs.overdue(self.now):
            for key in [k for k, s in self.placed.items() if s == slot][1:]:
                self.runs.give_back(key)
                del self.placed[key]

    @invariant()
    def each_is_where_it_was_put(self) -> None:
        assert {key: self.runs.slot(key) for key in self.placed} == self.placed
        idle = set(self.runs.up) - set(self.placed.values())
        assert set(self.runs.idle()) == idle
        held = [*self.placed.values()]
        assert all(held.count(slot) <= MOST_AHEAD + 1 for slot in held)


TestStory = Story.TestCase
TestStory.settings = settings(max_examples=30, stateful_step_count=60, deadline=None)
