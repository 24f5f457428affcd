"""A pool of Ray nodes that grows to what its sweeps can use, and shrinks when they are idle."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sweep.compute.cluster import Opened
from sweep.compute.existing import ExistingCluster
from sweep.compute.holding import Allowance
from sweep.compute.host_process import HostProcess
from sweep.compute.pool_files import PoolFolder
from sweep.compute.pool_keeper import limits_of
from sweep.compute.providers import PROVIDERS, provider_class
from sweep.compute.ray_environment import quiet_environment
from sweep.compute.resources import Resources
from sweep.errors import ConfigError, ResourceError, TargetError
from sweep.lease import Lease, holder

STARTING = 120.0
"""Seconds within which a pool must have its head, and know of a new sweep."""
ENDING = 60.0
"""Seconds within which a keeper that is told to end must have."""
LOOK_SECONDS = 0.05
NEWS_SECONDS = 0.25
NUMBERS = {
    "min_nodes": 0,
    "max_nodes": 1,
    "idle_seconds_before_scaledown": 1800.0,
    "cpus_per_node": 1.0,
    "gpus_per_node": 0.0,
}
"""What a pool may say of itself, and what holds where it does not."""


@dataclass(slots=True)
class Pool:
    """A pool, as one of its sweeps, or its owner, sees it.

    Args:
        name: of the target, for messages.
        files: its folder.
        config: what it may become: see `from_kept`.
    """

    name: str
    files: PoolFolder
    config: dict[str, Any]
    patience: float = math.inf  # others may have all its nodes, and a queue may be long
    _id: str = ""
    _lease: Lease | None = None
    _each: int = 1
    _demand: dict[str, Any] = field(default_factory=dict)
    _state: dict[str, Any] = field(default_factory=dict)
    _stamp: tuple[int, int] = (0, 0)
    _events: int = 0
    _waits: bool = False
    _next_look: float = 0.0

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Pool:
        """Return the pool that the registry has kept.

        Args:
            kept: `name`, `folder`, `provider`; `min_nodes`, `max_nodes`,
                `idle_seconds_before_scaledown`, `cpus_per_node`, `gpus_per_node`; `vm_size` and
                `vm_priority`, which are only shown; `options` that the provider understands.

        Raises:
            ConfigError: it can be no pool.
        """
        name, word = kept["name"], kept.get("provider", "local")
        if word not in PROVIDERS:
            near = get_close_matches(word, PROVIDERS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"compute target {name}: provider {word!r}: there is {', '.join(PROVIDERS)}{hint}"
            )
        config = {key: kept.get(key, default) for key, default in NUMBERS.items()}
        for key, value in config.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 <= value < math.inf or (value != int(value) and "nodes" in key):
                what = "a whole number" if "nodes" in key else "a number"
                raise ConfigError(
                    f"compute target {name}: {key}: expected {what}, 0 or more, got {value!r}"
                )
        if config["min_nodes"] > config["max_nodes"]:
            raise ConfigError(
                f"compute target {name}: min_nodes {config['min_nodes']:g} is more than max_nodes"
                f" {config['max_nodes']:g}"
            )
        config |= {key: kept.get(key, "") for key in ("vm_size", "vm_priority")}
        config |= {"provider": word, "options": dict(kept.get("options") or {})}
        return cls(name, PoolFolder(Path(kept["folder"])), config)

    # ---- for a sweep ------------------------------------------------------------------

    def check(self) -> None:
        """Refuse a pool that can never have a node.

        Raises:
            ConfigError: it may have no node.
            UserError: its provider cannot work here.
        """
        if not self.config["max_nodes"]:
            raise ConfigError(f"compute target {self.name}: max_nodes is 0: no run could start")
        provider_class(self.config["provider"]).check(self.config["options"])

    def open(self, wanted: int, resources: Resources, folder: Path) -> Opened:
        """Make a demand, start the keeper if there is none, and a host that joins the head.

        Raises:
            ResourceError: one run takes more than a node has.
            TargetError: the pool does not come up.
        """
        cpus, gpus = resources.cpus_per_run, resources.gpus_per_run
        if not limits_of(self.config).fit(cpus, gpus):
            there = f"{self.config['cpus_per_node']:g} CPUs, {self.config['gpus_per_node']:g} GPUs"
            raise ResourceError(
                f"one run asks for {cpus:g} CPUs, {gpus:g} GPUs and a node of {self.name} has"
                f" {there}: no run could ever start"
            )
        self.files.make()
        self.files.write("pool.json", self.config)
        self._id = secrets.token_hex(6)
        self._lease = Lease(self.files.demands_path / self._id)
        self._each = resources.nodes_per_run
        self._demand = {"since": time.time(), "slots": wanted * self._each, "spread": self._each}
        self._demand |= {"cpus": cpus, "gpus": gpus}
        try:
            self.files.write(f"demand/{self._id}.json", self._demand)
            state = self._await_keeper()
            self._events = state["events"][-1][0] if state["events"] else 0  # others' news
            environment = ExistingCluster(state["address"], self.files.token()).environment()
            host = HostProcess(environment, folder)
        except BaseException:
            self.close()
            raise
        return Opened(host, state["address"], str(folder), str(self._sockets))

    def need(self, slots: int) -> Allowance:
        """Say how many slots the sweep can use; return what the keeper lets it hold."""
        if slots * self._each != self._demand["slots"]:
            self._demand["slots"] = slots * self._each
            self.files.write(f"demand/{self._id}.json", self._demand)
        self._read()
        going = [n["ray_id"] for n in self._state["nodes"] if n["state"] == "leaving"]
        share = self._state["shares"].get(self._id, 0) // self._each
        return Allowance(min(slots, share), frozenset(going))

    def look(self) -> Sequence[str]:
        """Return what has happened to nodes.

        Raises:
            TargetError: the keeper is gone, and the head with it; or no node starts.
        """
        now = time.monotonic()
        if now < self._next_look:
            return ()
        self._next_look = now + NEWS_SECONDS
        if not self._read():
            raise TargetError(f"the keeper of {self.name} is gone, and its nodes with it")
        if self._state["provisioning_state"] == "Failed":
            raise TargetError(f"nodes of {self.name} do not start: {self._state['errors'][0]}")
        news = [text for number, text in self._state["events"] if number > self._events]
        if self._state["events"]:
            self._events = self._state["events"][-1][0]
        waits = self._state["shares"].get(self._id, 0) < self._each
        if waits and not self._waits:
            news.append(f"all nodes of {self.name} are taken by other sweeps; this one waits")
        self._waits = waits
        return news

    def has_vanished(self) -> bool:
        """Say whether the keeper was killed: one that is told to end leaves no state behind."""
        known, keeper = self._state.get("pid"), holder(self.files.lock)
        there = keeper is not None or self.files.read("state.json") is not None
        return known not in (None, keeper) and there

    def close(self) -> None:
        """Use it no longer."""
        if self._lease is not None:
            self.files.forget(self._id)
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._lease.close()
            self._lease = None

    @property
    def _sockets(self) -> Path:
        place = self._state.get("sockets")  # as its keeper calls it: our folder may be another
        return (Path(place) if place else self.files.sockets) / self._id

    # ---- for its owner ----------------------------------------------------------------

    def provision(self) -> None:
        """Bring it up, and let a keeper that is there know what has changed.

        A pool without nodes that must stay needs no keeper until a sweep comes.

        Raises:
            UserError: it cannot work here.
            TargetError: it does not come up.
        """
        self.check()
        self.files.make()
        self.files.write("pool.json", self.config)
        if self.config["min_nodes"]:
            self._await_keeper()

    def end(self) -> None:
        """End all its nodes and its keeper; sweeps that use it lose their runs.

        Raises:
            TargetError: the keeper does not end.
        """
        until = time.monotonic() + ENDING
        told = 0
        while (pid := holder(self.files.lock)) is not None:
            if pid and pid != told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                told = pid
            if time.monotonic() > until:
                raise TargetError(f"the keeper of {self.name} (process {pid}) does not end")
            time.sleep(LOOK_SECONDS)

    def status(self) -> dict[str, Any]:
        """Return how it stands, in the words of AmlCompute's status; nodes one by one besides."""
        state: dict[str, Any] = self.files.read("state.json") or {}
        if holder(self.files.lock) is None:
            state = {}
        nodes = state.get("nodes", [])
        counts = {
            f"{word}_node_count": sum(node["state"] == word for node in nodes)
            for word in ("idle", "leaving", "preparing", "running", "unusable")
        }
        return {
            "provisioning_state": state.get("provisioning_state", "Succeeded"),
            "allocation_state": state.get("allocation_state", "steady"),
            "current_node_count": len(nodes),
            "target_node_count": state.get("wanted", 0),
            "node_state_counts": {**counts, "preempted_node_count": state.get("preempted", 0)},
            "scale_settings": {
                "min_node_count": self.config["min_nodes"],
                "max_node_count": self.config["max_nodes"],
                "idle_seconds_before_scaledown": self.config["idle_seconds_before_scaledown"],
            },
            "vm_size": self.config["vm_size"],
            "vm_priority": self.config["vm_priority"],
            "errors": state.get("errors", []),
            "nodes": nodes,
            "sweeps": len(state.get("shares", {})),
        }

    # ---- the keeper -------------------------------------------------------------------

    def _await_keeper(self) -> dict[str, Any]:
        """Start the keeper if there is none; return what it says once it knows of us."""
        until = time.monotonic() + STARTING
        started = 0
        while time.monotonic() < until:
            if self._read() and (not self._id or self._id in self._state["shares"]):
                if self._state["host"] != socket.gethostname():
                    raise TargetError(f"{self.name} is kept on {self._state['host']}: go there")
                return self._state
            if holder(self.files.lock) is None:
                failed = self.files.read("failed.json")
                self.files.remove("failed.json")
                if failed and started:
                    raise TargetError(f"{self.name} does not come up: {failed}")
                if started > 2:
                    break
                started += 1
                command = [sys.executable, "-m", "sweep.compute.pool_keeper", str(self.files.path)]
                subprocess.run(command, env=quiet_environment(), check=False)
            time.sleep(LOOK_SECONDS)
        raise TargetError(f"{self.name} does not come up (its keeper's log: {self.files.log})")

    def _read(self) -> bool:
        """Read what the keeper has written, if it is there and it lives."""
        pid = holder(self.files.lock)
        with contextlib.suppress(OSError):
            stat = (self.files.path / "state.json").stat()
            if (stat.st_ino, stat.st_mtime_ns) != self._stamp:
                self._stamp = stat.st_ino, stat.st_mtime_ns
                self._state = self.files.read("state.json") or self._state
        return bool(pid) and self._state.get("pid") == pid
