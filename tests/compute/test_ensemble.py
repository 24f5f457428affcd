"""Runs of several processes, on one node and on several."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.compute import guard, spread
from sweep.compute.parts import Parts
from sweep.compute.processes import marked
from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from sweep.compute.spread import arranged, variables
from sweep.compute.target import Process, RunEnded, RunLost, RunOrder, RunSaid, RunStarted
from tests.compute.clusters import Cluster, running

LAUNCHER = Path(guard.__file__).with_name(spread.LAUNCHER)
PATIENCE = 60.0

SCRIPT = """
import json, os, socket, sys, time
rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
channel = socket.socket(socket.AF_UNIX)
channel.connect(os.environ["SWEEP_CHANNEL"])
channel.sendall(json.dumps({"k": "s", "n": "score", "v": rank}).encode() + b"\\n")
with open(f"outputs/{rank}", "w") as file:
    file.write("mine")
meet = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if rank == 0:
    with socket.create_server(meet) as server:
        others = [server.accept()[0].recv(10) for _ in range(world - 1)]
    print("met", *sorted(map(int, others)), flush=True)
else:
    while True:
        try:
            socket.create_connection(meet).sendall(str(rank).encode())
            break
        except OSError:
            time.sleep(0.01)
    print("here", rank, flush=True)
if sys.argv[1:] == [str(rank)]:
    sys.exit(3)
if sys.argv[1:] == ["stay"]:
    time.sleep(1000)
"""


class TestParts:
    def end(self, code: int | None = 0, **more: object) -> dict[str, object]:
        return {"k": "ended", "run": "0.1", "code": code, "stopped": False, "tail": "", **more}

    def test_all_have_ended_well(self):
        parts = Parts({}, 1, begun=2)
        assert not parts.end(1, self.end(cpu_seconds=2, peak_memory=5))
        assert not parts.over
        assert not parts.end(0, self.end(cpu_seconds=1, peak_memory=9, seconds=4))
        assert parts.over
        found = parts.whole(["a", "b"])
        assert (found["code"], found["cpu_seconds"], found["peak_memory"]) == (0, 3, 9)

    def test_the_first_failure_is_that_of_the_run(self):
        parts = Parts({}, 1, begun=3)
        assert parts.end(2, self.end(-9, tail="oh"))
        assert not parts.end(0, self.end(-15, stopped=True))
        assert not parts.end(1, self.end(1))
        found = parts.whole(["a", "b", "c"])
        assert found["error"] == "on node 2 of 3 (c): it ended with signal 9"
        assert (found["code"], found["stopped"], found["tail"]) == (-9, False, "oh")

    def test_the_failure_of_the_first_speaks_for_itself(self):
        parts = Parts({}, 1, begun=2)
        assert parts.end(0, self.end(4))
        assert not parts.end(1, self.end(-15, stopped=True))
        found = parts.whole(["a", "b"])
        assert (found["code"], found["stopped"]) == (4, False)
        assert "error" not in found

    def test_what_is_stopped_does_not_fail(self):
        parts = Parts({}, 1, begun=2, stopping=True)
        assert not parts.end(1, self.end(1))
        assert not parts.end(0, self.end(-15, stopped=True))
        assert parts.whole(["a", "b"])["stopped"]


class TestVariables:
    def test_of_the_second_of_two_nodes(self):
        assert variables(1, ["10.0.0.1", "10.0.0.2"], {"processes": 4}, 29500) == {
            "WORLD_SIZE": "8",
            "RANK": "4",
            "LOCAL_RANK": "0",
            "LOCAL_WORLD_SIZE": "4",
            "NODE_RANK": "1",
            "MASTER_ADDR": "10.0.0.1",
            "MASTER_PORT": "29500",
            "AZUREML_NODE_COUNT": "2",
        }

    def test_under_the_names_of_mpi(self):
        found = variables(1, ["a", "b"], {"processes": 1, "mpi": True}, 1234)
        assert found["OMPI_COMM_WORLD_SIZE"] == "2"
        assert found["OMPI_COMM_WORLD_RANK"] == "1"
        assert found["OMPI_COMM_WORLD_LOCAL_SIZE"] == "1"
        assert found["AZ_BATCH_MASTER_NODE"] == "a:1234"

    def test_one_node_needs_nobody_else(self, tmp_path):
        order = {"needs": {"processes": 2}, "env": {"A": "b"}, "argv": ["x", "y"]}
        found = arranged(order, tmp_path)
        assert found["argv"][-3:] == ["2", "x", "y"]
        assert found["env"]["MASTER_ADDR"] == "127.0.0.1"
        assert order["argv"] == ["x", "y"]
        assert arranged({**order, "needs": {}}, tmp_path) == {**order, "needs": {}}


class TestProcessesOfANode:
    def launch(self, count: int, code: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "NODE_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4"}
        argv = [sys.executable, "-I", "-S", str(LAUNCHER), str(count), sys.executable, "-S", "-c"]
        return subprocess.run(
            [*argv, code], env=env, capture_output=True, text=True, timeout=30, check=False
        )

    def test_each_knows_its_place(self):
        names = "RANK LOCAL_RANK OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_LOCAL_RANK"
        code = f"import os; print(*(os.environ[n] for n in '{names}'.split()))"
        done = self.launch(2, code)
        assert (done.returncode, sorted(done.stdout.splitlines())) == (0, ["2 0 2 0", "3 1 3 1"])

    def test_one_that_fails_ends_the_others(self):
        code = "import os, time\nif os.environ['RANK'] == '3': os._exit(5)\ntime.sleep(1000)"
        assert self.launch(2, code).returncode == 5

    def test_it_dies_as_its_process_has(self):
        code = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
        assert self.launch(1, code).returncode == -9

    def test_there_is_no_such_program(self):
        argv = [sys.executable, "-I", "-S", str(LAUNCHER), "2", "/no/program"]
        env = {"NODE_RANK": "0"}
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 127
        assert "/no/program: No such file" in done.stderr


class Sweep:
    """A target whose runs are on two nodes, and what it says."""

    def __init__(self, cluster: Cluster, folder: Path, *, away: bool = False) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        each = Resources(math.inf, math.inf, 1, 0, nodes_per_run=2)
        self.target = RayTarget(each, folder / "ray", cluster=cluster.there)
        if away:  # a probe that no slot can see
            traffic = self.target._traffic
            traffic.probe = lambda _: {"path": "/", "text": ""}  # type: ignore[method-assign]
        self.said: list[object] = []
        self.target.open(1)

    def launch(self, run: int, *arguments: str, processes: int = 1, attempt: int = 1) -> None:
        tree = self.folder / "tree"
        tree.mkdir(exist_ok=True)
        (tree / "train.py").write_text(SCRIPT)
        process = Process(
            argv=[sys.executable, "-S", "train.py", *arguments],
            tree=str(tree),
            env={"PATH": os.environ["PATH"], "SWEEP_RUN_ID": self.mark(run)},
            folder=str(self.folder / f"{run}.{attempt}"),
            needs={"nodes": 2, "processes": processes, "mpi": False},
        )
        self.target.launch(RunOrder(run, attempt, {}, process))

    def mark(self, run: int) -> str:
        return f"{self.folder}_{run}"

    def hear(self, *kinds: type) -> object:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for number, message in enumerate(self.said):
                if isinstance(message, kinds):
                    del self.said[: number + 1]
                    return message
            self.said += self.target.poll(0.1)
        raise AssertionError(f"no {kinds} within {PATIENCE:g} s: {self.said}")


@pytest.fixture
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("c")) as made:
        yield made


@pytest.mark.ray
def test_a_run_on_two_nodes(cluster, tmp_path):
    sweep = Sweep(cluster, tmp_path)
    try:
        sweep.launch(0, processes=2)
        said = sweep.hear(RunSaid)
        assert (said.run, said.message["v"]) == (0, 0)
        end = sweep.hear(RunEnded)
        assert (end.code, end.error) == (0, "")
        logs = tmp_path / "0.1" / "user_logs"
        first, second = ((logs / f"std_log{i}.txt").read_text() for i in ("", "_1"))
        assert sorted(first.splitlines()) == ["here 1", "met 1 2 3"]
        assert sorted(second.splitlines()) == ["here 2", "here 3"]

        sweep.launch(1, "1")
        end = sweep.hear(RunEnded)
        assert end.code == 3
        assert end.error == "on node 1 of 2 (127.0.0.1): it ended with exit code 3"
        assert [m for m in sweep.said if isinstance(m, RunSaid)] == []

        sweep.launch(2, "stay", attempt=2)
        sweep.hear(RunSaid)
        while len(marked("SWEEP_RUN_ID", sweep.mark(2))) < 2:
            sweep.target.poll(0.05)
        sweep.target.stop(2, 2, 5)
        assert sweep.hear(RunEnded).stopped
        assert marked("SWEEP_RUN_ID", sweep.mark(2)) == []

        sweep.launch(3, "stay")
        sweep.hear(RunStarted)
        sweep.hear(RunSaid)
        cluster.nodes.pop().close()
        assert sweep.hear(RunLost).run == 3
        deadline = time.monotonic() + PATIENCE
        while marked("SWEEP_RUN_ID", sweep.mark(3)):
            assert time.monotonic() < deadline
            sweep.target.poll(0.05)

        cluster.add()
        sweep.launch(3, attempt=2)
        assert sweep.hear(RunEnded).code == 0
    finally:
        sweep.target.close()

    sweep = Sweep(cluster, tmp_path / "away", away=True)
    try:
        sweep.launch(0)
        end = sweep.hear(RunEnded)
        assert (end.code, end.error) == (0, "")
        logs = tmp_path / "away" / "0.1" / "user_logs"
        assert (logs / "std_log.txt").read_text() == "met 1\n"
        assert (logs / "std_log_1.txt").read_text() == "here 1\n"
        assert (tmp_path / "away" / "0.1" / "outputs" / "0").read_text() == "mine"
        assert not (tmp_path / "away" / "0.1" / "train.py").exists()
    finally:
        sweep.target.close()
