"""How a run or a slot has ended, in words and by kind (see `sweep.core.failure`)."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from typing import Any

MEMORY = re.compile(
    r"^(?:[\w.]*MemoryError|[\w.]*OutOfMemoryError|RuntimeError: CUDA out of memory"
    r"|terminate called after throwing an instance of 'std::bad_alloc'"
    r"|.*\bCUDA_ERROR_OUT_OF_MEMORY)",
    re.MULTILINE,
)
"""What libraries say last when memory has run out: Python, NumPy, PyTorch, CUDA, C++."""
FACTS = (
    "stop_seconds",
    "cpu_seconds",
    "peak_memory",
    "dropped",
    "output_dropped",
    "undelivered",
)
"""Of the end of a run; numbers of seconds, bytes and messages."""


def of_run(said: Mapping[str, Any]) -> tuple[str, str]:
    """Return what went wrong in a run that has ended, and its kind; empty after a success.

    Args:
        said: the slot's words: code, stopped, tail, and `error` and `kind` where the slot itself
            knows better; `oom` where the kernel has killed something for want of memory.
    """
    code = said["code"]
    if said["stopped"] and not said.get("error"):
        return "", "error"
    if error := said.get("error"):
        return error, said.get("kind", "error")
    if code == 0:
        return "", "error"
    if code == -signal.SIGKILL and said.get("oom"):
        return "the kernel killed it for want of memory", "memory"
    memory = MEMORY.search(said.get("tail", ""))
    return _cause_of_death(code), "memory" if memory else "error"


def facts_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else a slot has said of a run's end that is worth keeping."""
    return {name: said[name] for name in FACTS if said.get(name)}


def of_slot(why: str) -> str:
    """Return the kind of end of a run whose slot is gone, from what Ray says of it."""
    text = why.lower()
    if "outofmemory" in text or "memory pressure" in text or "oom" in text.split():
        return "memory"
    return "preempted" if "preempt" in text or "draining" in text else "lost"


def _cause_of_death(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
