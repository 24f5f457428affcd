"""Nodes of a pool as tasks of Azure Batch: one node, one task, in a job of the pool's own.

The machines of the Batch pool must be able to connect to this one, and to each other: the same
virtual network. Batch, or the formula of its pool, decides how many there are; a task waits until
one is free. Tried against recorded answers of the protocol, never with the service itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sweep.compute.azure_batch import AzureBatch, AzureBatchProperties
from sweep.compute.node_watch import NAME
from sweep.compute.providers import Site, named_address
from sweep.compute.ray_node import node_command
from sweep.errors import ConfigError, TargetError

LOOK_SECONDS = 10.0
"""Between two looks at the tasks: requests are counted there."""
ORPHANED = {"RAY_gcs_rpc_server_reconnect_timeout_s": "20"}
"""After which a node gives up whose head is gone."""
OWN = ("address", "python")
"""Options beside those of `AzureBatchProperties`: where our head listens, and the interpreter on
the machines, which has hypersweep and the same Ray."""


class AzureBatchProvider:
    """Nodes that Azure Batch grants.

    Args:
        site: what they join and offer.

    Raises:
        UserError: the SDK or the key is missing, or the service does not let us in.
        TargetError: the service does not answer.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._batch = AzureBatch(_properties(site.options), f"sweep-{site.pool}")
        self._nodes: dict[str, str] = {}  # name: machine
        self._ended: dict[str, str] = {}
        self._next_look = 0.0
        self._batch.close()  # of an earlier keeper, which was killed
        self._batch.open()

    @staticmethod
    def address(options: Mapping[str, Any]) -> str:
        """Return where the head listens: the address of this machine that its name stands for."""
        return named_address(options)

    @staticmethod
    def check(options: Mapping[str, Any]) -> None:
        """See that the pool is there and lets us in.

        Raises:
            UserError: an option is wrong, the SDK or the key is missing, there is no such pool.
            TargetError: the service does not answer.
        """
        AzureBatch(_properties(options), "").check()

    def launch(self, name: str) -> None:
        """Add a task.

        Raises:
            UserError: Batch refuses it.
            TargetError: the service does not answer.
        """
        site = self._site
        offer = {"num_cpus": site.cpus, "num_gpus": site.gpus, "labels": {NAME: name}}
        temp = Path("/tmp") / f"sweep-{site.pool}"  # noqa: S108 - of a machine of the pool
        _, *arguments = node_command(temp, site.head, None, **offer)
        public = {k: v for k, v in site.environment.items() if k.startswith("RAY_")}
        python = str(site.options.get("python") or "python3")
        self._batch.start(name, [python, *arguments], {**public, **ORPHANED})
        self._nodes[name] = ""

    def ended(self) -> Mapping[str, str]:
        """Return the nodes whose tasks have ended."""
        if self._nodes and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            try:
                there = {task.name: task for task in self._batch.nodes()}
            except TargetError:
                there = None  # it may answer the next time
            for name in [*self._nodes] if there is not None else []:
                task = there.get(name) if there else None
                if task is not None and task.state != "completed":
                    self._nodes[name] = task.node
                    continue
                del self._nodes[name]
                why = task.failure or f"exit {task.exit_code}" if task else "it is not there"
                self._ended[name] = f"Azure Batch's task {name} has ended: {why}"
        ended, self._ended = self._ended, {}
        return ended

    def leaving(self) -> Mapping[str, float]:
        """None: Batch does not say when it takes a machine away."""
        return {}

    def terminate(self, name: str) -> None:
        """End a task."""
        if name in self._nodes:
            self._batch.stop(name)
            self._next_look = 0.0

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return its job, and its machine where it has one."""
        if name not in self._nodes:
            return {}
        machine = self._nodes[name]
        return {"job": self._batch.job, **({"machine": machine} if machine else {})}

    def close(self) -> None:
        """Delete the job, and with it all tasks; return when it is gone."""
        self._batch.close()


def _properties(options: Mapping[str, Any]) -> AzureBatchProperties:
    """Return what the options come to.

    Raises:
        ConfigError: one is not known, or missing.
    """
    known = [f.name for f in fields(AzureBatchProperties)]
    for key in options:
        if key not in known and key not in OWN:
            near = get_close_matches(key, [*known, *OWN], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"Azure Batch option {key!r}: there is no such option{hint}")
    said = {key: str(value) for key, value in options.items() if key in known}
    needed = ("account", "resource_group", "location", "pool")
    return AzureBatchProperties(**{**dict.fromkeys(needed, ""), **said})
