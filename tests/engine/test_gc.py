"""Room on the disk: what nobody needs goes, and nothing else."""

from __future__ import annotations

import json
import os
import time

import pytest

from sweep.engine.gc import DAY, free, plan
from sweep.engine.wishes import leave
from sweep.storage.checkup import check_database
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.test_cancel import paused
from tests.cli.workspaces import kept, lone, play, printed, story, sweep, values


def with_outputs(folder, runs):
    for number in range(runs):
        place = folder.run_folder(number)
        (place / "outputs").mkdir(parents=True)
        (place / "outputs" / "model.bin").write_bytes(bytes(9000))
        (place / "train.py").write_text("")
        printed(folder, number, "hello\n")
    return folder


def workspace_of(place):
    return WorkspaceFolder.near(place)


def left(folder):
    return sorted(
        path.relative_to(folder.path).as_posix()
        for path in (folder.path / "runs").rglob("*")
        if path.is_file()
    )


def canceled(place, identity="HD_canceled"):
    folder = kept(place, points=2, identity=identity)
    leave(folder.requests, "cancel", None, "canceled by the user")
    play(folder, values(0.5))
    return folder


def freed(place, **options):
    parts = plan(workspace_of(place), **options)
    assert all(free(part) for part in parts)
    return parts


def test_the_best_keep_their_outputs_and_all_their_logs(place):
    folder = with_outputs(story(place), 6)
    parts = freed(place, keep_best=2)
    assert [part.what for part in parts] == ["outputs of 4 runs that are not among the best 2"]
    assert parts[0].size >= 4 * 9000
    logs = [f"runs/{n}/user_logs/std_log.txt" for n in range(6)]
    assert left(folder) == sorted(
        [
            *logs,
            *(f"runs/{n}/{file}" for n in (0, 4) for file in ("outputs/model.bin", "train.py")),
        ]
    )
    assert check_database(folder.database).findings == []
    with SweepReader(folder.database) as reader:
        assert reader.notices()[-1][3] == f"sweep gc: {parts[0].what}"
    assert freed(place, keep_best=2) == []


def test_attempts_of_a_run_are_one_run(place):
    folder = with_outputs(play_two(place), 2)
    again = folder.run_folder(0, 2) / "outputs"
    again.mkdir(parents=True)
    (again / "model.bin").write_bytes(b"x")
    (part,) = freed(place)
    assert part.what == "outputs of 1 run that is not among the best 1"
    assert not again.exists()
    assert (folder.run_folder(1) / "outputs").is_dir()


def play_two(place):
    folder = kept(place, points=2, identity="HD_two")
    play(folder, lambda configuration: [0.5 + configuration["--x"]])
    return folder


def test_canceled_sweeps_go_as_a_whole(place):
    stays, goes = story(place), canceled(place)
    freed(place)
    assert stays.path.is_dir()
    assert [p.name for p in goes.path.parent.iterdir()] == [stays.id]


def test_what_is_not_over_is_not_touched(place):
    folder = with_outputs(paused(place), 2)
    before = left(folder)
    assert freed(place) == []
    assert left(folder) == before


def test_what_is_worked_on_is_not_touched(place):
    folder = with_outputs(story(place), 6)
    with Lock(folder.lock):
        assert plan(workspace_of(place)) == []
    parts = plan(workspace_of(place))
    with Lock(folder.lock):
        assert [free(part) for part in parts] == [False]
    assert len(left(folder)) == 18


def test_younger_sweeps_stay(place):
    folder = with_outputs(story(place), 6)  # it ended in 2023
    days = (time.time() - 1_700_000_000) / DAY
    assert plan(workspace_of(place), older_days=days + 1) == []
    assert plan(workspace_of(place), older_days=days - 1) != []
    assert len(left(folder)) == 18


def test_without_a_best_run_all_stay(place):
    folder = kept(place, points=2)
    play(folder, values())
    with_outputs(folder, 2)
    play(alone := lone(place), values())
    with_outputs(alone, 1)
    assert plan(workspace_of(place)) == []


def test_outputs_that_another_sweep_builds_on_stay(place):
    folder = with_outputs(story(place), 6)
    other = kept(place, identity="HD_other")
    with SweepReader(other.database) as reader:
        template, goal = reader.get("template"), reader.goal
    journal = SqliteJournal(other.database, goal)
    earlier = [str(folder.run_folder(1) / "outputs")]
    journal.write(Batch(sweep={"template": {**template, "earlier": earlier}}))
    journal.close()
    freed(place)
    assert "runs/1/outputs/model.bin" in left(folder)
    assert "runs/2/outputs/model.bin" not in left(folder)


def test_links_are_not_followed(place):
    folder = with_outputs(story(place), 1)
    play_away = place / "precious"
    play_away.mkdir()
    (play_away / "data").write_text("x")
    (folder.run_folder(0) / "link").symlink_to(play_away)
    (folder.run_folder(0) / "outputs" / "link").symlink_to(play_away)
    (folder.run_folder(0) / "outputs").chmod(0o500)
    freed(place)
    assert (play_away / "data").read_text() == "x"
    assert not (folder.run_folder(0) / "outputs").exists()


def trees(place):
    return sorted(p.name for p in (workspace_of(place).snapshots / "trees").iterdir())


def objects(place):
    return [p for p in (workspace_of(place).snapshots / "objects").rglob("*") if p.is_file()]


def age(place):
    for path in [*workspace_of(place).snapshots.rglob("*")]:
        os.utime(path, (1, 1), follow_symlinks=False)


def test_snapshots_that_no_sweep_has_go(place):
    gone = canceled(place)
    (place / "source" / "more.py").write_text("1")
    (place / "source" / "same.py").write_text("2")
    canceled(place, "HD_second")
    (place / "source" / "more.py").unlink()
    stays = story(place)
    assert len(trees(place)) == 3
    freed(place)
    assert len(trees(place)) == 3, "they are young"
    age(place)
    [part] = freed(place)
    assert part.what == "2 snapshots that no sweep has"
    with SweepReader(stays.database) as reader:
        tree = reader.get("template")["tree"]
    assert trees(place) == [tree.rpartition("/")[2]]
    assert sorted(p.stat().st_nlink for p in objects(place)) == [2, 2]
    assert not gone.path.exists()


def test_a_sweep_that_cannot_be_read_keeps_all_snapshots(place):
    canceled(place)
    folder = story(place)
    freed(place)
    age(place)
    (folder.path / "sweep.json").write_text("{")
    assert plan(workspace_of(place)) == []


@pytest.mark.parametrize("damage", [b"", b"no database" * 500])
def test_a_damaged_sweep_is_the_doctors(place, damage):
    folder = with_outputs(story(place), 6)
    folder.database.write_bytes(damage)
    assert plan(workspace_of(place)) == []


def test_the_command(place):
    folder = with_outputs(story(place), 6)
    shown = sweep("gc", "--dry-run")
    assert shown.lines[0].endswith("HD_story: outputs of 5 runs that are not among the best 1")
    assert shown.lines[1].endswith("in all")
    assert len(left(folder)) == 18
    [part] = json.loads(sweep("gc", "--dry-run", "--json").out)
    assert part["sweep"] == "HD_story"
    assert part["bytes"] > 0
    assert sweep("gc", "--yes").lines[-1].startswith("freed ")
    assert len(left(folder)) == 8
    assert sweep("gc").out == "there is nothing to be freed\n"
