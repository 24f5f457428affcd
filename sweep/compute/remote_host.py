"""The far side of an SSH connection: a target host with a Ray of its own, for one sweep.

``python -m sweep.compute.remote_host SILENCE [JSON]``: passes lines on between the connection and
the host, which runs under a guard. With `cluster`, `wanted` and `resources` in JSON the host joins
a cluster that is brought up from here, such as a Spark's, instead of a Ray of its own. First it
says what there is: ``{"k": "there", ...}``; later ``{"k": "told", "text": ...}`` is what the user
should know. The end of the input, or so many seconds without a line (an empty one will do), means
that the engine is gone: then everything here ends, and its files are removed. When this process
is killed, the guard ends the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from sweep.compute.cluster import Cluster, LocalRay
from sweep.compute.host_process import HostProcess
from sweep.compute.kinds import cluster_of
from sweep.compute.resources import Resources, of_this_machine
from sweep.compute.short_folder import short_folder
from sweep.compute.ssh_sources import PROTOCOL
from sweep.errors import SweepError, TargetError

LOOK_SECONDS = 1.0
BUSY_SECONDS, GATHER_SECONDS = 0.005, 0.003
"""When something was said so shortly before, more is gathered for so long: a packet costs both
ends of a connection more than what is in it."""
LAST_WORDS = 4_000
"""Bytes of the host's log that are passed on when it has failed."""


class Bridge:
    """A host here, and the connection to the engine: our input and output."""

    def __init__(self, silence: float, asked: Mapping[str, Any]) -> None:
        self._silence = silence
        self._rest = b""
        self._saying = threading.Lock()
        self._host_ended, self._host_ends = os.pipe()
        self._folder = short_folder()
        self._ray: Cluster = cluster_of(asked.get("cluster")) or LocalRay()
        self._there = of_this_machine()
        resources = Resources(**asked["resources"]) if "cluster" in asked else self._there
        try:
            self._ray.check()
            opened = self._ray.open(asked.get("wanted", 0), resources, self._folder)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        assert isinstance(opened.host, HostProcess)
        self._opened, self._host = opened, opened.host

    def serve(self) -> None:
        """Work until one of both sides is gone; then see to it that nothing is left."""
        try:
            self._say(
                k="there",
                protocol=PROTOCOL,
                python=platform.python_version(),
                executable=sys.executable,
                host=socket.gethostname(),
                cpus=self._there.cpus,
                gpus=self._there.gpus,
                address=self._opened.address,
                temp=self._opened.temp,
                sockets=self._opened.sockets,
            )
            threading.Thread(target=self._from_host, daemon=True).start()
            self._from_engine()
        finally:
            self._host.close()
            self._ray.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _say(self, **facts: object) -> None:
        self._write(json.dumps(facts).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        with self._saying, contextlib.suppress(OSError):  # the end of the input tells it, too
            while data:
                data = data[os.write(1, data) :]

    def _from_host(self) -> None:
        rest, said = b"", 0.0
        while data := os.read(self._host.out, 1 << 20):
            if time.monotonic() < said + BUSY_SECONDS:
                time.sleep(GATHER_SECONDS)
                if select.select([self._host.out], [], [], 0)[0]:
                    data += os.read(self._host.out, 1 << 20)
            said = time.monotonic()
            whole, newline, rest_of = (rest + data).rpartition(b"\n")
            rest = rest_of
            self._write(whole + newline)
        os.close(self._host_ends)

    def _from_engine(self) -> None:
        heard = time.monotonic()
        while time.monotonic() < heard + self._silence:
            ready, _, _ = select.select([0, self._host_ended], [], [], LOOK_SECONDS)
            if self._host_ended in ready:
                self._explain()
                return
            if 0 in ready:
                heard = time.monotonic()
                if not self._pass_on(os.read(0, 1 << 16)):
                    return
            try:
                for text in self._ray.look():
                    self._say(k="told", text=text)
            except TargetError as gone:
                os.write(2, f"{gone}\n".encode())
                return

    def _pass_on(self, data: bytes) -> bool:
        *lines, self._rest = (self._rest + data).split(b"\n")
        orders = b"".join(line + b"\n" for line in lines if line)
        with contextlib.suppress(BrokenPipeError):  # we hear of its end
            while orders:
                orders = orders[os.write(self._host.into, orders) :]
        return bool(data)

    def _explain(self) -> None:
        words = self._host.log.read_bytes()[-LAST_WORDS:]
        with contextlib.suppress(OSError):
            os.write(2, words)


def end_by_signal() -> None:
    """Let a signal end this process in order."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))


def main() -> None:
    """Serve one engine."""
    end_by_signal()
    try:
        Bridge(float(sys.argv[1]), json.loads(sys.argv[2]) if sys.argv[2:] else {}).serve()
    except SweepError as error:
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(0)  # a thread may still try to speak to an engine that is gone


if __name__ == "__main__":
    main()
