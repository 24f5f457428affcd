"""A small sweep on a real Ray, worked on by the command line, in a place where things go wrong.

Whoever uses this is made a child subreaper: what an engine leaves behind, by whatever death and
however well hidden, becomes a descendant of ours, so "nothing lives on" is what the kernel says.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sweep.compute.guard import PR_SET_CHILD_SUBREAPER, descendants
from sweep.compute.processes import marked
from sweep.core.definition import SweepDefinition
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder, WorkspaceFolder
from tests.reliability.account import account, problems

PATIENCE = 120.0
"""Seconds that anything which must happen may take."""
LOOK = 0.02
"""Seconds between two looks."""
FOREVER = 3
"""The run that ends only when it is stopped; it does not want to be."""
RUNS, REPORTS = 8, 8
HDCONFIG = f"""
sampling:
  type: grid
  parameter_space: [{{name: --x, expression: choice, values: {[*range(RUNS)]}}}]
policy: {{type: BanditPolicy, slack_factor: 0.2, delay_evaluation: 2}}
primary_metric_name: score
primary_metric_goal: maximize
max_total_runs: {RUNS}
max_concurrent_runs: 2
"""
CURVE = "lambda x, step: 1 + x / 100 + step / 1000"
TRAIN = f"""
import os, signal, sys, time
from pathlib import Path
from sweep import Run

x = int(sys.argv[sys.argv.index("--x") + 1])
signal.signal(signal.SIGTERM, signal.SIG_IGN if x == {FOREVER} else signal.SIG_DFL)
if os.fork() == 0:  # a child, and a daemon of it in a session of its own
    if os.fork() == 0:
        os.setsid()
    time.sleep(1000)
value = {CURVE}
run = Run.get_context()
Path("outputs/up").touch()
step = 0
while x == {FOREVER} or step < {REPORTS}:
    step += 1
    run.log("score", 0.1 if x == {FOREVER} else value(x, step))
    run.log("loss", -step)
    time.sleep(0.1)
"""


def adopt_orphans() -> None:
    """Make this process the parent of whatever its descendants leave behind."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def until(what: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait for something to be true; return how long that took, in seconds.

    Raises:
        TimeoutError: it does not come true in time.
    """
    started = time.monotonic()
    while not what():
        if time.monotonic() > started + seconds:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(LOOK)
    return time.monotonic() - started


class Stage:
    """One sweep and the engines that have worked on it.

    Args:
        folder: an empty one, for the workspace and the script.
    """

    def __init__(self, folder: Path) -> None:
        adopt_orphans()
        self.folder = folder
        (folder / "source").mkdir(parents=True)  # nothing else is in it: it must not change
        (folder / "hdconfig.yml").write_text(HDCONFIG)
        (folder / "source" / "train.py").write_text(TRAIN)
        self.engine: subprocess.Popen[bytes] | None = None

    # ---- the engine -------------------------------------------------------------------

    def work(self) -> subprocess.Popen[bytes]:
        """Start the sweep; if it is kept already, resume it."""
        words = ["resume", "-q", self.kept.id] if self.kept else ["start", "-q", "--grace", "1"]
        files = [] if self.kept else ["hdconfig.yml", "source/train.py"]
        with (self.folder / "engine.log").open("ab") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "sweep.cli.main", *words, *files],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self.engine

    @property
    def kept(self) -> SweepFolder | None:
        """The sweep, once it is kept whole."""
        workspace = self.folder / ".sweep"
        if not workspace.is_dir():
            return None
        for folder in WorkspaceFolder(workspace).sweeps():
            with contextlib.suppress(Exception), SweepReader(folder.database) as reader:
                if reader.get("definition") is not None:
                    return folder
        return None

    def reader(self) -> SweepReader:
        """Open the sweep's database."""
        assert self.kept is not None
        return SweepReader(self.kept.database)

    # ---- its processes ----------------------------------------------------------------

    def find(self, kind: str) -> list[int]:
        """Return the processes of a kind: slot, guard, host, raylet, gcs, run."""
        return [pid for pid in descendants(os.getpid()) if _is(kind, pid)]

    def alive(self) -> list[int]:
        """Return every process that an engine has brought about, the last engine included."""
        found = set(descendants(os.getpid()))
        if self.kept is not None:
            found.update(marked("SWEEP_ID", self.kept.id))
        return sorted(found)

    def running(self) -> bool:
        """Whether a script is at work."""
        return bool(self.find("run")) and any(
            self.folder.glob(".sweep/sweeps/*/runs/*/outputs/up")
        )

    def end(self) -> None:
        """Leave nothing behind, whatever has happened."""
        deadline = time.monotonic() + PATIENCE
        while (left := self.alive()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(LOOK)
        if self.engine is not None:
            self.engine.wait()

    # ---- the end ----------------------------------------------------------------------

    def finish(self) -> list[str]:
        """Resume the sweep until it is over; return what has come out wrong."""
        for _ in range(3):
            if self.engine is None or self.engine.poll() is not None:
                self.work()
            assert self.engine is not None
            if self.engine.wait(PATIENCE) == 0:
                break
        else:
            return [f"it does not end; {self.last_words()}"]
        left = [f"process {n} lives on: {what}" for n in self.alive() if (what := command_of(n))]
        return [*left, *self.wrong()]

    def wrong(self) -> list[str]:
        """Hold the results against what the script is known to log."""
        assert self.kept is not None
        with self.reader() as reader:
            swept = SweepDefinition.from_wire(reader.get("definition"))
            rows = reader.runs()
            metrics = {r.number: reader.metrics(r.number, r.attempt) for r in rows}
        told = account(self.kept.database, swept)
        found = problems(self.kept.database, swept, told)
        if [row.configuration for row in rows] != [{"--x": x} for x in range(RUNS)]:
            found.append(f"the runs are {[row.configuration for row in rows]}")
        for row in rows:
            x = row.configuration["--x"]
            losses = [m.value for m in metrics[row.number] if m.name == "loss"]
            if losses != [-step for step in range(1, len(losses) + 1)]:
                found.append(f"run {x}: losses {losses}")
            if x == FOREVER:
                if row.status != "Canceled" or "Bandit" not in row.reason:
                    found.append(f"run {x} is {row.status}: {row.reason}")
            elif (row.status, row.reports, row.last) != ("Completed", REPORTS, _last(x)):
                found.append(f"run {x} is {row.status}: {row.reports} reports, last {row.last}")
            elif len(losses) != REPORTS:
                found.append(f"run {x}: {len(losses)} losses")
        return found

    def last_words(self) -> str:
        """Return the end of what the engines have said."""
        return (self.folder / "engine.log").read_text(errors="replace")[-2000:]


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Give a stage, and clear it afterwards."""
    built = Stage(folder)
    try:
        yield built
    finally:
        built.end()


def _last(x: int) -> float:
    return 1 + x / 100 + REPORTS / 1000


def _is(kind: str, pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        parent = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1]
        above = Path(f"/proc/{int(parent)}/cmdline").read_bytes() if kind == "run" else b""
    except OSError:  # it has just ended
        return False
    match kind:
        case "slot":
            return words[0].startswith((b"ray::Slot", b"ray::NearSlot"))
        case "raylet":
            return words[0].endswith(b"/raylet")
        case "gcs":
            return words[0].endswith(b"/gcs_server")
        case "host":
            return b"sweep.compute.host" in words
        case "guard":  # of a slot; the host's is the module's own file
            return any(w.endswith(b"/guard.py") and b"/s/" in w for w in words)
        case "run":
            return b"train.py" in words and b"guard.py" in above
    raise ValueError(kind)


def command_of(pid: int) -> str:
    """Return what a process executes; empty for one whose memory is gone: it is about to be."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
    except OSError:
        return ""
