"""Where the nodes of a pool come from: a protocol, and processes of this machine."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from sweep.compute.guarded import Guarded
from sweep.compute.node_watch import NAME
from sweep.compute.ray_folder import RayFolder
from sweep.compute.ray_node import LOOPBACK, node_command

PROVIDERS = {
    "azure-batch": ("sweep.compute.azure_batch_provider", "AzureBatchProvider"),
    "local": ("sweep.compute.providers", "LocalProvider"),
    "slurm": ("sweep.compute.slurm", "SlurmProvider"),
    "ssh": ("sweep.compute.ssh_provider", "SshProvider"),
}
"""Word: the module and its class."""
STARTING = 120.0
"""Seconds within which a node of this machine must be up."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a provider needs to know of its pool.

    Attributes:
        folder: for one folder per node, by name; nobody else can look inside.
        pool: what no other pool is called.
        head: address of the head to join.
        environment: of a node; the pool's token is in it.
        token: the file with the token.
        cpus, gpus: what a node is to offer.
        options: what the user has said that only this provider understands.
    """

    folder: Path
    pool: str
    head: str
    environment: Mapping[str, str]
    token: Path
    cpus: float
    gpus: float
    options: Mapping[str, Any]


class Provider(Protocol):
    """Starts and ends nodes. Every method returns at once, but `close`."""

    def launch(self, name: str) -> None:
        """Begin to start a node, which offers the label `NAME`: name.

        Raises:
            TargetError: it cannot be started; it is not there then.
        """
        ...

    def ended(self) -> Mapping[str, str]:
        """Return the nodes that are gone, each once, and why; whether we ended them or not."""
        ...

    def leaving(self) -> Mapping[str, float]:
        """Return the nodes that will be gone soon, whatever we do, and in how many seconds."""
        ...

    def terminate(self, name: str) -> None:
        """Begin to end a node, with all that runs there."""
        ...

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return what a user may want to know of a node: job, host, pid."""
        ...

    def close(self) -> None:
        """End all nodes; return when they are gone, or sure to go."""
        ...


def provider_class(word: str) -> Any:
    """Return the class of a provider: it takes a `Site`.

    It has `address(options)`, the IP address on which the head is to listen, and
    `check(options)`, which raises a UserError where it cannot work at all.
    """
    module, name = PROVIDERS[word]
    return getattr(import_module(module), name)


def named_address(options: Mapping[str, Any]) -> str:
    """Return the `address` of a provider's options, else the one that this machine's name has."""
    return str(options.get("address") or socket.gethostbyname(socket.gethostname()))


class LocalProvider:
    """Nodes as processes of this machine, under guards: they end with us.

    Args:
        site: what they join and offer.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._nodes: dict[str, tuple[Guarded, RayFolder, float]] = {}
        self._up: set[str] = set()
        self._ended: dict[str, str] = {}

    @staticmethod
    def address(options: Mapping[str, Any]) -> str:  # noqa: ARG004
        """Return where the head listens: for this machine only."""
        return LOOPBACK

    @staticmethod
    def check(options: Mapping[str, Any]) -> None:
        """There is nothing that could be wrong."""

    def launch(self, name: str) -> None:
        """Start the processes of a node."""
        site, folder = self._site, self._site.folder / name
        files = RayFolder(folder)
        offer = {"num_cpus": site.cpus, "num_gpus": site.gpus, "labels": {NAME: name}}
        command = node_command(files.short, site.head, LOOPBACK, **offer)
        process = Guarded(command, site.environment, folder, folder / "node.log", pipes=True)
        self._nodes[name] = process, files, time.monotonic() + STARTING

    def ended(self) -> Mapping[str, str]:
        """Return the nodes whose first process has ended, or that do not come up."""
        for name, (process, _, deadline) in [*self._nodes.items()]:
            late = name not in self._up and time.monotonic() > deadline
            if select.select([process.out], [], [], 0)[0]:
                if os.read(process.out, 1 << 12):
                    self._up.add(name)
                    continue
            elif not late:
                continue
            why = f"not up within {STARTING:g} s" if late else "it has ended"
            why += process.last_words()
            self.terminate(name)
            self._ended[name] = why
        ended, self._ended = self._ended, {}
        return ended

    def leaving(self) -> Mapping[str, float]:
        """None: this machine stays."""
        return {}

    def terminate(self, name: str) -> None:
        """End the processes of a node."""
        if found := self._nodes.pop(name, None):
            found[0].close()
            found[1].clear()
            self._up.discard(name)
            self._ended[name] = "it was told to end"

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return its first process."""
        return {"pid": self._nodes[name][0].pid} if name in self._nodes else {}

    def close(self) -> None:
        """End all nodes."""
        for name in [*self._nodes]:
            self.terminate(name)
