"""A pool whose nodes are jobs of a real Slurm."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute.pool import Pool
from sweep.compute.target import RunLost, RunStarted
from sweep.errors import ConfigError, TargetError, UserError
from sweep.lease import holder
from tests.compute.pools import states, using
from tests.compute.slurms import running_slurm, slurm
from tests.compute.sparks import until

IDLE = 2.0


@pytest.fixture(scope="module")
def there() -> Iterator[None]:
    with running_slurm():
        yield


def a_pool(folder: Path, **options: object) -> Pool:
    return Pool.from_kept(
        {
            "kind": "pool",
            "name": "batch",
            "folder": str(folder / "pool"),
            "provider": "slurm",
            "max_nodes": 2,
            "idle_seconds_before_scaledown": IDLE,
            "options": {
                "address": "127.0.0.1",
                "partition": "pool",
                "time_minutes": 30,
                **options,
            },
        }
    )


@pytest.fixture
def pool(there, tmp_path) -> Iterator[Pool]:
    pool = a_pool(tmp_path)
    yield pool
    pool.end()
    assert queue() == {}
    until(lambda: not [*Path("/tmp").glob(f"sweep-{pool.files.id}*")])  # a job's last act


def queue() -> dict[str, str]:
    """The jobs in the queue, and the state of each."""
    listed = slurm("squeue", "-h", "-o", "%i %T").splitlines()
    return dict(line.split() for line in listed)


def jobs(pool: Pool) -> dict[str, str]:
    """The jobs of a pool's nodes, by the names of these."""
    return {node["name"]: node["job"] for node in pool.status()["nodes"] if "job" in node}


def successors(pool: Pool, old: str) -> list[str]:
    """The states of the nodes besides that of a job, once that one leaves."""
    nodes = {node.get("job", ""): node["state"] for node in pool.status()["nodes"]}
    return [*nodes.values()] if nodes.pop(old, "") == "leaving" else []


@pytest.mark.parametrize(
    ("options", "said"),
    [({"nodes": 3}, "'nodes': there is partition"), ({"time_minutes": "9"}, "expected int")],
)
def test_what_slurm_would_not_understand_is_refused(tmp_path, options, said):
    with pytest.raises(ConfigError, match=said):
        a_pool(tmp_path, **options).check()


def test_where_there_is_no_slurm_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="sbatch, squeue, scancel not found"):
        a_pool(tmp_path).check()


def test_where_its_controller_does_not_answer_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for tool in ("sbatch", "squeue", "scancel"):
        (tmp_path / tool).write_text("#!/bin/sh\necho no controller answers >&2\nexit 1\n")
        (tmp_path / tool).chmod(0o700)
    with pytest.raises(TargetError, match="squeue: no controller answers"):
        a_pool(tmp_path).check()


@pytest.mark.ray
@pytest.mark.timeout(400)
@pytest.mark.slurm
def test_a_node_whose_time_is_nearly_over_has_a_successor_before_it_goes(pool, tmp_path):
    with using(pool, tmp_path / "a", 1) as user:
        user.start(0)
        (old,) = jobs(pool).values()
        slurm("scancel", "--signal=USR1", "--batch", old)  # as Slurm itself does, a minute before
        user.until(lambda: successors(pool, old) in (["idle"], ["running"]))
        assert not user.of(RunLost), "it may end while there is time"
        slurm("scancel", old)
        assert user.lost().kind == "preempted"
        user.heard.clear()
        user.launch(0, attempt=2)
        user.until(lambda: user.of(RunStarted))
        user.until(lambda: old not in jobs(pool).values())


@pytest.mark.ray
@pytest.mark.timeout(400)
@pytest.mark.slurm
def test_a_job_that_slurm_puts_back_into_its_queue_joins_again(pool, tmp_path):
    pool.config["idle_seconds_before_scaledown"] = 600
    with using(pool, tmp_path / "a", 1) as user:
        user.start(0)
        ((name, job),) = jobs(pool).items()
        slurm("scontrol", "requeue", job)
        assert user.lost().kind == "preempted"
        user.heard.clear()
        user.launch(0, attempt=2)
        user.until(lambda: user.of(RunStarted))  # on its successor
        assert queue()[job] == "PENDING"
        slurm("scontrol", "update", f"jobid={job}", "starttime=now")  # else in two minutes
        user.until(lambda: states(pool) == ["idle", "running"])
        assert jobs(pool)[name] == job


@pytest.mark.ray
@pytest.mark.timeout(400)
@pytest.mark.slurm
def test_what_a_killed_keeper_has_left_in_the_queue_is_cancelled_by_the_next(pool, tmp_path):
    with using(pool, tmp_path / "a", 1) as user:
        user.start(0)
        (old,) = jobs(pool).values()
        os.kill(holder(pool.files.lock), signal.SIGKILL)
        user.lost()
        user.heard.clear()
        user.launch(0, attempt=2)
        user.until(lambda: user.of(RunStarted))
        (new,) = jobs(pool).values()
        assert queue() == {new: "RUNNING"}
        assert old != new


@pytest.mark.ray
@pytest.mark.timeout(400)
@pytest.mark.slurm
def test_a_job_that_slurm_does_not_take_fails_the_pool_with_what_it_says(there, tmp_path):
    pool = a_pool(tmp_path, partition="nowhere")
    try:
        with (
            pytest.raises(TargetError, match=r"do not start: sbatch: .*[Ii]nvalid partition"),
            using(pool, tmp_path / "a", 1) as user,
        ):
            user.until(lambda: False)
        assert pool.status()["provisioning_state"] == "Failed"
        assert tempfile.gettempdir() not in pool.status()["errors"][0]
    finally:
        pool.end()
