"""The engine's end of a target on Ray: slots in a cluster, reached through a target host.

This module does not import Ray; it speaks with `sweep.compute.host` over pipes.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sweep.compute.host_process import HostProcess
from sweep.compute.ray_environment import host_environment
from sweep.compute.resources import Resources
from sweep.compute.target import (
    Call,
    Message,
    Notice,
    RunEnded,
    RunLost,
    RunOrder,
    RunSaid,
    RunStarted,
    SlotsAre,
)
from sweep.errors import TargetError

PATIENCE = 0.25
"""Longest wait of one poll, in seconds: signals and views are looked after in between."""
SOCKET_PATH_LIMIT = 44
"""Ray appends some 60 characters to its folder; a Unix socket's path may have 107."""
OBEDIENCE = 10.0
"""Seconds, beyond the grace of a run, in which a slot must have ended it."""
SLOT_DEADLINE = 120.0
"""Seconds within which a cluster must have brought up its first slot."""


class RayTarget:
    """Slots on a Ray that is started here for this sweep, and ends with it.

    Args:
        resources: what there is, and what one run takes.
        folder: where Ray's files and the host's log go.
        function: where runs are calls: the pickled function, and the primary metric's name.
    """

    def __init__(
        self, resources: Resources, folder: Path, function: tuple[bytes, str] | None = None
    ) -> None:
        self._resources = resources
        self._function = function
        self._folder = folder
        self._link: Path | None = None
        self._process: HostProcess | None = None
        self._wanted = 0
        self._free: list[int] = []
        self._up: set[int] = set()
        self._failed_in_a_row = 0
        self._runs: dict[str, tuple[int, int, int]] = {}  # key: run, attempt, slot
        self._queue: deque[RunOrder] = deque()
        self._stopping: dict[str, float] = {}  # key: when patience ends
        self._unheard: list[Message] = []
        self._opened_at = 0.0

    # ---- the protocol -----------------------------------------------------------------

    def now(self) -> float:
        """Return the time of this machine."""
        return time.time()

    def open(self, slots: int) -> None:
        """Start the target host, which starts Ray."""
        self._wanted = min(slots, self._resources.slots)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._opened_at = time.monotonic()
        self._process = HostProcess(host_environment(), self._folder)
        temp = str(self._short_folder())
        self._host.tell(
            do="open",
            address=None,
            cpus=self._resources.cpus,
            gpus=self._resources.gpus,
            slot_cpus=self._resources.cpus_per_run,
            slot_gpus=self._resources.gpus_per_run,
            temp=temp,
            sockets=f"{temp}/s",
            function=b64encode(self._function[0]).decode() if self._function else None,
            metric=self._function[1] if self._function else "",
        )
        for slot in range(self._wanted):
            self._host.tell(do="slot", slot=slot)

    def launch(self, order: RunOrder) -> None:
        """Give a run to a free slot, or to the next that is free: one may just have gone."""
        self._queue.append(order)
        self._fill()

    def stop(self, run: int, attempt: int, grace: float) -> None:
        """Tell the run's slot to end it; a slot that does not obey is ended itself."""
        key = f"{run}.{attempt}"
        if key in self._runs:
            slot = self._runs[key][2]
            self._host.tell(do="stop", slot=slot, run=key, grace=grace)
            self._stopping[key] = time.monotonic() + grace + OBEDIENCE
        elif any(o.run == run for o in self._queue):
            self._queue = deque(o for o in self._queue if o.run != run)
            self._unheard.append(RunEnded(run, attempt, None, stopped=True))

    def poll(self, timeout: float) -> Sequence[Message]:
        """Hear what the host has to say."""
        messages, self._unheard = self._unheard, []
        self._mind_stops()
        wait = 0.0 if messages else max(0.0, min(timeout, PATIENCE))
        for said in self._host.hear(wait):
            messages += self._understand(said)
        if not self._up and time.monotonic() > self._opened_at + SLOT_DEADLINE:
            last = self._host.last_words()
            raise TargetError(f"no slot came up within {SLOT_DEADLINE:g} s{last}")
        return messages

    def close(self) -> None:
        """End the host, and with it Ray, the slots and the runs; return when all are gone."""
        if self._process is not None:
            self._process.close()
            self._process = None
            self._clear_up()

    @property
    def _host(self) -> HostProcess:
        assert self._process is not None, "open comes first"
        return self._process

    def _fill(self) -> None:
        while self._queue and self._free:
            order, slot = self._queue.popleft(), self._free.pop()
            key = f"{order.run}.{order.attempt}"
            self._runs[key] = (order.run, order.attempt, slot)
            self._host.tell(do="start", slot=slot, order={"run": key, **_plain(order)})

    def _mind_stops(self) -> None:
        for key, deadline in [*self._stopping.items()]:
            if key not in self._runs:
                del self._stopping[key]
            elif time.monotonic() > deadline:
                del self._stopping[key]
                self._host.tell(do="drop", slot=self._runs[key][2])

    # ---- what the host says -----------------------------------------------------------

    def _understand(self, said: dict[str, Any]) -> Iterator[Message]:
        match said["k"]:
            case "said":
                run, attempt, _ = self._runs[said["run"]]
                yield RunSaid(run, attempt, said["m"])
            case "started":
                run, attempt, _ = self._runs[said["run"]]
                yield RunStarted(run, attempt, {"pid": said["pid"], "host": said["host"]})
            case "ended":
                yield self._ended(said)
            case "refused":
                run, attempt = self._release(said["run"])
                yield RunEnded(run, attempt, None, error=f"cannot start: {said['error']}")
            case "up":
                self._failed_in_a_row = 0
                self._up.add(said["slot"])
                self._free.append(said["slot"])
                self._fill()
                yield SlotsAre(len(self._up))
            case "down":
                yield from self._down(said["slot"], said["why"])
            case "fatal":
                raise TargetError(said["why"])

    def _ended(self, said: dict[str, Any]) -> RunEnded:
        run, attempt = self._release(said["run"])
        code, stopped = said["code"], said["stopped"]
        error = "" if stopped or code == 0 else said.get("error") or _cause_of_death(code)
        facts = {
            name: said[name]
            for name in ("stop_seconds", "cpu_seconds", "peak_memory", "dropped")
            if said.get(name)
        }
        return RunEnded(run, attempt, code, stopped, error, said.get("tail", ""), facts)

    def _release(self, key: str) -> tuple[int, int]:
        run, attempt, slot = self._runs.pop(key)
        self._free.append(slot)
        self._fill()
        return run, attempt

    def _down(self, slot: int, why: str) -> Iterator[Message]:
        if slot in self._up:
            self._up.remove(slot)
            yield SlotsAre(len(self._up))
        if slot in self._free:
            self._free.remove(slot)
        for key, (run, attempt, where) in [*self._runs.items()]:
            if where == slot:
                del self._runs[key]
                yield RunLost(run, attempt, f"slot {slot} is gone: {why}")
        self._failed_in_a_row += 1
        if self._failed_in_a_row > 3 * self._wanted:
            raise TargetError(f"slots do not come up: {why}")
        yield Notice(f"slot {slot} is gone ({why}); a new one is started")
        self._host.tell(do="slot", slot=slot)

    def processes(self) -> list[int]:
        """Return the processes of this target: the host, Ray, slots, runs; none once closed."""
        return [] if self._process is None else self._process.members()

    # ---- files ------------------------------------------------------------------------

    def _short_folder(self) -> Path:
        """Return a short name for our folder: Ray's sockets are below it."""
        folder = self._folder.resolve()
        if len(str(folder)) <= SOCKET_PATH_LIMIT:
            return folder
        self._link = Path(tempfile.gettempdir()) / f"sweep-{secrets.token_hex(6)}"
        self._link.symlink_to(folder)
        return self._link

    def _clear_up(self) -> None:
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for entry in self._folder.glob("session_*"):
            if entry.is_symlink():
                entry.unlink()
            else:
                shutil.rmtree(entry, ignore_errors=True)
        shutil.rmtree(self._folder / "s", ignore_errors=True)


def _plain(order: RunOrder) -> dict[str, Any]:
    if isinstance(order.work, Call):
        return {
            **asdict(order.work),
            "number": order.run,
            "attempt": order.attempt,
            "configuration": order.configuration,
        }
    assert order.work is not None, "a run on a cluster needs a process or a call"
    return asdict(order.work)


def _cause_of_death(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
