"""The nodes of a pool, as its keeper sees them: what was started, what is up, what goes."""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.compute.guarded import Guarded
from sweep.compute.pool_plan import Seen
from sweep.compute.providers import Provider
from sweep.errors import TargetError

RETRY_MOST = 30.0
"""Longest wait, in seconds, before a node is tried again that did not start."""
EVENTS_KEPT = 20


class Watch(Guarded):
    """A running `sweep.compute.node_watch`.

    Args:
        head: address of the head.
        env: its environment, with the token.
        folder: its working directory, and where its log goes.

    Attributes:
        nodes: what it last said, by name.
        answers: of drains: Ray's id and whether it was accepted.
    """

    def __init__(self, head: str, env: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-m", "sweep.compute.node_watch", head]
        super().__init__(command, env, folder, folder / "watch.log", pipes=True)
        self.nodes: dict[str, dict[str, Any]] = {}
        self.answers: list[tuple[str, bool]] = []
        self._buffer = b""

    def hear(self, timeout: float) -> None:
        """Take what it says; wait up to `timeout` seconds for it.

        Raises:
            TargetError: it is gone, most likely because the head is.
        """
        if not select.select([self.out], [], [], timeout)[0]:
            return
        data = os.read(self.out, 1 << 20)
        if not data:
            raise TargetError(f"the head of the pool does not answer{self.last_words()}")
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if isinstance(said, list):
                self.nodes = {node["name"]: node for node in said}
            else:
                self.answers.append((said["drained"], said["accepted"]))

    def drain(self, node: str, deadline: float) -> None:
        """Ask that a node, by Ray's id, takes no more; with 0, only if it has nothing."""
        order = {"drain": node, "deadline": deadline}
        os.write(self.into, json.dumps(order).encode() + b"\n")


@dataclass(slots=True)
class Node:
    """One node.

    Attributes:
        launched: when, in seconds since the epoch.
        state: preparing, idle, running or leaving.
        since: when that began.
        ray_id: once it is up.
        was_up: whether it ever was.
        ending: whether we have told it to go.
        draining: what Ray was asked: "idle" or "leaving"; empty for nothing.
    """

    launched: float
    state: str
    since: float
    ray_id: str = ""
    was_up: bool = False
    ending: bool = False
    draining: str = ""


class Nodes:
    """The nodes of one pool.

    Args:
        provider: starts and ends them.
        watch: sees them.
        folder: each has a folder of its own in it.

    Attributes:
        failures: how many in a row did not start.
        error: why the last one did not.
        events: numbered, what users of the pool should know.
        preempted: how many were taken away.
    """

    def __init__(self, provider: Provider, watch: Watch, folder: Path) -> None:
        self._provider, self._watch, self._folder = provider, watch, folder
        self._nodes: dict[str, Node] = {}
        self._retry_at = 0.0
        self._count = 0
        self.failures = 0
        self.error = ""
        self.preempted = 0
        self.events: deque[tuple[int, str]] = deque(maxlen=EVENTS_KEPT)

    def __len__(self) -> int:
        return len(self._nodes)

    def look(self, now: float) -> list[Seen]:
        """See how the nodes are; return it."""
        for name, why in self._provider.ended().items():
            self._bury(name, why, now)
        for ray_id, accepted in self._watch.answers:
            self._drained(ray_id, accepted)
        self._watch.answers.clear()
        leaving = self._provider.leaving()
        for name, node in self._nodes.items():
            seen = self._watch.nodes.get(name)
            if seen is not None:
                node.ray_id = seen["id"]
                if not node.was_up:
                    node.was_up, self.failures, self.error = True, 0, ""
                if name in leaving and not node.ending and node.draining != "leaving":
                    node.draining = "leaving"
                    self._watch.drain(node.ray_id, max(1.0, leaving[name]))
                    self._tell(f"node {name} will be gone in {leaving[name]:g} s")
            state = self._state(node, seen, name in leaving)
            if state != node.state:
                node.state, node.since = state, now
        return [
            Seen(name, node.state, self._idle_for(name, now)) for name, node in self._nodes.items()
        ]

    def launch(self, count: int, now: float) -> None:
        """Start so many; none for a while after a failure."""
        for _ in range(count if now >= self._retry_at else 0):
            self._count += 1
            name = f"node-{self._count}-{secrets.token_hex(3)}"
            try:
                self._provider.launch(name)
            except TargetError as error:
                self._failed(name, str(error), now)
                return
            self._nodes[name] = Node(now, "preparing", now)

    def remove(self, name: str) -> None:
        """End a node that has no work; if it is up, Ray has the last word on that."""
        node = self._nodes[name]
        if node.state == "preparing":
            node.ending = True
            self._provider.terminate(name)
        elif not node.draining:
            node.draining = "idle"
            self._watch.drain(node.ray_id, 0)

    def plain(self) -> list[dict[str, Any]]:
        """Return the nodes as JSON values."""
        return [
            {
                "name": name,
                "state": node.state,
                "since": node.since,
                "launched": node.launched,
                "ray_id": node.ray_id,
                **self._provider.describe(name),
            }
            for name, node in self._nodes.items()
        ]

    @staticmethod
    def _state(node: Node, seen: Mapping[str, Any] | None, leaving: bool) -> str:
        if node.ending or leaving:
            return "leaving"
        if seen is None:
            return "preparing"  # or again: a batch system may have put it back into its queue
        return "leaving" if seen["status"] == "draining" else str(seen["status"])

    def _idle_for(self, name: str, now: float) -> float:
        node = self._nodes[name]
        if node.state == "idle":
            return float(self._watch.nodes[name]["idle_for"])
        return now - node.since if node.state == "preparing" else 0.0

    def _drained(self, ray_id: str, accepted: bool) -> None:
        for name, node in self._nodes.items():
            if node.ray_id == ray_id and node.draining == "idle":
                node.draining = ""
                if accepted:
                    node.ending = True
                    self._provider.terminate(name)

    def _bury(self, name: str, why: str, now: float) -> None:
        node = self._nodes.pop(name, None)
        if node is None:
            return
        if not node.ending and not node.was_up:
            self._failed(name, why, now)
            return
        if not node.ending:
            self.preempted += 1
            self._tell(f"node {name} is gone: {why}")
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _failed(self, name: str, why: str, now: float) -> None:
        self.failures += 1
        self.error = why
        self._retry_at = now + min(RETRY_MOST, 2.0**self.failures)
        self._tell(f"node {name} does not start: {why}")

    def _tell(self, text: str) -> None:
        number = self.events[-1][0] + 1 if self.events else 1
        self.events.append((number, text))
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        sys.stderr.flush()
