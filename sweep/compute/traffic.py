"""The engine's side of files that travel: which slots need that, what goes out, what comes in."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweep.compute.arrivals import BOUND, Arrivals
from sweep.compute.assignment import Node
from sweep.compute.departures import Departures
from sweep.compute.node_facts import OF_A_NODE
from sweep.compute.out_of_sight import EARLIER, FOLDERS, OF_A_MACHINE
from sweep.compute.run_log import LOG_BYTES
from sweep.compute.target import Function, NodeIs, Process, RunOrder

Answer = tuple[int, int, dict[str, Any]]
"""A slot, the number of its question, and what it is to be told."""


class Traffic:
    """Files to and from the slots that do not see ours."""

    def __init__(self) -> None:
        self._probe: Path | None = None
        self._away: set[int] = set()
        self._nodes: dict[str, dict[str, Any]] = {}
        self._departures = Departures()
        self._arrivals: dict[str, Arrivals] = {}
        self._heard: dict[str, float] = {}  # run: when something of it has come last

    def probe(self, folder: Path) -> dict[str, str]:
        """Write a file by which a slot finds out whether it sees ours."""
        self._probe = path = folder / "probe"
        text = secrets.token_hex(32)
        path.unlink(missing_ok=True)
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(text)
        return {"path": str(path), "text": text}

    def close(self) -> None:
        """Nobody asks any more."""
        if self._probe is not None:
            self._probe.unlink(missing_ok=True)

    def up(self, said: Mapping[str, Any], node: Node) -> Iterator[NodeIs]:
        """Take note of whether a slot sees our files; tell what its node is, once."""
        (self._away.discard if said["sees"] else self._away.add)(said["slot"])
        facts = {name: said[name] for name in OF_A_NODE}
        if self._nodes.get(node.name) != facts:
            self._nodes[node.name] = facts
            yield NodeIs(node.name, facts)

    @staticmethod
    def function(function: Function | None) -> dict[str, Any] | None:
        """Return a function in the form in which slots take it."""
        if function is None:
            return None
        return {**function.plain(), "inherited": _inherited(function.env)}

    def order(self, slot: int, key: str, order: RunOrder) -> dict[str, Any]:
        """Return an order in the form in which a slot takes it."""
        plain = {"run": key, **order.plain()}
        work = order.work
        if slot not in self._away or work is None:
            return plain
        quota = work.outputs_bytes if isinstance(work, Process) else None
        bound = BOUND if quota is None else quota + LOG_BYTES
        # A call has no copy of the source, so everything below its folder is its own.
        folders = FOLDERS if isinstance(work, Process) else ()
        self._arrivals[key] = Arrivals(Path(work.folder), bound, folders)
        if isinstance(work, Process):
            for tree in filter(None, (work.tree, work.env.get(EARLIER))):
                self._departures.allow(tree)
            plain["inherited"] = _inherited(work.env)
        return {**plain, "bound": bound, "folders": folders}

    def hear(self, said: Mapping[str, Any]) -> Iterator[Answer]:
        """Take a file, or a question for one; yield the answer, unless it comes later."""
        answer: dict[str, Any] | None = {}
        if (run := said["run"]) in self._arrivals:
            self._heard[run] = time.monotonic()
        if said["k"] == "want":
            answer = self._departures.answer(said)
        else:
            try:
                self._arrivals[run].take(said)
            except KeyError:
                answer = {"error": "no such run is there"}
            except OSError as error:
                answer = {"error": str(error)}
        if answer is not None:
            yield said["slot"], said["n"], answer

    def late(self) -> Iterator[Answer]:
        """Yield answers that have taken longer."""
        for said, answer in self._departures.late():
            yield said["slot"], said["n"], answer

    def heard(self, key: str) -> float:
        """Return when a file of a run has last come or been asked for, on the monotonic clock."""
        return self._heard.get(key, 0.0)

    def over(self, key: str) -> None:
        """Nothing more comes of this run."""
        self._heard.pop(key, None)
        if arrivals := self._arrivals.pop(key, None):
            arrivals.close()


def _inherited(env: Mapping[str, str]) -> list[str]:
    """Return the variables that are this machine's, and not for another."""
    return [
        name
        for name, value in env.items()
        if OF_A_MACHINE.fullmatch(name) and os.environ.get(name) == value
    ]
