"""Many slots on one engine: functions that sleep and report, on several raylets of one machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure, percentile

SLOTS, NODES = 200, 4
PACE = 0.1
"""Seconds between two reports of one run."""
SETTLE, STEADY = 5.0, 20.0
"""Seconds after the last run has started until it is measured, and how long."""
FIGURES = [
    Figure("slots", ""),
    Figure("reports", "/s"),
    Figure("engine, share of one core", "%", at_most=50),
    Figure("engine and target host, share of one core", "%"),
    Figure("all processes of the machine, share of all cores", "%"),
    Figure("report seen by the engine, p50", "ms"),
    Figure("report seen by the engine, p99", "ms", at_most=250),
    Figure("until all slots are up", "s"),
]


class Watch:
    """Looks at the engine from within its rounds; lets the runs go home when it has seen enough.

    Args:
        slots: how many runs there are.
        go, home: files; runs begin to report, and end, when they are there.
        place: the sweep's folder, below which its target host works.
    """

    def __init__(self, slots: int, go: Path, home: Path, place: Path) -> None:
        self._slots = slots
        self._go = go
        self._home = home
        self._place = place
        self._started: set[int] = set()
        self._begin = self._end = 0.0
        self._at: list[tuple[float, ...]] = []
        self._host = 0
        self.late: list[float] = []

    def __call__(self, batch: Any) -> None:
        """Look at one round."""
        from sweep.core.events import Reported, Started

        now = time.time()
        for event, _ in batch.entries:
            if isinstance(event, Started):
                self._started.add(event.run)
                if len(self._started) == self._slots:
                    self._begin, self._end = now + SETTLE, now + SETTLE + STEADY
                    self._go.touch()
            elif isinstance(event, Reported) and self._begin <= now < self._end:
                self.late.append(1000 * (event.at - event.value))
        if self._begin and now >= self._begin and len(self._at) < (1 if now < self._end else 2):
            self._host = self._host or _host(self._place)
            idle, every = _machine()
            self._at.append((now, time.process_time(), _cpu(self._host), idle, every))
            if len(self._at) == 2:
                self._home.touch()

    def values(self, opened: float) -> dict[str, float]:
        """Return what was seen."""
        begin, end = self._at
        wall, engine, host, idle, every = (b - a for a, b in zip(begin, end, strict=True))
        figures = [
            self._slots,
            len(self.late) / wall,
            100 * engine / wall,
            100 * (engine + host) / wall,
            100 * (1 - idle / every),
            percentile(self.late, 0.5),
            percentile(self.late, 0.99),
            self._begin - SETTLE - opened,
        ]
        return dict(zip((f.name for f in FIGURES), figures, strict=True))


def once(scale: float) -> dict[str, Any]:
    """Bring up a cluster, and a sweep on it."""
    from sweep.compute.ray_node import RayNode, cluster_environment

    nodes = NODES if scale > 0.2 else 2
    slots = max(nodes, int(SLOTS * scale))
    env = cluster_environment()
    up: list[RayNode] = []
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        place = Path(name)
        try:
            up.append(RayNode(place / "h", env, cpus=0))
            each = -(-slots // nodes)
            up += [RayNode(place / f"n{n}", env, up[0].address, cpus=each) for n in range(nodes)]
            os.environ["RAY_AUTH_TOKEN"] = env["RAY_AUTH_TOKEN"]
            return _worked(place, up[0].address, slots)
        finally:
            for node in reversed(up):
                node.close()


def _worked(place: Path, address: str, slots: int) -> dict[str, Any]:
    from benchmarks import sweeps
    from sweep.api.tune import pickled
    from sweep.engine.open import OpenSweep

    files = [place / "go", place / "home"]
    go, home, pace = str(files[0]), str(files[1]), PACE

    def train(run: Any, x: float) -> None:  # noqa: ARG001 - the space has it
        import pathlib

        while not pathlib.Path(go).exists():  # all slots come up first
            time.sleep(1)
        while not pathlib.Path(home).exists():
            run.log("score", time.time())
            time.sleep(pace)

    cluster = {"kind": "existing", "address": address, "allow_unauthenticated": False}
    folder = sweeps.of_function(place, "train", sweeps.definition(slots, slots), cluster=cluster)
    watch = Watch(slots, *files, folder.path)
    with OpenSweep(folder, pickled(train)) as opened:
        opened.engine.on_round = watch
        begun = time.time()
        opened.engine.work()
    return watch.values(begun)


def _host(place: Path) -> int:
    """Return the process of the target host, which works below this folder."""
    while True:
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    here = (entry / "cwd").readlink().is_relative_to(place)
                    if here and b"sweep.compute.host" in words:
                        return int(entry.name)
        time.sleep(0.05)


def _cpu(pid: int) -> float:
    """Return the processor seconds of a process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _machine() -> tuple[float, float]:
    """Return idle and all ticks of the machine."""
    ticks = [int(w) for w in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return float(ticks[3] + ticks[4]), float(sum(ticks))


if __name__ == "__main__":
    measure(
        f"Many slots: functions that report every {1000 * PACE:g} ms, on {NODES} raylets",
        "benchmarks.many_slots",
        FIGURES,
        once,
    )
