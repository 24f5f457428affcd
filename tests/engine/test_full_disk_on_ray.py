"""A script that fills up the disk that its sweep, and Ray, are on."""

from __future__ import annotations

import pytest

from sweep.core.commands import SweepStatus
from sweep.core.run import RunState
from sweep.engine.open import OpenSweep
from sweep.storage.reader import SweepReader
from tests.engine.scripts import swept
from tests.engine.test_full_disk import is_whole, small

__all__ = ["small"]
pytestmark = pytest.mark.ray

TRAIN = """\
import pathlib, sys, time
from sweep import Run

x = int(sys.argv[sys.argv.index("--x") + 1])
run = Run.get_context()
for epoch in range(20):
    run.log("score", float(x + epoch))
if x >= 2 and not pathlib.Path(ROOM).exists():
    try:
        with open("outputs/filling", "ab", buffering=0) as file:
            while True:
                file.write(b"x" * 65536)
    except OSError:
        while True:  # nothing of this can be kept
            print("y" * 100)
            run.log("score", 0.5)
            time.sleep(0.01)
"""


def work(folder):
    with OpenSweep(folder) as opened:
        return opened.engine.work(), opened.engine.scheduler


def test_it_is_paused_and_resumed(small, tmp_path):
    script = f"ROOM = {str(tmp_path / 'room')!r}\n{TRAIN}"
    folder = swept(script, tmp_path / "source", small, runs=6)

    status, scheduler = work(folder)
    assert status is SweepStatus.PAUSED
    assert "full" in scheduler.reason
    assert not (folder.path / "ballast").exists()
    assert is_whole(folder.database)
    states = [r.state for r in scheduler.runs.values()]
    assert RunState.FAILED not in states
    assert not scheduler.live
    with SweepReader(folder.database) as reader:
        assert reader.get("status")[0] == "Paused"

    for filling in small.rglob("filling"):
        filling.unlink()
    (tmp_path / "room").touch()
    status, scheduler = work(folder)
    assert status is SweepStatus.COMPLETED
    assert [r.state for r in scheduler.runs.values()] == [RunState.COMPLETED] * 6
    assert is_whole(folder.database)
