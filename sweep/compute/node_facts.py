"""What a node is: for the record of the runs on it. Standard library only."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Any

PACKAGES = """
ray numpy scipy pandas scikit-learn torch torchvision tensorflow keras jax jaxlib flax lightning
transformers datasets xgboost lightgbm catboost azureml-core mlflow hypersweep
"""
"""Those whose versions a result may depend on."""
OF_A_NODE = ("host", "ip", "cpus", "gpus", "system", "python", "packages")
GPUS = Path("/proc/driver/nvidia/gpus")


def node_facts() -> dict[str, Any]:
    """Return host, IP address, CPUs, GPUs, Python, and versions of the packages that are there."""
    system = os.uname()
    return {
        "host": socket.gethostname(),
        "ip": _address(),
        "cpus": len(os.sched_getaffinity(0)),
        "gpus": gpus(),
        "system": f"{system.sysname} {system.release} {system.machine}",
        "python": sys.version.split()[0],
        "packages": versions(),
    }


def gpus(folder: Path = GPUS) -> list[str]:
    """Return the names of the NVIDIA GPUs, as their driver tells them."""
    found = []
    for about in sorted(folder.glob("*/information")):
        with contextlib.suppress(OSError):
            lines = about.read_text(errors="replace").splitlines()
            found += [line[6:].strip() for line in lines if line.startswith("Model:")]
    return found


def versions() -> dict[str, str]:
    """Return the versions of the main packages of this Python."""
    found = {}
    from importlib import metadata  # noqa: PLC0415 - the engine has no use for it

    for name in PACKAGES.split():
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _address() -> str:
    """Return the address with which this node would speak to others; nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.connect(("192.0.2.1", 9))  # of a net that is for documentation only
        return str(other.getsockname()[0])
    return "127.0.0.1"
