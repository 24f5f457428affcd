"""Pools: grow to what their sweeps can use, shrink when idle, survive or go as they should."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.guard import descendants
from sweep.compute.pool import Pool
from sweep.compute.resources import Resources
from sweep.compute.target import Notice, RunStarted
from sweep.errors import ConfigError, ResourceError, TargetError
from sweep.lease import holder
from tests.compute.orders import EACH
from tests.compute.pools import await_no_keeper, await_nodes, states, using
from tests.compute.traces import alive

IDLE = 2.0


def kept(folder: Path, **more: object) -> dict[str, object]:
    return {
        "kind": "pool",
        "name": "cpu",
        "folder": str(folder / "pool"),
        "max_nodes": 3,
        "idle_seconds_before_scaledown": IDLE,
        **more,
    }


@pytest.fixture
def pool(tmp_path) -> Iterator[Pool]:
    pool = Pool.from_kept(kept(tmp_path))
    yield pool
    pool.end()
    assert not (pool.files.path / "nodes").exists()
    assert not pool.files.sockets.exists()
    assert not [p for p in Path(tempfile.gettempdir()).glob("sweep-*") if p.is_symlink()]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"provider": "slrum"}, "did you mean 'slurm'"),
        ({"min_nodes": 4}, "min_nodes 4 is more than max_nodes 3"),
        ({"max_nodes": -1}, "max_nodes: expected a whole number, 0 or more, got -1"),
        ({"max_nodes": 1.5}, "max_nodes: expected a whole number, 0 or more, got 1.5"),
        ({"min_nodes": True}, "min_nodes: expected a whole number, 0 or more, got True"),
        (
            {"idle_seconds_before_scaledown": "x"},
            "idle_seconds_before_scaledown: expected a number",
        ),
    ],
)
def test_what_can_be_no_pool_is_refused(tmp_path, change, said):
    with pytest.raises(ConfigError, match=said):
        Pool.from_kept(kept(tmp_path, **change))


def test_what_can_never_run_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="max_nodes is 0"):
        Pool.from_kept(kept(tmp_path, max_nodes=0)).check()
    with pytest.raises(ResourceError, match="a node of cpu has 1 CPUs"):
        Pool.from_kept(kept(tmp_path)).open(1, Resources(9, 9, 2, 0), tmp_path)


def test_a_pool_that_nobody_uses_is_at_rest(tmp_path):
    status = Pool.from_kept(kept(tmp_path)).status()
    assert status["provisioning_state"] == "Succeeded"
    assert status["allocation_state"] == "steady"
    assert status["current_node_count"] == status["target_node_count"] == 0


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_grows_is_shared_shrinks_and_ends(pool, tmp_path, record_property):
    began = time.monotonic()
    with using(pool, tmp_path / "a", 4) as first:
        first.start(0)
        record_property("demand_to_run_s", round(time.monotonic() - began, 1))
        first.start(1, 2)
        record_property("demand_to_three_runs_s", round(time.monotonic() - began, 1))
        assert states(pool) == ["running"] * 3
        assert pool.status()["allocation_state"] == "steady"
        assert len({m.facts["node"] for m in first.of(RunStarted).values()}) == 3
        folder = pool.files.path
        for name, mode in (("state.json", 0o600), ("token", 0o600), (".", 0o700)):
            assert stat.S_IMODE((folder / name).stat().st_mode) == mode
        assert (folder / "token").read_text() not in (folder / "state.json").read_text()

        other = Pool.from_kept(kept(tmp_path))  # as another process sees it
        with using(other, tmp_path / "b", 1) as second:
            second.until(lambda: pool.status()["sweeps"] == 2, first)
            first.target.stop(0, 1, 0)  # its slot is the other's now
            second.launch(0)
            second.until(lambda: second.of(RunStarted), first)
            assert first.slots == 2
            assert pool.status()["current_node_count"] == 3, "never more than max_nodes"
        first.end(1, 2)
        ended = time.monotonic()
        first.until(lambda: pool.status()["current_node_count"] == 1)
        assert time.monotonic() - ended >= IDLE
        first.until(lambda: first.slots == 1)
    ended = time.monotonic()
    await_nodes(pool, 0)
    record_property("idle_to_gone_s", round(time.monotonic() - ended, 1))
    assert time.monotonic() - ended >= IDLE
    await_no_keeper(pool)


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_a_keeper_that_is_killed_takes_all_with_it_and_its_sweeps_start_another(pool, tmp_path):
    with using(pool, tmp_path / "a", 1) as user:
        run = user.start(0)[0].facts["pid"]
        keeper = holder(pool.files.lock)
        nodes = descendants_of_guards(pool)
        assert nodes
        os.kill(keeper, signal.SIGKILL)
        again = "it is brought up again"
        user.until(lambda: [m for m in user.heard if isinstance(m, Notice) and again in m.text])
        assert user.lost().run == 0
        until = time.monotonic() + 20
        while left := [pid for pid in (*nodes, run) if alive(pid)]:
            assert time.monotonic() < until, left
            time.sleep(0.05)
        user.heard.clear()
        user.launch(0, attempt=2)
        user.until(lambda: user.of(RunStarted))
        assert holder(pool.files.lock) not in (None, keeper)
        assert pool.status()["sweeps"] == 1


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_a_keeper_that_is_told_to_end_is_not_brought_back_by_a_sweep(pool, tmp_path):
    with using(pool, tmp_path / "a", 1) as user:
        user.until(lambda: user.slots)
        pool.end()
        with pytest.raises(TargetError, match="is gone"):
            user.until(lambda: False)
    assert holder(pool.files.lock) is None


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_what_a_sweep_that_is_killed_has_wanted_is_wanted_no_more(pool, tmp_path):
    child = os.fork()
    if child == 0:
        try:
            pool.open(1, EACH, tmp_path)
            signal.pause()
        finally:
            os._exit(1)
    await_nodes(pool, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    await_nodes(pool, 0)
    assert pool.files.demands() == []


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_nodes_that_are_to_stay_stay_until_they_are_no_longer(tmp_path):
    pool = Pool.from_kept(kept(tmp_path, min_nodes=1, idle_seconds_before_scaledown=0))
    try:
        pool.provision()
        await_nodes(pool, 1)
        until = time.monotonic() + 60
        while states(pool) != ["idle"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        node = pool.status()["nodes"][0]["pid"]
        os.kill(node, signal.SIGKILL)  # it is replaced
        while pool.status()["node_state_counts"]["preempted_node_count"] != 1:
            assert time.monotonic() < until
            time.sleep(0.05)
        await_nodes(pool, 1)
        Pool.from_kept(kept(tmp_path, idle_seconds_before_scaledown=0)).provision()
        await_nodes(pool, 0)
        await_no_keeper(pool)
    finally:
        pool.end()


def descendants_of_guards(pool: Pool) -> list[int]:
    """The processes of the pool's nodes and of its head: what has their folder in its words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                cwd = (entry / "cwd").readlink()
            except OSError:
                continue
            if cwd.is_relative_to(pool.files.path / "nodes"):
                found += [int(entry.name), *descendants(int(entry.name))]
    return found
