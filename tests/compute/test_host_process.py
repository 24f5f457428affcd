"""The pipes to a target host."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pytest

from sweep.compute.host_process import HostProcess
from sweep.errors import TargetError

LARGE = "x" * 1_000_000


class Echo(HostProcess):
    """What we tell it, it says; it hears nothing while it cannot say anything."""

    command = ("cat",)


def heard(host: HostProcess, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    until = time.monotonic() + 20
    while len(found) < count:
        assert time.monotonic() < until
        found += host.hear(1.0)
    return found


def test_both_may_speak_at_length_at_a_time(tmp_path):
    """With pipes that are full in both directions nobody waits for ever."""
    host = Echo({"PATH": os.environ["PATH"]}, tmp_path)
    try:
        for number in range(5):
            host.tell(number=number, text=LARGE)
        assert [said["number"] for said in heard(host, 5)] == [*range(5)]
        host.tell(number=5)
        assert heard(host, 1) == [{"number": 5}]
        began = time.monotonic()
        assert host.hear(0.05) == []
        assert time.monotonic() - began >= 0.05
    finally:
        host.close()


def test_one_that_is_gone_says_so_when_it_is_listened_to(tmp_path):
    class Gone(HostProcess):
        command = ("true",)

    host = Gone({"PATH": os.environ["PATH"]}, tmp_path)
    try:
        for _ in range(3):
            host.tell(text=LARGE)
        with pytest.raises(TargetError, match="is gone"):
            heard(host, 1)
    finally:
        host.close()


def test_the_engine_s_side_loads_no_event_loop():
    """It is slots that have one; its import is not free."""
    code = "import sys, sweep.compute.ray_target; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
