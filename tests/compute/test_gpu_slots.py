"""Which GPUs a run sees: a real Ray that is told of GPUs which are not there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sweep.compute.ray_target import RayTarget
from sweep.compute.resources import Resources, of_this_machine
from sweep.compute.target import Message, Process, RunEnded, RunOrder, SlotsAre

pytestmark = pytest.mark.ray
PATIENCE = 100.0
MEETS = """
(here / name).touch()
while not (here / other).exists():
    time.sleep(0.01)
"""
"""Ends when another one runs at the same time."""
ALONE = """
(here / f"on {devices}").mkdir()
time.sleep(0.05)
(here / f"on {devices}").rmdir()
"""
"""Fails when another one with the same devices runs at the same time."""
HEAD = """
import os, pathlib, sys, time
here, devices = pathlib.Path(sys.argv[1]), os.environ.get("CUDA_VISIBLE_DEVICES")
name, other = sys.argv[2:]
print(devices, flush=True)
"""


class Gpus:
    """A target with GPUs, and what has happened on it."""

    def __init__(self, target: RayTarget, folder: Path) -> None:
        self.target, self.folder = target, folder
        self.heard: list[Message] = []

    def launch(self, run: int, code: str, *arguments: str) -> None:
        process = Process(
            argv=[sys.executable, "-S", "-c", HEAD + code, str(self.folder), *arguments],
            env={"PATH": os.environ["PATH"], "SWEEP_RUN_ID": f"{self.folder}_{run}"},
            folder=str(self.folder / f"{run}"),
        )
        self.target.launch(RunOrder(run, 1, {}, process))

    def until(self, so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not so():
            assert time.monotonic() < deadline, self.heard
            self.heard += self.target.poll(0.2)

    def codes(self) -> dict[int, int | None]:
        return {m.run: m.code for m in self.heard if isinstance(m, RunEnded)}

    def seen(self, run: int) -> str:
        return (self.folder / f"{run}" / "user_logs/std_log.txt").read_text().split()[0]


@contextmanager
def gpus(folder: Path, resources: Resources) -> Iterator[Gpus]:
    target = RayTarget(resources, folder / "ray")
    try:
        target.open(8)
        yield Gpus(target, folder)
    finally:
        target.close()


def test_a_device_is_one_run_s_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")  # others have been given away
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    there = of_this_machine(1, 1)
    assert there.slots == 2
    with gpus(tmp_path, there) as on:
        on.until(lambda: any(isinstance(m, SlotsAre) and m.slots == 2 for m in on.heard))
        on.launch(0, MEETS, "a", "b")
        on.launch(1, MEETS, "b", "a")
        on.until(lambda: len(on.codes()) == 2)
        assert {on.seen(0), on.seen(1)} == {"3", "5"}
        for run in range(2, 10):
            on.launch(run, ALONE, "", "")
        on.until(lambda: len(on.codes()) == 10)
        assert {*on.codes().values()} == {0}
        assert {on.seen(run) for run in range(2, 10)} == {"3", "5"}


def test_two_halves_share_one_device_and_no_third_comes(tmp_path):
    with gpus(tmp_path, Resources(4, 1, 1, 0.5)) as on:
        on.until(lambda: any(isinstance(m, SlotsAre) and m.slots == 2 for m in on.heard))
        on.launch(0, MEETS, "a", "b")
        on.launch(1, MEETS, "b", "a")
        on.until(lambda: len(on.codes()) == 2)
        assert {*on.codes().values()} == {0}
        assert [on.seen(0), on.seen(1)] == ["0", "0"]
        assert max(m.slots for m in on.heard if isinstance(m, SlotsAre)) == 2
