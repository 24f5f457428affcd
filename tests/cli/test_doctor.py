"""`sweep doctor`: what it says, and with which exit code it ends."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3

import pytest

from sweep.storage.lock import Lock
from tests.cli.workspaces import abandoned, kept, lone, play, story, sweep, values


def with_folders(folder):
    """Make the folders that real runs would have had."""
    with contextlib.closing(sqlite3.connect(folder.database)) as db:
        runs = db.execute("SELECT number, attempt FROM run").fetchall()
    for number, attempt in runs:
        folder.run_folder(number, attempt).mkdir(parents=True, exist_ok=True)
    return folder


def change(folder, statement):
    with contextlib.closing(sqlite3.connect(folder.database)) as db, db:
        db.execute(statement)


@pytest.fixture
def well(place):
    return with_folders(story(place))


@pytest.mark.parametrize("words", [[], ["."], [".sweep"], [".", "--repair"]])
def test_all_is_well(well, words):
    said = sweep("doctor", *words)
    assert (said.code, said.err) == (0, "")
    place = well.path.parents[1] if not words else ".sweep"
    assert said.out == f"1 sweep in {place}: all is well\n"


def test_sweeps_of_every_kind_are_well(place):
    """Paused ones, lone runs, ones that have not begun: none is taken for damaged."""
    with_folders(story(place))
    kept(place)
    single = lone(place)
    play(single, values(0.5))
    with_folders(single)
    said = sweep("doctor")
    assert (said.code, said.lines[-1].split(": ")[1]) == (0, "all is well"), said.out


def test_no_workspace(place):
    for words in ([], ["nowhere"]):
        said = sweep("doctor", *words)
        assert (said.code, said.out) == (2, "")
        assert "workspace" in said.err
    assert not list(place.iterdir())


def test_an_abandoned_sweep(place):
    folder = with_folders(abandoned(place))
    said = sweep("doctor")
    assert said.code == 1
    assert said.lines == [
        f"interrupted {folder.path}",
        "  it is Running, but nobody works on it: 1 run without an owner (0)",
        f"  to do: sweep resume {folder.id}",
        f"1 sweep in {folder.path.parents[1]}: 1 to look at",
    ]
    assert sweep("doctor", "--repair").code == 1, "to resume is the user's decision"


def test_a_sweep_that_is_worked_on(well):
    with Lock(well.lock):
        said = sweep("doctor", "--repair")
    assert said.code == 0
    assert f"process {os.getpid()} is working on HD_story: database only" in said.out


def test_repair_says_what_it_did(well):
    change(well, "UPDATE run SET status = 'Running' WHERE number = 4")
    said = sweep("doctor")
    assert said.code == 1
    assert said.lines[0] == f"tables {well.database}"
    assert "run 4 has status 'Running', not 'Completed'" in said.lines[1]
    assert not list(well.path.glob("*.damaged-*")), "to look changes nothing"
    said = sweep("doctor", "--repair")
    assert said.code == 0
    assert said.lines[0].startswith(f"repaired {well.database}: made anew from the first ")
    assert said.lines[0].endswith("; nothing is lost; the original is sweep.db.damaged-1")
    assert "HD_story_4  accuracy = 0.95  (Completed)" in sweep("best").out
    assert sweep("doctor").code == 0


def test_what_cannot_be_repaired(well):
    well.database.write_bytes(b"x" * 9999)
    said = sweep("doctor", "--repair")
    assert said.code == 1
    assert said.lines[0].startswith("not repaired ")
    assert "restore it from a copy" in said.lines[0]


def test_other_commands_send_to_the_doctor(well):
    data = bytearray(well.database.read_bytes())
    data[4096:8192] = bytes(4096)
    well.database.write_bytes(data)
    for words in (["why", "4"], ["resume"]):
        said = sweep(*words)
        assert said.code == 2
        assert "`sweep doctor` tells what is wrong" in said.err
        assert "Traceback" not in said.err


def test_json(well):
    (well.path / "runs" / "77").mkdir()
    shutil.rmtree(well.run_folder(0))
    said = sweep("doctor", "--json")
    told = json.loads(said.out)
    assert said.code == 1
    assert told["sweeps"] == 1
    assert [f["kind"] for f in told["findings"]] == ["run-folder", "run-row"]
    assert told["findings"][0] == {
        "kind": "run-folder",
        "where": str(well.path / "runs" / "77"),
        "what": "no run of this sweep has this folder, and it is empty",
        "todo": "--repair removes it",
    }
    assert (told["repaired"], told["not_repaired"]) == ([], [])
    told = json.loads(sweep("doctor", "--json", "--repair").out)
    assert [f["kind"] for f in told["findings"]] == ["run-row"]
    assert told["repaired"] == [f"{well.path}/runs/77: removed; it was empty"]


def test_a_mistake_in_the_command(place):
    said = sweep("doctor", "--fix")
    assert said.code == 2
    assert "No such option '--fix'" in said.err
