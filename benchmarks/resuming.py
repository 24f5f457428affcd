"""Going on with a large sweep, and asking about it: 20,000 runs and 1,000,000 reports."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure, of_a_process
from policies import Goal
from sweep.storage.journal import Batch, SqliteJournal

RUNS, REPORTS = 20_000, 50
ENTRIES_AT_ONCE = 10_000
COMMAND = (sys.executable, "-m", "sweep.cli.main")
FIGURES = [
    Figure("sweep resume, until its first launch", "s", at_most=5),
    Figure("of which the same for a sweep of one run", "s"),
    Figure("sweep run list last", "s", at_most=0.5),
    Figure("sweep best", "s", at_most=0.5),
    Figure("to_dataframe()", "s", at_most=1),
    Figure("database, per report", "bytes", at_most=120),
    Figure("memory of the process that has resumed it", "MiB"),
]
TO_DATAFRAME = """
import json, sys, time
from sweep import Workspace
sweep = Workspace.from_config(sys.argv[1]).get_run(sys.argv[2])
begun = time.perf_counter()
frame = sweep.to_dataframe()
print(json.dumps([time.perf_counter() - begun, len(frame)]))
"""


class Gathered(SqliteJournal):
    """A journal that writes many batches as one, to make a large sweep in minutes."""

    def __init__(self, path: Path, goal: Goal) -> None:
        super().__init__(path, goal)
        self._gathered = Batch()

    def write(self, batch: Batch) -> None:
        """Keep a batch until there are enough."""
        mine = self._gathered
        mine.entries += batch.entries
        mine.records |= batch.records
        mine.bests |= batch.bests
        mine.facts |= batch.facts
        mine.sweep |= batch.sweep
        mine.notices += batch.notices
        if len(mine.entries) >= ENTRIES_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        super().write(self._gathered)
        self._gathered = Batch()


def made(place: Path, runs: int) -> Any:
    """Return the folder of a sweep whose engine has gone after so many runs; two are left."""
    from benchmarks import sweeps
    from policies import BanditPolicy
    from sweep.compute.simulated import Simulated
    from sweep.compute.target import RunOrder
    from sweep.core.scheduler import Scheduler
    from sweep.engine.engine import Engine

    place.mkdir()
    policy = BanditPolicy(slack_factor=9, delay_evaluation=5)
    defined = sweeps.definition(runs + 2, policy=policy)
    folder = sweeps.of_script(place, "", defined)
    journal = Gathered(folder.database, defined.goal)

    def curve(configuration: Any) -> Iterator[float]:
        return (n + configuration["x"] for n in range(1, REPORTS + 1))

    target = Simulated(curve, sweeps.METRIC, 2, seconds=0.1, start_at=time.time() - 100_000)
    scheduler = Scheduler(defined)

    def order(launch: Any) -> RunOrder:
        return RunOrder(launch.run, launch.attempt, launch.configuration)

    engine = Engine(scheduler, target, journal, order)
    engine.begin()
    while len(scheduler.runs) < runs + 2:
        engine.round()
    journal.flush()
    journal.close()
    return folder


def once(scale: float) -> dict[str, Any]:
    """Make the sweep, ask about it, go on with it."""
    runs = int(RUNS * scale)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = made(Path(name) / "large", runs)
        size = sum(p.stat().st_size for p in folder.path.glob("sweep.db*"))
        place = folder.path.parents[2]
        values = {
            "database, per report": size / (runs * REPORTS),
            "sweep run list last": _seconds([*COMMAND, "run", "list", "last"], place),
            "sweep best": _seconds([*COMMAND, "best"], place),
            "to_dataframe()": _dataframe(place, folder.id),
        }
        found = of_a_process("benchmarks.resuming", "--resume", str(folder.path))
        values["sweep resume, until its first launch"] = found["seconds"]
        values["memory of the process that has resumed it"] = found["memory"]
        small = of_a_process(
            "benchmarks.resuming", "--resume", str(made(Path(name) / "s", 1).path)
        )
        values["of which the same for a sweep of one run"] = small["seconds"]
    return values


def resumed(path: Path) -> dict[str, float]:
    """Work on a sweep until it is over; return when it has launched first, and its memory."""
    from benchmarks.figures import peak_memory
    from sweep.cli.work import work_on
    from sweep.storage.reader import SweepReader
    from sweep.storage.workspace import SweepFolder

    folder = SweepFolder(path.name, path)
    work_on(folder, quiet=True, as_json=False)
    with SweepReader(folder.database) as reader:
        launched = [r.launched_at for r in reader.runs() if r.attempt > 1]
    return {"launched": min(at for at in launched if at), "memory": peak_memory()}


def _resume(path: str) -> dict[str, float]:
    """The same in a process of its own, from its start."""
    begun = time.time()
    found = of_a_process("benchmarks.resuming", "--resumed", path)
    return {"seconds": found["launched"] - begun, "memory": found["memory"]}


def _seconds(command: Sequence[str], place: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _dataframe(place: Path, identity: str) -> float:
    import json

    done = subprocess.run(
        [sys.executable, "-c", TO_DATAFRAME, str(place), identity],
        check=True,
        stdout=subprocess.PIPE,
    )
    seconds: float = json.loads(done.stdout)[0]
    return seconds


if __name__ == "__main__":
    import json

    if sys.argv[1:2] == ["--resume"]:
        print(json.dumps(_resume(sys.argv[2])))
    elif sys.argv[1:2] == ["--resumed"]:
        print(json.dumps(resumed(Path(sys.argv[2]))))
    else:
        measure(
            f"A sweep of {RUNS:,} runs and {RUNS * REPORTS:,} reports, gone on with",
            "benchmarks.resuming",
            FIGURES,
            once,
        )
