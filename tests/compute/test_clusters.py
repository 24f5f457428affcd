"""Clusters of several nodes: who gets in, and what happens when a node is bad."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.existing import ExistingCluster
from sweep.compute.ray_node import RayNode, cluster_environment
from sweep.compute.ray_target import RayTarget
from sweep.compute.target import (
    Message,
    RunEnded,
    RunStarted,
    SlotsAre,
)
from sweep.errors import UserError
from tests.compute.clusters import Cluster, running
from tests.compute.orders import EACH, order, wait

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("c")) as made:
        yield made


def opened(cluster: Cluster, folder: Path) -> tuple[RayTarget, list[Message]]:
    target, heard = RayTarget(EACH, folder / "ray", cluster=cluster.there), []
    target.open(2)
    wait(target, heard, SlotsAre, 2)
    return target, heard


def test_a_stranger_is_refused(cluster):
    address = cluster.head.address
    with pytest.raises(UserError, match="does not let us in: set RAY_AUTH_TOKEN"):
        ExistingCluster(address).check()
    with pytest.raises(UserError, match="the token in RAY_AUTH_TOKEN is not this cluster's"):
        ExistingCluster(address, "0" * 64).check()


def test_a_cluster_that_lets_anybody_in_is_refused(tmp_path):
    open_to_all = {**cluster_environment(), "RAY_AUTH_MODE": "disabled"}
    head = RayNode(tmp_path / "h", open_to_all, cpus=0)
    try:
        with pytest.raises(UserError, match="--allow-unauthenticated-ray"):
            ExistingCluster(head.address).check()
        ExistingCluster(head.address, allow_unauthenticated=True).check()
    finally:
        head.close()


def test_a_bad_node_is_left_alone_until_it_is_released(cluster, tmp_path):
    target, heard = opened(cluster, tmp_path)
    try:
        for run in (0, 1):
            target.launch(order(tmp_path, run, "import time; time.sleep(1000)"))
        wait(target, heard, RunStarted, 2)
        nodes = {m.run: m.facts["node"] for m in heard if isinstance(m, RunStarted)}
        assert nodes[0] != nodes[1], "each node has one CPU"
        target.quarantine(nodes[0])
        heard.clear()
        wait(target, heard, SlotsAre)
        assert SlotsAre(1, 1) in heard
        target.stop(0, 1, 0)
        wait(target, heard, RunEnded)
        target.stop(1, 1, 0)
        wait(target, heard, RunEnded, 2)
        heard.clear()
        target.launch(order(tmp_path, 2, "pass"))
        wait(target, heard, RunStarted)
        assert next(m for m in heard if isinstance(m, RunStarted)).facts["node"] == nodes[1]
        heard.clear()
        target.release(nodes[0])
        while not any(isinstance(m, SlotsAre) and (m.slots, m.nodes) == (2, 2) for m in heard):
            heard += target.poll(1.0)
    finally:
        target.close()
