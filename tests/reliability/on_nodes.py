"""A sweep on a cluster of several nodes, one of which is killed in the middle of it."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from policies import Goal, NoTerminationPolicy
from samplers import GridParameterSampling, choice
from sweep.compute.existing import ExistingCluster
from sweep.compute.ray_node import RayNode, cluster_environment
from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from sweep.compute.target import Process, RunOrder
from sweep.core.commands import Launch, SweepStatus
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.events import Lost, Reported, Started
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.engine.engine import Engine
from sweep.storage.journal import Batch, SqliteJournal

NODES, RUNS, REPORTS = 3, 12, 8
SCRIPT = f"""
import json, os, socket, time
channel = socket.socket(socket.AF_UNIX)
channel.connect(os.environ["SWEEP_CHANNEL"])
for step in range({REPORTS}):
    said = {{"k": "s", "n": "m", "v": float(step)}}
    channel.sendall(json.dumps(said).encode() + b"\\n")
    time.sleep(0.25)
"""


@dataclass
class Loss:
    """What became of a sweep that lost a node.

    Attributes:
        noticed, restarted: seconds from the kill until the engine knew, and until the lost run
            was at work again elsewhere.
        problems: what is not as it must be.
    """

    noticed: float = math.nan
    restarted: float = math.nan
    problems: list[str] = field(default_factory=list)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[ExistingCluster, list[RayNode]]]:
    """Start a head without CPUs and nodes with one each."""
    env = cluster_environment()
    nodes = [RayNode(folder / "h", env, cpus=0)]
    try:
        for number in range(NODES):
            nodes.append(RayNode(folder / f"n{number}", env, nodes[0].address, cpus=1))
        yield ExistingCluster(nodes[0].address, env["RAY_AUTH_TOKEN"]), nodes[1:]
    finally:
        for node in nodes:
            node.close()


def lose_a_node(folder: Path) -> Loss:
    """Work on a sweep, kill the raylet of a node in its middle, and see it to its end."""
    loss = Loss()
    with cluster(folder) as (there, nodes):
        limits = Limits(RUNS, NODES)
        sampling = GridParameterSampling({"x": choice(*range(RUNS))})
        scheduler = Scheduler(
            SweepDefinition(sampling, "m", Goal.MAXIMIZE, limits, NoTerminationPolicy())
        )
        target = RayTarget(Resources(math.inf, math.inf, 1, 0), folder / "ray", cluster=there)
        journal = SqliteJournal(folder / "sweep.db", Goal.MAXIMIZE)
        engine = Engine(scheduler, target, journal, lambda launch: _order(folder, launch))
        killed: list[float] = []

        def watch(batch: Batch) -> None:
            for event, _ in batch.entries:
                if isinstance(event, Reported) and event.run >= NODES and not killed:
                    os.kill(_raylet(nodes[-1]), signal.SIGKILL)
                    killed.append(time.time())
                elif isinstance(event, Lost) and math.isnan(loss.noticed):
                    loss.noticed = event.at - killed[0]
                elif isinstance(event, Started) and scheduler.runs[event.run].attempt > 1:
                    if math.isnan(loss.restarted):
                        loss.restarted = event.at - killed[0]

        engine.on_round = watch
        try:
            status = engine.work()
        finally:
            journal.close()
    loss.problems += _problems(scheduler, status)
    if math.isnan(loss.restarted):
        loss.problems.append("no run was lost and started again")
    return loss


def _problems(scheduler: Scheduler, status: SweepStatus) -> list[str]:
    wrong = [] if status is SweepStatus.COMPLETED else [f"the sweep is {status.value}"]
    for number, record in scheduler.runs.items():
        if (record.state, record.reports) != (RunState.COMPLETED, REPORTS):
            wrong.append(f"run {number}: {record.state.value}, {record.reports} reports")
    return wrong


def _order(folder: Path, launch: Launch) -> RunOrder:
    process = Process(
        argv=[sys.executable, "-S", "-c", SCRIPT],
        env={"PATH": os.environ["PATH"], "SWEEP_RUN_ID": f"{folder}_{launch.run}"},
        folder=str(folder / "runs" / f"{launch.run}.{launch.attempt}"),
    )
    return RunOrder(launch.run, launch.attempt, launch.configuration, process)


def _raylet(node: RayNode) -> int:
    for pid in node.processes():
        with contextlib.suppress(OSError):
            if "raylet/raylet" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]:
                return pid
    raise LookupError("the node has no raylet")
