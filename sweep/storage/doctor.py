"""Is all well in a workspace? Only looks; see `repair` for what can be done about it."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sweep.core.run import LIVE, OVER
from sweep.core.words import counted
from sweep.storage.checkup import Checkup, Finding, check_database
from sweep.storage.leftovers import Process, of_sweep, processes
from sweep.storage.log_file import log_of
from sweep.storage.salvage import WORKSHOP
from sweep.storage.trouble import NONSENSE
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

SECONDS_TO_MAKE_A_SWEEP = 60.0
"""A folder without a database may be a sweep that is being made right now."""
RUN_FOLDER = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")
HAD_A_FOLDER = ("Running", "CancelRequested", "Completed")
"""States of runs that cannot have been reached without one."""
MOST_NAMES = 8
OF_EVERY_SWEEP = ("sweep.json", "sweep.db", "lock")
"""Files that say nothing of a sweep as long as the database is empty."""


@dataclass(slots=True)
class SweepCheck:
    """One sweep, looked at.

    Attributes:
        folder: where it is kept.
        engine: the process that works on it; None for nobody.
        database: what is the matter with its database; None where it has none.
        findings: all of it.
        empty: whether its folder holds nothing at all.
        run_folders: folders of runs that nobody knows of and that hold nothing.
    """

    folder: SweepFolder
    engine: int | None
    database: Checkup | None = None
    findings: list[Finding] = field(default_factory=list)
    empty: bool = False
    run_folders: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class WorkspaceCheck:
    """A workspace, looked at.

    Attributes:
        sweeps: each of its sweeps.
        findings: about the workspace itself.
    """

    sweeps: list[SweepCheck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def all_findings(self) -> list[Finding]:
        """What is the matter, with the workspace first."""
        return [*self.findings, *(f for s in self.sweeps for f in s.findings)]


def examine(workspace: WorkspaceFolder) -> WorkspaceCheck:
    """Look at a workspace and every sweep in it; change nothing.

    Of a sweep that somebody works on, only the database is looked at: all else changes.
    """
    found = WorkspaceCheck(findings=[*_about(workspace)])
    running = processes()
    for path in sorted((workspace.path / "sweeps").glob("*")):
        if path.is_dir():
            found.sweeps.append(_sweep(SweepFolder(path.name, path), running))
    return found


def _about(workspace: WorkspaceFolder) -> Iterator[Finding]:
    path = workspace.path
    if mode := path.stat().st_mode & 0o077:
        what = f"others than its owner may use it (their permissions are {mode:02o})"
        yield Finding("permission", str(path), what, f"chmod 700 {path}, or --repair")
    last = path / "last.json"
    if last.exists():
        name = _read(last)
        if not isinstance(name, str) or not (path / "sweeps" / name).is_dir():
            what = "it names a sweep that is not there"
            yield Finding(
                "last", str(last), what, "name sweeps by their ids; the next one mends it"
            )
    for file in sorted((path / "experiments").glob("*.json")):
        about = _read(file)
        if not isinstance(about, dict) or not {"name", "created"} <= about.keys():
            yield Finding("experiment", str(file), "it cannot be read", "delete it")


def _sweep(folder: SweepFolder, running: Sequence[Process]) -> SweepCheck:
    check = SweepCheck(folder, folder.engine)
    live = check.engine is not None
    if not has_database(folder):
        if not live and time.time() - folder.path.stat().st_mtime > SECONDS_TO_MAKE_A_SWEEP:
            check.findings.append(_orphan(check))
        return check
    check.database = check_database(folder.database, live=live)
    check.findings += check.database.findings
    about = _read(folder.path / "sweep.json")
    if not isinstance(about, dict) or not {"id", "experiment", "created"} <= about.keys():
        place = str(folder.path / "sweep.json")
        todo = "restore it from a copy: {id, experiment, created} as JSON"
        check.findings.append(Finding("sweep", place, "it cannot be read", todo))
    if not live:
        check.findings += [
            *_ownerless(check, check.database),
            *_left_behind(folder, running),
            *_requests(folder, check.database),
            *_ray(folder),
        ]
        if not check.database.mend and check.database.facts:
            check.findings += _run_folders(check, check.database)
    return check


def has_database(folder: SweepFolder) -> bool:
    """Tell whether anything was ever written down of a sweep: an empty file holds nothing."""
    database = folder.database
    return database.exists() and (database.stat().st_size > 0 or log_of(database).exists())


def _orphan(check: SweepCheck) -> Finding:
    path = check.folder.path
    files = {p.name for p in path.rglob("*") if p.is_symlink() or not p.is_dir()}
    check.empty = files <= {*OF_EVERY_SWEEP}
    what = "a sweep's folder without a database"
    if check.empty:
        return Finding("orphan", str(path), f"{what}, and nothing in it", "--repair removes it")
    todo = "look at what is in it; keep what you need, and delete it"
    return Finding("orphan", str(path), f"{what}, but with {counted(len(files), 'file')}", todo)


def _ownerless(check: SweepCheck, database: Checkup) -> Iterator[Finding]:
    """Find runs that should be executed by somebody, and nobody is there."""
    status, template = database.facts.get("status"), database.facts.get("template", {})
    if not status or status[0] != "Running":
        return
    live = {state.value for state in LIVE}
    runs = [n for n, (state, _) in database.runs.items() if state in live]
    what = "it is Running, but nobody works on it"
    if runs:
        what += f": {counted(len(runs), 'run')} without an owner ({_some(runs)})"
    todo = f"sweep resume {check.folder.id}"
    if "interactive" in template:
        todo = "it was logged from Python, and cannot go on; what was logged is kept"
    elif "function" in template:
        name = template["function"]
        todo = f"go on in Python: sweep.tune({name}, resume={check.folder.id!r})"
    yield Finding("interrupted", str(check.folder.path), what, todo)


def _left_behind(folder: SweepFolder, running: Sequence[Process]) -> Iterator[Finding]:
    for path in sorted(folder.path.glob(f"{WORKSHOP}*")):
        what = "left by a repair that was cut off"
        yield Finding("repair", str(path), what, "delete it; it holds copies only")
    for process in of_sweep(running, folder):
        what = f"process {process.pid} of run {process.run} still runs: {process.command}"
        todo = f"look at it (ps -fp {process.pid}), and end it: kill {process.pid}"
        yield Finding("process", str(folder.path), what, todo)


def _requests(folder: SweepFolder, database: Checkup) -> Iterator[Finding]:
    status = database.facts.get("status") or [""]
    for path in sorted(folder.requests.glob("[0-9]*.json")):
        wish = _read(path)
        if not (isinstance(wish, list) and len(wish) == 3):
            yield Finding("request", str(path), "it cannot be read", "delete it")
        elif status[0] in OVER:
            what = f"it wants to {wish[0]} what is {status[0]} already"
            yield Finding("request", str(path), what, "delete it")


def _ray(folder: SweepFolder) -> Iterator[Finding]:
    """Find what a Ray of a sweep that nobody works on has left."""
    ray = folder.path / "ray"
    left = [*ray.glob("session_*"), *(p for p in (ray / "s",) if p.exists())]
    links = [
        p
        for p in Path(tempfile.gettempdir()).glob("sweep-*")
        if p.is_symlink() and p.readlink() == ray.resolve()
    ]
    if left or links:
        names = ", ".join([*(p.name for p in left), *map(str, links)])
        what = f"a Ray that did not end by itself has left {names}"
        todo = "delete these, once its processes are gone; nothing of the sweep's is in them"
        yield Finding("ray", str(ray), what, todo)


def _run_folders(check: SweepCheck, database: Checkup) -> Iterator[Finding]:
    folder, known = check.folder, database.runs
    seen: set[tuple[int, int]] = set()
    for path in sorted((folder.path / "runs").glob("*")):
        match = RUN_FOLDER.fullmatch(path.name)
        number, attempt = (int(match[1]), int(match[2] or 1)) if match else (-1, 0)
        seen.add((number, attempt))
        if number in known and 1 <= attempt <= known[number][1]:
            continue
        empty = path.is_dir() and not any(path.iterdir())
        if empty:
            check.run_folders.append(path)
        todo = "--repair removes it" if empty else "keep what you need of it, and delete it"
        what = f"no run of this sweep has this folder{', and it is empty' if empty else ''}"
        yield Finding("run-folder", str(path), what, todo)
    gone = [
        n
        for n, (state, tries) in known.items()
        if state in HAD_A_FOLDER and (n, tries) not in seen
    ]
    if gone:
        what = f"no folder for {counted(len(gone), 'run')} ({_some(gone)})"
        todo = "what these runs wrote is gone; their metrics are still there"
        yield Finding("run-row", str(folder.path / "runs"), what, todo)


def _some(numbers: Sequence[int]) -> str:
    names = [str(number) for number in numbers[:MOST_NAMES]]
    return ", ".join(names) + (", ..." if len(numbers) > MOST_NAMES else "")


def _read(path: Path) -> object:
    """Return what a JSON file says; None where it cannot be read."""
    try:
        found: object = json.loads(path.read_text())
    except (OSError, *NONSENSE):
        return None
    return found
