"""A warmed interpreter: it has imported what scripts import, and forks a run for each request.

``PYTHON zygote.py ROOM``, started by the guard (`sweep.compute.warm`) with the environment that
runs have in common; standard input is a Unix stream socket to it. Standard library only; it may
be run by another Python than ours, from 3.9 on.

First it is told what to import: {"modules": ["sklearn.svm", "pandas:DataFrame"]}, as ``import
sklearn.svm`` and ``from pandas import DataFrame``. It answers {"cold": "why not"}; empty if all
is well. Each request then is {"argv": [...], "env": {...}, "cwd": "...", "guard": pid,
"oom_score": n} with two descriptors, for the output and for the answer: the run's process id, or
``cold`` and why it is to be started the ordinary way, or the id and why it cannot start.

A fork copies the calling thread only, so it is safe where there is no other, and where nothing
is held that cannot be shared, such as a GPU. That is looked at after each import, and before
each fork. The run is a grandchild: its parent ends at once, and the guard, a subreaper, gets it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import importlib.machinery
import json
import os
import random
import signal
import socket
import sys
import time
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Areas = dict[str, tuple[int, int]]

PR_SET_PDEATHSIG = 1
LEAVING_SECONDS = 1.0
"""How long a thread that has ended, and was even joined, may still be seen."""
DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri/", "/dev/davinci", "/dev/accel")
QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""With these, libraries start no thread when imported; runs do not get to see them."""
ROOM = b"SWEEP_ROOM="
"""The last variable that it is started with: space for those of a run."""
LOCALE = {k: v for k, v in os.environ.items() if k == "LC_CTYPE"}
"""What the interpreter itself may have set."""
libc = ctypes.CDLL(None)


def unsafe() -> str:
    """Return what keeps this process from being forked; empty for nothing."""
    until = time.monotonic() + LEAVING_SECONDS
    while (threads := len(os.listdir("/proc/self/task"))) > 1:
        if time.monotonic() > until:
            return f"{threads - 1} more threads run"
        time.sleep(0.001)
    with contextlib.suppress(OSError), open("/proc/thread-self/children", "rb") as children:
        if children.read().split():
            return "another process was started"
    for descriptor in os.scandir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            place = os.readlink(descriptor.path)
            if place.startswith(DEVICES):
                return f"a GPU is in use ({place})"
    return ""


def load(names: list[str]) -> str:
    """Import modules; return why runs are not to be forked, empty if they may be."""
    for name in names:
        module, _, part = name.partition(":")
        try:
            importlib.import_module(module)
            if part:
                __import__(module, fromlist=[part])
        except BaseException as error:  # noqa: BLE001 - whatever it is, runs start without it
            return f"{module} cannot be imported here: {type(error).__name__}: {error}"
        if why := unsafe():
            return f"after the import of {module}, {why}"
    return ""


def serve() -> None:
    """Import, then fork until the guard is gone."""
    channel = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    first, _ = receive(channel)
    sys.path[:] = [p for p in sys.path if p != os.path.dirname(os.path.abspath(__file__))]
    os.environ.update({**QUIET, **os.environ})
    why = load(first["modules"])
    flush()
    for place in (1, 2):  # until now they were those of the run that waits for us
        os.dup2(null, place)
    os.close(null)
    gc.collect()
    gc.freeze()  # keeps shared pages shared
    channel.sendall(json.dumps({"cold": why}).encode() + b"\n")
    loaded = {name.partition(".")[0] for name in sys.modules}
    memory = areas()
    while not why:
        request, descriptors = receive(channel)
        with contextlib.suppress(OSError):
            fork(request, descriptors, channel, loaded, memory)
        for descriptor in descriptors:
            os.close(descriptor)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return one request; when there are no more, end this process."""
    data, descriptors = b"", []
    while not data.endswith(b"\n"):
        more, found, _, _ = socket.recv_fds(channel, 1 << 20, 2)
        if not more:
            os._exit(0)
        data += more
        descriptors += found
    return json.loads(data), descriptors


def fork(
    request: dict[str, Any],
    descriptors: list[int],
    channel: socket.socket,
    loaded: set[str],
    memory: Areas,
) -> None:
    """Fork one run, as a grandchild; it gives the answer itself."""
    output, answer = descriptors
    script = os.path.join(request["cwd"], request["argv"][1])
    if why := unsafe() or shadows(os.path.dirname(script), loaded):
        os.write(answer, f"cold {why}".encode())
        return
    child = os.fork()
    if child == 0:
        try:
            between = os.getpid()
            if os.fork() == 0:
                channel.close()
                begin(request, output, answer, between)
                write_over(memory, request["argv"], request["env"])
                become_script(request["argv"])
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def shadows(folder: str, loaded: set[str]) -> str:
    """Return which file beside the script would be imported instead of a module we have."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            name, _, ending = entry.name.partition(".")
            package = not ending and os.path.isfile(os.path.join(entry.path, "__init__.py"))
            if name in loaded and (package or f".{ending}" in importlib.machinery.all_suffixes()):
                return f"{entry.name} beside the script has the name of a module that is loaded"
    return ""


# ---- in the run ---------------------------------------------------------------------------


def begin(request: dict[str, Any], output: int, answer: int, between: int) -> None:
    """Make this child what a started process is, and say so; ends it if that fails."""
    os.setsid()
    while os.getppid() == between:
        os.sched_yield()
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != request["guard"]:
        os._exit(127)
    try:
        if score := request.get("oom_score"):
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                file.write(str(score))
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(LOCALE | request["env"])
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must reach the guard
        reason = getattr(error, "strerror", None) or error
        text = f"{request['argv'][0]} (in {request['cwd']}): {reason}"
        os.write(answer, f"{os.getpid()} {text}".encode())
        os._exit(127)
    random.seed()
    if numpy := sys.modules.get("numpy.random"):
        numpy.seed()
    os.write(answer, str(os.getpid()).encode())
    os.close(answer)


def areas() -> Areas:
    """Return where the kernel reads this process' arguments and environment."""
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    arguments, variables = (int(fields[45]), int(fields[46])), (int(fields[47]), int(fields[48]))
    if not arguments[0] or not variables[0]:  # the kernel does not tell everybody
        return {}
    here = ctypes.string_at(variables[0], variables[1] - variables[0]).rfind(ROOM)
    if here < 0:
        return {}
    return {"arguments": arguments, "variables": (variables[0] + here, variables[1])}


def write_over(memory: Areas, argv: list[str], env: dict[str, str]) -> None:
    """Let others see the run's arguments, and the variables that are its own, in /proc.

    Otherwise a child that it forks would not carry the run's mark, and not be found when the
    guard was killed.
    """
    own = sorted((f"{k}={v}" for k, v in env.items() if k.startswith("SWEEP_")), key=len)
    for area, words in (("arguments", argv), ("variables", own)):
        start, end = memory.get(area, (0, 0))
        block = b""
        for word in words:
            more = os.fsencode(word) + b"\0"
            block += more if len(block) + len(more) <= end - start else b""
        ctypes.memmove(start, block.ljust(end - start, b"\0"), end - start)


def become_script(argv: list[str]) -> None:
    """Execute a script as Python does when it is named on the command line; never returns."""
    path = f"{os.getcwd()}/{argv[1]}" if not os.path.isabs(argv[1]) else argv[1]
    sys.argv, sys.orig_argv = argv[1:], list(argv)
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    code = 1
    try:
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError as error:
            why = f"[Errno {error.errno}] {error.strerror}"
            print(f"{argv[0]}: can't open file {path!r}: {why}", file=sys.stderr)
            code = 2
        else:
            main = types.ModuleType("__main__")
            loader = importlib.machinery.SourceFileLoader("__main__", path)
            main.__file__, main.__loader__, main.__package__ = path, loader, None
            main.__dict__.update(__builtins__=sys.modules["builtins"], __cached__=None)
            sys.modules["__main__"] = main
            types.FunctionType(compile(source, path, "exec", dont_inherit=True), vars(main))()
            code = 0
    except SystemExit as end:
        code = exit_code(end.code)
    except BaseException as error:  # noqa: BLE001 - as the interpreter itself
        below = error.__traceback__
        while below and below.tb_frame.f_code.co_filename == __file__:
            below = below.tb_next
        with contextlib.suppress(BaseException):
            sys.excepthook(type(error), error.with_traceback(below), below)
        if isinstance(error, KeyboardInterrupt):
            code = -signal.SIGINT
    finish(code)


def exit_code(said: object) -> int:
    """Return the exit code for what `sys.exit` was given."""
    if said is None or isinstance(said, int):
        return (said or 0) & 0xFF
    with contextlib.suppress(BaseException):
        print(said, file=sys.stderr)
    return 1


def finish(code: int) -> None:
    """End as the interpreter does: threads, exit functions, what is still to be written."""
    with contextlib.suppress(BaseException):
        if threads := sys.modules.get("threading"):
            threads._shutdown()
    atexit._run_exitfuncs()
    if not flush() and code == 0:
        code = 120
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def flush() -> bool:
    """Write what waits in the output streams; False when that cannot be."""
    whole = True
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            if not stream.closed:
                stream.flush()
        except BaseException as error:  # noqa: BLE001, PERF203 - as the interpreter itself
            whole = False
            what = f"Exception ignored in: {stream!r}\n{type(error).__name__}: {error}"
            with contextlib.suppress(BaseException):
                print(what, file=sys.stderr)
    return whole


if __name__ == "__main__":
    serve()
