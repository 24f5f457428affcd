"""What is changed in a sweep while it is worked on."""

from __future__ import annotations

from pathlib import Path

from sweep.engine.engine import Engine
from sweep.engine.wishes import FolderWishes, leave
from sweep.storage.checkup import check_database
from sweep.storage.journal import Batch, SqliteJournal
from tests.engine.test_engine import define, make


def most_at_a_time(engine: Engine) -> int:
    """Work until the end; return how many runs lived at one time."""
    found = [0]
    engine.on_round = lambda _: found.append(len(engine.scheduler.live))
    engine.work()
    return max(found)


def test_one_run_at_a_time():
    assert most_at_a_time(make(define(concurrent=1))) == 1


def test_more_from_now_on(tmp_path: Path):
    wishes = FolderWishes(tmp_path / "requests")
    journal = SqliteJournal(tmp_path / "sweep.db", define().goal)
    leave(tmp_path / "requests", "concurrent", 3, "test")
    engine = make(define(concurrent=1), journal, wishes=wishes)
    journal.write(
        Batch(
            sweep={
                "definition": define(concurrent=1).to_wire(),
                "status": ["NotStarted", ""],
                "template": {},
                "resources": {},
            }
        )
    )
    assert most_at_a_time(engine) == 3
    journal.close()
    assert check_database(tmp_path / "sweep.db").findings == []
