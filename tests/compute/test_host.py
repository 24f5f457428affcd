"""What a target host does with its orders, on a real Ray."""

from __future__ import annotations

import time

import pytest

from sweep.compute.descent import descendants
from sweep.compute.host_process import HostProcess
from sweep.compute.lean_ray import STAND_IN
from sweep.compute.ray_environment import host_environment
from sweep.compute.ray_folder import RayFolder
from tests.compute.traces import processes, words

PATIENCE = 60.0
MORE_CPUS_THAN_THERE_ARE = 99


@pytest.fixture
def folder(tmp_path):
    folder = RayFolder(tmp_path / "ray")
    yield folder
    folder.clear()


@pytest.fixture
def host(tmp_path, folder):
    host = HostProcess(host_environment(), tmp_path / "ray")
    host.tell(
        do="open",
        address=None,
        cpus=1,
        gpus=0,
        slot_cpus=MORE_CPUS_THAN_THERE_ARE,
        slot_gpus=0,
        temp=str(folder.short),
        sockets=f"{folder.short}/s",
        probe=None,
        function=None,
    )
    yield host
    host.close()


def heard(host: HostProcess, kind: str) -> dict:
    """Hear something of a kind."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for said in host.hear(1.0):
            if said["k"] == kind:
                return said
    raise AssertionError(f"nothing of {kind}")


def command_of(pid: int) -> str:
    """Return what a process was started with, in one text."""
    return "\0".join(words(pid))


@pytest.mark.ray
def test_a_node_has_no_agents_of_rays(host, folder):
    heard(host, "ready")
    (raylet,) = [pid for pid in processes() if f"--session_dir={folder.short}" in command_of(pid)]
    below = [command_of(pid) for pid in descendants(raylet)]
    assert sum(str(STAND_IN) in each for each in below) == 2
    assert not [each for each in below if "agent" in each.lower() and str(STAND_IN) not in each]


@pytest.mark.ray
def test_a_slot_is_dropped_by_the_very_next_order(host):
    heard(host, "ready")
    host._unsent.append(b'{"do": "slot", "slot": 0, "avoid": []}\n{"do": "drop", "slot": 0}\n')
    host._send()
    assert heard(host, "down")["slot"] == 0


@pytest.mark.ray
def test_an_order_to_a_slot_without_its_link_does_no_harm(host):
    """It has died, and its end is not known yet; or it is not up, as here."""
    heard(host, "ready")
    host.tell(do="slot", slot=0, avoid=[])
    host.tell(do="start", slot=0, orders=[{"run": "0.1"}])
    host.tell(do="drop", slot=0)
    assert heard(host, "down")["slot"] == 0
