"""Short names for the folders of Ray, and what becomes of those that the killed leave behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sweep.compute.ray_folder import RayFolder
from sweep.lease import Lease

ENGINE = """
import sys
from pathlib import Path
from sweep.compute.ray_folder import RayFolder
from sweep.lease import Lease
lock = Lease(Path(sys.argv[1]) / sys.argv[2])
print(RayFolder(Path(sys.argv[1]) / sys.argv[3]).short, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def long(tmp_path):
    """Return a folder with a name that is too long for sockets."""
    folder = tmp_path / ("x" * 60)
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("lock", "ray"), [("lock", "ray"), ("keeper.lock", "nodes/one")])
@pytest.mark.parametrize("again", [True, False])
def test_who_is_killed_leaves_a_name_that_is_taken_away(long, lock, ray, again):
    own = long / "one"
    own.mkdir()
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(own), lock, ray],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        link = Path(engine.stdout.readline().strip())
        assert link.readlink() == own / ray
        RayFolder(long / "two").clear()
        assert link.is_symlink(), "it is alive"
    finally:
        engine.send_signal(signal.SIGKILL)
        engine.communicate()
    assert link.is_symlink(), "nobody could take it away"
    if again:  # somebody goes on with it, under another name
        lease = Lease(own / lock)
        next_one = RayFolder(own / ray)
        assert next_one.short.readlink() == own / ray
        next_one.clear()
        lease.close()
    RayFolder(long / "three").clear()
    assert not link.is_symlink()
    assert (own / ray).is_dir(), "what it leads to is the sweep's"


def test_two_may_work_in_one_folder(long):
    folders = [RayFolder(long / "ray") for _ in range(2)]
    assert all(folder.short.readlink() == long / "ray" for folder in folders)
    for folder in folders:
        folder.clear()
        assert not folder.short.is_symlink()


def test_names_that_lead_nowhere_go_and_those_of_others_stay(long):
    here = Path(tempfile.gettempdir())
    nowhere, other, whose = (here / f"sweep-{n * 12}" for n in "abc")
    foreign = here / "sweep-not-ours"
    for link in (nowhere, foreign):
        link.symlink_to(long / "gone")
    other.mkdir()
    (long / "of-nobody-known").mkdir()
    whose.symlink_to(long / "of-nobody-known")
    try:
        RayFolder(long / "ray").clear()
        assert not nowhere.is_symlink()
        assert all(entry.exists() or entry.is_symlink() for entry in (other, whose, foreign))
    finally:
        other.rmdir()
        for link in (whose, foreign):
            link.unlink()


def test_a_short_name_needs_no_other(long):
    lease = Lease(long / "lock")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="s") as short:
        folder = RayFolder(Path(short) / "ray")
        assert folder.short == (Path(short) / "ray").resolve()
    lease.close()
