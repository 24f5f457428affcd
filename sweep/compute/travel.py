"""A slot on a node that does not see the engine's files: what it needs is fetched, once per node.

Standard library only: it travels with the slot.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from sweep.compute.delivery import Delivery
from sweep.compute.line import Line
from sweep.compute.node_files import abandoned, base, held, unused, waited_for
from sweep.compute.out_of_sight import EARLIER, OF_A_MACHINE
from sweep.compute.unpacking import Unpacking, checked

NOTICE_SECONDS, NOTICE_BYTES = 10.0, 32_000_000
"""Between two words of how far a large snapshot has come, and from which size on."""
AHEAD = 2
"""Pieces of a snapshot that are asked for at a time."""

Order = dict[str, Any]


def sees(probe: Mapping[str, str] | None) -> bool:
    """Tell whether the engine's files are here: its probe is, and says what it should."""
    if probe is None:
        return True
    try:
        return Path(probe["path"]).read_text() == probe["text"]
    except (OSError, ValueError):
        return False


class Away:
    """What runs of one slot have on a node that does not see the engine's files.

    Args:
        line: to the engine.

    Attributes:
        folder: what is in it is this slot's.

    Raises:
        OSError: there is no room for files, or somebody else sits on it.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._base = base()
        for name in ("trees", "locks", "work"):
            (self._base / name).mkdir(exist_ok=True)
        with held(self._base / "locks" / "work"):  # nobody takes ours for a dead slot's
            dead = [*abandoned(self._base / "work")]
            self.folder = Path(tempfile.mkdtemp(dir=self._base / "work"))
            self._lock = os.open(
                self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
            )
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        for folder in [*dead, *unused(self._base / "trees")]:
            shutil.rmtree(folder, ignore_errors=True)
        self._bringing: dict[str, asyncio.Task[None]] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def function(self, function: Order) -> Order:
        """Return what all calls have in common, as it is here."""
        return {**function, "env": _env(function), "cwd": str(self.folder)}

    def call(self, order: Order) -> Order:
        """Return the order of a call with this node's folder."""
        return {**order, "folder": str(self.folder / order["run"]), "earlier": []}

    def local(self, order: Order) -> Order:
        """Return an order with this node's folders in place of the engine's."""
        key, env = order["run"], _env(order)
        moves = {order["folder"]: str(self.folder / key)}
        if env.get(EARLIER):
            moves[env[EARLIER]] = str(self.folder / f"{key}.earlier")
        argv = [_interpreter(order["argv"][0]), *order["argv"][1:]]
        return {
            **order,
            "argv": [_moved(word, moves) for word in argv],
            "env": {name: _moved(value, moves) for name, value in env.items()},
            "folder": moves[order["folder"]],
            "earlier": [*moves.items()][1:],
        }

    async def bring(self, order: Order, notice: Callable[[str], None]) -> bool:
        """Fetch what a run needs that is not here yet; its `tree` is ours afterwards.

        Returns whether it is there; it is not when `cancel` came first.

        Raises:
            OSError: it cannot be had.
        """
        task = asyncio.create_task(self._bring(order, notice))
        self._bringing[order["run"]] = task
        try:
            await asyncio.wait([task])
        finally:
            del self._bringing[order["run"]]
        if not task.cancelled():
            task.result()
        return not task.cancelled()

    async def _bring(self, order: Order, notice: Callable[[str], None]) -> None:
        if order["tree"]:
            fetch = Fetch(self._line, order["run"], order["tree"], notice)
            order["tree"] = str(await self._tree(fetch))
        for theirs, ours in order["earlier"]:
            fetch = Fetch(self._line, order["run"], theirs, notice)
            await fetch.into(Path(ours), await fetch.about())

    def cancel(self, run: str) -> bool:
        """Fetch nothing more for a run; tell whether anything was being fetched."""
        task = self._bringing.get(run)
        return task is not None and task.cancel()

    def delivery(self, order: Order, notice: Callable[[str], None]) -> Delivery:
        """Return what gives back the files of a run as they are written."""
        folder, bound, folders = Path(order["folder"]), order["bound"], order["folders"]
        return Delivery(order["run"], folder, bound, self._line, notice, folders)

    def clear(self, order: Order) -> None:
        """Take away the folder of a run that is over, and whose files are with the engine."""
        for folder in [order["folder"], *(ours for _, ours in order["earlier"])]:
            self._begin(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    def begins(self, order: Order, say: Callable[..., None]) -> None:
        """A call begins: give back what it writes; `say` takes a kind, a run, and facts."""
        run = order["run"]
        self._deliveries[run] = self.delivery(order, lambda text: say("notice", run, text=text))

    def ends(self, order: Order, end: Callable[..., None]) -> None:
        """A call has ended: announce it, once its files are with the engine."""
        self._begin(self._finish(order, end))

    async def _finish(self, order: Order, end: Callable[..., None]) -> None:
        delivery = self._deliveries.pop(order["run"], None)
        end(undelivered=0 if delivery is None else await delivery.finish())
        self.clear(order)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tree(self, fetch: Fetch) -> Path:
        """Return where a snapshot is on this node; it is fetched if nobody has."""
        about = await fetch.about()
        name = str(about["id"])
        if not re.fullmatch("[0-9a-f]{64}", name):
            raise OSError("the engine's snapshot has no name")
        place = self._base / "trees" / name
        if not place.is_dir():
            async with waited_for(self._base / "locks" / name):
                if not place.is_dir():
                    part = self.folder / "tree"
                    await fetch.into(part, about)
                    part.rename(place)
        os.utime(place)
        return place


class Fetch:
    """Fetches one tree of the engine's machine.

    Args:
        line: to the engine.
        run: key of the run that needs it.
        path: of the tree, there.
        notice: tells the user how far a large one has come.
    """

    def __init__(self, line: Line, run: str, path: str, notice: Callable[[str], None]) -> None:
        self._line = line
        self._question = {"run": run, "path": path}
        self._notice = notice

    async def about(self) -> dict[str, Any]:
        """Return the tree's name (`id`), and the bytes of its list (`list`) and files (`data`)."""
        return await self._line.ask("want", **self._question, part="list", offset=0, size=0)

    async def into(self, place: Path, about: dict[str, Any]) -> None:
        """Fetch it into a folder, which is not there yet.

        Raises:
            OSError: it cannot be had; nothing is left of it here.
        """
        text = b"".join([piece async for piece in self._pieces("list", about["list"])])
        unpacking = Unpacking(place, checked(text, about["id"]))
        size, told, there = about["data"], time.monotonic(), 0
        if size >= NOTICE_BYTES:
            self._notice(f"{size / 1e6:,.0f} MB are sent to {os.uname().nodename}")
        try:
            async for piece in self._pieces("data", size):
                unpacking.write(piece)
                there += len(piece)
                if size >= NOTICE_BYTES and time.monotonic() > told + NOTICE_SECONDS:
                    told = time.monotonic()
                    self._notice(f"{there / 1e6:,.0f} of {size / 1e6:,.0f} MB are there")
            unpacking.finish()
        except BaseException:
            unpacking.close()
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
            raise

    async def _pieces(self, part: str, total: int) -> AsyncIterator[bytes]:
        """Yield what there is; while one piece is dealt with, the next is on its way."""
        coming: deque[tuple[int, asyncio.Task[dict[str, Any]]]] = deque()
        offset = 0
        try:
            while coming or offset < total:
                while len(coming) < AHEAD and offset < total:
                    size = min(self._line.pace.size, total - offset)
                    asked = {**self._question, "part": part, "offset": offset, "size": size}
                    coming.append((size, asyncio.create_task(self._line.ask("want", **asked))))
                    offset += size
                size, answer = coming.popleft()
                piece = b64decode((await answer)["data"])
                if len(piece) != size:
                    raise OSError(f"{self._question['path']} has become shorter")
                yield piece
        finally:
            for _, answer in coming:
                answer.cancel()


def _env(order: Order) -> dict[str, str]:
    """Return the environment of an order, with what it is to have of this machine."""
    inherited = set(order.get("inherited", ()))
    ours = {name: v for name, v in os.environ.items() if OF_A_MACHINE.fullmatch(name)}
    return {**ours, **{name: v for name, v in order["env"].items() if name not in inherited}}


def _moved(word: str, moves: Mapping[str, str]) -> str:
    for old, new in moves.items():
        word = re.sub(re.escape(old) + "(?=$|[/:,;])", new.replace("\\", r"\\"), word)
    return word


def _interpreter(program: str) -> str:
    """Return the Python of this node in place of one that is not here."""
    missing = program.startswith("/") and not os.access(program, os.X_OK)
    return sys.executable if missing and Path(program).name.startswith("python") else program
