"""One script run in a slot, from its order to its end."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweep.compute.compat import surroundings
from sweep.compute.delivery import Delivery
from sweep.compute.gpus import holders, until_free, visible_devices
from sweep.compute.hearing import Hearing, Output
from sweep.compute.mailbox import RUN_MESSAGES, Allowance, Mailbox
from sweep.compute.outputs import size_of, too_much, until_above
from sweep.compute.overheard import VARIABLE, Overheard
from sweep.compute.processes import end_marked, oom_kills
from sweep.compute.run_log import LOG_BYTES, RunLog

RUN_MARK = "SWEEP_RUN_ID"
"""Every process of a run carries it in its environment."""
FIRST = ".1"
"""How the key of a run's first attempt ends."""
OOM_SCORE = 500
"""When memory runs out, the kernel is to choose a run and not what watches it."""
QUOTA_GRACE = 5.0
"""Seconds in which a run may end by itself that has written too much."""

Order = dict[str, Any]


class Execution:
    """The folder, the socket and the output of one run.

    Args:
        order: what to run: `run` (key), `argv`, `env`, `folder`, and where needed `tree` (the
            snapshot to copy into the folder), `cwd`, and bounds: `log_bytes` of what is kept of
            its output, `outputs_bytes` it may write, `messages` it may log; `warm`: modules that
            it is forked with, once they are imported.
        mailbox: where what the run says goes.
        sockets: a folder with a short path.
    """

    def __init__(self, order: Order, mailbox: Mailbox, sockets: Path) -> None:
        self.order = order
        self.key: str = order["run"]
        self.mailbox = mailbox
        self._socket_path = sockets / secrets.token_hex(8)
        self._hearing: Hearing | None = None
        self._output: Output | None = None
        self._output_in = -1
        self.devices = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        self._holders: list[int] = []  # of memory on these GPUs before the run
        self._oom_kills = 0
        self._began = 0.0
        self._allowance = Allowance(order.get("messages") or RUN_MESSAGES)
        self._folder = Path(order["folder"])
        log = self._folder / "user_logs" / (order.get("log") or "std_log.txt")
        self._log = RunLog(log, order.get("log_bytes") or LOG_BYTES)
        self._quota: int | None = order.get("outputs_bytes")
        self._at_first = 0
        self._watching: asyncio.Task[None] | None = None
        self._above = ""  # why it is ended: it has written too much
        self._overheard: Overheard | None = None  # what it does not log itself
        self.delivery: Delivery | None = None  # where the engine does not see the folder
        self._undelivered = 0

    def say(self, kind: str, /, **facts: Any) -> None:
        """Tell the engine something about this run."""
        self.mailbox.put(message_of(kind, self.key, **facts), urgent=kind != "started")

    def notice(self, text: str) -> None:
        """Tell the user something about this run."""
        self.say("notice", text=text)

    # ---- before -----------------------------------------------------------------------

    async def prepare(self) -> None:
        """Make the run's folder, its socket and its output pipe.

        Raises:
            OSError: one of them cannot be made.
        """
        if not self.key.endswith(FIRST):  # its slot and its guard may both have been killed
            await asyncio.to_thread(end_marked, RUN_MARK, self.order["env"][RUN_MARK])
        self._holders = await holders(self.devices)
        self._oom_kills = oom_kills()
        await asyncio.to_thread(self._make_folder)
        self._hearing = Hearing(
            self._socket_path, self.key, self.mailbox, self._allowance, self.notice
        )
        output_out, self._output_in = os.pipe()
        self._output = Output(output_out, self._keep)
        if wanted := self.order.get("metrics"):
            self._overheard = Overheard(wanted, self._folder, self._hearing, self.notice)

    def _make_folder(self) -> None:
        folder = self._folder
        if tree := self.order.get("tree"):
            try:
                shutil.copytree(tree, folder, symlinks=True, dirs_exist_ok=True)
            except shutil.Error as error:  # a list, one entry for every file
                raise OSError(f"its copy of the source: {error.args[0][0][2]}") from None
        for name in ("outputs", "logs", "user_logs", *self.order.get("folders", ())):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if self._quota:
            self._at_first = size_of(folder)

    def guard_order(self) -> tuple[Order, int]:
        """Return the order for the guard, and the descriptor that goes with it."""
        channel = {"SWEEP_CHANNEL": str(self._socket_path)}
        given = self.order["env"]
        env = {**given, **surroundings(given), **channel, **visible_devices()}
        if self._overheard is not None and self._overheard.file is not None:
            env[VARIABLE] = str(self._overheard.file)
        cwd = self.order.get("cwd") or self.order["folder"]
        start = {"do": "start", "argv": self.order["argv"], "env": env, "cwd": cwd}
        more = {"oom_score": OOM_SCORE, "warm": self.order.get("warm")}
        return {**start, **more}, self._output_in

    # ---- meanwhile --------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether the guard has been told to start it."""
        return self._output is not None and self._output_in < 0

    def handed_over(self) -> None:
        """Let go of the run's end of the output pipe: the run has it now."""
        if self._output_in >= 0:
            self._began = time.monotonic()
            os.close(self._output_in)
            self._output_in = -1

    def watch(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the run has written more than it may."""
        if self._quota:
            self._watching = asyncio.create_task(self._watch(self._quota, stop))

    async def _watch(self, quota: int, stop: Callable[[], None]) -> None:
        await until_above(self._folder, quota, self._at_first)
        self._above = too_much(quota)
        stop()

    def unwatch(self) -> None:
        """It is to end anyway: whatever it has written is no reason any more."""
        if self._watching is not None:
            self._watching.cancel()

    def _keep(self, chunk: bytes) -> None:
        if self._overheard is not None:
            self._overheard.printed(chunk)
        told = bool(self._log.error)
        self._log.write(chunk)
        if self._log.error and not told:
            self.notice(f"its output cannot be written: {self._log.error}")

    # ---- after ------------------------------------------------------------------------

    async def finish(self, event: dict[str, Any]) -> None:
        """Everything of the run is gone: hear its last words, then announce its end."""
        await self._close()
        if self.devices and (left := await until_free(self.devices, self._holders)):
            pids = ", ".join(map(str, left))
            self.say(
                "notice", text=f"its GPUs still have memory of process {pids}, says the driver"
            )
        facts = {name: value for name, value in event.items() if name != "event"}
        if facts["code"] == -signal.SIGKILL and oom_kills() > self._oom_kills:
            facts["oom"] = True
        if self._above and facts["stopped"]:  # by us, so it has failed, however it took that
            facts |= {"stopped": False, "code": facts["code"] or None}
            facts |= {"error": self._above, "kind": "quota"}
        failed = facts["code"] != 0 and not facts["stopped"] and "error" not in facts
        facts["tail"] = self._log.tail.decode(errors="replace") if failed else ""
        facts["seconds"] = time.monotonic() - self._began
        dropped = self._hearing.dropped if self._hearing else 0
        facts |= {"dropped": dropped, "output_dropped": self._log.dropped}
        self.say("ended", undelivered=self._undelivered, **facts)

    def skip(self) -> None:
        """Announce that it was stopped before it could be started."""
        self.say("ended", code=None, stopped=True)

    async def abandon(self) -> None:
        """Let go of what was prepared: it is not to be started, or not here."""
        await self._close()
        if self.order.get("tree"):  # links in a copy are in the way of another one
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def refuse(self, error: str) -> None:
        """Announce that the run could not be started."""
        await self._close()
        self.say("refused", error=error)

    async def _close(self) -> None:
        self.handed_over()
        self.unwatch()
        if self._output is not None:
            self._output.close()
        self._log.close()
        if self._overheard is not None:
            self._overheard.close()
        if self._hearing is not None:
            self._hearing.close()
        if self.delivery is not None:
            self._undelivered = await self.delivery.finish()


def message_of(kind: str, run: str, /, **facts: Any) -> bytes:
    """Return a message about a run as the engine hears it."""
    return json.dumps({"k": kind, "run": run, "t": time.time(), **facts}).encode()
