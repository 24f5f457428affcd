"""The guard's side of a warmed interpreter, from which runs are forked (`sweep.compute.zygote`).

It travels with the guard as text, and uses the standard library only. Whatever speaks against
a fork leads to an ordinary start, and to a notice that says what it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sweep.compute.guard import Guard

OF_A_RUN = ("SWEEP_", "AZUREML_SWEEP_")
"""Variables that differ from run to run; in all others a run must agree with the zygote."""
ARGUMENT_ROOM, VARIABLE_ROOM = 4096, 16384
"""Bytes in which the arguments and variables of a run are shown to others."""
FORK_SECONDS = 10.0
"""A zygote that takes longer for a fork is given up."""
CHILDREN = Path("/proc/thread-self/children")
MOST_DEATHS = 3
"""A zygote that has died so often is not started again."""


class Warm:
    """At most one zygote; replaced when it dies.

    Args:
        guard: starts it, and answers for the runs.

    Attributes:
        pid: of the zygote; 0 while there is none.
    """

    def __init__(self, guard: Guard) -> None:
        self.pid = 0
        self._guard = guard
        self._channel: socket.socket | None = None
        self._waiting: tuple[dict[str, Any], list[int]] | None = None  # a run, for its imports
        self._warming = False
        self._told: set[str] = set()
        self._shared: dict[str, str] = {}
        self._key: tuple[object, ...] = ()
        self._cold = ""  # why there are no forks
        self._deaths = 0

    def start(self, order: dict[str, Any], given: list[int]) -> None:
        """Fork a run; later, while there is something to import; start it cold, where need be."""
        if self._channel is None and not self._cold:
            self._begin(order, given[-1])
        if self._warming:
            self._waiting = order, given
            return
        pid, error = self._fork(order, given[-1])
        if not pid:
            pid, error = self._guard.spawn(order, given)
        self._guard.begun(pid, error, given)

    def cancel(self) -> bool:
        """Give up the run that waits; False if there is none."""
        if self._waiting is None:
            return False
        (_, given), self._waiting = self._waiting, None
        for descriptor in given:
            os.close(descriptor)
        return True

    def is_alone(self) -> bool:
        """Tell whether the guard, of one thread, has no child but the zygote."""
        # Exact: none leaves this list but by the guard's own wait, and it does not wait meanwhile.
        return set(CHILDREN.read_bytes().split()) == {str(self.pid).encode()}

    def _begin(self, order: dict[str, Any], output: int) -> None:
        """Start a zygote."""
        self._shared, self._key = shared(order["env"]), key_of(order)
        self._cold = _unsuitable(order)
        if self._cold:
            return
        ours, theirs = socket.socketpair()
        room = {"SWEEP_ROOM": "-" * VARIABLE_ROOM}
        program = str(Path(__file__).with_name("zygote.py"))
        start = {
            **order,
            "argv": [order["argv"][0], program, "-" * ARGUMENT_ROOM],
            "env": {**self._shared, **room},
            "cwd": "/",
            "leash": True,
        }
        self.pid, error = self._guard.spawn(start, [theirs.fileno(), output, output])
        theirs.close()
        if error:
            ours.close()
            self.pid, self._cold = 0, error
            return
        with contextlib.suppress(OSError):
            ours.sendall(json.dumps({"modules": list(order["warm"])}).encode() + b"\n")
        self._channel, self._warming = ours, True
        self._guard.poll.register(ours, select.POLLIN)

    def hear(self) -> None:
        """The zygote is ready, or gone: a run that waits for it goes on."""
        if self._channel is None:
            return
        data = b""
        with contextlib.suppress(OSError):
            data = self._channel.recv(1 << 16)
        if data:
            self._cold = json.loads(data)["cold"]
        else:
            self._lose()
        self._warming = False
        if self._waiting is not None:
            (order, given), self._waiting = self._waiting, None
            self.start(order, given)

    def _lose(self) -> None:
        """Let go of a zygote that has died, or is to."""
        assert self._channel is not None
        self._guard.poll.unregister(self._channel)
        self._channel.close()
        self._channel = None
        self._deaths += 1
        if self._warming or self._deaths >= MOST_DEATHS:
            self._cold = "the process that imports does not live on"
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _fork(self, order: dict[str, Any], output: int) -> tuple[int, str]:
        """Fork a run; return its process id, 0 for none, and why it cannot start."""
        why = self._cold or self._unlike(order)
        if why or self._channel is None:
            self._tell(why)
            return 0, ""
        answer_out, answer_in = os.pipe2(os.O_CLOEXEC)
        request = {k: order.get(k) for k in ("argv", "env", "cwd", "oom_score")}
        data = json.dumps({**request, "guard": os.getpid()}).encode() + b"\n"
        with contextlib.suppress(OSError):
            sent = socket.send_fds(self._channel, [data], [output, answer_in])
            self._channel.sendall(data[sent:])
        os.close(answer_in)
        answer = _read(answer_out, FORK_SECONDS)
        os.close(answer_out)
        first, _, rest = answer.decode(errors="replace").partition(" ")
        if first.isdigit():
            return int(first), rest
        if first == "cold":
            self._tell(rest)
        elif self._channel is not None:
            self._lose()  # it has died, or does not answer; whatever it still forks cannot begin
        return 0, ""

    def _unlike(self, order: dict[str, Any]) -> str:
        """Return in what a run differs from what the zygote was started with."""
        mine = shared(order["env"])
        for name in sorted(mine.keys() | self._shared.keys()):
            if mine.get(name) != self._shared.get(name):
                return f"the variable {name} differs from that of the first run"
        return "" if key_of(order) == self._key else "its interpreter or its modules differ"

    def _tell(self, why: str) -> None:
        if why and why not in self._told:
            self._told.add(why)
            self._guard.say(event="notice", text=f"started without warm start: {why}")


def shared(env: dict[str, str]) -> dict[str, str]:
    """Return the variables that all runs of a sweep have in common."""
    return {name: value for name, value in env.items() if not name.startswith(OF_A_RUN)}


def key_of(order: dict[str, Any]) -> tuple[object, ...]:
    """Return what else runs of one zygote have in common."""
    return order["argv"][0], tuple(order["warm"])


def _unsuitable(order: dict[str, Any]) -> str:
    if not CHILDREN.exists():
        return f"this kernel has no {CHILDREN}"
    path = order["env"].get("PYTHONPATH", "")
    if path and not all(folder.startswith("/") for folder in path.split(os.pathsep)):
        return "PYTHONPATH has a folder in it that is relative to the run's"
    return ""


def _read(descriptor: int, seconds: float) -> bytes:
    """Return what comes until the end, or until nothing has come for so long."""
    poll, data = select.poll(), b""
    poll.register(descriptor, select.POLLIN)
    while poll.poll(seconds * 1000):
        more = os.read(descriptor, 4096)
        if not more:
            break
        data += more
    return data  # a run that has said that it is there must not be started once more
