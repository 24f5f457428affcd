"""What is not started of Ray, and what stands in for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ray import _raylet
from ray._private import services

from sweep.compute import lean_ray
from sweep.compute.lean_ray import AGENTS, STAND_IN, _agents_replaced

NODE = "a1" * 28
RAYLET = [
    "/ray/raylet",
    "--session_dir=/tmp/session",
    f"--node_id={NODE}",
    '--python_worker_command=python worker.py "--a=b c"',
    "--dashboard_agent_command=python agent.py --node-id=abc",
    "--runtime_env_agent_command=python main.py --node-id=abc",
    "--head",
]
PARENT = """
import subprocess, sys
subprocess.Popen(sys.argv[1:])
sys.stdin.read()
"""


def test_a_raylet_starts_stand_ins():
    command = _agents_replaced(RAYLET)
    assert command[:4] == RAYLET[:4]
    assert command[-1] == RAYLET[-1]
    first, second = command[4:6]
    start = f"{sys.executable} -I -S {STAND_IN} /tmp/session/"
    assert first.startswith(f"--dashboard_agent_command={start}metrics_agent_port_{NODE} ")
    assert second == f"--runtime_env_agent_command={start}runtime_env_agent_port_{NODE}"


def test_what_looks_otherwise_is_left_as_it_is():
    for missing in (4, 5):
        other = RAYLET[:missing] + RAYLET[missing + 1 :]
        assert _agents_replaced(other) == other
    assert _agents_replaced(["/ray/gcs_server", "--head"]) == ["/ray/gcs_server", "--head"]


@pytest.mark.parametrize("name", ["get_port_filename", *sum(AGENTS.values(), ())])
def test_a_ray_with_other_names_keeps_its_agents(monkeypatch, name):
    monkeypatch.delattr(_raylet, name)
    assert _agents_replaced(RAYLET) == RAYLET


@pytest.mark.parametrize("missing", [1, 2])
def test_as_does_one_whose_raylet_is_told_otherwise(missing):
    other = RAYLET[:missing] + RAYLET[missing + 1 :]
    assert _agents_replaced(other) == other


def test_or_that_starts_its_processes_otherwise(monkeypatch):
    monkeypatch.setattr(lean_ray, "PARTS", ())
    monkeypatch.delattr(services, "start_ray_process")
    lean_ray.leave_out()
    assert not hasattr(services, "start_ray_process")


def test_a_stand_in_says_that_there_is_no_port_and_ends_with_its_parent(tmp_path):
    files = [tmp_path / "one_port", tmp_path / "another_port"]
    stand_in = [sys.executable, "-I", "-S", str(STAND_IN), *map(str, files), "--an-option"]
    end, its = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-S", "-c", PARENT, *stand_in],
        stdin=subprocess.PIPE,
        stdout=its,  # which the stand-in has as well
        cwd=tmp_path,
    )
    os.close(its)
    with parent, os.fdopen(end) as rest:
        while not all(file.exists() for file in files):
            assert parent.poll() is None
        parent.communicate()
        assert rest.read() == ""  # at its end nobody has it any more
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "one_port": "-1",
        "another_port": "-1",
    }
