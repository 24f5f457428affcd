"""What every run of a sweep needs of the node that it is on, seen to before it starts there.

Standard library only: it travels with the slot.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sweep.compute.containers import NoEngine, clear, contained, engine, remove
from sweep.compute.environments import Unmet, environment, variables
from sweep.compute.guarding import send_order, start_guard
from sweep.compute.spread import arranged

Order = dict[str, Any]


class Needs:
    """What the runs of one slot need: an order's `needs`, a mapping with any of these.

    `interpreter`: the path of a Python; `packages`: see `environments.environment`; `data`: paths
    by name; `processes`, on each of its `nodes`, and `mpi`: see `spread.variables`;
    `docker`: see `containers.contained`.

    Args:
        guard: the file of the guard under which programs are executed that install something.
    """

    def __init__(self, guard: Path) -> None:
        self._guard = guard
        self._program = ""  # that runs containers
        self._met: dict[str, Path | None] = {}
        self._bringing: dict[str, asyncio.Task[Path | None]] = {}

    def at_hand(self, order: Order) -> bool:
        """Tell whether all that a run needs is known to be here; the order is changed then."""
        if not (needs := order.get("needs")):
            return True
        key = json.dumps(needs, sort_keys=True)
        if key not in self._met:
            return False
        if order.get("met"):
            return True
        order["met"] = True
        if (prefix := self._met[key]) is not None:
            order["env"] = variables(prefix, order["env"])
        folder, inside = self._guard.parent, "docker" in needs
        order.update(arranged(order, folder, "python" if inside else sys.executable))
        if inside:
            try:
                order |= contained(order, self._program, folder, needs.get("data", {}))
            except NoEngine as error:
                raise Unmet(str(error)) from None
        return True

    async def bring(self, order: Order, notice: Callable[[str], None]) -> bool:
        """See to it that all that a run needs is here; return False when `cancel` came first.

        Raises:
            Unmet: it cannot be had.
        """
        if self.at_hand(order):
            return True
        task = asyncio.create_task(self._bring(order["needs"], notice))
        self._bringing[order["run"]] = task
        try:
            await asyncio.wait([task])
        finally:
            del self._bringing[order["run"]]
        if task.cancelled():
            return False
        self._met[json.dumps(order["needs"], sort_keys=True)] = task.result()
        return self.at_hand(order)

    async def ended(self, order: Order) -> None:
        """Take away what is left of a run besides its processes."""
        if container := order.get("container"):
            await asyncio.to_thread(remove, container)

    def cancel(self, run: str) -> bool:
        """Bring nothing more for a run; tell whether anything was being brought."""
        task = self._bringing.get(run)
        return task is not None and task.cancel()

    async def _bring(self, needs: Mapping[str, Any], notice: Callable[[str], None]) -> Path | None:
        host = os.uname().nodename
        if (program := needs.get("interpreter")) and not shutil.which(program):
            raise Unmet(f"interpreterPath: there is no program {program!r} on {host}")
        for name, path in (needs.get("data") or {}).items():
            if not await asyncio.to_thread(os.path.exists, path):
                raise Unmet(f"the data reference {name}: there is no {path!r} on {host}")
        if image := (needs.get("docker") or {}).get("image"):
            try:
                self._program = await asyncio.to_thread(engine)
            except OSError as error:
                raise Unmet(f"the image {image}: {error}") from None
            await asyncio.to_thread(clear, self._program)
        if packages := needs.get("packages"):
            return await environment(packages, self._execute, notice)
        return None

    async def _execute(self, argv: Sequence[str], env: Mapping[str, str], log: Path) -> int:
        """Execute a program under a guard of its own; return its exit code."""
        guard = start_guard(self._guard)
        reader, writer = await asyncio.open_unix_connection(sock=guard)
        try:
            with log.open("ab") as output:
                order = {"do": "start", "argv": [*argv], "env": dict(env), "cwd": str(log.parent)}
                send_order(guard, order, [output.fileno()])
            while line := await reader.readline():
                event = json.loads(line)
                if event["event"] == "refused":
                    raise Unmet(event["error"])
                if event["event"] == "ended":
                    return int(event["code"])
            raise Unmet(f"what watches over {argv[0]} has been killed")
        finally:
            writer.close()  # and with it, the guard ends what still runs
