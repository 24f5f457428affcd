"""What a pool decides: how many nodes, which go, who may hold how much."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from sweep.compute.pool_plan import Demand, Limits, Seen, plan, share

LIMITS = Limits(0, 3, 10, cpus=2)


def demand(name: str, slots: int, since: float = 0, cpus: float = 1) -> Demand:
    return Demand(name, since, slots, cpus)


def node(name: str, state: str, idle_for: float = 0) -> Seen:
    return Seen(name, state, idle_for)


def test_as_many_nodes_as_the_slots_need():
    for slots, nodes in ((0, 0), (1, 1), (2, 1), (3, 2), (6, 3), (100, 3)):
        assert plan([demand("a", slots)], [], LIMITS).launch == nodes
    assert plan([demand("a", 1), demand("b", 1)], [], LIMITS).launch == 1, "they share it"
    assert plan([], [], Limits(2, 3, 10, 2)).launch == 2


def test_a_run_over_several_nodes_needs_them_whatever_their_size():
    wide = Demand("a", 0, slots=2, cpus=1, spread=2)
    assert plan([wide], [], LIMITS).launch == 2
    assert plan([demand("b", 2)], [], LIMITS).launch == 1
    kept = {"since": 0, "slots": 2, "cpus": 1, "gpus": 0}
    assert Demand.from_kept("a", {**kept, "spread": 2}) == wide
    assert Demand.from_kept("a", kept).spread == 1


def test_a_node_goes_when_it_is_idle_long_enough_and_not_needed():
    nodes = [node("a", "running"), node("b", "idle", 9), node("c", "idle", 11)]
    assert plan([], nodes, LIMITS).remove == ("c",)
    assert plan([demand("x", 3)], nodes, LIMITS).remove == ("c",)
    assert plan([demand("x", 5)], nodes, LIMITS).remove == ()
    assert plan([], nodes, Limits(3, 3, 10, 2)).remove == ()


def test_what_is_more_than_may_be_goes_at_once_but_for_what_works():
    nodes = [node("a", "running"), node("b", "idle", 1), node("c", "idle", 2)]
    assert plan([], nodes, Limits(0, 2, 10, 2)).remove == ("c",)
    assert plan([], nodes, Limits(0, 0, 10, 2)).remove == ("c", "b")


def test_what_is_not_up_yet_goes_before_what_is():
    nodes = [node("a", "idle", 99), node("b", "preparing", 11)]
    assert plan([demand("x", 1)], nodes, LIMITS).remove == ("b",)


def test_a_node_that_leaves_is_replaced_while_it_does():
    nodes = [node("a", "leaving"), node("b", "running")]
    decided = plan([demand("x", 4)], nodes, LIMITS)
    assert (decided.launch, decided.remove) == (1, ())


def test_where_there_is_not_room_for_all_each_has_its_part():
    assert share([demand("a", 6), demand("b", 2, 1)], LIMITS) == {"a": 4, "b": 2}
    assert share([demand("a", 9), demand("b", 9, 1)], LIMITS) == {"a": 3, "b": 3}
    assert share([demand("a", 9), demand("b", 9, 1, cpus=2)], LIMITS) == {"a": 4, "b": 1}
    one = Limits(0, 1, 10, 1)
    assert share([demand("late", 1, 2), demand("early", 1, 1)], one) == {"late": 0, "early": 1}


def test_a_slot_that_fits_no_node_gets_nothing():
    assert plan([demand("a", 1, cpus=3)], [], LIMITS).shares == {"a": 0}
    assert Limits(0, 1, 1, 2, 1).fit(0.5, 1) == 1
    assert Limits(0, 1, 1, 0.3).fit(0.1, 0) == 3, "in spite of binary fractions"
    assert LIMITS.fit(0, 0) == 0


demands = st.lists(
    st.builds(
        demand,
        st.uuids().map(str),
        st.integers(0, 40),
        st.floats(0, 9),
        st.sampled_from([0.5, 1, 2]),
    ),
    max_size=5,
    unique_by=lambda d: d.id,
)
nodes = st.lists(
    st.builds(
        node,
        st.uuids().map(str),
        st.sampled_from(["preparing", "idle", "running", "leaving"]),
        st.floats(0, 20),
    ),
    max_size=8,
    unique_by=lambda n: n.name,
)
limits = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
    lambda pair: Limits(min(pair), max(pair), 10, cpus=2)
)


@given(demands, nodes, limits)
def test_what_always_holds(demands, nodes, limits):
    decided = plan(demands, nodes, limits)
    staying = [n for n in nodes if n.state != "leaving"]
    assert limits.least <= decided.wanted <= limits.most
    assert not (decided.launch and decided.remove)
    assert decided.launch + len(staying) <= max(limits.most, len(staying))
    assert len(staying) - len(decided.remove) + decided.launch >= decided.wanted
    working = {n.name for n in nodes if n.state in ("running", "leaving")}
    assert working.isdisjoint(decided.remove)
    early = {n.name for n in staying if n.idle_for < 10} & set(decided.remove)
    assert not early or len(staying) - len(decided.remove) >= limits.most
    held = sum(decided.shares[d.id] / limits.fit(d.cpus, d.gpus) for d in demands)
    assert held <= decided.wanted + 1e-6
    assert all(0 <= decided.shares[d.id] <= d.slots for d in demands)
    if any(d.slots for d in demands) and limits.most:
        assert any(decided.shares.values()), "somebody gets on"


@given(demands, limits)
def test_nobody_can_be_given_more_without_taking_from_who_has_less(demands, limits):
    shares = share(demands, limits)
    size = {d.id: 1 / limits.fit(d.cpus, d.gpus) for d in demands}
    left = limits.most - sum(shares[i] * size[i] for i in shares)
    for d in demands:
        if shares[d.id] < d.slots:
            assert size[d.id] > left - 1e-6
            mine = shares[d.id] * size[d.id]
            least = [shares[i] * size[i] - size[i] for i in shares if i != d.id and shares[i]]
            assert all(mine >= other - 1e-6 for other in least) or size[d.id] > left
    assert math.isfinite(left)
