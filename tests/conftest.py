"""What all tests share: they touch nothing of the user's, and nothing of theirs outlives them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, and however busy the machine is.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

MARK = "HYPERSWEEP_TESTS"
"""A variable in the environment of every process that the tests start, however indirectly."""
FOREIGN = ("AZUREML_", "RAY_", "SWEEP_")
"""Variables of the user's that would change what the tests see."""
PATIENCE = 10.0
"""Seconds in which what was told to end must have ended."""


@pytest.fixture(autouse=True, scope="session")
def nothing_is_left(tmp_path_factory):
    """Give the tests a home of their own, and see to it that no process of theirs lives on.

    The folder for temporary files has a short path: the sockets of Ray are below it.
    """
    basetemp = tmp_path_factory.getbasetemp()
    short = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    (short / "home").mkdir()
    token = secrets.token_hex(8)
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(FOREIGN)]:
            patch.delenv(name)
        patch.setenv(MARK, token)
        patch.setenv("TMPDIR", str(short))
        patch.setenv("HOME", str(short / "home"))
        patch.setattr(tempfile, "tempdir", str(short))
        yield
    left = _left(token, [basetemp, short])
    deadline = time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = _left(token, [basetemp, short])
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(short, ignore_errors=True)
    assert not left, f"the tests left processes behind: {left}"


def _left(token: str, folders: list[Path]) -> dict[int, str]:
    """Return the living processes that carry the mark, by their numbers.

    Guards of runs have an empty environment, and processes of Ray overwrite theirs with a title:
    these are known by the folder in which they work.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has just ended, or it is somebody else's
            environment = (entry / "environ").read_bytes()
            cwd = (entry / "cwd").readlink()
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            marked = f"{MARK}={token}".encode() in environment.split(b"\0")
            unmarkable = not environment or words[0].startswith("ray::")
            if marked or (unmarkable and any(map(cwd.is_relative_to, folders))):
                found[int(entry.name)] = " ".join(words).strip()
    return found


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
