"""A target whose cluster vanishes: what is lost, what is not, and when that is the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sweep.compute.pool import Pool
from sweep.compute.renewal import RenewedTarget, target_on
from sweep.compute.simulated import Simulated
from sweep.compute.target import (
    Message,
    Notice,
    RunEnded,
    RunLost,
    RunOrder,
    RunSaid,
    RunStarted,
    SlotsAre,
)
from sweep.errors import TargetError


class Cluster:
    """One that may vanish, and the targets that were made on it."""

    def __init__(self) -> None:
        self.vanished = False
        self.made: list[Brittle] = []

    def has_vanished(self) -> bool:
        return self.vanished

    def target(self) -> Brittle:
        self.vanished = False
        self.made.append(Brittle(lambda _: [1.0] * 5, "m", 2))
        return self.made[-1]


class Brittle(Simulated):
    """One that breaks when it is told to."""

    broken = False
    closed = False

    def poll(self, timeout: float) -> Sequence[Message]:
        if self.broken:
            raise TargetError("the keeper is gone")
        return super().poll(timeout)

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def target(cluster) -> RenewedTarget:
    made = target_on(cluster, cluster.target)
    assert isinstance(made, RenewedTarget)
    made.open(2)
    assert made.poll(1) == [SlotsAre(2)]
    return made


def vanish(cluster: Cluster) -> None:
    cluster.made[-1].broken = cluster.vanished = True


def test_what_had_begun_is_lost_and_what_had_not_begins_on_the_next(cluster, target):
    target.launch(RunOrder(0, 1, {}))
    assert target.poll(1) == [RunStarted(0, 1)]
    target.launch(RunOrder(1, 1, {}))  # nobody has heard yet that it has started
    vanish(cluster)
    why = "the keeper is gone"
    assert target.poll(1) == [
        Notice(f"{why}; it is brought up again"),
        SlotsAre(0, 0),
        RunLost(0, 1, why),
    ]
    assert cluster.made[0].closed
    assert [target.poll(1), target.poll(1)] == [[SlotsAre(2)], [RunStarted(1, 1)]]
    target.launch(RunOrder(0, 2, {}))
    heard = [message for _ in range(20) for message in target.poll(1)]
    assert RunStarted(0, 2) in heard
    assert {(m.run, m.attempt) for m in heard if isinstance(m, RunEnded)} == {(0, 2), (1, 1)}
    assert sum(isinstance(m, RunSaid) for m in heard) == 10
    vanish(cluster)
    assert not [m for m in target.poll(1) if isinstance(m, RunLost)], "all had ended"
    target.close()
    assert cluster.made[-1].closed


def test_a_run_that_is_to_stop_does_not_begin_again(cluster, target):
    target.launch(RunOrder(0, 1, {}))
    target.stop(0, 1, 0)
    vanish(cluster)
    assert RunLost(0, 1, "the keeper is gone") in target.poll(1)
    assert [target.poll(1), target.poll(1)] == [[SlotsAre(2)], []]


@pytest.mark.parametrize("vanished", [True, False])
def test_a_run_that_fails_with_its_cluster_is_lost(cluster, target, vanished):
    def curve(_):
        raise ValueError("killed")

    cluster.made[-1]._curve = curve
    target.launch(RunOrder(0, 1, {}))
    cluster.vanished = vanished
    heard = [message for _ in range(3) for message in target.poll(1)]
    assert [type(message) for message in heard] == [RunStarted, RunLost if vanished else RunEnded]


def test_what_has_not_vanished_is_not_brought_up(cluster, target):
    cluster.made[-1].broken = True
    with pytest.raises(TargetError, match="the keeper is gone"):
        target.poll(1)
    assert len(cluster.made) == 1


def test_what_vanishes_before_it_is_up_does_so_for_good(cluster, target):
    vanish(cluster)
    target.poll(1)
    vanish(cluster)
    with pytest.raises(TargetError, match="the keeper is gone"):
        target.poll(1)


def test_pools_can_be_brought_up_again_and_this_machine_cannot(tmp_path):
    pool = Pool.from_kept({"name": "p", "folder": str(tmp_path / "pool")})
    assert not pool.has_vanished(), "it has never been there"
    make = Cluster().target
    assert isinstance(target_on(pool, make), RenewedTarget)
    assert isinstance(target_on(None, make), Brittle)
