"""Ctrl-C: the first one asks, the second one ends this process at once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from sweep.engine.signals import ctrl_c


def pressed(number=signal.SIGINT):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_asks_and_tells(number):
    asked, told = [], []
    before = signal.getsignal(number)
    with ctrl_c(asked.append, told.append):
        pressed(number)
    assert asked == [f"{number.name}: paused by the user"]
    assert told == ["stopping what runs; once more to stop at once; nothing is lost"]
    assert signal.getsignal(number) is before


def test_twice_is_enough():
    asked = []
    with ctrl_c(asked.append, lambda _: None):
        pressed()
        with pytest.raises(KeyboardInterrupt):
            pressed(signal.SIGTERM)
    assert len(asked) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_hear_no_signals():
    before = signal.getsignal(signal.SIGINT)
    handlers = []

    def work():
        with ctrl_c(print, print):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [before]
