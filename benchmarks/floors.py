"""What nothing that is built on Ray, processes and SQLite can do better than, on this machine."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure

FIGURES = [
    Figure("Ray: calls of an actor, one after the other", "/s"),
    Figure("Ray: calls of two actors, as many as go", "/s"),
    Figure("fork and exec of /bin/true, two at a time", "/s"),
    Figure("start of a Python that does nothing, two at a time", "/s"),
    Figure("SQLite: durable transactions of one row", "/s"),
    Figure("SQLite: rows of one durable transaction", "/s"),
    Figure("fsync of a small file, p50", "ms"),
]


def once(scale: float) -> dict[str, Any]:
    """All floors."""
    values = [*_ray(int(3000 * scale)), _processes(["/bin/true"], int(1000 * scale))]
    values += [_processes([sys.executable, "-c", "pass"], int(200 * scale))]
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        values += [*_sqlite(Path(name), int(2000 * scale)), _fsync(Path(name))]
    return dict(zip((f.name for f in FIGURES), values, strict=True))


def _ray(count: int) -> tuple[float, float]:
    import ray

    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False}
    ray.init(address="local", num_cpus=2, logging_level="ERROR", **options)

    class Actor:
        def nothing(self) -> None:
            pass

    actors = [ray.remote(Actor).options(num_cpus=1).remote() for _ in range(2)]
    ray.get([actor.nothing.remote() for actor in actors])
    begun = time.perf_counter()
    for _ in range(count):
        ray.get(actors[0].nothing.remote())
    middle = time.perf_counter()
    ray.get([actor.nothing.remote() for _ in range(count) for actor in actors])
    end = time.perf_counter()
    ray.shutdown()
    return count / (middle - begun), 2 * count / (end - middle)


def _processes(command: list[str], count: int) -> float:
    begun = time.perf_counter()
    alive: list[subprocess.Popen[bytes]] = []
    for _ in range(count):
        if len(alive) == 2:
            alive.pop(0).wait()
        alive.append(subprocess.Popen(command))
    for process in alive:
        process.wait()
    return count / (time.perf_counter() - begun)


def _sqlite(place: Path, count: int) -> tuple[float, float]:
    database = sqlite3.connect(place / "floor.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, at REAL, run INTEGER, v REAL)")
    add = "INSERT INTO event (at, run, v) VALUES (?, ?, ?)"
    begun = time.perf_counter()
    for n in range(count):
        database.execute("BEGIN IMMEDIATE")
        database.execute(add, (time.time(), n, 0.5))
        database.execute("COMMIT")
    middle = time.perf_counter()
    many = 100 * count
    database.execute("BEGIN IMMEDIATE")
    database.executemany(add, ((time.time(), n, 0.5) for n in range(many)))
    database.execute("COMMIT")
    end = time.perf_counter()
    database.close()
    return count / (middle - begun), many / (end - middle)


def _fsync(place: Path) -> float:
    took = []
    with (place / "file").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 100)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            took.append(1000 * (time.perf_counter() - begun))
    return sorted(took)[25]


if __name__ == "__main__":
    measure("Floors of this machine", "benchmarks.floors", FIGURES, once)
