"""Is a sweep's database what was once written? Only looks; see `salvage` for what can be done."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweep.core.definition import begun_with
from sweep.errors import Damaged, WorkspaceError
from sweep.storage.journal import RUN_COLUMNS
from sweep.storage.log_file import log_of, state_of_log
from sweep.storage.retrace import Retraced, entries_of, retrace
from sweep.storage.schema import connect
from sweep.storage.trouble import Explained

MOST_COMPLAINTS = 5
"""How many of SQLite's complaints are shown: one broken page makes many."""
ESSENTIAL = ("definition", "status", "template", "resources")
JSON_COLUMNS = {RUN_COLUMNS.index("configuration"), RUN_COLUMNS.index("verdict")}
REPAIR = "`sweep doctor --repair` keeps the journal as far as it can be read"
JSON_OF_RUNS = "SELECT facts FROM run WHERE facts IS NOT NULL UNION ALL SELECT value FROM metric"
TEXTS = "SELECT kind, name FROM metric UNION ALL SELECT name, value FROM tag"
NOTICES = "SELECT at, run, text FROM notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: one word, for programs.
        where: the file or folder.
        what: what is the matter.
        todo: what to do about it.
    """

    kind: str
    where: str
    what: str
    todo: str


@dataclass(slots=True)
class Checkup:
    """What is the matter with a database, and what could be read of it.

    Attributes:
        findings: none if all is well.
        mend: whether a repair can do something about it.
        facts: about the sweep.
        runs: state and attempt of each run in the table.
    """

    findings: list[Finding] = field(default_factory=list)
    mend: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    runs: dict[int, tuple[str, int]] = field(default_factory=dict)


def check_database(path: Path, *, live: bool = False) -> Checkup:
    """Check a sweep's database; change nothing.

    Args:
        path: the database.
        live: somebody writes it now, so that its log changes while one looks.
    """
    found = Checkup()
    try:
        lost = 0 if live else state_of_log(log_of(path)).lost
        if lost:
            found.mend = True
            what = f"its log is broken, with {lost} whole transactions behind the break"
            found.findings.append(Finding("damaged", str(path), what, REPAIR))
        with closing(connect(path)) as db, Explained(path, values=True):
            db.execute("BEGIN")  # one moment, also while somebody writes
            _check(db, path, found)
    except Damaged as error:
        found.mend = True
        found.findings.append(Finding("damaged", str(path), error.why, REPAIR))
    except WorkspaceError as error:
        found.findings.append(_refused(path, str(error)))
    except OSError as error:
        what = f"it cannot be read: {error.strerror}"
        found.findings.append(Finding("unreadable", str(path), what, "look at the disk"))
    return found


def _refused(path: Path, said: str) -> Finding:
    """Return the finding for a database that is refused for what it is, not for damage."""
    what = said.removeprefix(f"{path}: ")
    if "newer version" in said:
        todo = "upgrade hypersweep; this version leaves it alone"
        return Finding("newer", str(path), what.partition(": upgrade")[0], todo)
    todo = "nothing can be read of it: restore it from a copy, or delete the sweep's folder"
    return Finding("unreadable", str(path), what, todo)


def _check(db: sqlite3.Connection, path: Path, found: Checkup) -> None:
    complaints = [
        line
        for (text,) in db.execute(f"PRAGMA integrity_check({MOST_COMPLAINTS})")
        for line in text.splitlines()
        if line != "ok"
    ]
    if complaints:
        what = "SQLite says: " + "; ".join(complaints[:MOST_COMPLAINTS])
        found.findings.append(Finding("damaged", str(path), what, REPAIR))
        found.mend = True
    for key, value in db.execute("SELECT key, value FROM sweep"):
        found.facts[key] = json.loads(value)
    _read_all(db)
    for key in ESSENTIAL[:2]:
        if key not in found.facts:
            raise Damaged(f"the sweep's {key} is not in it")
    table = db.execute(f"SELECT {', '.join(RUN_COLUMNS)} FROM run ORDER BY number").fetchall()  # noqa: S608
    found.runs = {row[0]: (row[2], row[3]) for row in table}
    traced = retrace(begun_with(found.facts), entries_of(db, path))
    if traced.problem:
        found.findings.append(_stuck(path, traced, found))
        found.mend = found.mend or not traced.readable
        return
    if wrong := _differences(traced, {row[0]: row for row in table}, found.facts["status"]):
        what = f"its tables do not say what its journal says: {'; '.join(wrong[:MOST_COMPLAINTS])}"
        found.findings.append(
            Finding("tables", str(path), what, "`sweep doctor --repair` makes them anew")
        )
        found.mend = True


def _read_all(db: sqlite3.Connection) -> None:
    """Read what the journal does not say: every value has to be one."""
    for (value,) in db.execute(JSON_OF_RUNS):
        json.loads(value)
    for question in (TEXTS, NOTICES):
        for _ in db.execute(question):
            pass  # to be read is to be decoded


def _stuck(path: Path, traced: Retraced, found: Checkup) -> Finding:
    """Return the finding for a journal that cannot be replayed to its end."""
    what = f"its journal can be replayed for {traced.good} entries only: {traced.problem}"
    if not traced.readable or found.mend:
        return Finding("damaged", str(path), what, REPAIR)
    made_by = found.facts.get("versions")
    todo = (
        "nothing shows that the file is damaged, so a repair leaves it alone: use the version"
        f" that wrote it ({made_by}), or restore it from a copy"
    )
    return Finding("diverged", str(path), what, todo)


def _differences(
    traced: Retraced, table: dict[int, tuple[Any, ...]], status: list[str]
) -> list[str]:
    wrong = []
    expected = traced.rows()
    for number in sorted({*expected, *table}):
        if number not in table:
            wrong.append(f"run {number} is not in the table")
        elif number not in expected:
            wrong.append(f"run {number} is in the table, but was never launched")
        else:
            here, there = map(_plain, (table[number], expected[number]))
            wrong += [
                f"run {number} has {name} {a!r}, not {b!r}"
                for name, a, b in zip(RUN_COLUMNS, here, there, strict=True)
                if repr(a) != repr(b)
            ]
    stated, is_ = status[0], traced.scheduler.status.value
    if traced.good and stated != is_:
        wrong.append(f"the sweep is {stated}, not {is_}")
    return wrong


def _plain(row: tuple[Any, ...]) -> list[Any]:
    """Return a row as it can be compared: JSON is read, and NaN is stored as NULL."""
    plain: list[Any] = []
    for place, value in enumerate(row):
        if place in JSON_COLUMNS and value is not None:
            plain.append(json.loads(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            plain.append(None if math.isnan(value) else float(value))
        else:
            plain.append(value)
    return plain
