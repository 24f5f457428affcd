"""`sweep invalidate`, `set`, `pause` and `cancel`."""

from __future__ import annotations

import json

import pytest

from sweep.engine.wishes import leave
from sweep.storage.checkup import check_database
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from tests.cli.test_cancel import paused, statuses
from tests.cli.workspaces import abandoned, kept, play, story, sweep, values


def wishes(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.requests.glob("*.json"))]


def test_a_run_that_was_the_best_counts_no_longer(place):
    folder = story(place)
    said = sweep("invalidate", 4, "--reason", "it saw the test data")
    assert (said.code, said.out) == (0, "HD_story_4: counts no longer\n")
    assert json.loads(sweep("best", "--json").out)["number"] == 0
    assert "HD_story_4" not in sweep("best", "--top", 9).out
    shown = json.loads(sweep("run", "show", 4, "--json").out)
    assert shown["reason"] == "invalidated: it saw the test data"
    assert check_database(folder.database).findings == []
    again = sweep("invalidate", 4, "--reason", "once more")
    assert again.code == 2
    assert "already" in again.err


def test_a_sweep_goes_on_without_it(place):
    folder = paused(place)
    leave(folder.requests, "invalidate", 0, "wrong")
    play(folder, values(0.7))
    assert statuses(folder)[0][0] == "Canceled"
    with SweepReader(folder.database) as reader:
        assert reader.run(0).best is None
    assert check_database(folder.database).findings == []


def test_what_nobody_may_do_now_is_asked(place):
    folder = abandoned(place)
    said = sweep("invalidate", 0, "--reason", "wrong")
    assert "it will be done when it is resumed" in said.out
    assert wishes(folder) == [["invalidate", 0, "wrong"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("invalidate", 9, "--reason", "x"), "there is no run HD_story_9"),
        (("invalidate", 4, "--reason", " "), "--reason: say why"),
        (("invalidate", "HD_story", "--reason", "x"), "is a sweep: name one of its runs"),
        (("set", "--max-concurrent-runs", 2), "HD_story is Completed: nothing runs"),
        (("pause",), "nobody works on it"),
        (("cancel",), "cancel what?"),
        (("cancel", "last"), "is Completed already"),
    ],
)
def test_what_cannot_be(told, words, message):
    said = sweep(*words)
    assert said.code == 2
    assert message in said.err


def test_a_paused_sweep_goes_on_with_more_at_a_time(place):
    folder = paused(place)
    too_many = sweep("set", "--max-concurrent-runs", 9)
    assert too_many.code == 2
    assert "expected at most 4" in too_many.err
    assert sweep("set", "--max-concurrent-runs", 3).out == f"{folder.id}: 3 runs at a time\n"
    play(folder, values(0.7))
    assert check_database(folder.database).findings == []
    with SweepReader(folder.database) as reader:
        assert reader.get("definition")["max_concurrent_jobs"] == 3
        assert reader.get("first_definition")["max_concurrent_jobs"] == 2


def test_who_works_on_it_is_asked(place):
    folder = paused(place)
    with Lock(folder.lock):
        assert "asked to pause" in sweep("pause").out
        assert "asked: 4 runs at a time" in sweep("set", "--max-concurrent-runs", 4).out
        assert "asked: invalidate" in sweep("invalidate", 0, "--reason", "wrong").out
        assert "asked to cancel" in sweep("cancel", 0).out
    assert wishes(folder) == [
        ["pause", None, "paused by the user"],
        ["concurrent", 4, "set by the user"],
        ["invalidate", 0, "wrong"],
        ["cancel", 0, "canceled by the user"],
    ]


TOGETHER = """\
import argparse, pathlib, time
from sweep import Run
parser = argparse.ArgumentParser()
parser.add_argument("--x")
parser.parse_args()
there = pathlib.Path("..")
pathlib.Path("started").touch()
end = time.monotonic() + 120
while len([*there.glob("*/started")]) < 3:
    assert time.monotonic() < end, "it is alone"
    time.sleep(0.05)
Run.get_context().log("accuracy", 0.5)
"""


@pytest.mark.ray
def test_slots_come_up_for_more_at_a_time(place):
    folder = kept(place, points=3, concurrent=1, script=TOGETHER, cpus=0.1)
    leave(folder.requests, "concurrent", 3, "test")
    assert sweep("resume", "--quiet").code == 0
    assert statuses(folder) == (["Completed"] * 3, ["Completed", ""])
