"""The keeper of a pool: one process that holds its nodes while sweeps come and go.

``python -m sweep.compute.pool_keeper FOLDER``: detaches itself; a second one ends at once. It
holds the head of the pool's Ray and starts and ends nodes, under guards: if it is killed, they go.
It reads what the sweeps can use, and writes down what there is (`sweep.compute.pool_files`). It
ends when nobody has used the pool for as long as a node may be idle, if no node is to stay.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from sweep.compute.pool_files import PoolFolder
from sweep.compute.pool_nodes import Nodes, Watch
from sweep.compute.pool_plan import Limits, Plan, Seen, plan
from sweep.compute.providers import Provider, Site, provider_class
from sweep.compute.ray_environment import ON_LOOPBACK
from sweep.compute.ray_node import RayNode, cluster_environment
from sweep.errors import SweepError
from sweep.lease import Lease

LOOK_SECONDS = 0.25
GIVE_UP = 3
"""Nodes in a row that did not start, after which the pool says that it has failed."""


def limits_of(config: dict[str, Any]) -> Limits:
    """Return what a pool may become, from how it is kept."""
    return Limits(
        least=config["min_nodes"],
        most=config["max_nodes"],
        idle_seconds=config["idle_seconds_before_scaledown"],
        cpus=config["cpus_per_node"],
        gpus=config["gpus_per_node"],
    )


def environment_of(ip: str) -> dict[str, str]:
    """Return the environment of the nodes of a pool, with a new token."""
    environment = {**cluster_environment(), "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    if not ip.startswith("127."):
        for name in ON_LOOPBACK:
            del environment[name]
    return environment


class Keeper:
    """The pool in one folder, from construction to `close`.

    Raises:
        SweepError: it cannot be brought up.
    """

    def __init__(self, files: PoolFolder) -> None:
        self._files = files
        self._config: dict[str, Any] = files.read("pool.json")
        provider = provider_class(self._config["provider"])
        ip = provider.address(self._config["options"])
        environment = environment_of(ip)
        files.write_text("token", environment["RAY_AUTH_TOKEN"])
        files.sockets.mkdir(mode=0o700, exist_ok=True)
        self._head: RayNode | None = None
        self._watch: Watch | None = None
        self._provider: Provider | None = None
        try:
            self._head = RayNode(files.path / "head", environment, ip=ip, cpus=0)
            self._watch = Watch(self._head.address, environment, files.path / "watch")
            site = Site(
                files.path / "nodes",
                files.id,
                self._head.address,
                environment,
                files.path / "token",
                self._config["cpus_per_node"],
                self._config["gpus_per_node"],
                self._config["options"],
            )
            site.folder.mkdir(mode=0o700, exist_ok=True)
            self._provider = provider(site)
            self._nodes = Nodes(self._provider, self._watch, site.folder)
        except BaseException:
            self.close()
            raise
        self._used = self._made = time.time()
        self._address = self._head.address
        self._told: dict[str, Any] = {}
        self._over = False

    def stop(self, *_: object) -> None:
        """Let `work` end."""
        self._over = True

    def work(self) -> None:
        """Do what is to be done, until nobody needs the pool."""
        while not self._over:
            assert self._watch is not None
            self._watch.hear(LOOK_SECONDS)
            now = time.time()
            self._config = self._files.read("pool.json") or self._config
            limits = limits_of(self._config)
            demands = self._files.demands()
            if demands:
                self._used = now
            nodes = self._nodes.look(now)
            todo = plan(demands, nodes, limits)
            self._nodes.launch(todo.launch, now)
            for name in todo.remove:
                self._nodes.remove(name)
            self._write(todo, nodes)
            if not len(self._nodes) and not todo.wanted and not demands:
                self._over = now - self._used >= limits.idle_seconds and self._leave()

    def _leave(self) -> bool:
        """Say that there is nothing here any more; but not if somebody has just come."""
        self._files.remove("state.json")
        self._told = {}
        return not self._files.demands()

    def _write(self, todo: Plan, nodes: list[Seen]) -> None:
        staying = sum(node.state not in ("preparing", "leaving") for node in nodes)
        steady = len(nodes) == todo.wanted == staying
        failed = self._nodes.failures >= GIVE_UP and not staying
        state = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "made": self._made,
            "address": self._address,
            "sockets": str(self._files.sockets),
            "provisioning_state": "Failed" if failed else "Succeeded",
            "allocation_state": "steady" if steady else "resizing",
            "wanted": todo.wanted,
            "nodes": self._nodes.plain(),
            "preempted": self._nodes.preempted,
            "shares": todo.shares,
            "errors": [self._nodes.error] if self._nodes.error else [],
            "events": list(self._nodes.events),
        }
        if state != self._told:
            self._files.write("state.json", state)
            self._told = state

    def close(self) -> None:
        """End everything that the pool has; return when it is gone."""
        self._files.remove("state.json")
        for part in (self._provider, self._watch, self._head):
            if part is not None:
                part.close()
        for name in ("nodes", "watch", "head"):
            shutil.rmtree(self._files.path / name, ignore_errors=True)
        shutil.rmtree(self._files.sockets, ignore_errors=True)
        self._files.remove("token")


def main() -> None:
    """Detach, keep the pool, and take everything away in the end."""
    files = PoolFolder(Path(sys.argv[1]).resolve())
    try:
        lease = Lease(files.lock)
    except BlockingIOError:
        return  # it has a keeper
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir(files.path)
    lease.sign()
    log = os.open(files.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for place, descriptor in enumerate((null, log, log)):
        os.dup2(descriptor, place)
    files.sweep_out()
    shutil.rmtree(files.sockets, ignore_errors=True)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        keeper = Keeper(files)
        signal.signal(signal.SIGTERM, keeper.stop)
        try:
            keeper.work()
        finally:
            keeper.close()
    except SweepError as error:
        files.write("failed.json", str(error))
        sys.stderr.write(json.dumps({"failed": str(error)}) + "\n")
    finally:
        lease.close()


if __name__ == "__main__":
    main()
