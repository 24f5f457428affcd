"""One writer per sweep."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.errors import WorkspaceError
from sweep.lease import holder
from sweep.storage.lock import Lock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from sweep.storage.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "HD_x"
    folder.mkdir()
    return folder / "lock"


@pytest.fixture
def other(path):
    """Another process that holds the lock until its standard input ends."""
    words = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_is_held_and_released(path):
    assert holder(path) is None
    with Lock(path), pytest.raises(WorkspaceError, match=r"^HD_x: .* is working on this sweep$"):
        Lock(path)
    assert holder(path) is None
    Lock(path).close()


def test_the_holder_is_named(path, other):
    assert holder(path) == other.pid
    with pytest.raises(WorkspaceError) as caught:
        Lock(path)
    assert str(caught.value) == f"HD_x: process {other.pid} is working on this sweep"
    assert holder(path) == other.pid  # asking and trying take nothing away


def test_looking_is_not_taking(path, other):
    with path.open("rb"):
        for _ in range(3):
            assert holder(path) == other.pid
    other.stdin.close()
    assert other.wait(10) == 0
    assert holder(path) is None
    with Lock(path):  # nobody who looked stands in the way
        pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_dies_with_its_holder(path, other, how):
    other.send_signal(how)
    assert other.wait(10) == -how
    assert holder(path) is None
    with Lock(path), pytest.raises(WorkspaceError):
        Lock(path)


def test_a_holder_that_has_not_written_its_number_is_still_one(path, other):
    path.write_text("")
    assert holder(path) == 0
    with pytest.raises(WorkspaceError, match="HD_x: another process is working"):
        Lock(path)


@pytest.mark.parametrize("text", ["", "12", "no number"])
def test_what_is_in_the_file_of_a_free_lock_does_not_matter(path, text):
    path.write_text(text)
    assert holder(path) is None
    Lock(path).close()


def test_a_number_that_is_none_does_not_hurt(path, other):
    path.write_text("no number")
    assert holder(path) == 0


def test_a_lock_needs_its_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "nowhere" / "lock")
    assert holder(tmp_path / "nowhere" / "lock") is None
