"""One of every kind of target on this machine, for the tests that all of them pass."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.compute.guard import descendants
from sweep.compute.kinds import cluster_of
from sweep.compute.pool import Pool
from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from tests.compute import clusters, slurms, sparks, sshd
from tests.compute.orders import EACH
from tests.compute.traces import has

IDLE = 1.0


@dataclass
class Place:
    """A target, and how its test sees what only its kind knows.

    Attributes:
        cluster: what a sweep uses, anew for each; None for this machine.
        holds: whether a process of Ray is one of its nodes'.
        nodes: that two slots of one CPU are on.
        heals: has another node come in the place of one that is lost.
        end: lets go of it, as its owner.
        folders: where, besides here, temporary files of it would lie.
        resources: what it is told of those that there are.
        secrets: what lets one in, and must be in nobody's command line.
        address: of its Ray, which refuses whoever has no token; empty where that is tested apart.
        everywhere: Ray's head listens on all interfaces, as Ray on Spark has it.
    """

    cluster: Callable[[], Any]
    holds: Callable[[RayTarget, int], bool]
    nodes: int = 1
    heals: Callable[[], object] = lambda: None
    end: Callable[[], object] = lambda: None
    folders: Collection[Path] = ()
    resources: Resources = EACH
    secrets: Callable[[], Collection[str]] = lambda: ()
    address: Callable[[], str] = lambda: ""
    everywhere: bool = False


@contextlib.contextmanager
def local(folder: Path) -> Iterator[Place]:
    def holds(target: RayTarget, pid: int) -> bool:
        return pid in target.processes()

    yield Place(lambda: None, holds, resources=Resources(2, 0, 1, 0))


@contextlib.contextmanager
def existing(folder: Path) -> Iterator[Place]:
    with clusters.running(folder / "c") as made:

        def holds(_: RayTarget, pid: int) -> bool:
            return any(pid in node.processes() for node in made.nodes)

        def end() -> None:
            while made.nodes[2:]:
                made.nodes.pop().close()

        yield Place(
            lambda: made.there, holds, nodes=2, heals=made.add, end=end, secrets=made.secrets
        )


def a_pool(
    folder: Path, holds: Callable[[RayTarget, int], bool] | None = None, **more: Any
) -> Place:
    kept = {"kind": "pool", "name": "p", "folder": str(folder / "pool"), "max_nodes": 2}
    pool = cluster_of({**kept, "idle_seconds_before_scaledown": IDLE, **more})
    assert isinstance(pool, Pool)

    def of_keeper(_: RayTarget, pid: int) -> bool:
        return any(pid in descendants(node["pid"]) for node in pool.status()["nodes"])

    return Place(
        lambda: pool,
        holds or of_keeper,
        nodes=2,
        end=pool.end,
        secrets=lambda: [pool.files.token()],
        address=lambda: pool.files.read("state.json")["address"],
    )


@contextlib.contextmanager
def pool(folder: Path) -> Iterator[Place]:
    yield a_pool(folder)


@contextlib.contextmanager
def pool_by_ssh(folder: Path) -> Iterator[Place]:
    with sshd.running() as server:
        hosts = [f"{sshd.USER}@{name}:{server.port}" for name in ("127.0.0.1", "localhost")]
        options = {"hosts": hosts, "host_keys": dict.fromkeys(hosts, server.fingerprint)}
        options |= {"private_key_file": server.key, "python": sys.executable}
        place = a_pool(folder, on(server), provider="ssh", options=options)
        place.folders = [server.folder / "t"]
        end = place.end

        def cut_and_end() -> None:
            server.cut()
            end()

        place.end = cut_and_end
        yield place


def on(server: sshd.Server) -> Callable[[RayTarget, int], bool]:
    return lambda _, pid: pid in server.living()


@contextlib.contextmanager
def slurm(folder: Path) -> Iterator[Place]:
    with slurms.running_slurm():
        options = {"address": "127.0.0.1", "partition": "pool", "time_minutes": 30}

        def in_a_job(_: RayTarget, pid: int) -> bool:
            return has(pid, "SLURM_JOB_ID=")

        yield a_pool(folder, in_a_job, provider="slurm", options=options)
        assert not slurms.slurm("squeue", "-h"), "no job is left"


@contextlib.contextmanager
def remote(folder: Path) -> Iterator[Place]:
    with sshd.running() as server:
        kept = {"kind": "remote", "name": "box", **server.about(), "python": sys.executable}
        yield Place(lambda: cluster_of(kept), on(server), folders=[server.folder / "t"])


@contextlib.contextmanager
def spark(folder: Path) -> Iterator[Place]:
    (folder / "s").mkdir()
    with sparks.running(folder / "s") as made:
        cluster = made.cluster(max_nodes=2, memory_per_node=256 << 20)
        yield Place(
            lambda: cluster,
            lambda _, pid: pid in made.worker.members(),
            nodes=2,
            secrets=lambda: [cluster._token, made.env[sparks.SECRET]],
            address=lambda: cluster.facts["address"],
            everywhere=True,
        )
