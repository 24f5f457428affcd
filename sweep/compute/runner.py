"""The process in which function runs execute, one after the other.

Started by the guard of a slot, so whatever the function starts is watched like any run. It stays
from run to run: the function is loaded once. Orders come, and messages go, over the slot's
socket, as JSON objects, one a line.

In:  {"do": "run", "run": key, "id": ..., "number": n, "attempt": n, "configuration": {...},
      "folder": path}, {"do": "stop", "run": key}
Out: {"run": key, "m": {...}} for what is logged; {"run": key, "end": {...}}
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sweep.compute.run_log import LOG_BYTES, RunLog
from sweep.script.channel import line_of
from sweep.script.errors import RunStopped
from sweep.script.run import Run

SOCKET_BUFFER = 1 << 20
TAIL = 8192
"""Characters of an error, and of its traceback, that are kept."""


class Wire:
    """The socket to the slot; threads of the function may share it."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
        self._socket.connect(path)
        self._buffer = b""
        self._lock = threading.RLock()
        self.orders: deque[dict[str, Any]] = deque()
        self.stops: set[str] = set()

    def say(self, **message: Any) -> None:
        """Tell the slot something."""
        self.send(line_of(message))

    def send(self, data: bytes) -> None:
        """Send one line."""
        with self._lock:
            self._socket.sendall(data)

    def next_order(self) -> dict[str, Any] | None:
        """Wait for the next run; None when the slot is gone."""
        while not self.orders:
            data = self._socket.recv(1 << 16)
            if not data:
                return None
            self._understand(data)
        return self.orders.popleft()

    def glance(self) -> None:
        """Hear what is there without waiting."""
        with self._lock, contextlib.suppress(BlockingIOError):
            while data := self._socket.recv(1 << 16, socket.MSG_DONTWAIT):
                self._understand(data)

    def _understand(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["do"] == "stop":
                self.stops.add(order["run"])
            else:
                self.orders.append(order)


class FunctionChannel:
    """Where one function run's log goes."""

    def __init__(self, wire: Wire, key: str) -> None:
        self._wire, self._key = wire, key

    def send(self, message: dict[str, Any]) -> None:
        """Pass on one message."""
        self._wire.send(line_of({"run": self._key, "m": message}, message.get("n")))

    def stopped(self) -> bool:
        """Tell whether the slot wants this run to end."""
        self._wire.glance()
        return self._key in self._wire.stops


class FunctionRun(Run):
    """The run that a function is given; its folder is made when it is first asked for."""

    @property
    def folder(self) -> str:
        """The run's own folder."""
        Path(self._folder).mkdir(parents=True, exist_ok=True)
        return self._folder

    @folder.setter
    def folder(self, path: str) -> None:
        self._folder = path


class RunOutput(io.TextIOBase):
    """Standard output of one function run: a file that is made at the first word."""

    def __init__(self, folder: str, limit: int = LOG_BYTES) -> None:
        self.log = RunLog(Path(folder) / "user_logs" / "std_log.txt", limit)

    def write(self, text: str) -> int:
        """Write at once, so that it can be read at once."""
        with _Printing.lock:
            self.log.write(text.encode(errors="backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """It is written at once."""

    def close(self) -> None:
        """Close the file, if there is one."""
        self.log.close()
        super().close()

    def writable(self) -> bool:
        """It is for writing."""
        return True


class _Printing:
    """Threads print one after the other; a forked child has no other threads to wait for."""

    lock = threading.RLock()

    @classmethod
    def forked(cls) -> None:
        cls.lock = threading.RLock()


os.register_at_fork(after_in_child=_Printing.forked)


class Runner:
    """Executes orders until the slot is gone.

    Args:
        wire: the socket to the slot.
        function: called with (run, configuration); may return the primary metric.
        metric: name of the primary metric, under which a returned number is logged.
    """

    def __init__(
        self, wire: Wire, function: Callable[[Run, dict[str, Any]], Any], metric: str
    ) -> None:
        self._wire = wire
        self._function = function
        self._metric = metric

    def work(self) -> None:
        """Execute orders."""
        while (order := self._wire.next_order()) is not None:
            key = order["run"]
            if key in self._wire.stops:
                self._wire.say(run=key, end={"code": None, "stopped": True})
                continue
            self._wire.say(run=key, start={"pid": os.getpid()})
            self._wire.say(run=key, end=self._execute(order))

    def _execute(self, order: dict[str, Any]) -> dict[str, Any]:
        channel = FunctionChannel(self._wire, order["run"])
        run = FunctionRun(channel, order["id"], order["number"], order["attempt"], order["folder"])
        run.be_told(order.get("replicate") or {})
        Run.set_context(run)
        output = RunOutput(order["folder"], order.get("log_bytes") or LOG_BYTES)
        began = time.perf_counter()
        with _output_to(output):
            end = self._call(order, run, channel)
        seconds = time.perf_counter() - began
        return {**end, "seconds": seconds, "output_dropped": output.log.dropped}

    def _call(self, order: dict[str, Any], run: Run, channel: FunctionChannel) -> dict[str, Any]:
        try:
            result = self._function(run, order["configuration"])
            self._log_result(run, result)
        except RunStopped:
            return {"code": None, "stopped": True}
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the user's code
            text = traceback.format_exc()
            sys.stderr.write(text)
            return {
                "code": 1,
                "stopped": False,
                "error": f"{type(error).__name__}: {error}"[:TAIL],
                "tail": text[-TAIL:],
            }
        # Once more, for a stop that came after its last word: then it is stopped, not complete.
        return {"code": 0, "stopped": channel.stopped(), "error": "", "tail": ""}

    def _log_result(self, run: Run, result: Any) -> None:
        if result is not None and not run.has_logged(self._metric):
            run.log(self._metric, result)


@contextlib.contextmanager
def _output_to(output: RunOutput) -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = output
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        output.close()


def main() -> None:
    """Load the function, then execute orders.

    The function was pickled by the process of the user who started this sweep, and has come over
    our own pipes; no stored state is ever unpickled.
    """
    path, function, metric = sys.argv[1:]
    search_path, pickled = pickle.loads(Path(function).read_bytes())  # noqa: S301 - see above
    sys.path += [p for p in search_path if p not in sys.path]
    Runner(Wire(path), pickle.loads(pickled), metric).work()  # noqa: S301 - see above


if __name__ == "__main__":
    main()
