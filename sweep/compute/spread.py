"""What the processes of a run on several nodes know of each other. Standard library only."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweep.compute.travel import sees

HERE = "127.0.0.1"
LAUNCHER = "ranks.py"
"""The program that starts the processes of one node; it is beside the guard's."""


def free_port(*_: object) -> int:
    """Return a port of this node on which nobody listens now."""
    with socket.socket() as found:
        found.bind(("", 0))
        return int(found.getsockname()[1])


def sees_files(_: object, probe: Mapping[str, str] | None) -> bool:
    """Tell whether the engine's files are here, see `travel.sees`."""
    return sees(probe)


def variables(
    node: int, hosts: Sequence[str], needs: Mapping[str, Any], port: int
) -> dict[str, str]:
    """Return the environment variables of a run's processes on one of its nodes.

    Args:
        node: its place among them, from 0.
        hosts: addresses of all.
        needs: `processes` on each node, and `mpi`, whether its names are wanted.
        port: of the first node, for the processes to meet at.
    """
    each = needs.get("processes", 1)
    world = len(hosts) * each
    found = {
        "WORLD_SIZE": world,
        "RANK": node * each,
        "LOCAL_RANK": 0,
        "LOCAL_WORLD_SIZE": each,
        "NODE_RANK": node,
        "MASTER_ADDR": hosts[0],
        "MASTER_PORT": port,
        "AZUREML_NODE_COUNT": len(hosts),
    }
    if needs.get("mpi"):
        found |= {
            "OMPI_COMM_WORLD_SIZE": world,
            "OMPI_COMM_WORLD_RANK": node * each,
            "OMPI_COMM_WORLD_LOCAL_SIZE": each,
            "OMPI_COMM_WORLD_LOCAL_RANK": 0,
            "OMPI_COMM_WORLD_NODE_RANK": 0,
            "AZ_BATCH_MASTER_NODE": f"{hosts[0]}:{port}",
            "AZ_BATCH_HOST_LIST": ",".join(hosts),
            "AZ_BATCHAI_MPI_MASTER_NODE": hosts[0],
        }
    return {name: str(value) for name, value in found.items()}


def arranged(
    order: Mapping[str, Any], folder: Path, python: str = sys.executable
) -> dict[str, Any]:
    """Return an order that starts as many processes on this node as it needs.

    Args:
        order: of a run; one that has several nodes knows of them already.
        folder: with the launcher.
        python: that executes it.
    """
    needs, env = order["needs"], order["env"]
    processes = needs.get("processes", 1)
    if processes == 1:
        return dict(order)
    if "MASTER_ADDR" not in env:
        env = {**env, **variables(0, [HERE], needs, free_port())}
    start = [python, "-I", "-S", str(folder / LAUNCHER), str(processes)]
    return {**order, "env": env, "argv": [*start, *order["argv"]]}
