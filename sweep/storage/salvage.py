"""What can be read of a damaged database, as a new one.

Kept is the beginning of the journal that replays, and of everything else what belongs to it. The
table of runs is made from the journal. The original stays beside the new database.
"""

from __future__ import annotations

import filecmp
import json
import math
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sweep.core.definition import begun_with
from sweep.errors import Damaged
from sweep.storage.checkup import ESSENTIAL, check_database
from sweep.storage.journal import Batch, Metric, SqliteJournal
from sweep.storage.log_file import log_of
from sweep.storage.retrace import Retraced, entries_of, retrace
from sweep.storage.schema import connect
from sweep.storage.trouble import NONSENSE

PAGE = 4096
WORKSHOP = ".mending-"
"""What the folder of a repair at work is called, in the sweep's folder."""
T = TypeVar("T")


@dataclass(slots=True)
class Salvage:
    """What was read of a damaged database.

    Attributes:
        traced: the journal, as far as it leads.
        batch: everything that a new database needs.
        lost: what could not be read.
    """

    traced: Retraced
    batch: Batch
    lost: list[str] = field(default_factory=list)


def rebuild(path: Path) -> str:
    """Put a new database in the place of a damaged one; return what was done.

    The caller holds the sweep's lock. Until the last step, which is one renaming, the original
    is in its place; afterwards it is ``sweep.db.damaged-N``.

    Raises:
        Damaged: not enough can be read of it; it has been left as it is.
        DiskFull: there is no room for the new one and the original; all is left as it is.
    """
    _take_up(path)
    with _workshop(path.parent) as shop:
        saved = _read(path, shop)
        fresh = shop / "fresh.db"
        with closing(SqliteJournal(fresh, saved.traced.scheduler.definition.goal)) as journal:
            journal.write(saved.batch)
        if wrong := check_database(fresh).findings:
            raise Damaged(f"{path}: what can be read of it is not a sweep: {wrong[0].what}")
        aside = _set_aside(path)
        for name in ("-wal", "-shm"):  # SQLite would take them for the new database's
            path.with_name(path.name + name).unlink(missing_ok=True)
        fresh.replace(path)
        _sync(path.parent)
    lost = f"lost: {'; '.join(saved.lost)}" if saved.lost else "nothing is lost"
    return (
        f"{path}: made anew from the first {saved.traced.good} entries of its journal; {lost};"
        f" the original is {aside.name}"
    )


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    shop = Path(tempfile.mkdtemp(prefix=WORKSHOP, dir=folder))
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


# ---- reading ------------------------------------------------------------------------------


def _read(path: Path, shop: Path) -> Salvage:
    """Read a copy: as it is, and if that is no use with the first page of a database of ours.

    The first page says where each table begins. That is the same in all of ours.
    """
    copy = shop / path.name
    shutil.copyfile(path, copy)
    if log_of(path).exists():
        shutil.copyfile(log_of(path), log_of(copy))
    try:
        return _saved(copy)
    except (sqlite3.Error, Damaged, *NONSENSE):
        blank = shop / "blank.db"
        connect(blank, write=True).close()
        first, data = blank.read_bytes(), path.read_bytes()
        copy.write_bytes(first[:PAGE] + data[PAGE:] + first[max(len(data), PAGE) :])
        if log_of(path).exists():
            shutil.copyfile(log_of(path), log_of(copy))
    try:
        return _saved(copy)
    except (sqlite3.Error, Damaged, *NONSENSE) as error:
        why = error.why if isinstance(error, Damaged) else str(error)
        raise Damaged(
            f"{path}: too little can be read of it to go on from ({why}); it has been left as it"
            " is: restore it from a copy, or delete the sweep's folder"
        ) from None


def _saved(copy: Path) -> Salvage:
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        facts, lost = _scan(db, "sweep", "key, value", 1, _fact)
        about = dict(facts)
        if missing := [key for key in ESSENTIAL if key not in about and key != "status"]:
            raise Damaged(f"the sweep's {missing[0]} cannot be read")
        traced = retrace(begun_with(about), entries_of(db, copy), keep=True)
        if traced.problem and not traced.good:
            raise Damaged(f"nothing of its journal can be read: {traced.problem}")
        saved = Salvage(traced, Batch(entries=traced.entries, sweep=about))
        if lost:
            saved.lost.append("facts about the sweep")
        if traced.problem:
            saved.lost.append(f"the journal from entry {traced.good + 1} on ({traced.problem})")
        _derive(saved)
        _gather(db, saved)
    return saved


def _derive(saved: Salvage) -> None:
    """Make what follows from the journal."""
    scheduler, batch = saved.traced.scheduler, saved.batch
    if "first_definition" in batch.sweep:  # what it became may be in what is lost
        batch.sweep["definition"] = scheduler.definition.to_wire()
    batch.records = dict(scheduler.runs)
    batch.bests = {number: scheduler.board.best(number) for number in scheduler.runs}
    if saved.traced.good or "status" not in batch.sweep:
        batch.sweep["status"] = [scheduler.status.value, scheduler.reason]
        if scheduler.done:
            batch.sweep["evaluations"] = scheduler.evaluations


def _gather(db: sqlite3.Connection, saved: Salvage) -> None:
    """Read what the journal does not say, of runs that it knows."""
    batch = saved.batch
    launched = {number: record.attempt for number, record in batch.records.items()}
    facts, facts_lost = _scan(db, "run", "number, facts", 1, _facts_of_run)
    batch.facts = {run: about for run, about in facts if run in launched and about}
    metrics, metrics_lost = _scan(
        db, "metric", "id, run, attempt, name, kind, value, step, at", 1, _metric
    )
    batch.metrics = [m for m in metrics if m.attempt <= launched.get(m.run, 0)]
    tags, tags_lost = _scan(db, "tag", "run, kind, name, value", 3, _tag)
    batch.tags = [tag for tag in tags if tag[0] == -1 or tag[0] in launched]
    notices, notices_lost = _scan(db, "notice", "id, at, run, text", 1, _notice)
    batch.notices = [n for n in notices if n[1] is None or n[1] in launched]
    parts = {
        "facts of runs": facts_lost,
        "ordinary metrics": metrics_lost,
        "tags and properties": tags_lost,
        "notices": notices_lost,
    }
    saved.lost += [f"some {part}" for part, is_lost in parts.items() if is_lost]


def _scan(
    db: sqlite3.Connection, table: str, columns: str, keys: int, read: Callable[..., T]
) -> tuple[list[T], bool]:
    """Read a table from the front up to a break, then from the back down to one.

    Returns the rows in order, and whether there was a break.
    """
    key = columns.split(", ")[:keys]
    rows: dict[tuple[Any, ...], T] = {}
    broken = False
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{name} {direction}" for name in key)
        whole = True
        try:
            for row in db.execute(f"SELECT {columns} FROM {table} ORDER BY {order}"):  # noqa: S608
                with suppress(*NONSENSE):
                    rows.setdefault(row[:keys], read(*row))
                broken = broken or row[:keys] not in rows
        except (sqlite3.Error, UnicodeDecodeError):
            whole, broken = False, True
        if whole:
            break
    return [rows[place] for place in sorted(rows, key=repr if keys > 1 else None)], broken


def _fact(key: str, value: str) -> tuple[str, Any]:
    return str(key), json.loads(value)


def _facts_of_run(number: int, facts: str | None) -> tuple[int, dict[str, Any]]:
    return int(number), dict(json.loads(facts)) if facts else {}


def _metric(
    _: int, run: int, attempt: int, name: str, kind: str, value: str, *more: Any
) -> Metric:
    step, at = more
    loaded = json.loads(value)
    step = None if step is None else _number(step)
    return Metric(int(run), int(attempt), _words(name), _words(kind), loaded, step, _number(at))


def _tag(run: int, kind: str, name: str, value: str | None) -> tuple[int, str, str, str | None]:
    return int(run), _words(kind), _words(name), None if value is None else _words(value)


def _notice(_: int, at: float, run: int | None, text: str) -> tuple[float, int | None, str]:
    return _number(at), None if run is None else int(run), _words(text)


def _words(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:  # zeros are what a torn page is filled with
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> float:
    number = float(value)
    if math.isnan(number):
        raise ValueError("no number")
    return number


# ---- setting aside ------------------------------------------------------------------------


def _set_aside(path: Path) -> Path:
    """Copy a database and its log beside it, under a name that nothing has."""
    aside = next(a for n in count(1) if not (a := _aside(path, n)).exists())
    try:
        for source, copy in ((log_of(path), log_of(aside)), (path, aside)):
            if source.exists():
                shutil.copy2(source, copy)
                with copy.open("rb") as file:
                    os.fsync(file.fileno())
    except BaseException:
        aside.unlink(missing_ok=True)
        log_of(aside).unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return aside


def _take_up(path: Path) -> None:
    """Put back the log where a repair was interrupted after it had been set aside."""
    last = None
    for n in count(1):
        if not _aside(path, n).exists():
            break
        last = _aside(path, n)
    if last is None or log_of(path).exists() or not log_of(last).exists():
        return
    if filecmp.cmp(last, path, shallow=False):
        shutil.copy2(log_of(last), log_of(path))


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.damaged-{number}")


def _sync(folder: Path) -> None:
    """Make renamings durable."""
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
