"""The tables of a sweep's database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sweep.errors import WorkspaceError
from sweep.storage.log_file import log_of, state_of_log
from sweep.storage.trouble import Explained, damaged

VERSION = 1
"""Raised with every change that an older program could not read."""

TABLES = """
-- The journal: every event in the order in which it was handled, with the commands it caused.
CREATE TABLE event (
    seq      INTEGER PRIMARY KEY,
    at       REAL NOT NULL,
    kind     INTEGER NOT NULL,
    run      INTEGER,
    value    REAL,              -- of a report; NULL there is NaN
    data     TEXT,              -- JSON: the other fields
    commands TEXT               -- JSON; NULL for none
);
-- What readers look at: the present state of every run. Derived from the journal.
CREATE TABLE run (
    number        INTEGER PRIMARY KEY,
    status        TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    configuration TEXT NOT NULL, -- JSON
    reports       INTEGER NOT NULL DEFAULT 0,
    best          REAL,          -- finite, or NULL
    last          REAL,
    reason        TEXT NOT NULL DEFAULT '',
    verdict       TEXT,          -- JSON
    launched_at   REAL,
    started_at    REAL,
    ended_at      REAL,
    facts         TEXT           -- JSON: exit_code, host, pid, stop_seconds, peak_memory, ...
);
-- Everything else a run logs, as it logged it.
CREATE TABLE metric (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    name    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    value   TEXT NOT NULL,       -- JSON
    step    REAL,
    at      REAL NOT NULL
);
CREATE INDEX metric_of_run ON metric (run);
CREATE TABLE tag (
    run     INTEGER NOT NULL,    -- -1: the sweep itself
    kind    TEXT NOT NULL,       -- tag, property, artifact
    name    TEXT NOT NULL,
    value   TEXT,
    PRIMARY KEY (run, kind, name)
) WITHOUT ROWID;
-- What the user was told, and what belongs to an attempt that was lost.
CREATE TABLE notice (
    id   INTEGER PRIMARY KEY,
    at   REAL NOT NULL,
    run  INTEGER,
    text TEXT NOT NULL
);
CREATE TABLE sweep (
    key   TEXT PRIMARY KEY,
    value TEXT                   -- JSON
) WITHOUT ROWID;
"""


def connect(path: Path, *, write: bool = False) -> sqlite3.Connection:
    """Open a sweep's database; for writing, make it if need be.

    Nothing is changed where it is refused.

    Raises:
        Damaged: it is not what was once written.
        DiskFull: there is no room for what SQLite needs.
        WorkspaceError: it is not there, is not one of ours, or is newer than this program.
    """
    if not write and not path.is_file():
        raise WorkspaceError(f"{path}: no such database")
    _refuse_what_would_be_lost(path, write=write)
    mode = "rwc" if write else "ro"
    with Explained(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=10,
            check_same_thread=False,
        )
        try:
            _prepare(connection, path, write=write)
        except BaseException:
            connection.close()
            raise
    return connection


def _refuse_what_would_be_lost(path: Path, *, write: bool) -> None:
    """Refuse a database at whose opening SQLite would throw away whole transactions."""
    log = log_of(path)
    if not log.exists():
        return
    if path.is_file() and path.stat().st_size <= 1 and log.stat().st_size:  # SQLite takes 1 for 0
        raise damaged(path, "it is empty, but its log is not")
    if write and (lost := state_of_log(log).lost):
        raise damaged(path, f"its log is broken, with {lost} whole transactions behind the break")


def _prepare(connection: sqlite3.Connection, path: Path, *, write: bool) -> None:
    version, tables = connection.execute(
        "SELECT user_version, (SELECT COUNT(*) FROM sqlite_master) FROM pragma_user_version"
    ).fetchone()
    if write and version == tables == 0:
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        version = VERSION
    if version == 0:
        raise WorkspaceError(f"{path}: it is not the database of a sweep")
    if version > VERSION:
        raise WorkspaceError(
            f"{path}: written by a newer version (schema {version}; this program knows"
            f" {VERSION}): upgrade hypersweep to read it"
        )
    if version < 0:
        raise damaged(path, f"its schema has the version {version}")
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
