"""Files of a run that come back from a node: what is sent, what is taken, what is refused."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sweep.compute import delivery
from sweep.compute.arrivals import MOST_STAGED, STAGE, Arrivals
from sweep.compute.delivery import FOLDERS, Delivery
from sweep.compute.line import LEAST, MOST, Line, Pace
from sweep.compute.mailbox import Mailbox


class Way:
    """From a folder on a node to one here, with nothing but a mailbox between them."""

    def __init__(self, folder: Path, bound: int) -> None:
        self.there, self.here = folder / "there", folder / "here"
        for name in FOLDERS:
            (self.there / name).mkdir(parents=True)
        self.arrivals = Arrivals(self.here, bound)
        self.said: list[dict[str, Any]] = []
        self.notices: list[str] = []
        self.meanwhile: Callable[[dict[str, Any]], None] = lambda _: None
        self.mailbox = Mailbox()
        self.line = Line(0, self.mailbox)
        self.delivery = Delivery("0.1", self.there, bound, self.line, self.notices.append)

    async def carry(self) -> None:
        seen = 0
        while True:
            seen, lines = await self.mailbox.take(seen, 60)
            for said in map(json.loads, lines.splitlines()):
                self.said.append(said)
                answer = {}
                try:
                    self.arrivals.take(said)
                except OSError as error:
                    answer = {"error": str(error)}
                self.meanwhile(said)
                self.line.answer(said["n"], answer)

    def write(self, name: str, content: bytes, *, add: bool = False) -> None:
        (self.there / name).parent.mkdir(parents=True, exist_ok=True)
        with (self.there / name).open("ab" if add else "wb") as file:
            file.write(content)

    async def look(self) -> None:
        await self.delivery._round(last=False)

    def sent(self) -> list[tuple[str, str]]:
        found = [(s["what"], s["name"]) for s in self.said]
        self.said.clear()
        return found

    def same(self) -> bool:
        return files(self.there) == files(self.here)


def files(folder: Path) -> dict[str, bytes]:
    found = (p for name in FOLDERS for p in (folder / name).rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


@asynccontextmanager
async def way(folder: Path, bound: int) -> AsyncIterator[Way]:
    made = Way(folder, bound)
    carrying = asyncio.create_task(made.carry())
    try:
        yield made
    finally:
        made.delivery._task.cancel()
        carrying.cancel()
        await asyncio.wait([carrying, made.delivery._task])


def on_the_way(
    story: Callable[[Way], Awaitable[None]], folder: Path, bound: int = 1_000_000_000
) -> None:
    async def whole() -> None:
        async with way(folder, bound) as made:
            await asyncio.wait_for(story(made), 30)

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def no_look_by_itself(monkeypatch):
    """The tests look when they want to."""
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 1000.0)


class TestWhatIsSent:
    def test_what_has_grown_is_added_to(self, tmp_path):
        async def story(way: Way) -> None:
            way.write("logs/a", b"one\n")
            await way.look()
            assert way.sent() == [("put", "logs/a")]
            way.write("logs/a", b"two\n", add=True)
            await way.look()
            await way.look()
            assert way.sent() == [("grow", "logs/a")]
            assert (way.here / "logs/a").read_bytes() == b"one\ntwo\n"

        on_the_way(story, tmp_path)

    @pytest.mark.parametrize("content", [b"other, and longer", b"x", b"", b"four"])
    def test_what_was_written_anew_comes_whole(self, tmp_path, content):
        async def story(way: Way) -> None:
            way.write("outputs/a", b"once")
            await way.look()
            way.sent()
            way.write("outputs/a", content)
            os.utime(way.there / "outputs/a", (1, 1))
            await way.look()
            assert way.sent() == [("put", "outputs/a")]
            assert way.same()

        on_the_way(story, tmp_path)

    def test_at_the_end_what_looked_grown_is_compared_whole(self, tmp_path):
        """A change far from both ends of what was sent is not seen before."""

        async def story(way: Way) -> None:
            size = 5 * delivery.EDGE
            way.write("outputs/a", b"a" * size)
            await way.look()
            way.write("outputs/a", b"a" * 2 * delivery.EDGE + b"b")
            way.write("outputs/a", b"a" * (3 * delivery.EDGE), add=True)
            way.write("outputs/a", b"more", add=True)
            await way.look()
            await way.delivery.finish()
            assert way.same()

        on_the_way(story, tmp_path)

    def test_what_is_gone_goes_here_too(self, tmp_path):
        async def story(way: Way) -> None:
            way.write("outputs/deep/a", b"a")
            await way.look()
            (way.there / "outputs/deep/a").unlink()
            await way.look()
            assert files(way.here) == {}

        on_the_way(story, tmp_path)

    def test_the_old_one_stays_until_the_new_one_is_whole(self, tmp_path):
        async def story(way: Way) -> None:
            way.write("outputs/a", b"old")
            await way.look()
            seen = []
            way.meanwhile = lambda _: seen.append((way.here / "outputs/a").read_bytes()[:3])
            way.write("outputs/a", b"new" * LEAST)
            await way.look()
            assert seen[0] == b"old"
            assert set(seen[:-1]) == {b"old"}
            assert seen[-1] == b"new"
            assert way.same()

        on_the_way(story, tmp_path)

    def test_what_changes_while_it_is_sent_is_not_taken_over(self, tmp_path):
        async def story(way: Way) -> None:
            way.write("outputs/a", b"old")
            await way.look()
            way.write("outputs/a", b"1" * 8 * LEAST)
            way.meanwhile = lambda said: (
                said["what"] == "put" and way.write("outputs/a", b"2" * 9 * LEAST)
            )
            await way.look()
            assert files(way.here) == {"outputs/a": b"old"}
            way.meanwhile = lambda _: None
            await way.delivery.finish()
            assert way.same()
            assert not any((way.here / STAGE).iterdir())

        on_the_way(story, tmp_path)

    def test_what_never_rests_comes_all_the_same(self, tmp_path):
        async def story(way: Way) -> None:
            way.write("outputs/a", b"1" * 2 * LEAST)
            way.meanwhile = lambda _: way.write("outputs/a", b"1", add=True)
            for _ in range(delivery.RESTLESS + 1):
                await way.look()
            assert (way.here / "outputs/a").stat().st_size >= 2 * LEAST

        on_the_way(story, tmp_path)

    def test_a_log_does_not_wait_for_a_large_file(self, tmp_path, monkeypatch):
        async def story(way: Way) -> None:
            way.write("outputs/model", b"m" * 8 * LEAST)
            way.meanwhile = lambda _: (way.there / "logs/a").exists() or way.write("logs/a", b"1")
            await way.look()
            sent = way.sent()
            assert ("put", "logs/a") in sent[1:-1]
            assert sent[-1] == ("put", "outputs/model")

        monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.0)
        on_the_way(story, tmp_path)

    def test_names_and_contents_of_any_kind(self, tmp_path):
        async def story(way: Way) -> None:
            name = os.fsdecode(b"outputs/\xff\n \x1b[2J")
            way.write(name, bytes(range(256)))
            way.write("outputs/empty", b"")
            await way.delivery.finish()
            assert way.same()
            assert len(files(way.here)) == 2

        on_the_way(story, tmp_path)

    def test_what_is_above_the_bound_is_counted(self, tmp_path):
        async def story(way: Way) -> None:
            way.write("outputs/a", b"a" * 600)
            way.write("outputs/b", b"b" * 700)
            way.write("logs/a", b"small")
            assert await way.delivery.finish() == 700
            assert files(way.here) == {"outputs/a": b"a" * 600, "logs/a": b"small"}
            (notice,) = way.notices
            assert "1 file (700 bytes) did not come back" in notice

        on_the_way(story, tmp_path, bound=1000)

    def test_a_checkpoint_that_is_written_again_and_again_counts_once(self, tmp_path):
        async def story(way: Way) -> None:
            for number in range(5):
                way.write("outputs/model", bytes([number]) * 900)
                os.utime(way.there / "outputs/model", (number, number))
                await way.look()
            assert await way.delivery.finish() == 0
            assert way.same()

        on_the_way(story, tmp_path, bound=1000)


def put(name: Any, data: bytes = b"x", **more: Any) -> dict[str, Any]:
    encoded = b64encode(data).decode()
    return {"what": "put", "name": name, "data": encoded, "offset": 0, "end": True, **more}


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "name",
        [
            "/etc/passwd",
            "../outputs/a",
            "outputs/../../a",
            "outputs/./a",
            "outputs//a",
            "outputs/",
            "outputs",
            "outputs/a\0",
            "train.py",
            ".arriving/1",
            "outputsx/a",
            "",
            7,
            None,
            ["outputs/a"],
        ],
    )
    def test_names(self, tmp_path, name):
        arrivals = Arrivals(tmp_path / "run")
        before = {p.name for p in tmp_path.rglob("*")}
        for what in ("put", "grow", "gone", "drop"):
            with pytest.raises(OSError, match="refused"):
                arrivals.take(put(name, what=what))
        assert {p.name for p in tmp_path.rglob("*")} == before

    @pytest.mark.parametrize(
        "wrong",
        [
            {"offset": 1},
            {"offset": -1},
            {"offset": None},
            {"data": "no base64!"},
            {"data": 7},
            {"what": "grow"},
            {"what": "other"},
            {"what": "grow", "offset": 5},
        ],
    )
    def test_what_makes_no_sense(self, tmp_path, wrong):
        arrivals = Arrivals(tmp_path / "run")
        with pytest.raises(OSError, match="garbled"):
            arrivals.take({**put("outputs/a"), **wrong})
        assert files(tmp_path / "run") == {}

    def test_links_that_are_there_are_not_followed(self, tmp_path):
        arrivals = Arrivals(tmp_path / "run")
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "a").write_text("mine")
        (tmp_path / "run/outputs/folder").symlink_to(outside)
        (tmp_path / "run/outputs/file").symlink_to(outside / "a")
        with pytest.raises(OSError, match="outputs/folder/a"):
            arrivals.take(put("outputs/folder/a"))
        arrivals.take(put("outputs/file", b"1"))  # the link itself is replaced
        (tmp_path / "run/outputs/file").unlink()
        (tmp_path / "run/outputs/file").symlink_to(outside / "a")
        with pytest.raises(OSError, match="outputs/file"):
            arrivals.take({**put("outputs/file", b"2"), "what": "grow", "offset": 1})
        assert (outside / "a").read_text() == "mine"
        assert [p.name for p in outside.iterdir()] == ["a"]

    def test_a_folder_in_the_place_of_a_file(self, tmp_path):
        arrivals = Arrivals(tmp_path / "run")
        arrivals.take(put("outputs/a/b"))
        with pytest.raises(OSError, match="outputs/a"):
            arrivals.take(put("outputs/a"))
        with pytest.raises(OSError, match="outputs/a"):
            arrivals.take({"what": "gone", "name": "outputs/a"})
        assert files(tmp_path / "run") == {"outputs/a/b": b"x"}

    def test_more_than_the_bound(self, tmp_path):
        arrivals = Arrivals(tmp_path / "run", bound=10)
        with pytest.raises(OSError, match="may give back"):
            arrivals.take(put("outputs/a", b"x" * 11))
        arrivals.take(put("outputs/a", b"x" * 6, end=False))
        with pytest.raises(OSError, match="may give back"):
            arrivals.take(put("outputs/b", b"x" * 6))
        with pytest.raises(OSError, match="may give back"):
            arrivals.take(put("outputs/a", b"x" * 6, offset=6))
        assert files(tmp_path / "run") == {}

    def test_many_that_are_begun_and_not_ended(self, tmp_path):
        arrivals = Arrivals(tmp_path / "run")
        for number in range(MOST_STAGED):
            arrivals.take(put(f"outputs/{number}", end=False))
        with pytest.raises(OSError, match="too many"):
            arrivals.take(put("outputs/more", end=False))
        arrivals.close()
        assert not (tmp_path / "run" / STAGE).exists()


def test_the_pace_finds_what_goes_through_in_a_fraction_of_a_second():
    pace = Pace()
    for _ in range(20):
        pace.took(pace.size / 10_000_000)
    assert pace.size == MOST
    for _ in range(20):
        pace.took(pace.size / 200_000)
    assert LEAST <= pace.size <= 2 * LEAST
