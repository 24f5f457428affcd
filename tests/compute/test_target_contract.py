"""What every target keeps: a run is where it is said to be, ends when told, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweep.compute.assignment import ID_SHOWN
from sweep.compute.existing import ExistingCluster
from sweep.compute.ray_target import RayTarget
from sweep.compute.target import Message, RunEnded, RunLost, RunStarted
from sweep.errors import UserError
from tests.compute import places
from tests.compute.orders import order
from tests.compute.places import Place
from tests.compute.sparks import needs_spark
from tests.compute.traces import (
    LOOPBACK,
    alive,
    files,
    listening,
    named,
    ours,
    processes,
    sockets,
    words,
)

PATIENCE = 200.0
"""Seconds in which anything must have happened: Spark takes a minute."""
GOING = 15.0
"""Seconds in which what was let go must be gone."""
WHERE = "import os; print(os.getpid(), os.getcwd())"
FOREVER = """
import subprocess, time
print(subprocess.Popen(["sleep", "1000"], start_new_session=True).pid, flush=True)
time.sleep(1000)
"""
"""Prints a process that would outlive it."""


class Story:
    """What happens on a target from `open` to `close`; of every run, what it has printed."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.folder = folder
        self.target = RayTarget(place.resources, folder / "ray", cluster=place.cluster())
        self.heard: list[Message] = []
        self.target.open(2)

    def launch(self, run: int, code: str, attempt: int = 1) -> None:
        self.target.launch(order(self.folder, run, code, attempt))

    def of(self, kind: type[Any], attempt: int = 1) -> dict[int, Any]:
        return {m.run: m for m in self.heard if isinstance(m, kind) and m.attempt == attempt}

    def until(self, so: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := so()):
            assert time.monotonic() < deadline, self.heard
            self.heard += self.target.poll(0.2)
        return found

    def said(self, run: int, attempt: int = 1) -> list[str]:
        log = self.folder / f"{run}.{attempt}" / "user_logs/std_log.txt"
        return log.read_text().split() if log.exists() else []

    def pids(self, run: int) -> list[int]:
        """Return what `FOREVER` is while it runs: the run, and what it has started."""
        began = self.until(lambda: self.of(RunStarted).get(run))
        return [began.facts["pid"], int(self.until(lambda: self.said(run))[0])]

    def raylet(self, run: int) -> int:
        """Return the first process of the node that a run is said to be on."""
        node = self.of(RunStarted)[run].facts["node"]
        return next(pid for pid, name in raylets().items() if node.endswith(f"-{name[:ID_SHOWN]}"))


def one(name: str, *marks: pytest.MarkDecorator) -> Any:
    return pytest.param(getattr(places, name), id=name, marks=marks)


@pytest.fixture(
    params=[
        one("local"),
        one("existing"),
        one("pool"),
        one("pool_by_ssh"),
        one("remote"),
        one("slurm", pytest.mark.slurm),
        one("spark", pytest.mark.spark, needs_spark),
    ]
)
def place(request, tmp_path) -> Iterator[Place]:
    with request.param(tmp_path) as made:
        yield made


@pytest.mark.ray
@pytest.mark.timeout(600)
def test_a_target_from_its_beginning_to_its_end(
    place, tmp_path, tmp_path_factory, record_property
):
    scope = (tmp_path_factory.getbasetemp(), Path(os.environ["TMPDIR"]))
    before, began = (ours(*scope), files(*place.folders)), time.monotonic()
    story = Story(place, tmp_path)
    try:
        runs_prove_where_they_are(story, place)
        record_property("open_to_four_runs_ended_s", round(time.monotonic() - began, 2))
        with measured(record_property, "stop_s"):
            a_stop_leaves_nothing_of_a_run(story)
        pids = two_run_for_ever(story)
        there = ours(*scope) - before[0]
        heard_at = {s: at for s, at in listening().items() if s in sockets(there)}
        assert heard_at
        assert place.everywhere or {*heard_at.values()} <= LOOPBACK
        temporary = named(there)
        said = "\n".join(word for pid in there for word in words(pid))
        assert not [secret for secret in place.secrets() if secret in said]
        if address := place.address():
            with pytest.raises(UserError, match="does not let us in"):
                ExistingCluster(address).check()
        with measured(record_property, "loss_to_run_again_s"):
            lose_the_node_of_run_10(story, place, pids)
    finally:
        with measured(record_property, "close_s"):
            story.target.close()
            place.end()
    gone(lambda: ours(*scope) - before[0])
    assert not heard_at.keys() & listening().keys()
    assert files(*place.folders) <= before[1]
    assert not [path for path in temporary if path.exists()]


@contextlib.contextmanager
def measured(record: Callable[[str, object], None], what: str) -> Iterator[None]:
    """Let the report of the tests tell how long something has taken."""
    began = time.monotonic()
    yield
    record(what, round(time.monotonic() - began, 2))


def runs_prove_where_they_are(story: Story, place: Place) -> None:
    for run in range(4):
        story.launch(run, WHERE)
    story.until(lambda: len(story.of(RunEnded)) == 4)
    for run in range(4):
        pid, folder = story.said(run)
        assert story.of(RunEnded)[run].code == 0
        assert int(pid) == story.of(RunStarted)[run].facts["pid"]
        assert Path(folder) == story.folder / f"{run}.1"
        assert place.holds(story.target, story.raylet(run))


def a_stop_leaves_nothing_of_a_run(story: Story) -> None:
    story.launch(4, FOREVER)
    pids = story.pids(4)
    assert all(map(alive, pids))
    story.target.stop(4, 1, 0)
    assert story.until(lambda: story.of(RunEnded).get(4)).stopped
    assert not any(map(alive, pids))


def two_run_for_ever(story: Story) -> dict[int, list[int]]:
    for run in (10, 11):
        story.launch(run, FOREVER)
    return {run: story.pids(run) for run in (10, 11)}


def lose_the_node_of_run_10(story: Story, place: Place, pids: dict[int, list[int]]) -> None:
    """It goes with its node, which proves that it was there; the other goes on.

    Where there is one node, its slots need nothing of it any more, and no run is lost.
    """
    lost, other = story.raylet(10), story.raylet(11)
    assert len({lost, other}) == place.nodes
    os.kill(lost, signal.SIGKILL)
    if place.nodes > 1:
        story.until(lambda: story.of(RunLost))
        assert story.of(RunLost).keys() == {10}
        gone(lambda: {pid for pid in pids[10] if alive(pid)})
        place.heals()
    else:
        story.target.stop(10, 1, 0)
        assert story.until(lambda: story.of(RunEnded).get(10)).stopped
    assert all(map(alive, pids[11]))
    story.launch(10, WHERE, attempt=2)
    story.until(lambda: story.of(RunEnded, attempt=2))
    assert story.of(RunEnded, attempt=2)[10].code == 0
    before, now = (story.of(RunStarted, n)[10].facts["node"] for n in (1, 2))
    assert (before == now) == (place.nodes == 1)


def gone(left: Callable[[], set[int]]) -> None:
    deadline = time.monotonic() + GOING
    while still := left():
        assert time.monotonic() < deadline, {pid: words(pid) for pid in still}
        time.sleep(0.05)


def raylets() -> dict[int, str]:
    """Return the first processes of all nodes of Ray, and the nodes' ids."""
    found = {}
    for pid in processes():
        first, *more = words(pid) or [""]
        if first.endswith("raylet/raylet"):
            found[pid] = next(w.partition("=")[2] for w in more if w.startswith("--node_id="))
    return found
