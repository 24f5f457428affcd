"""Which databases are opened, and which are not."""

from __future__ import annotations

import sqlite3

import pytest

from sweep.errors import WorkspaceError
from sweep.storage.schema import VERSION, connect


def some_database(path, *statements):
    with sqlite3.connect(path) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_what_was_made_is_opened_again(path):
    connect(path, write=True).close()
    for write in (True, False):
        db = connect(path, write=write)
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        db.close()


def test_a_commit_is_on_the_disk_when_it_returns(path):
    db = connect(path, write=True)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    db.close()


def test_names_that_mean_something_in_an_address_are_only_names(tmp_path):
    path = tmp_path / "a?mode=ro#%41 é.db"
    connect(path, write=True).close()
    connect(path).close()
    assert path.exists()


def test_a_reader_makes_nothing(path):
    with pytest.raises(WorkspaceError, match=r"sweep\.db: no such database$"):
        connect(path)
    assert not path.exists()


def test_a_reader_cannot_write(path):
    connect(path, write=True).close()
    db = connect(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM event")
    db.close()


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p.write_bytes(b"no database at all" * 100), "file is not a database"),
        (lambda p: p.mkdir(), "database"),
        (lambda p: some_database(p, "PRAGMA user_version = 99"), "newer version (schema 99;"),
        (lambda p: some_database(p, "CREATE TABLE t (x)"), "it is not the database of a sweep"),
    ],
)
def test_other_files_are_refused_and_left_alone(path, make, words, write):
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(WorkspaceError) as caught:
        connect(path, write=write)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert before is None or path.read_bytes() == before


def test_an_empty_file_can_become_a_database_but_is_none(path):
    path.touch()
    with pytest.raises(WorkspaceError, match="it is not the database of a sweep"):
        connect(path)
    connect(path, write=True).close()
    connect(path).close()


def test_a_place_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WorkspaceError, match=r"nowhere/sweep\.db: unable to open"):
        connect(tmp_path / "nowhere" / "sweep.db", write=True)


def test_a_place_that_may_not_be_written_is_named(powerless):
    closed = powerless.folder / "closed"
    closed.mkdir(mode=0o555)
    powerless()
    with pytest.raises(WorkspaceError, match=r"closed/sweep\.db: unable to open"):
        connect(closed / "sweep.db", write=True)
