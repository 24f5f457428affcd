"""A whole sweep on a remote machine that sees none of our files, and its resumption."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compute import sshd
from tests.compute.sshd import USER, Server

pytestmark = pytest.mark.ray
PATIENCE = 60
SWEEP = """
sampling: {type: grid, parameter_space: [{name: x, expression: choice, values: [1, 2]}]}
primary_metric_name: m
primary_metric_goal: maximize
max_total_runs: 2
max_concurrent_runs: 1
"""
SCRIPT = """
import os, sys, time
from pathlib import Path
from sweep import Run
from twice import twice

Run.get_context().log("m", twice(float(sys.argv[-1])))
Path("outputs/model.txt").write_text(os.environ["HOME"])
print("began", flush=True)
if os.environ["SWEEP_RUN_NUMBER"] == "1" and os.environ["SWEEP_RUN_ATTEMPT"] == "1":
    time.sleep(1000)
"""


def sweep(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sweep.cli.main", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "SSH_AUTH_SOCK": ""},
    )


def done(*arguments: str, code: int = 0) -> str:
    process = sweep(*arguments)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, said
    return said


def until(so: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)


def attach(server: Server, *more: str, code: int = 0) -> str:
    about = ["-n", "box", "-a", "127.0.0.1", "-u", USER, "--ssh-port", str(server.port)]
    about += ["--private-key-file", server.key, "--python", sys.executable]
    return done("computetarget", "attach", "remote", *about, *more, code=code)


def test_a_sweep_there_is_cut_off_and_goes_on(place):
    Path("train.py").write_text(SCRIPT)
    Path("twice.py").write_text("def twice(x):\n    return 2 * x\n")
    Path("hdconfig.yml").write_text(SWEEP)
    with sshd.running(hidden=place) as server:
        assert server.fingerprint in attach(server, code=2)
        attach(server, "--host-key", server.fingerprint)
        process = sweep("start", "--target", "box", "hdconfig.yml", "train.py")
        try:
            until(lambda: any(_runs("1/user_logs/std_log.txt")), process)
            server.cut()
            said, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        assert "the connection is lost" in said
        assert process.returncode == 1
        done("resume")
        assert not server.living()
        assert not [*(server.folder / "t").glob("sweep-*")]
        home = str(server.folder / "home")
    runs = json.loads(done("run", "list", "last", "--json"))
    assert [run["status"] for run in runs] == ["Completed", "Completed"]
    assert {p.read_text() for p in _runs("*/outputs/model.txt")} == {home}


def _runs(pattern: str) -> list[Path]:
    return [p for p in Path(".sweep/sweeps").glob(f"*/runs/{pattern}") if p.stat().st_size]
