"""Virtual time: what is said when, one thing at a time or all of a moment together."""

from __future__ import annotations

import gc

import pytest

from policies import BanditPolicy
from samplers import uniform
from sweep import simulate
from sweep.compute.simulated import Simulated
from sweep.compute.target import Message, RunEnded, RunOrder, RunSaid, RunStarted, SlotsAre


def words(messages: list[Message]) -> list[str]:
    return [
        {
            SlotsAre: lambda m: f"{m.slots} slots",
            RunStarted: lambda m: f"{m.run} started",
            RunSaid: lambda m: f"{m.run} said {m.message['v']:g}",
            RunEnded: lambda m: f"{m.run} {'stopped' if m.stopped else 'ended'}",
        }[type(message)](message)
        for message in messages
    ]


def opened(together: bool) -> Simulated:
    target = Simulated(lambda c: c["values"], "m", 3, together=together)
    target.open(3)
    assert words(target.poll(0)) == ["3 slots"]
    for run, values in enumerate(([1.0, 2.0], [(1.0, 10.0)], [(0.5, 7.0), (0.5, 8.0)])):
        target.launch(RunOrder(run, 1, {"values": values}))
    return target


ALL = [
    (0.0, ["0 started", "1 started", "2 started"]),
    (0.5, ["2 said 7"]),
    (1.0, ["0 said 1", "1 said 10", "2 said 8"]),
    (1.0, ["1 ended", "2 ended"]),
    (2.0, ["0 said 2"]),
    (2.0, ["0 ended"]),
]


def test_all_of_a_moment_is_said_at_once_and_what_it_leads_to_afterwards():
    target = opened(together=True)
    heard = []
    while messages := words(target.poll(10)):
        heard.append((target.now(), messages))
    assert heard == ALL
    assert target.now() == 12.0, "nothing happens any more, and time passes"


def test_one_thing_at_a_time_in_the_same_order():
    target = opened(together=False)
    heard = []
    while messages := words(target.poll(10)):
        heard.append((target.now(), messages))
    assert heard == [(at, [word]) for at, said in ALL for word in said]


@pytest.mark.parametrize("together", [False, True])
def test_nothing_happens_before_its_time(together):
    target = opened(together)
    while target.poll(0):
        pass
    assert (words(target.poll(0.25)), target.now()) == ([], 0.25)
    assert (words(target.poll(0.25)), target.now()) == (["2 said 7"], 0.5)


@pytest.mark.parametrize("together", [False, True])
def test_a_run_that_was_told_to_end_says_nothing_more(together):
    target = opened(together)
    while target.poll(0):
        pass
    target.stop(1, 1, grace=10)
    said = []
    while messages := words(target.poll(10)):
        said += messages
    assert [word for word in said if word.startswith("1 ")] == ["1 stopped"]


def test_the_collector_of_garbage_goes_on_as_before():
    pace = gc.get_threshold()
    during = []

    def curve(configuration):
        during.append(gc.get_threshold())
        return [configuration["x"]]

    simulate(
        curve, space={"x": uniform(0, 1)}, max_total_runs=3, policy=BanditPolicy(slack_factor=1)
    )
    assert len(during) == 3
    assert gc.get_threshold() == pace
    assert during[0] != pace
