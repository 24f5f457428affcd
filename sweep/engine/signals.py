"""Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c(pause: Callable[[str], None], say: Callable[[str], None]) -> Iterator[None]:
    """Let the first Ctrl-C pause the sweep, and the second end this process at once.

    Only the main thread hears signals; in another one this does nothing.

    Args:
        pause: called with the reason.
        say: tells the user what will happen.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def ask(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        name = signal.Signals(number).name
        pause(f"{name}: paused by the user")
        say("stopping what runs; once more to stop at once; nothing is lost")

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
