"""Killing an engine at any write of its journal, and holding what comes out against an unbroken
sweep.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweep.errors import Damaged
from sweep.storage.log_file import log_of
from tests.reliability.account import Account, account, problems
from tests.reliability.killing import PLACES
from tests.reliability.sweeps import definition

LATER = 1e6
"""Virtual seconds between two lives of an engine."""


class Driver:
    """The process whose forks are engines; see `tests.reliability.driver`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[2],
        )

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def live(self, **life: Any) -> dict[str, Any]:
        """Let an engine live; return how that ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(life) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@dataclass
class Reference:
    """A sweep that nobody has disturbed.

    Attributes:
        name, slots: which one.
        told: what it has come to.
        writes: how often its journal was written.
    """

    name: str
    slots: int
    told: Account
    writes: int


@dataclass
class Trial:
    """One sweep that was killed, and resumed until it was done.

    Attributes:
        kills: (life, write, place) of every kill.
        problems: what has come out differently; nothing, if all is well.
        seconds: what the resumed lives took.
    """

    kills: list[tuple[int, int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def reference(driver: Driver, name: str, folder: Path, slots: int = 1) -> Reference:
    """Let a sweep run to its end."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.replace('/', '-')}-{slots}.db"
    life = driver.live(sweep=name, slots=slots, path=str(path))
    assert not life["killed"]
    swept = definition(name, slots)
    told = account(path, swept)
    assert problems(path, swept, told) == []
    return Reference(name, slots, told, life["writes"])


def points(whole: Reference, share: int = 1) -> list[tuple[int, str]]:
    """Return every (write, place) of a sweep, or every `share`-th; all places, if that is odd."""
    return [(write, place) for write in range(1, whole.writes + 1) for place in PLACES][::share]


def killed_once(driver: Driver, whole: Reference, path: Path, write: int, place: str) -> Trial:
    """Kill a sweep at one point, resume it, and compare."""
    trial = Trial([(1, write, place)])
    life: dict[str, Any] = {"sweep": whole.name, "slots": whole.slots, "path": str(path)}
    first = driver.live(**life, write=write, place=place)
    if not first["killed"]:
        trial.problems.append("it was not killed")
    _resume(driver, whole, path, trial, life)
    return trial


def killed_again_and_again(driver: Driver, whole: Reference, path: Path, seed: int) -> Trial:
    """Kill every life of a sweep, until one is over before its hour; compare."""
    dice, trial = random.Random(seed), Trial()
    life: dict[str, Any] = {"sweep": whole.name, "slots": whole.slots, "path": str(path)}
    longest = whole.writes if whole.slots > 1 else whole.writes // 2  # enough to end a run
    for number in range(1, 200):
        write, place = dice.randint(1, longest), dice.choice(PLACES)
        ended = driver.live(**life, start_at=number * LATER, write=write, place=place)
        trial.seconds += ended["seconds"]
        if not ended["killed"]:
            break
        trial.kills.append((number, write, place))
    else:
        trial.problems.append("it does not come to an end")
    _compare(whole, path, trial)
    return trial


def cut_off(driver: Driver, whole: Reference, path: Path, seed: int) -> Trial:
    """Kill a sweep, cut its write-ahead log off anywhere, resume it, and compare.

    The log holds all that has not been folded into the database. What lies before the cut is
    whole; what lies behind is as if it had never been written.
    """
    dice = random.Random(seed)
    trial, life = _killed_anywhere(driver, whole, path, dice)
    log = log_of(path)
    os.truncate(log, dice.randrange(log.stat().st_size))
    _resume(driver, whole, path, trial, life)
    return trial


def spoilt(driver: Driver, whole: Reference, path: Path, seed: int) -> Trial:
    """Kill a sweep and spoil a byte of its write-ahead log; resume it.

    Where that would lose what was promised, it must be refused, with nothing touched: once the
    byte is right again, the sweep goes on.
    """
    dice = random.Random(seed)
    trial, life = _killed_anywhere(driver, whole, path, dice)
    log = log_of(path)
    good = log.read_bytes()
    spot = dice.randrange(len(good))
    bad = good[:spot] + bytes([good[spot] ^ (1 + dice.randrange(255))]) + good[spot + 1 :]
    log.write_bytes(bad)
    before = path.read_bytes()
    try:
        account(path, definition(whole.name, whole.slots))
    except Damaged:
        if (path.read_bytes(), log.read_bytes()) != (before, bad):
            trial.problems.append("it was refused, and has been changed")
        log.write_bytes(good)
    _resume(driver, whole, path, trial, life)
    return trial


def _killed_anywhere(
    driver: Driver, whole: Reference, path: Path, dice: random.Random
) -> tuple[Trial, dict[str, Any]]:
    write, place = dice.randint(2, whole.writes), dice.choice(PLACES)
    life: dict[str, Any] = {"sweep": whole.name, "slots": whole.slots, "path": str(path)}
    driver.live(**life, write=write, place=place)
    return Trial([(1, write, place)]), life


def _resume(
    driver: Driver, whole: Reference, path: Path, trial: Trial, life: dict[str, Any]
) -> None:
    """Hold what is left against how the unbroken sweep began, resume it, and compare."""
    left = account(path, definition(whole.name, whole.slots)).entries
    if repr(left) != repr(whole.told.entries[: len(left)]):
        trial.problems.append("what was written down is not how the unbroken sweep began")
    trial.seconds = driver.live(**life, start_at=LATER)["seconds"]
    _compare(whole, path, trial)


def _compare(whole: Reference, path: Path, trial: Trial) -> None:
    swept = definition(whole.name, whole.slots)
    told = account(path, swept)
    trial.problems += problems(path, swept, told)
    # With several slots the runs that begin again meet others than before, and a policy may
    # judge them otherwise; samplers that do not learn still propose the same.
    if whole.slots == 1:
        for number, expected in whole.told.results.items():
            if (result := told.results.get(number)) != expected:
                trial.problems.append(f"run {number}: {result} instead of {expected}")
    same = whole.slots == 1 or swept.sampling.exact
    if same and told.configurations != whole.told.configurations:
        trial.problems.append("the configurations are others")
    if len(told.configurations) != len(whole.told.configurations):
        trial.problems.append(f"there are {len(told.configurations)} runs")
