"""Faults on a real Ray: ``python -m tests.reliability.on_ray FAULT TIMES SEED FOLDER``.

Prints one JSON object a line for every time that the fault was caused:
{"survived": bool, "problems": [...], "seconds": s, "what": "..."}; the seconds are those from the
fault to what `FAULTS` says.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sweep.storage.schema import connect
from tests.reliability.stage import Stage, stage, until

GONE_WITHIN = 15.0
"""Seconds within which nothing may be left of an engine that was killed."""
KILLS = 4
"""How often one sweep's engine is killed before the sweep is left in peace."""


def engines(times: int, seed: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Kill engines at any moment of their lives; seconds until nothing of them is left."""
    dice = random.Random(seed)
    while times > 0:
        kills: list[dict[str, Any]] = []
        with stage(Path(tempfile.mkdtemp(dir=folder))) as here:
            while len(kills) < min(times, KILLS):
                delay = dice.uniform(0.3, 9.0)
                engine = here.work()
                try:
                    engine.wait(delay)
                    break  # it was over before its hour
                except subprocess.TimeoutExpired:
                    engine.kill()
                    engine.wait()
                kills.append(_gone(here, f"after {delay:.2f} s"))
            wrong = here.finish()
        for kill in kills:
            kill["problems"] += wrong
            yield kill | {"survived": not kill["problems"]}
        times -= len(kills)


def _gone(here: Stage, what: str) -> dict[str, Any]:
    try:
        return {
            "what": what,
            "seconds": until(lambda: not here.alive(), GONE_WITHIN),
            "problems": [],
        }
    except TimeoutError:
        left = [f"process {pid} lives on" for pid in here.alive()]
        return {"what": what, "seconds": GONE_WITHIN, "problems": left}


def _kill(kind: str) -> Callable[[Stage, random.Random], None]:
    def fault(here: Stage, dice: random.Random) -> None:
        os.kill(dice.choice(here.find(kind)), signal.SIGKILL)

    return fault


def _freeze(here: Stage, dice: random.Random) -> None:
    """Stop the engine for some seconds, as a suspended laptop does."""
    assert here.engine is not None
    os.kill(here.engine.pid, signal.SIGSTOP)
    time.sleep(dice.uniform(1, 4))
    os.kill(here.engine.pid, signal.SIGCONT)


def _ctrl_c_twice(here: Stage, dice: random.Random) -> None:
    assert here.engine is not None
    here.engine.send_signal(signal.SIGINT)
    time.sleep(dice.uniform(0, 0.5))
    here.engine.send_signal(signal.SIGINT)


FAULTS: dict[str, Callable[[Stage, random.Random], None]] = {
    "slot": _kill("slot"),
    "guard": _kill("guard"),
    "host": _kill("host"),
    "raylet": _kill("raylet"),
    "gcs": _kill("gcs"),
    "freeze": _freeze,
    "ctrl-c": _ctrl_c_twice,
}
"""Faults that are caused while a script is at work; seconds until the engine works on, or has
ended and nothing is left of it."""


def fault(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Cause one fault; see what becomes of the sweep."""
    dice = random.Random(seed)
    with stage(Path(tempfile.mkdtemp(dir=folder))) as here:
        engine = here.work()
        until(here.running)
        time.sleep(dice.uniform(0, 1))
        until(lambda: here.find("run") or engine.poll() is not None)
        FAULTS[name](here, dice)
        before = _entries(here)
        works_on = _writes(before) if name == "freeze" else _launches_again
        try:
            seconds = until(lambda: works_on(here) or _over(here))
        except TimeoutError as error:
            return {"survived": False, "problems": [str(error)], "seconds": 0.0, "what": "hangs"}
        code = engine.poll()
        what = "it went on" if code is None else f"the engine ended with {code}"
        wrong = here.finish()
        return {"survived": not wrong, "problems": wrong, "seconds": seconds, "what": what}


def _over(here: Stage) -> bool:
    assert here.engine is not None
    return here.engine.poll() is not None and not here.alive()


def _launches_again(here: Stage) -> bool:
    """Whether a run is at work that was lost before."""
    with here.reader() as reader:
        return any(r.attempt > 1 and r.reports for r in reader.runs())


def _writes(before: int) -> Callable[[Stage], bool]:
    return lambda here: _entries(here) > before


def _entries(here: Stage) -> int:
    assert here.kept is not None
    with closing(connect(here.kept.database)) as db:
        return int(db.execute("SELECT COUNT(*) FROM event").fetchone()[0])


def say(answer: dict[str, Any]) -> None:
    """Print an answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Cause a fault, some times."""
    name, times, seed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    if name == "engine":
        for trial in engines(times, seed, folder):
            say(trial)
        return
    for number in range(times):
        say(fault(name, seed + number, folder))


if __name__ == "__main__":
    main()
