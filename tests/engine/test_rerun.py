"""A run is repeated with all that it depended on."""

from __future__ import annotations

import sys

import pytest

from sweep.engine.provenance import provenance
from sweep.engine.rerun import compared, rerun
from sweep.engine.surroundings import changes, installed, surroundings
from sweep.errors import UserError
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import kept, lone, play, sweep, values


def about(folder, number=0):
    with SweepReader(folder.database) as reader:
        return provenance(reader, folder, reader.run(number))


def change(folder, **facts):
    with SweepReader(folder.database) as reader:
        goal = reader.goal
    with_facts = SqliteJournal(folder.database, goal)
    with_facts.write(Batch(sweep=facts))
    with_facts.close()


def doubled(configuration):
    return iter((0.5, configuration["--x"] * 2.0))


def repeated(folder, number, curve=doubled, **options):
    said = []
    again = rerun(folder, number, strict=options.get("strict", False), warn=said.append)
    play(again, curve)
    return again, said


def test_the_same_words_configuration_and_snapshot(place):
    folder = kept(place, points=4)
    play(folder, doubled)
    again, said = repeated(folder, 3)
    before, after = about(folder, 3), about(again)
    assert said == []
    assert before["argv"][1:] == ["train.py", "--fixed", "1", "--x", "3"]
    same = ("argv", "seed", "snapshot", "git", "environment", "versions")
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert compared(folder, 3, again) == f"it reported the same as {folder.id}_3, 2 times"
    with SweepReader(again.database) as reader:
        assert reader.count() == {"Completed": 1}
        assert reader.tags(-1, "tag") == {"rerun_of": f"{folder.id}_3"}


def test_a_lone_run(place):
    folder = lone(place)
    play(folder, values(0.5))
    again, _ = repeated(folder, 0, values(0.5))
    assert again.is_lone_run
    assert about(again)["argv"] == about(folder)["argv"]


def test_another_result_is_told(place):
    folder = kept(place, points=2)
    play(folder, doubled)
    again, _ = repeated(folder, 1, values(0.5, 2.5))
    assert compared(folder, 1, again) == (
        f"its report 2 is 2.5, and that of {folder.id}_1 was 2.0"
    )
    again, _ = repeated(folder, 1, values(0.5))
    assert compared(folder, 1, again) == (f"it made 1 reports, and {folder.id}_1 made 2")


def test_another_environment_is_told_or_refused(place):
    folder = kept(place, points=2)
    play(folder, doubled)
    there = surroundings({}, None)
    then = {**there, "packages": {**there["packages"], "numpy": "0.9", "long-gone": "1.0"}}
    change(folder, environments=[[0.0, then]])
    _, [said] = repeated(folder, 0)
    assert "long-gone 1.0 is gone, numpy 0.9 is" in said
    with pytest.raises(UserError, match=r"long-gone 1[.]0 is gone"):
        rerun(folder, 0, strict=True, warn=print)


def test_a_run_has_what_it_began_with(place):
    folder = kept(place, points=2)
    play(folder, doubled)
    with SweepReader(folder.database) as reader:
        template, snapshot = reader.get("template"), reader.get("snapshot")
    change(
        folder,
        template={**template, "tree": "/gone", "arguments": ["--new"]},
        snapshot={"id": "new"},
        former=[[2e9, template, snapshot]],
    )
    assert about(folder)["snapshot"] == snapshot["id"]
    assert "--fixed" in about(folder)["argv"]
    repeated(folder, 0)
    change(folder, former=[[1.0, template, snapshot]])
    assert about(folder)["snapshot"] == "new"
    with pytest.raises(UserError, match=r"snapshot of .* is gone: /gone"):
        rerun(folder, 0, strict=False, warn=print)


def test_a_function_is_not_kept(place):
    folder = kept(place, points=2)
    play(folder, doubled)
    change(folder, template={"function": "train", "threads": 1})
    with pytest.raises(UserError, match="Python function"):
        rerun(folder, 0, strict=False, warn=print)
    assert about(folder)["argv"] is None


def test_no_such_run(place):
    kept(place)
    said = sweep("rerun", 99)
    assert (said.code, "there is no run" in said.err) == (2, True)


def test_what_is_installed():
    there = installed(sys.path)
    assert there["pytest"] == pytest.__version__
    assert changes(surroundings({}, None), surroundings({}, None)) == []


def test_another_interpreter_is_asked(tmp_path):
    other = tmp_path / "python3"
    other.symlink_to(sys.executable)
    found = surroundings({"command": [str(other), "train.py"]}, None)
    assert found["python"] == sys.version.split()[0]
    assert "packages" not in surroundings({"command": ["./train.sh"]}, None)
    assert "packages" not in surroundings({}, {"kind": "existing"})
