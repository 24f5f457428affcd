"""Slots that do not see the engine's files, without a cluster around them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sweep.compute import guard, host, travel
from sweep.compute.assignment import Node
from sweep.compute.slot import Slot
from sweep.compute.target import Process, RunOrder
from sweep.compute.traffic import Traffic
from tests.test_architecture import imports

SOURCES = {name: Path(guard.__file__).with_name(name).read_text() for name in guard.FILES}


class There:
    """A slot, and the engine's side of its files."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.slot = Slot(number, str(folder / "s"), SOURCES)
        self.traffic = Traffic()
        self.seen = 0
        self.heard: list[dict[str, Any]] = []
        self.answers = True

    async def open(self) -> None:
        (self.folder / "ray").mkdir(exist_ok=True)
        probe = self.traffic.probe(self.folder / "ray")
        facts = await self.slot.open(None, 5.0, {**probe, "text": "other"})
        assert [*self.traffic.up({"slot": self.number, **facts}, Node("n", "h"))]

    def order(self, run: int, code: str, **more: Any) -> tuple[dict[str, Any], Path]:
        folder = self.folder / "runs" / str(run)
        env = {"PATH": os.environ["PATH"], "SWEEP_RUN_ID": f"{self.folder}-{run}"}
        given = {"argv": [sys.executable, "-S", "-c", code], "env": env, **more}
        process = Process(**given, folder=str(folder))
        return self.traffic.order(self.number, f"{run}.1", RunOrder(run, 1, {}, process)), folder

    def start(self, order: dict[str, Any]) -> None:
        self.starting = asyncio.create_task(self.slot.start(order))

    async def hear(self, *kinds: str) -> dict[str, Any]:
        while True:
            while self.heard:
                said = self.heard.pop(0)
                if said["k"] in ("want", "file") and self.answers:
                    await self.answer(self.traffic.hear(said))
                if said["k"] in kinds:
                    return said
            self.seen, lines = await self.slot.take(self.seen, 0.05)
            self.heard += map(json.loads, lines.splitlines())
            await self.answer(self.traffic.late())

    async def answer(self, answers: Iterator[tuple[int, int, dict[str, Any]]]) -> None:
        for _, question, answer in answers:
            await self.slot.answer(question, answer)

    async def close(self) -> None:
        if self.slot._run is not None:
            await self.slot.stop(self.slot._run.key, 0)
            await self.hear("ended")
        self.slot._listener.cancel()
        self.slot._writer.close()
        with contextlib.suppress(ConnectionError):
            await self.slot._writer.wait_closed()
        assert self.slot._link._server is not None
        self.slot._link._server.close()
        assert self.slot._away is not None
        os.close(self.slot._away._lock)


@asynccontextmanager
async def opened(folder: Path, number: int = 0) -> AsyncIterator[There]:
    there = There(folder, number)
    await there.open()
    try:
        yield there
    finally:
        there.answers = True
        await there.close()


def play(story: Callable[[Path], Awaitable[None]], folder: Path) -> None:
    asyncio.run(asyncio.wait_for(story(folder), 60))


@pytest.fixture
def short(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("s")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def node(folder: Path) -> Path:
    return folder / f"hypersweep-{os.getuid()}"


def source(folder: Path, size: int = 3) -> Path:
    (folder / "tree").mkdir()
    (folder / "tree" / "data").write_bytes(b"x" * size)
    return folder / "tree"


def test_nothing_of_a_run_stays_on_the_node_but_its_snapshot(short):
    async def story(folder: Path) -> None:
        async with opened(folder) as there:
            order, here = there.order(
                0, "open('outputs/a', 'w').write('a')", tree=str(source(folder))
            )
            there.start(order)
            assert (await there.hear("ended"))["code"] == 0
            assert (here / "outputs" / "a").read_text() == "a"
            assert not (here / "data").exists()
            until = time.monotonic() + 10
            while left := [p for p in node(folder).glob("work/*/*") if p.name != "lock"]:
                assert time.monotonic() < until, left
                await asyncio.sleep(0)
            (tree,) = node(folder).glob("trees/*")
            assert [p.name for p in tree.iterdir()] == ["data"]
            assert node(folder).stat().st_mode & 0o777 == 0o700

    play(story, short)


def test_a_slot_that_is_gone_leaves_nothing_but_snapshots(short):
    async def story(folder: Path) -> None:
        async with opened(folder) as there:
            order, _ = there.order(0, "import time; time.sleep(1000)")
            there.start(order)
            await there.hear("started")
            assert [*node(folder).glob("work/*/0.1/outputs")]
        until = time.monotonic() + 20
        while (folder / "s").exists() or [*node(folder).glob("work/*")]:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)

    play(story, short)


def test_a_stop_ends_the_wait_for_a_snapshot(short):
    async def story(folder: Path) -> None:
        async with opened(folder) as there:
            order, _ = there.order(0, "pass", tree=str(source(folder)))
            there.answers = False
            there.start(order)
            await there.hear("want")
            await there.slot.stop("0.1", 30)
            ended = await there.hear("ended")
            assert (ended["code"], ended["stopped"]) == (None, True)
            there.answers = True
            order, _ = there.order(1, "pass", tree=str(folder / "tree"))
            there.start(order)
            assert (await there.hear("ended"))["code"] == 0

    play(story, short)


def test_a_snapshot_that_another_slot_did_not_finish_is_fetched(short):
    async def story(folder: Path) -> None:
        tree = str(source(folder, 300_000))
        async with opened(folder, 0) as first, opened(folder, 1) as second:
            first.answers = False
            first.start(first.order(0, "pass", tree=tree)[0])
            question = await first.hear("want")
            answer = first.traffic._departures.answer
            until = time.monotonic() + 10
            while (about := answer(question)) is None:
                assert time.monotonic() < until
                await asyncio.sleep(0)
            await first.slot.answer(question["n"], about)
            await first.hear("want")  # it holds the lock now
            second.start(second.order(1, "pass", tree=tree)[0])
            waiting = asyncio.create_task(second.hear("ended"))
            await first.slot.stop("0.1", 0)
            await first.hear("ended")
            assert (await waiting)["code"] == 0
            assert len([*node(folder).glob("trees/*")]) == 1

    play(story, short)


def test_what_a_slot_that_has_died_has_left_is_taken_away(short):
    async def story(folder: Path) -> None:
        async with opened(folder, 0):
            dead = node(folder) / "work" / "dead"
            (dead / "0.1" / "outputs").mkdir(parents=True)
            (dead / "lock").touch()
            old = node(folder) / "trees" / ("0" * 64)
            old.mkdir()
            os.utime(old, (0, 0))
            async with opened(folder, 1):
                assert len([*node(folder).glob("work/*")]) == 2, "those of two that live"
                assert not old.exists()

    play(story, short)


def test_a_folder_of_somebody_elses_is_not_used(short):
    node(short).symlink_to(short)
    with pytest.raises(OSError, match="belongs to somebody else"):
        play(lambda folder: There(folder, 0).open(), short)


def test_a_run_has_the_machine_that_it_is_on(short, monkeypatch):
    """The engine's home and interpreter may not be there; the user's own variables are kept."""

    async def story(folder: Path) -> None:
        async with opened(folder) as there:
            code = "import json, os; json.dump(dict(os.environ), open('outputs/env', 'w'))"
            monkeypatch.setenv("HOME", "/home/of/engine")
            env = {
                "SWEEP_RUN_ID": str(folder),
                "HOME": "/home/of/engine",
                "LANG": "C.UTF-8",
                "TMPDIR": "/set/by/user",
                "MY_DATA": f"{folder}/runs/0/data:{folder}/runs/01",
            }
            argv = ["/no/such/bin/python3.9", "-S", "-c", code]
            order, here = there.order(0, "", argv=argv, env=env)
            monkeypatch.setenv("HOME", "/home/of/node")
            there.start(order)
            assert (await there.hear("ended"))["code"] == 0
            found = json.loads((here / "outputs" / "env").read_text())
            assert found["HOME"] == "/home/of/node"
            assert found["TMPDIR"] == "/set/by/user"
            assert found["LANG"] == "C.UTF-8"
            first, second = found["MY_DATA"].split(":")
            assert first.endswith("/0.1/data")
            assert not first.startswith(f"{folder}/runs")
            assert second == f"{folder}/runs/01"

    play(story, short)


def test_how_far_a_large_snapshot_has_come_is_told(short, monkeypatch):
    monkeypatch.setattr(travel, "NOTICE_BYTES", 1_000_000)
    monkeypatch.setattr(travel, "NOTICE_SECONDS", 0.0)

    async def story(folder: Path) -> None:
        async with opened(folder) as there:
            there.start(there.order(0, "pass", tree=str(source(folder, 3_000_000)))[0])
            assert (await there.hear("notice"))["text"].startswith("3 MB are sent to ")
            assert (await there.hear("notice"))["text"].endswith(" of 3 MB are there")
            assert (await there.hear("ended"))["code"] == 0

    play(story, short)


def test_a_stop_does_not_cut_what_is_still_on_its_way(short):
    """The engine gives a stop so long, and longer while files come."""

    async def story(folder: Path) -> None:
        async with opened(folder) as there:
            order, here = there.order(0, "open('outputs/a', 'w').write('a' * 500_000)")
            there.start(order)
            before = time.monotonic()
            await there.hear("file")
            assert there.traffic.heard("0.1") >= before
            assert (await there.hear("ended"))["code"] == 0
            assert (here / "outputs" / "a").stat().st_size == 500_000
            there.traffic.over("0.1")
            assert there.traffic.heard("0.1") == 0.0

    play(story, short)


def test_all_that_a_slot_needs_travels_with_it():
    """Nodes may have nothing but Ray and the standard library."""
    travels = {module.__name__ for module in host.TRAVEL}
    for module in host.TRAVEL:
        assert module.__file__ is not None
        for name in imports(Path(module.__file__)):
            top = name.partition(".")[0]
            assert name in travels or top in sys.stdlib_module_names, (module.__name__, name)
