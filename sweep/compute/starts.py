"""How a guard starts a process: quickly, or on a leash.

Quickly: `subprocess` has the kernel make the new process without a copy of this one's memory
(vfork), which saves two milliseconds of processor time. On a leash: the process dies with the
guard (parent death signal). That can be asked for by the process itself only, after a true fork.

It travels with the guard as text, and uses the standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PR_SET_PDEATHSIG = 1
RESET = [getattr(signal, f"SIG{name}") for name in ("CHLD", "HUP", "INT", "PIPE", "TERM", "XFSZ")]
"""Signals that a process is to have as any program has them at its start."""
libc = ctypes.CDLL(None, use_errno=True)


def start(order: dict[str, Any], given: list[int]) -> tuple[int, str]:
    """Start a process in a session of its own.

    Args:
        order: `argv`, `env`, `cwd`, `oom_score`; with `leash` it dies with us.
        given: descriptors for its output, or for input, output and errors.

    Returns:
        Its id, 0 if there is no process to be buried, and why it could not be started.
    """
    return _leashed(order, given) if order.get("leash") else _quickly(order, given)


def _quickly(order: dict[str, Any], given: list[int]) -> tuple[int, str]:
    # The signals that we catch are as usual in the new program; those ignored would stay so.
    try:
        process = subprocess.Popen(
            order["argv"],
            stdin=given[0] if len(given) == 3 else subprocess.DEVNULL,
            stdout=given[-2:][0],
            stderr=given[-1],
            cwd=order["cwd"],
            env=order["env"],
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return 0, _reason(order, error)
    process.returncode = 0  # it is the guard that waits for it
    if score := order.get("oom_score"):
        with contextlib.suppress(OSError):
            _write_score(process.pid, score)
    return process.pid, ""


def _leashed(order: dict[str, Any], given: list[int]) -> tuple[int, str]:
    errors_out, errors_in = os.pipe2(os.O_CLOEXEC)
    me = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(order, given, errors_in, me)
    os.close(errors_in)
    error = os.read(errors_out, 4096)  # ends when the new program is there
    os.close(errors_out)
    if error:
        os.waitpid(pid, 0)
        return 0, error.decode(errors="replace")
    return pid, ""


def _become(order: dict[str, Any], given: list[int], errors: int, guard: int) -> None:
    """Turn this child into the new process; never returns."""
    argv, cwd = order["argv"], order["cwd"]
    try:
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != guard:
            os._exit(127)
        for number in RESET:
            signal.signal(number, signal.SIG_DFL)
        if score := order.get("oom_score"):
            with contextlib.suppress(OSError):
                _write_score(os.getpid(), score)
        stdin = given[0] if len(given) == 3 else os.open(os.devnull, os.O_RDONLY)
        for place, descriptor in enumerate((stdin, given[-2:][0], given[-1])):
            os.dup2(descriptor, place)
        os.chdir(cwd)
        os.execvpe(argv[0], argv, order["env"])  # noqa: S606 - a list of arguments, no shell
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must reach the guard
        with contextlib.suppress(OSError):
            os.write(errors, _reason(order, error).encode())
    finally:
        os._exit(127)


def _write_score(pid: int, score: int) -> None:
    file = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY)
    try:
        os.write(file, str(score).encode())
    finally:
        os.close(file)


def _reason(order: dict[str, Any], error: BaseException) -> str:
    reason = getattr(error, "strerror", None) or error
    return f"{order['argv'][0]} (in {order['cwd']}): {reason}"
