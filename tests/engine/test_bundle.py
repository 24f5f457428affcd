"""A sweep as one file: whole, without secrets; and a file of a stranger's does no harm."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from sweep.core.definition import SweepDefinition
from sweep.engine.bundle import bundle
from sweep.engine.submit import Submission, create
from sweep.engine.unbundle import unbundle
from sweep.errors import UserError
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.checkup import check_database
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.cli.test_cancel import paused
from tests.cli.workspaces import kept, play, printed, story, sweep, values

SECRET = "hunter2-hunter2"


@pytest.fixture
def other(tmp_path):
    """A workspace of somebody else's."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    return WorkspaceFolder.make(place)


def bundled(folder, place, name="a.sweep.tar.gz"):
    said = []
    bundle(folder, place / name, said.append)
    return place / name, said


def test_a_sweep_is_looked_at_elsewhere(place, other):
    folder = story(place)
    outputs = folder.run_folder(4) / "outputs"
    outputs.mkdir(parents=True)
    (outputs / "model.bin").write_bytes(b"\0\1")
    (folder.run_folder(4) / "train.py").write_text("")  # as in its snapshot
    file, said = bundled(folder, place)
    assert said == []
    assert file.stat().st_mode & 0o077 == 0
    opened, said = unbundle(file, other)
    assert (opened.id, said) == (folder.id, [])
    assert check_database(opened.database).findings == []
    assert (opened.run_folder(4) / "outputs" / "model.bin").read_bytes() == b"\0\1"
    assert not (opened.run_folder(4) / "train.py").exists()
    assert [*other.path.glob("unbundle-*")] == []
    with SweepReader(folder.database) as here, SweepReader(opened.database) as there:
        assert there.runs() == here.runs()
        assert there.get("template")["tree"].startswith(str(other.path))
    said = sweep("best", "--workspace", other.path)
    assert "HD_story_4  accuracy = 0.95" in said.out
    with pytest.raises(UserError, match="there is a sweep HD_story in"):
        unbundle(file, other)


def test_a_paused_sweep_goes_on_elsewhere(place, other):
    folder = paused(place)
    opened, _ = unbundle(bundled(folder, place)[0], other)
    play(opened, values(0.7))
    with SweepReader(opened.database) as reader:
        assert reader.count() == {"Completed": 4}


def test_a_sweep_that_is_written_is_bundled_as_it_is_at_one_moment(place, other):
    folder = kept(place, points=2)
    files = []

    def curve(_):
        yield 0.5
        files.append(bundled(folder, place, f"{len(files)}.tar.gz")[0])
        yield 0.6

    play(folder, curve)
    opened, _ = unbundle(files[0], other)
    assert check_database(opened.database).findings == []


def test_snapshots_come_with_modes_and_links(place, other):
    source = place / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "run.sh").write_text("echo\n")
    (source / "deep" / "run.sh").chmod(0o755)
    (source / "all").symlink_to("deep")
    folder = kept(place)
    opened, said = unbundle(bundled(folder, place)[0], other)
    with SweepReader(folder.database) as here, SweepReader(opened.database) as there:
        before, after = (r.get("template")["tree"] for r in (here, there))
    assert said == []
    assert Path(before).name == Path(after).name
    assert os.access(f"{after}/all/run.sh", os.X_OK)
    assert Path(after, "all").readlink() == Path("deep")


def with_secret(place):
    source = place / "source"
    source.mkdir()
    (source / "train.py").write_text("")
    with SweepReader(kept(place).database) as reader:
        definition = SweepDefinition.from_wire(reader.get("definition"))
    configuration = RunConfiguration(
        script="train.py",
        arguments=("--token", SECRET, "--epochs", "3"),
        environment_variables={"API_KEY": SECRET[::-1], "PLAIN": "plain-value"},
    )
    submission = Submission(definition, configuration, source, "demo", sweep_id="HD_secret")
    return create(WorkspaceFolder.make(place), submission, print)


def test_no_secret_leaves(place, other):
    folder = with_secret(place)
    play(folder, values(0.5))
    printed(folder, 0, f"token is {SECRET}, and plain-value\n")
    (folder.run_folder(0) / "outputs").mkdir()
    (folder.run_folder(0) / "outputs" / "x.bin").write_bytes(b"\0" + SECRET[::-1].encode())
    with SweepReader(folder.database) as reader:
        goal = reader.goal
    with closing(SqliteJournal(folder.database, goal)) as journal:
        journal.write(
            Batch(facts={0: {"tail": f"it was {SECRET}"}}, notices=[(1.0, 0, SECRET[::-1])])
        )
    file, said = bundled(folder, place)
    assert said == ["runs/0/outputs/x.bin is left out: a secret of the sweep is in it"]
    with tarfile.open(file) as tar:
        names = tar.getnames()
        for member in tar.getmembers():
            data = tar.extractfile(member).read()
            assert SECRET.encode() not in data, member.name
            assert SECRET[::-1].encode() not in data, member.name
    assert not {n for n in names if "secret" in n or "lock" in n or "requests" in n}
    opened, said = unbundle(file, other)
    assert "were given secrets" in said[0]
    log = (opened.run_folder(0) / "user_logs" / "std_log.txt").read_text()
    assert log == "token is [redacted], and plain-value\n"
    assert check_database(opened.database).findings == []


# ---- strangers ------------------------------------------------------------------------


def changed(file, place, change):
    """Write the bundle anew, with each (member, data) as `change` makes it, and what it adds."""
    new = place / "bad.tar.gz"
    with tarfile.open(file) as old, tarfile.open(new, "w:gz") as tar:
        for member in old.getmembers():
            data = old.extractfile(member).read()
            for info, content in change(member, data):
                info.size = len(content) if info.isreg() else 0
                tar.addfile(info, io.BytesIO(content))
    return new


def added(info, content=b"x"):
    def change(member, data):
        return (
            [(info, content), (member, data)] if member.name == "sweep.json" else [(member, data)]
        )

    return change


def named(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (named("../out"), "no name of a file"),
        (named("runs/0/../../../out"), "no name of a file"),
        (named("/tmp/out"), "no name of a file"),
        (named("runs/0//out"), "no name of a file"),
        (named("runs/x/out"), "no name of a file"),
        (named("secrets.json"), "no name of a file"),
        (named("sweep.json"), "no name of a file"),
        (named("runs/0/" + "d/" * 70 + "x"), "no name of a file"),
        (named("runs/0/link", tarfile.SYMTYPE, "/etc"), "no plain file"),
        (named("runs/0/link", tarfile.LNKTYPE, "sweep.db"), "no plain file"),
        (named("runs/0/pipe", tarfile.FIFOTYPE), "no plain file"),
        (named("runs/0/null", tarfile.CHRTYPE), "no plain file"),
        (named("runs/0/folder", tarfile.DIRTYPE), "no plain file"),
        (named("runs/0/more"), "is damaged: runs/0/more"),
    ],
    ids=lambda value: getattr(value, "name", "")[:20],
)
def test_what_no_bundle_holds(place, other, info, message):
    file = changed(bundled(story(place), place)[0], place, added(info))
    with pytest.raises(UserError, match=message):
        unbundle(file, other)
    assert not (place / "out").exists()
    assert {p.name for p in other.path.iterdir()} <= {"workspace.json", ".gitignore", "snapshots"}


def about_with(**changes):
    def change(member, data):
        if member.name == "bundle.json":
            data = json.dumps({**json.loads(data), **changes}).encode()
        return [(member, data)]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (about_with(bundle=2), "newer version"),
        (about_with(sweep="../x"), "no id of a sweep"),
        (about_with(links={"tree/0/x": "/etc/passwd"}), "leads out"),
        (about_with(links={"tree/0/x": "../../../x"}), "leads out"),
        (about_with(links={"../x": "y"}), "no name of a link"),
        (about_with(links={"tree/0/a": "train.py", "tree/0/a/b": "train.py"}), "behind another"),
        (about_with(files=[]), "cannot be read"),
        (lambda m, d: [(m, d + b" " if m.name == "sweep.json" else d)], "is damaged: sweep.json"),
        (lambda m, d: [(m, d)] if m.name != "sweep.db" else [], "is damaged: sweep.db"),
        (lambda m, d: [(m, d)] if m.name != "bundle.json" else [], "its end is missing"),
    ],
)
def test_what_is_not_as_it_says(place, other, change, message):
    file = changed(bundled(story(place), place)[0], place, change)
    with pytest.raises(UserError, match=message):
        unbundle(file, other)
    assert not (other.path / "sweeps").exists()


def test_a_database_with_more_than_tables(place, other):
    folder = story(place)
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON notice BEGIN DELETE FROM event; END")
        db.commit()
    with pytest.raises(UserError, match="other tables"):
        unbundle(bundled(folder, place)[0], other)


def test_bombs(place, other):
    file, _ = bundled(story(place), place)
    with pytest.raises(UserError, match="more comes out of it"):
        unbundle(file, other, largest=1000)
    info = named("runs/0/bomb")
    info.pax_headers = {"comment": "x" * (4 << 20)}
    with pytest.raises(UserError, match="header is too large"):
        unbundle(changed(file, place, added(info)), other)


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b\x08" + b"\0" * 50])
def test_what_is_no_archive(place, other, data):
    (place / "x").write_bytes(data)
    with pytest.raises(UserError, match="no bundle of a sweep"):
        unbundle(place / "x", other)


def test_one_that_ends_in_the_middle(place, other):
    file, _ = bundled(story(place), place)
    data = file.read_bytes()
    for end in range(0, len(data) - 100, max(1, len(data) // 20)):
        (place / "cut").write_bytes(data[:end])
        with pytest.raises(UserError):  # of the last bytes, some are for nothing
            unbundle(place / "cut", other)


def test_the_commands(place, other):
    story(place)
    said = sweep("bundle")
    assert said.code == 0
    assert "open it with: sweep unbundle HD_story.sweep.tar.gz" in said.out
    assert sweep("bundle").code == 2
    said = sweep("unbundle", "HD_story.sweep.tar.gz", "--workspace", other.path)
    assert (said.code, said.err) == (0, "")
    assert sweep("unbundle", "none.gz").err == "error: none.gz: there is no such file\n"
