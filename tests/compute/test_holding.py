"""Which slots a target holds on a pool that is shared."""

from __future__ import annotations

from dataclasses import dataclass, field

from sweep.compute.assignment import Assignment, Node
from sweep.compute.cluster import LocalRay
from sweep.compute.holding import LOOK_SECONDS, UNUSED_SECONDS, Allowance, Holding, Use
from sweep.compute.target import RunOrder


def test_what_stays_idle_is_of_no_use():
    use = Use(8)
    use.look(3, 5, 0)
    assert use.slots == 8
    use.look(3, 5, UNUSED_SECONDS)
    assert use.slots == 3
    use.look(0, 3, 10)
    use.look(1, 2, 11)
    use.look(0, 3, 10 + UNUSED_SECONDS)
    assert use.slots == 1, "by one slot the engine sees that it can launch"


def test_what_fills_up_again_starts_anew():
    use = Use(8)
    use.look(3, 5, 0)
    use.look(8, 0, UNUSED_SECONDS - 1)
    use.look(3, 5, UNUSED_SECONDS)
    assert use.slots == 8


def test_a_run_that_takes_the_last_slot_may_not_be_the_last():
    use = Use(5)
    use.look(0, 5, 0)
    use.look(0, 5, UNUSED_SECONDS)
    for slots in (2, 4, 5, 5):
        use.filled()
        assert use.slots == slots


@dataclass
class Granting(LocalRay):
    """A pool that grants what it is told to."""

    grant: Allowance
    needs: list[int] = field(default_factory=list)

    def need(self, slots: int) -> Allowance:
        self.needs.append(slots)
        return Allowance(min(slots, self.grant.slots), self.grant.leaving)


class Bench:
    """A holding on a pool, its slots, and a clock."""

    def __init__(self, grant: int, wanted: int) -> None:
        self.runs = Assignment()
        self.pool = Granting(Allowance(grant))
        self.asked: list[int] = []
        self.dropped: list[int] = []
        self.holding = Holding(self.pool, self.runs, self.asked.append, self.dropped.append)
        self.holding.open(wanted)
        self.now = 0.0

    def up(self, slot: int, node: str = "n") -> None:
        assert not self.holding.goes(slot)
        self.runs.add(slot, Node(node, "h"), self.now)

    def run(self, run: int) -> int | None:
        return self.runs.place(str(run), RunOrder(run, 1, {}))

    def end(self, run: int) -> None:
        self.runs.end(str(run), self.now)
        self.holding.ended()

    def look(self, grant: int | None = None, leaving: frozenset[str] = frozenset()) -> bool:
        if grant is not None:
            self.pool.grant = Allowance(grant, leaving)
        self.now += LOOK_SECONDS
        return self.holding.look(self.now)


def test_asks_for_what_it_may_hold_and_for_more_when_it_may():
    bench = Bench(2, 5)
    assert bench.asked == [0, 1]
    assert not bench.look(4)
    assert bench.asked == [0, 1, 2, 3]
    bench.look(9)
    assert bench.asked == [0, 1, 2, 3, 4]


def test_lets_go_first_what_is_not_up_then_what_is_alone_on_its_node():
    bench = Bench(4, 4)
    bench.up(0, "a")
    bench.up(1, "b")
    bench.up(2, "b")
    bench.run(7)  # in slot 2, which came last
    assert bench.runs.slot("7") == 2
    assert not bench.look(3), "nothing that was up is gone"
    assert bench.dropped == [3]
    assert bench.look(2)
    assert bench.dropped == [3, 0], "then the other node can stay, and this one go"
    assert bench.look(0)
    assert bench.dropped == [3, 0, 1], "a run is never ended for that"
    bench.end(7)
    assert bench.dropped == [3, 0, 1, 2]
    assert bench.run(8) is None
    assert bench.look()


def test_a_slot_that_was_let_go_is_asked_for_again_only_when_it_is_gone():
    bench = Bench(1, 1)
    bench.look(0)
    assert bench.holding.goes(0)
    bench.look(1)
    assert bench.asked == [0]
    assert bench.holding.gone(0)
    assert not bench.holding.gone(0)
    bench.look()
    assert bench.asked == [0, 0]


def test_nothing_more_starts_on_a_node_that_leaves():
    bench = Bench(2, 2)
    bench.up(0, "a")
    bench.up(1, "b")
    bench.run(7)
    assert bench.look(2, frozenset("ab"))
    assert bench.dropped == [0]
    assert bench.holding.leaving(Node("b", "h")) == "preempted"
    bench.look(2)
    assert bench.holding.leaving(Node("b", "h")) == "preempted", "also when it is there no more"
    assert bench.holding.leaving(Node("c", "h")) == bench.holding.leaving(None) == ""
    bench.look(2, frozenset("ab"))
    bench.end(7)
    assert bench.dropped == [0, 1]


def test_on_a_cluster_that_does_not_grow_all_are_asked_for_at_once():
    asked: list[int] = []
    holding = Holding(LocalRay(), Assignment(), asked.append, asked.append)
    holding.open(3)
    holding.launched()
    assert not holding.look(1e9)
    assert asked == [0, 1, 2]


def test_may_ask_for_more_later():
    bench = Bench(9, 2)
    bench.holding.open(2)
    assert bench.asked == [0, 1]
    bench.holding.open(4)
    assert bench.asked == [0, 1, 2, 3]
