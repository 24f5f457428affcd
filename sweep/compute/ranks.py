"""Starts the processes of a run on one node; when one fails, the others end as well.

``python -I -S ranks.py COUNT PROGRAM ARGUMENT...``: the environment says which node this is, and
`RANK` and the like are put into that of each process. Only the first process of all is heard when
it logs. Under a slot's guard; standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading

GRACE = 5.0
"""Seconds in which the others must have ended by themselves."""


def environment(local: int, count: int) -> dict[str, str]:
    """Return the environment of one of the processes of this node."""
    found = dict(os.environ)
    rank = int(found["NODE_RANK"]) * count + local
    found |= {"RANK": str(rank), "LOCAL_RANK": str(local)}
    if "OMPI_COMM_WORLD_SIZE" in found:
        found |= {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_LOCAL_RANK": str(local)}
        found["OMPI_COMM_WORLD_NODE_RANK"] = str(local)
    if local and "SWEEP_CHANNEL" in found:
        found["SWEEP_CHANNEL"] += ".0"
    return found


def start(argv: list[str], env: dict[str, str]) -> int:
    """Start one process; return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.execvpe(argv[0], argv, env)  # noqa: S606 - a list of arguments, no shell
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)


def nowhere() -> socket.socket | None:
    """Return a socket for what is not heard, that whoever speaks need not know it."""
    if "SWEEP_CHANNEL" not in os.environ:
        return None
    sink = socket.socket(socket.AF_UNIX)
    sink.bind(os.environ["SWEEP_CHANNEL"] + ".0")
    sink.listen(64)
    return sink


def drain(sink: socket.socket) -> None:
    """Take whatever comes, for ever."""

    def read(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(1 << 16):
                pass

    while True:
        threading.Thread(target=read, args=(sink.accept()[0],), daemon=True).start()


def wait(pids: set[int]) -> int:
    """Wait for all; return the first exit status that is none of a success."""
    failed = 0

    def kill(*_: object) -> None:
        signal_all(pids, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    while pids:
        pid, status = os.wait()
        if pid not in pids:
            continue
        pids.discard(pid)
        if status and not failed:
            failed = status
            signal_all(pids, signal.SIGTERM)
            signal.setitimer(signal.ITIMER_REAL, GRACE)
    return failed


def signal_all(pids: set[int], number: int) -> None:
    """Signal those of the processes that still live."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def main() -> None:
    """Start all processes, wait for them, and end as the first that failed."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # the guard tells all of the group
    count, argv = int(sys.argv[1]), sys.argv[2:]
    sink = nowhere()
    pids = {start(argv, environment(local, count)) for local in range(count)}
    if sink is not None:
        threading.Thread(target=drain, args=(sink,), daemon=True).start()
    status = wait(pids)
    if sink is not None:
        os.unlink(sink.getsockname())  # noqa: PTH108 - no pathlib for one call
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if code != -signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
