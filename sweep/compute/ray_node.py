"""Nodes of a Ray cluster as processes of this machine, each under a guard."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweep.compute.guarded import Guarded
from sweep.compute.ray_environment import OBJECT_STORE_BYTES, host_environment
from sweep.compute.ray_folder import RayFolder
from sweep.errors import TargetError

STARTING = 60.0
"""Seconds in which a node must be up."""
LOOPBACK = "127.0.0.1"


class RayNode:
    """A head, or a node that joins one.

    Args:
        folder: of its own; Ray's files and the log go there.
        env: its environment, with the cluster's token in it.
        head: address of the head to join; empty to be one.
        ip: the address on which it listens.
        cpus, gpus: what it offers.
        resources: custom resources that it offers.
        labels: what it can be chosen by.

    Attributes:
        address: of the head.

    Raises:
        TargetError: it does not start.
    """

    def __init__(  # noqa: PLR0913 - what a node offers has many sides
        self,
        folder: Path,
        env: Mapping[str, str],
        head: str = "",
        *,
        ip: str = LOOPBACK,
        cpus: float = 1,
        gpus: float = 0,
        resources: Mapping[str, float] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = RayFolder(folder)
        offer = {"num_cpus": cpus, "num_gpus": gpus, "resources": dict(resources or {})}
        command = node_command(self._folder.short, head, ip, **offer, labels=dict(labels or {}))
        self._process = Guarded(command, env, folder, folder / "node.log", pipes=True)
        self.address = self._hear()

    def _hear(self) -> str:
        ready, _, _ = select.select([self._process.out], [], [], STARTING)
        said = os.read(self._process.out, 1 << 12) if ready else b""
        if not said:
            last = self._process.last_words()
            self.close()
            raise TargetError(f"a Ray node does not start{last}")
        return str(json.loads(said)["address"])

    @property
    def pid(self) -> int:
        """The first process of the node."""
        return self._process.pid

    def processes(self) -> list[int]:
        """Return the processes of the node."""
        return self._process.members()

    def close(self) -> None:
        """End it; return when its last process is gone."""
        self._process.close()
        self._folder.clear()


def node_command(temp: Path, head: str, ip: str | None, **offer: Any) -> list[str]:
    """Return the command that runs a node.

    Args:
        temp: a short folder for Ray's files.
        head: address of the head to join; empty to be one.
        ip: the address on which it listens; None: that of the machine it runs on.
        offer: num_cpus, num_gpus, resources, labels, as Ray calls them.
    """
    arguments: dict[str, Any] = {
        "node_ip_address": ip,
        "temp_dir": str(temp),
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
        **offer,
    }
    if head:
        arguments["gcs_address"] = head
    return [sys.executable, "-m", "sweep.compute.node_main", json.dumps(arguments)]


def cluster_environment() -> dict[str, str]:
    """Return an environment for the nodes of a cluster of our own on this machine.

    A lost node is noticed within seconds and not, as Ray has it, within half a minute.
    """
    return {
        **host_environment(),
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_timeout_ms": "2000",
        "RAY_health_check_failure_threshold": "3",
        "RAY_health_check_initial_delay_ms": "2000",
    }


def address_towards(head: str) -> str:
    """Return the address of this machine by which it reaches the head, `host:port`."""
    host, port = head.rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, int(port)))  # nothing is sent
        return str(probe.getsockname()[0])
