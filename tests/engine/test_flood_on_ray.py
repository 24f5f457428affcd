"""A run that logs without end, beside one that does not: from the scripts to the database."""

from __future__ import annotations

import contextlib
import resource
import sqlite3

import pytest

from sweep.core.commands import SweepStatus
from sweep.engine.open import OpenSweep
from sweep.storage.reader import SweepReader
from tests.engine.scripts import swept

pytestmark = pytest.mark.ray

TRAIN = """\
import os, pathlib, socket, sys, time
from sweep import Run

x = int(sys.argv[sys.argv.index("--x") + 1])
run = Run.get_context()
over, begun = pathlib.Path(OVER), pathlib.Path(OVER + "-not-yet")
if x == 0:
    while not begun.exists():
        time.sleep(0.02)
    try:
        for number in range(100_000):
            run.log("loss", float(number))
        channel = socket.socket(socket.AF_UNIX)
        channel.connect(os.environ["SWEEP_CHANNEL"])
        for _ in range(100):
            channel.sendall(b"x" * 1_000_000)
        channel.sendall(b"\\\\n")
    finally:
        over.touch()
while not over.exists():
    begun.touch()
    run.log("score", time.time())
    time.sleep(0.02)
"""


def peak():
    """The most memory this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_flood_is_bounded_counted_and_nobody_elses_trouble(tmp_path):
    script = f"OVER = {str(tmp_path / 'over')!r}\n{TRAIN}"
    folder = swept(script, tmp_path / "source", tmp_path, runs=2)
    before = peak()
    with OpenSweep(folder) as opened:
        assert opened.engine.work() is SweepStatus.COMPLETED
    assert peak() - before < 50 << 20
    with SweepReader(folder.database) as reader:
        flood, other = reader.runs()
    assert flood.facts["dropped"] == 1
    assert other.reports > 20
    with contextlib.closing(sqlite3.connect(folder.database)) as database:
        heard = database.execute("SELECT at, value FROM event WHERE value IS NOT NULL").fetchall()
        logged = database.execute("SELECT count(*) FROM metric WHERE run = 0").fetchone()
    assert logged == (100_000,)
    assert len(heard) == other.reports
    assert max(at - value for at, value in heard) < 5.0, "seconds until a report is judged"
