"""`sweep run cancel`: a wish that the engine fulfils, now or when there is one again."""

from __future__ import annotations

import json
import os

import pytest

from sweep.engine.wishes import leave
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import kept, lone, play, sweep, values


def paused(place):
    """Keep a sweep of two runs at a time that was paused while both were going on."""
    folder = kept(place, points=4, concurrent=2)

    def curve(_):
        yield 0.5
        leave(folder.requests, "pause", None, "paused")
        yield 0.6

    play(folder, curve)
    return folder


def statuses(folder):
    with SweepReader(folder.database) as reader:
        return [row.status for row in reader.runs()], reader.get("status")


def test_a_run_is_canceled_when_its_sweep_goes_on(place):
    folder = paused(place)
    assert statuses(folder) == (["NotStarted", "NotStarted"], ["Paused", "paused"])
    said = sweep("run", "cancel", 1)
    assert said.code == 0
    assert said.out == (
        f"{folder.id}_1: nobody works on it now; it will be canceled when it is resumed\n"
    )
    play(folder, values(0.7))
    assert statuses(folder) == (
        ["Completed", "Canceled", "Completed", "Completed"],
        ["Completed", ""],
    )
    why = json.loads(sweep("why", 1, "--json").out)
    assert why["reason"] == "canceled by the user"


def test_a_sweep_is_canceled_with_all_its_runs(place):
    folder = paused(place)
    assert sweep("run", "cancel", "-r", folder.id).code == 0
    play(folder, values(0.7))
    assert statuses(folder) == (["Canceled", "Canceled"], ["Canceled", "canceled by the user"])


def test_who_works_on_it_is_asked(place):
    folder = paused(place)
    with Lock(folder.lock):
        assert sweep("run", "cancel", folder.id).out == f"{folder.id}: asked to cancel\n"
    [wish] = folder.requests.glob("*.json")
    assert json.loads(wish.read_text()) == ["cancel", None, "canceled by the user"]
    assert wish.stem.endswith(f"-{os.getpid()}")


def test_a_lone_run_that_has_not_begun(place):
    folder = lone(place)
    assert folder.id in sweep("run", "cancel", folder.id).out
    play(folder, values(0.7))
    assert statuses(folder)[1] == ["Canceled", "canceled by the user"]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("", "cancel what?"),
        ("last", "HD_story is Completed already"),
        ("HD_story", "HD_story is Completed already"),
        ("4", "HD_story_4 is Completed already"),
        ("HD_other", "there is no sweep 'HD_other'"),
    ],
)
def test_what_is_over_cannot_be_canceled(told, reference, words):
    said = sweep("run", "cancel", reference)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert not list(told.requests.iterdir())


@pytest.mark.parametrize(("number", "words"), [(7, "no run 7: it has 2 runs"), (0, "")])
def test_a_run_that_is_not_there_yet(place, number, words):
    folder = paused(place)
    said = sweep("run", "cancel", number)
    assert said.code == (2 if words else 0)
    assert words in said.err
    assert len(list(folder.requests.iterdir())) == (0 if words else 1)
