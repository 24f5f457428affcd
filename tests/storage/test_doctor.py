"""What a look at a workspace finds, and what a repair puts right."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from policies import Goal
from sweep.core.definition import SweepDefinition
from sweep.core.events import (
    Completed,
    Opened,
    Redefined,
    Reported,
    SlotsChanged,
    Started,
)
from sweep.core.scheduler import Scheduler
from sweep.errors import Damaged, DiskFull
from sweep.storage import salvage
from sweep.storage.checkup import check_database
from sweep.storage.doctor import examine
from sweep.storage.journal import Metric, SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.log_file import FRAME_HEADER, HEADER, log_of
from sweep.storage.reader import SweepReader
from sweep.storage.repair import repair
from sweep.storage.workspace import WorkspaceFolder, write
from tests.storage.stories import Story
from tests.storage.test_damage import PAGE, RUBBISH, long_story

OLD = 1_000_000_000


@pytest.fixture
def workspace(tmp_path):
    return WorkspaceFolder.make(tmp_path)


@pytest.fixture
def kept(workspace):
    """A sweep that came to its end, with the folders of its runs."""
    folder = workspace.add_sweep("HD_one", "demo")
    story = Story(folder.database, runs=2)
    story.tell(sweep={"status": ["Running", ""], "template": {"argv": []}, "resources": {}})
    story.begin(slots=1)
    for run in range(2):
        folder.run_folder(run).mkdir(parents=True)
        (folder.run_folder(run) / "std_log.txt").write_text("hello")
        metric = Metric(run, 1, "loss", "scalar", 0.5, None, 103.0)
        story.tell(Started(102, run), facts={run: {"pid": 7}})
        story.tell(Reported(103, run, run / 2), metrics=[metric])
        if run == 1:
            over = {"status": ["Completed", ""], "evaluations": 0}
            story.tell(Completed(104, run), sweep=over)
        else:
            story.tell(Completed(104, run))
    story.close()
    return folder


def kinds(workspace):
    return [finding.kind for finding in examine(workspace).all_findings]


def change(folder, *statements):
    with contextlib.closing(sqlite3.connect(folder.database)) as db, db:
        for statement in statements:
            db.execute(statement)


def rows(path):
    """Everything that a database says, for comparison."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = ("event", "run", "metric", "tag", "notice", "sweep")
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def everything(folder):
    return {
        p: (p.stat().st_mode, p.read_bytes() if p.is_file() else b"") for p in folder.rglob("*")
    }


def interrupted(folder):
    """Take a sweep back to where its second run was going on."""
    with contextlib.closing(sqlite3.connect(folder.database)) as db, db:
        db.execute("DELETE FROM event WHERE seq > 6")
        db.execute("UPDATE run SET status = 'Running', ended_at = NULL, best = NULL, last = NULL,"
                   " reports = 0 WHERE number = 1")  # fmt: skip
        db.execute("""UPDATE sweep SET value = '["Running", ""]' WHERE key = 'status'""")


class TestFindings:
    def test_all_is_well(self, workspace, kept):
        before = everything(workspace.path)
        found = examine(workspace)
        assert found.all_findings == []
        assert [check.folder.id for check in found.sweeps] == ["HD_one"]
        left = {p: v for p, v in everything(workspace.path).items() if "-shm" not in p.name}
        assert {p: v for p, v in left.items() if "-wal" not in p.name} == before

    def test_an_empty_workspace_is_well(self, workspace):
        assert kinds(workspace) == []

    def test_others_may_look_inside(self, workspace, kept):
        workspace.path.chmod(0o755)
        [finding] = examine(workspace).all_findings
        assert finding.kind == "permission"
        assert finding.what == "others than its owner may use it (their permissions are 55)"

    def test_a_sweep_without_an_owner(self, workspace, kept):
        interrupted(kept)
        [finding] = examine(workspace).all_findings
        assert finding.kind == "interrupted"
        assert finding.what.endswith("nobody works on it: 1 run without an owner (1)")
        assert finding.todo == "sweep resume HD_one"

    @pytest.mark.parametrize(
        ("template", "todo"),
        [
            ('{"function": "train"}', "go on in Python: sweep.tune(train, resume='HD_one')"),
            ('{"interactive": true}', "it was logged from Python, and cannot go on"),
        ],
    )
    def test_what_to_do_depends_on_what_it_runs(self, workspace, kept, template, todo):
        interrupted(kept)
        change(kept, f"UPDATE sweep SET value = '{template}' WHERE key = 'template'")
        [finding] = examine(workspace).all_findings
        assert finding.todo.startswith(todo)

    def test_a_sweep_that_is_worked_on_has_an_owner(self, workspace, kept):
        interrupted(kept)
        (kept.path / "runs" / "9").mkdir()
        with Lock(kept.lock):
            assert kinds(workspace) == []

    def test_a_process_that_was_left_behind(self, workspace, kept):
        marked = {"SWEEP_ID": "HD_one", "SWEEP_RUN_ID": "HD_one_1"}
        elsewhere = {**marked, "SWEEP_RUN_FOLDER": "/somewhere/.sweep/sweeps/HD_one/runs/1"}
        ours = {**marked, "SWEEP_RUN_FOLDER": str(kept.run_folder(1))}
        words = [sys.executable, "-c", "print(flush=True); input()"]
        with contextlib.ExitStack() as stack:
            started = []
            for variables in (ours, elsewhere, marked):
                process = subprocess.Popen(
                    words,
                    env={**os.environ, **variables},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
                stack.enter_context(process)
                stack.callback(process.send_signal, signal.SIGKILL)
                process.stdout.readline()
                started.append(process.pid)
            found = examine(workspace).all_findings
            with Lock(kept.lock):
                assert kinds(workspace) == []
        assert [f.kind for f in found] == ["process", "process"]
        for finding, pid in zip(found, sorted([started[0], started[2]]), strict=True):
            assert f"process {pid} of run HD_one_1 still runs" in finding.what
            assert finding.todo.endswith(f"kill {pid}")

    def test_folders_and_runs_that_do_not_belong_together(self, workspace, kept):
        (kept.path / "runs" / "7").mkdir()
        (kept.path / "runs" / "1.2").mkdir()
        (kept.path / "runs" / "1.2" / "model").touch()
        (kept.path / "runs" / "notes").mkdir()
        shutil.rmtree(kept.run_folder(0))
        found = examine(workspace).all_findings
        assert [(f.kind, Path(f.where).name) for f in found] == [
            ("run-folder", "1.2"),
            ("run-folder", "7"),
            ("run-folder", "notes"),
            ("run-row", "runs"),
        ]
        assert found[-1].what == "no folder for 1 run (0)"

    def test_folders_without_a_database(self, workspace, kept):
        for name in ("HD_empty", "HD_full", "HD_new"):
            folder = workspace.add_sweep(name, "demo")
            folder.database.touch()
            if name == "HD_full":
                (folder.path / "model.bin").touch()
            if name != "HD_new":  # which may be in the making
                os.utime(folder.path, (OLD, OLD))
        found = examine(workspace).all_findings
        assert [(f.kind, Path(f.where).name) for f in found] == [
            ("orphan", "HD_empty"),
            ("orphan", "HD_full"),
        ]

    def test_requests_that_nobody_will_hear(self, workspace, kept):
        kept.requests.mkdir()
        write(kept.requests / "1-1.json", ["cancel", None, "me"])
        (kept.requests / "2-1.json").write_text("[")
        found = examine(workspace).all_findings
        assert [(f.kind, f.what) for f in found] == [
            ("request", "it wants to cancel what is Completed already"),
            ("request", "it cannot be read"),
        ]
        interrupted(kept)
        assert kinds(workspace) == ["interrupted", "request"]

    def test_what_a_ray_has_left(self, workspace, kept):
        (kept.path / "ray" / "session_1").mkdir(parents=True)
        link = Path(tempfile.gettempdir()) / "sweep-0123456789ab"
        link.symlink_to((kept.path / "ray").resolve())
        try:
            [finding] = examine(workspace).all_findings
        finally:
            link.unlink()
        assert finding.what.endswith(f"has left session_1, {link}")

    def test_what_a_repair_has_left_that_was_cut_off(self, workspace, kept):
        (kept.path / ".mending-x").mkdir()
        assert kinds(workspace) == ["repair"]

    def test_files_of_the_workspace_that_cannot_be_read(self, workspace, kept):
        other = workspace.add_sweep("HD_two", "demo")
        shutil.copy(kept.database, other.database)
        shutil.copytree(kept.path / "runs", other.path / "runs")
        workspace.add_experiment("demo")
        (other.path / "sweep.json").write_text("{")
        (workspace.path / "experiments" / "demo.json").write_text("[]")
        (workspace.path / "last.json").write_text('"HD_gone"')
        assert kinds(workspace) == ["last", "experiment", "sweep"]
        assert [s.id for s in workspace.sweeps()] == ["HD_one"], "the others are not hidden"
        assert workspace.experiments() == []

    @pytest.mark.parametrize(
        ("spoil", "kind", "fragment"),
        [
            (lambda p: p.write_bytes(b"x" * 9999), "damaged", "file is not a database"),
            (lambda p: p.write_bytes(p.read_bytes()[:9000]), "damaged", "malformed"),
        ],
    )
    def test_databases_that_are_none(self, workspace, kept, spoil, kind, fragment):
        spoil(kept.database)
        [finding] = examine(workspace).all_findings
        assert finding.kind == kind
        assert fragment in finding.what

    def test_a_newer_database_is_left_alone(self, workspace, kept):
        change(kept, "PRAGMA user_version = 2")
        before = kept.database.read_bytes()
        [finding] = examine(workspace).all_findings
        assert (finding.kind, finding.todo.split(";")[0]) == ("newer", "upgrade hypersweep")
        assert repair(workspace).done == []
        assert kept.database.read_bytes() == before

    @pytest.mark.parametrize(
        ("statement", "fragment"),
        [
            ("UPDATE run SET status = 'Failed' WHERE number = 0", "status 'Failed', not 'Compl"),
            ("UPDATE run SET best = 9 WHERE number = 1", "run 1 has best 9.0, not 0.5"),
            ("DELETE FROM run WHERE number = 1", "run 1 is not in the table"),
            ("UPDATE run SET number = 5 WHERE number = 1", "run 5 is in the table, but was never"),
            ("""UPDATE sweep SET value = '["Paused", ""]' WHERE key = 'status'""",
             "the sweep is Paused, not Completed"),
        ],
    )  # fmt: skip
    def test_tables_that_say_something_else_than_the_journal(
        self, workspace, kept, statement, fragment
    ):
        whole = rows(kept.database)
        change(kept, statement)
        finding = examine(workspace).all_findings[0]
        assert finding.kind == "tables"
        assert fragment in finding.what
        [done] = repair(workspace).done
        assert done.endswith("; nothing is lost; the original is sweep.db.damaged-1")
        assert examine(workspace).all_findings == []
        mended = rows(kept.database)
        if statement.startswith(("DELETE", "UPDATE run SET number")):  # facts go with their row
            mended["run"] = [row[:-1] for row in mended["run"]]
            whole["run"] = [row[:-1] for row in whole["run"]]
        assert mended == whole

    def test_other_decisions_are_no_proof_of_damage(self, workspace, kept):
        change(kept, "UPDATE event SET commands = NULL WHERE seq = 2")
        [finding] = examine(workspace).all_findings
        assert finding.kind == "diverged"
        assert "can be replayed for 1 entries only" in finding.what
        assert repair(workspace).done == []


class TestRepair:
    def test_nothing_is_done_where_all_is_well(self, workspace, kept):
        before = rows(kept.database)
        assert repair(workspace).done == []
        assert rows(kept.database) == before

    def test_only_empty_folders_go(self, workspace, kept):
        (kept.path / "runs" / "7").mkdir()
        (kept.path / "runs" / "8").mkdir()
        (kept.path / "runs" / "8" / "model").touch()
        workspace.path.chmod(0o750)
        for name in ("HD_empty", "HD_full"):
            folder = workspace.add_sweep(name, "demo")
            (folder.path / "runs").mkdir()
            folder.database.touch()
            if name == "HD_full":
                (folder.path / "runs" / "model.bin").touch()
            os.utime(folder.path, (OLD, OLD))
        assert len(repair(workspace).done) == 3
        assert workspace.path.stat().st_mode & 0o777 == 0o700
        assert not (kept.path / "runs" / "7").exists()
        assert (kept.path / "runs" / "8" / "model").exists()
        assert not (workspace.path / "sweeps" / "HD_empty").exists()
        assert (workspace.path / "sweeps" / "HD_full" / "runs" / "model.bin").exists()

    def test_nothing_is_done_while_somebody_works_on_it(self, workspace, kept):
        change(kept, "DELETE FROM run WHERE number = 1")
        before = kept.database.read_bytes()
        with Lock(kept.lock):
            assert kinds(workspace) == ["tables"]
            assert repair(workspace).done == []
        seen = examine(workspace)
        with Lock(kept.lock):  # somebody has begun since
            came_to = repair(workspace, seen)
        assert came_to.done == []
        assert "is working on this sweep" in came_to.left[0]
        assert kept.database.read_bytes() == before

    def test_the_beginning_of_the_journal_that_can_be_read_is_kept(self, workspace, kept):
        whole = rows(kept.database)
        change(kept, "UPDATE event SET data = x'ff' WHERE seq = 7")
        damaged = kept.database.read_bytes()
        [finding, *_] = examine(workspace).all_findings
        assert finding.kind == "damaged"
        [done] = repair(workspace).done
        assert "from the first 6 entries of its journal; lost: the journal from entry 7" in done
        assert (kept.path / "sweep.db.damaged-1").read_bytes() == damaged
        mended = rows(kept.database)
        assert mended["event"] == whole["event"][:6]
        assert mended["metric"] == whole["metric"]
        assert [(row[0], row[1]) for row in mended["run"]] == [(0, "Completed"), (1, "Running")]
        assert kinds(workspace) == ["interrupted"]
        with contextlib.closing(SqliteJournal(kept.database, Goal.MAXIMIZE)) as journal:
            assert len([*journal.replay()]) == 6

    def test_how_a_sweep_stands_follows_from_its_journal(self, workspace, kept):
        whole = rows(kept.database)
        change(kept, "DELETE FROM sweep WHERE key = 'status'")
        assert kinds(workspace) == ["damaged"]
        assert "nothing is lost" in repair(workspace).done[0]
        assert rows(kept.database) == whole

    def test_an_original_is_never_written_over(self, workspace, kept):
        for number in (1, 2, 3):
            change(kept, f"UPDATE run SET best = {number + 7}.0")
            assert repair(workspace).done[0].endswith(f"the original is sweep.db.damaged-{number}")
        for number in (1, 2, 3):
            aside = kept.path / f"sweep.db.damaged-{number}"
            assert rows(aside)["run"][0][5] == number + 7

    def test_what_cannot_be_read_at_all_is_left_alone(self, workspace, kept):
        kept.database.write_bytes(b"x" * 50_000)
        before = everything(kept.path)
        came_to = repair(workspace)
        assert came_to.done == []
        assert "too little can be read of it" in came_to.left[0]
        assert {k: v for k, v in everything(kept.path).items() if k.name != "lock"} == before

    def test_a_disk_that_is_too_full_to_repair(self, workspace, kept, monkeypatch):
        change(kept, "UPDATE run SET best = 9")
        before = kept.database.read_bytes()

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(salvage, "_set_aside", full)
        came_to = repair(workspace)
        assert came_to.done == []
        assert "No space left on device; its database has been left" in came_to.left[0]
        assert kept.database.read_bytes() == before
        assert not [*kept.path.glob("*damaged*"), *kept.path.glob(".mending*")]

    def test_a_broken_log_is_mended_up_to_the_break(self, workspace):
        folder = workspace.add_sweep("HD_log", "demo")
        story = Story(folder.database)
        story.tell(sweep={"status": ["Running", ""], "template": {}, "resources": {}})
        story.begin()
        frames = log_of(folder.database).stat().st_size
        for run in range(4):
            story.tell(Started(101, run))
        data = {p: p.read_bytes() for p in (folder.database, log_of(folder.database))}
        story.close()
        log = bytearray(data[log_of(folder.database)])
        log[frames + FRAME_HEADER + PAGE + FRAME_HEADER + 9] ^= 4
        folder.database.write_bytes(data[folder.database])
        log_of(folder.database).write_bytes(log)
        assert frames > HEADER
        [finding, *_] = examine(workspace).all_findings
        assert "its log is broken" in finding.what
        [done] = repair(workspace).done
        assert "from the first 2 entries" in done
        assert log_of(folder.path / "sweep.db.damaged-1").read_bytes() == log
        assert kinds(workspace) == ["interrupted"]

    def test_a_repair_that_was_cut_off_is_taken_up(self, workspace, kept, monkeypatch):
        db, log = kept.database, log_of(kept.database)
        change(kept, "UPDATE run SET best = 9")
        aside = kept.path / "sweep.db.damaged-1"
        shutil.copy(db, aside)
        log_of(aside).write_bytes(b"the log that was set aside")
        salvage._take_up(db)
        assert log.read_bytes() == b"the log that was set aside"
        log.unlink()
        change(kept, "UPDATE run SET best = 8")  # it has been written since: another story
        salvage._take_up(db)
        assert not log.exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "sweep.db"
    long_story(path, rounds=30)
    return path


@pytest.mark.parametrize("kind", ["zeros", "torn"])
def test_of_any_page_that_is_rubbish_the_rest_is_saved(whole, tmp_path, kind):
    """What a repair makes is whole, or it makes nothing; and what it keeps was there before."""
    data, story = whole.read_bytes(), rows(whole)
    saved = []
    for number in range(len(data) // PAGE):
        path = tmp_path / str(number) / "sweep.db"
        path.parent.mkdir()
        page = data[number * PAGE : (number + 1) * PAGE]
        spoilt = data[: number * PAGE] + RUBBISH[kind](page) + data[(number + 1) * PAGE :]
        path.write_bytes(spoilt)
        if not check_database(path).mend:
            continue
        try:
            salvage.rebuild(path)
        except Damaged:
            assert path.read_bytes() == spoilt
            continue
        assert path.with_name("sweep.db.damaged-1").read_bytes() == spoilt
        assert check_database(path).findings == []
        mended = rows(path)
        assert mended["event"] == story["event"][: len(mended["event"])]
        assert {row[1:] for row in mended["metric"]} <= {row[1:] for row in story["metric"]}
        assert {*mended["tag"]} <= {*story["tag"]}
        assert not [p for p in path.parent.iterdir() if p.name.startswith(".")]
        saved.append((number, len(mended["event"])))
    assert dict(saved)[0] == len(story["event"]), "the first page is the same in all"
    assert len(saved) >= len(data) // PAGE // 2


def test_a_resumed_sweep_goes_on_from_what_was_kept(workspace, kept):
    change(kept, "UPDATE event SET data = x'ff' WHERE seq = 7")
    repair(workspace)
    with SweepReader(kept.database) as reader:
        definition = SweepDefinition.from_wire(reader.get("definition"))
    scheduler = Scheduler(definition)
    with contextlib.closing(SqliteJournal(kept.database, Goal.MAXIMIZE)) as journal:
        for event, recorded in journal.replay():
            assert scheduler.replay(event, recorded) == recorded
    assert [record.number for record in scheduler.live] == [1]


def test_the_error_of_a_full_disk_is_one_of_the_workspace():
    assert DiskFull.exit_code == 1


@pytest.fixture
def extended(workspace):
    """A sweep of one run that came to its end, and went further."""
    folder = workspace.add_sweep("HD_one", "demo")
    story = Story(folder.database, runs=1)
    story.tell(sweep={"status": ["Running", ""], "template": {"argv": []}, "resources": {}})
    story.begin(slots=1)
    story.tell(Started(102, 0), Completed(103, 0), sweep={"status": ["Completed", ""]})
    first = story.scheduler.definition.to_wire()
    further = {**first, "max_total_jobs": 2}
    both = {"definition": further, "first_definition": first}
    story.tell(Redefined(200, further), Opened(200), SlotsChanged(200, 1), sweep=both)
    story.tell(Started(201, 1), Completed(202, 1), sweep={"status": ["Completed", ""]})
    for run in range(2):
        folder.run_folder(run).mkdir(parents=True)
        (folder.run_folder(run) / "std_log.txt").write_text("hello")
    story.close()
    return folder


def test_a_sweep_that_went_further_is_as_it_should_be(workspace, extended):
    assert kinds(workspace) == []


def test_a_sweep_that_went_further_is_saved_whole(workspace, extended):
    before = rows(extended.database)
    with contextlib.closing(sqlite3.connect(extended.database)) as db, db:
        db.execute("DELETE FROM run")
    assert "tables" in kinds(workspace)
    assert repair(workspace).done
    assert kinds(workspace) == []
    assert rows(extended.database)["event"] == before["event"]
