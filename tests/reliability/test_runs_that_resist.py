"""Runs that do not want to end, and a table of what has come of them."""

from __future__ import annotations

import pytest

from benchmarks.faults import BEGIN, END, Tally, put_into, table
from tests.reliability import on_guard


@pytest.mark.parametrize("name", on_guard.RUNS)
def test_stopped_means_gone(name):
    stop = on_guard.stopped(name)
    assert stop.left == []
    assert stop.seconds < on_guard.GRACE + 5


@pytest.mark.parametrize("name", [n for n in on_guard.RUNS if "SIGSTOP" not in n])
def test_a_run_goes_with_its_slot(name):
    assert on_guard.orphaned(name).left == []


def test_the_table_counts_what_was_tried_and_what_was_lost():
    tally = Tally("a fault", "it is over")
    tally.add(0.5, [])
    tally.add(20.0, [])
    tally.add(1.0, ["a run is missing", "so is another"])
    *_, row = table([tally]).splitlines()
    assert row == "| a fault | 3 | 2 | 1 | 1.00 s | 20 s | it is over |"


def test_the_table_takes_its_place_in_the_page():
    page = put_into("# Reliability\n\nSome words.\n", "old")
    assert page.startswith("# Reliability\n\nSome words.\n\n## What was tried\n\n")
    page = put_into(page + "\nMore words.\n", "new")
    assert f"{BEGIN}\nnew\n{END}\n\nMore words.\n" in page
    assert "old" not in page
