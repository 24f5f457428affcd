"""Runs of some Python for tests of targets, and waiting for what is said of them."""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path

from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources
from sweep.compute.target import Message, Process, RunOrder

EACH = Resources(math.inf, math.inf, 1, 0)
"""As many slots as there are CPUs."""


def order(folder: Path, run: int, code: str, attempt: int = 1) -> RunOrder:
    """A run of some code; its own folder is below that of its test."""
    process = Process(
        argv=[sys.executable, "-S", "-c", code],
        env={"PATH": os.environ["PATH"], "SWEEP_RUN_ID": f"{folder}_{run}"},
        folder=str(folder / f"{run}.{attempt}"),
    )
    return RunOrder(run, attempt, {}, process)


def wait(
    target: RayTarget,
    heard: list[Message],
    kind: type[Message],
    count: int = 1,
    seconds: float = 60,
) -> None:
    """Hear until so many messages of a kind have come."""
    deadline = time.monotonic() + seconds
    while sum(isinstance(m, kind) for m in heard) < count:
        assert time.monotonic() < deadline, heard
        heard += target.poll(1.0)
