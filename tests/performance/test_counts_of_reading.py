"""Calls and statements with which a kept sweep is asked about, and gone on with."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policies import BanditPolicy
from samplers import choice
from sweep.core.definition import SweepDefinition
from sweep.core.replay import replay
from sweep.core.scheduler import Scheduler
from sweep.storage.journal import SqliteJournal
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import kept, play, sweep

REPORTS = 50
FEW, MANY = 10, 60
A_ROW = 22
"""Calls for a row of a table, in Python, and as many of C."""


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Workspaces with a sweep of few runs, and of many."""
    made = {}
    for runs in (FEW, MANY):
        made[runs] = tmp_path_factory.mktemp(str(runs))
        policy = BanditPolicy(slack_factor=9, delay_evaluation=5)
        space = {"--x": choice(*range(15)), "--y": choice(*range(15))}
        folder = kept(made[runs], points=runs, space=space, policy=policy, concurrent=2)
        play(folder, curve)
    return made


def curve(configuration: Any) -> Iterator[float]:
    return (n + configuration["--x"] / 1000 for n in range(REPORTS))


def counted(work: Callable[[], Any]) -> Counter[str]:
    """Return how often functions were called, by name; "python" and "c" are sums."""
    calls: Counter[str] = Counter()

    def count(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            calls["python"] += 1
            calls[frame.f_code.co_name] += 1
        elif event == "c_call":
            calls["c"] += 1
            calls[argument.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def asked(place: Any, *words: str) -> Counter[str]:
    """Return the calls of a command."""
    line = [*words, "--workspace", place]
    assert sweep(*line).code == 0  # what is imported and made up once is not counted
    return counted(lambda: sweep(*line))


@pytest.mark.parametrize("words", [("run", "list", "last"), ("best",), ("run", "show")])
def test_statements_do_not_grow_with_the_runs(places, words):
    few, many = (asked(places[runs], *words)["execute"] for runs in (FEW, MANY))
    assert 0 < few == many <= 16


@pytest.mark.parametrize("command", ["sweep.cli.runs, sweep.cli.tables", "sweep.cli.read"])
def test_who_only_reads_loads_no_engine(command):
    code = f"import sys, {command}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = ("sweep.compute", "sweep.engine", "sweep.formats", "asyncio", "yaml", "numpy", "rich")
    assert [m for m in done.stdout.split() if m.startswith(heavy)] == []


def test_the_best_run_is_found_by_the_database(places):
    few, many = (asked(places[runs], "best") for runs in (FEW, MANY))
    assert many["python"] <= few["python"] + 5


def test_calls_for_each_run_of_a_list(places):
    few, many = (asked(places[runs], "run", "list", "last") for runs in (FEW, MANY))
    assert many["python"] - few["python"] <= A_ROW * (MANY - FEW)
    assert many["c"] - few["c"] <= A_ROW * (MANY - FEW)


def resumed(place: Any) -> tuple[Counter[str], int]:
    """Return the calls of a replay, and how many entries it had."""
    database = next(place.glob(".sweep/sweeps/*/sweep.db"))
    with SweepReader(database) as reader:
        definition = SweepDefinition.from_wire(reader.get("definition"))
    entries = []
    journal = SqliteJournal(database, definition.goal)
    try:
        calls = counted(lambda: entries.append(replay(Scheduler(definition), journal.past())))
    finally:
        journal.close()
    return calls, entries[0]


def test_going_on_makes_no_event_of_a_report(places):
    calls, entries = resumed(places[MANY])
    others = entries - MANY * REPORTS
    assert calls["unpack_event"] == others
    assert calls["report"] <= 2 * MANY  # one by one: a run's first, and what may be a stop


def test_calls_for_each_report_that_is_gone_over(places):
    (few, less), (many, more) = (resumed(places[runs]) for runs in (FEW, MANY))
    reports = (MANY - FEW) * REPORTS
    assert more - less >= reports
    assert many["python"] - few["python"] <= 3 * reports  # 100 a run, that begins and ends
    assert many["c"] - few["c"] <= 10 * reports
