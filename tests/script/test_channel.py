"""The way from a script to its slot, and what stands in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sweep.script import channel as channels
from sweep.script.channel import LIMIT, SocketChannel
from sweep.script.errors import RunLogError
from tests.script.slot import Slot

ROOT = Path(__file__).parents[2]


def message(n=0, size=0):
    return {"k": "s", "n": "m", "v": n, "pad": "x" * size}


def numbers(slot):
    return [m["v"] for m in slot.said()]


def test_it_connects_when_there_is_something_to_say(slot):
    channel = SocketChannel(slot.path)
    assert slot.lines() == []
    assert slot.connections == []
    for n in range(3):
        channel.send(message(n))
    assert numbers(slot) == [0, 1, 2]
    assert len(slot.connections) == 1
    assert channel.stopped() is False


def test_a_slot_that_never_was_costs_one_warning(tmp_path, capsys):
    channel = SocketChannel(str(tmp_path / "nowhere"))
    for n in range(3):
        channel.send(message(n))
    assert capsys.readouterr().err == (
        "sweep: what was logged may be lost: [Errno 2] No such file or directory\n"
    )


def test_a_slot_that_hangs_up_is_called_again(slot, capsys):
    channel = SocketChannel(slot.path)
    channel.send(message(1))
    slot.hang_up()
    channel.send(message(2))
    assert capsys.readouterr().err.count("may be lost") == 1
    channel.send(message(3))
    slot.hang_up()
    channel.send(message(4))
    assert capsys.readouterr().err == ""  # once is enough
    channel.send(message(5))
    assert numbers(slot) == [5]


def test_the_script_does_not_die_of_a_slot_that_is_gone(slot, capsys):
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as many a script does
    try:
        channel = SocketChannel(slot.path)
        channel.send(message(1))
        slot.hang_up()
        channel.send(message(2))
    finally:
        signal.signal(signal.SIGPIPE, before)
    assert "Broken pipe" in capsys.readouterr().err


def test_a_script_is_not_held_up_while_there_is_room(slot):
    channel = SocketChannel(slot.path)
    for n in range(100):
        channel.send(message(n, size=500))  # nobody reads
    assert numbers(slot) == [*range(100)]


def test_what_does_not_go_out_in_time_is_lost_whole(slot, capsys, monkeypatch):
    monkeypatch.setattr(channels, "PATIENCE", 0.01)
    channel = SocketChannel(slot.path)
    sent = 0
    while not capsys.readouterr().err:
        channel.send(message(sent, size=100_000))
        sent += 1
    whole = [json.loads(line)["v"] for line in slot.lines() if line.endswith(b"\n")]
    assert whole == [*range(sent - 1)]
    channel.send(message(-1))  # on a new connection, so that half of a line spoils nothing
    assert json.loads(slot.lines()[-1])["v"] == -1
    assert len(slot.connections) == 2


@pytest.mark.parametrize("size", [LIMIT - 100, 3 * LIMIT // 4])
def test_large_messages_arrive(slot, size):
    channel = SocketChannel(slot.path)
    sender = threading.Thread(target=channel.send, args=(message(7, size),))
    sender.start()
    while not (lines := slot.lines()) or not lines[-1].endswith(b"\n"):
        pass
    sender.join()
    assert numbers(slot) == [7]


def test_the_longest_message_is_as_long_as_a_slot_will_hear(slot):
    channel = SocketChannel(slot.path)
    around = len(json.dumps(message(), separators=(",", ":"))) + 1
    with pytest.raises(RunLogError, match=r"^'m' takes 1,048,577 bytes; at most 1,048,576"):
        channel.send(message(size=LIMIT - around + 1))
    assert slot.lines() == []


def test_messages_of_many_threads_stay_whole(slot):
    channel = SocketChannel(slot.path)

    def speak(first):
        for n in range(first, first + 50):
            channel.send(message(n, size=300))

    threads = [threading.Thread(target=speak, args=(first,)) for first in range(0, 200, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers(slot)) == [*range(200)]


def on_signal(handler):
    return signal.signal(signal.SIGUSR1, lambda *_: handler())


class Interrupted(SocketChannel):
    """A signal comes in the midst of the first message."""

    signals = 1

    def _connect(self):
        if self.signals:
            self.signals -= 1
            signal.raise_signal(signal.SIGUSR1)
        return super()._connect()


def test_a_signal_handler_may_log_in_the_midst_of_a_message(slot):
    channel = Interrupted(slot.path)
    before = on_signal(lambda: channel.send(message(1)))
    try:
        channel.send(message(2))
        channel.send(message(3))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert sorted(numbers(slot)) == [1, 2, 3]


class Enough(BaseException):
    pass


def send_for_ever(channel):
    while True:  # nobody reads, so it comes to a halt in the midst of a message
        channel.send(message(1, size=300_000))


def test_a_signal_handler_that_raises_leaves_no_half_of_a_line_to_the_next_message(slot):
    channel = SocketChannel(slot.path)

    def enough():
        raise Enough

    before = on_signal(enough)
    me = threading.main_thread().ident
    timer = threading.Timer(0.05, signal.pthread_kill, (me, signal.SIGUSR1))
    try:
        timer.start()
        with pytest.raises(Enough):
            send_for_ever(channel)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    channel.send(message(2))
    lines = slot.lines()
    assert json.loads(lines[-1])["v"] == 2
    assert {json.loads(line)["v"] for line in lines[:-1] if line.endswith(b"\n")} == {1}


def script(slot: Slot, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a slot would."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SWEEP_CHANNEL": slot.path,
        "SWEEP_RUN_ID": "HD_x_0",
        "SWEEP_RUN_NUMBER": "0",
        "SWEEP_RUN_ATTEMPT": "1",
        "SWEEP_RUN_FOLDER": str(folder),
    }
    words = [sys.executable, "-W", "ignore", "-c", f"from sweep import Run\n{text}"]
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=30, check=False)


def test_a_forked_child_has_a_connection_of_its_own(slot, tmp_path):
    done = script(
        slot,
        tmp_path,
        """
import os, sys
run = Run.get_context()
run.log("parent", 1)
if os.fork() == 0:
    run.log("child", 2)
    sys.exit()
os.wait()
run.log("parent", 3)
""",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [(m["n"], m["v"]) for m in slot.said()] == [("parent", 1), ("parent", 3), ("child", 2)]
    assert len(slot.connections) == 2


def test_a_child_that_was_forked_in_the_midst_of_a_message_can_speak(slot, tmp_path):
    done = script(
        slot,
        tmp_path,
        """
import os, sys, threading
run = Run.get_context()
held, over = threading.Event(), threading.Event()

def speak():  # as a thread that is sending does
    with run._channel._lock:
        held.set()
        over.wait()

threading.Thread(target=speak).start()
held.wait()
if os.fork() == 0:
    run.log("child", 1)
    sys.exit()
os.wait()
over.set()
""",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [(m["n"], m["v"]) for m in slot.said()] == [("child", 1)]
