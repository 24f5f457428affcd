"""Damaged databases and full disks end in a message, and the last good state stays."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess

import pytest

from policies import BanditPolicy, Goal
from sweep.core.definition import SweepDefinition
from sweep.core.events import Completed, Opened, Reported, SlotsChanged, Started, Stopped
from sweep.core.scheduler import Scheduler
from sweep.errors import Damaged, DiskFull, SweepError, WorkspaceError
from sweep.storage.journal import Batch, Metric, SqliteJournal
from sweep.storage.lock import Lock
from sweep.storage.log_file import FRAME_HEADER, HEADER, LogState, log_of, state_of_log
from sweep.storage.reader import SweepReader
from sweep.storage.schema import connect
from sweep.storage.trouble import Explained, explain
from sweep.storage.workspace import WorkspaceFolder, write
from tests.storage.stories import Story

PAGE = 4096
UP = Goal.MAXIMIZE


def long_story(path, rounds=60):
    """Keep a sweep whose tables each have a page or more; return how it stands."""
    story = Story(path, runs=4, policy=BanditPolicy(slack_amount=0.2))
    story.tell(sweep={"status": ["Running", ""], "template": {}, "resources": {}})
    story.begin(slots=4)
    story.tell(*(Started(101, run) for run in range(4)), facts={0: {"pid": 7, "host": "h" * 99}})
    for n in range(rounds):
        at = 102.0 + n
        story.tell(
            Reported(at, 0, 0.5 + n / 1000),
            metrics=[Metric(0, 1, "loss", "scalar", n / 3, None, at)],
            notices=[(at, 0, f"notice {n} " + "." * 60)],
            tags=[(0, "tag", f"tag {n}", "x" * 60)],
        )
    story.tell(Reported(900, 1, 0.1), Completed(901, 0))
    story.tell(Stopped(902, 1))
    story.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "sweep.db"
    long_story(path)
    return path


def use(path):
    """Do with a database everything that commands do; return what the journal came to."""
    with SweepReader(path) as reader:
        definition = SweepDefinition.from_wire(reader.get("definition"))
        reader.get("status"), reader.count(), reader.runs(), reader.ranked()
        reader.reports(0), reader.curves(), reader.mean_duration(), reader.metrics(0, 1)
        reader.metric_names(), reader.tags(0, "tag"), reader.notices()
        list(reader.entries()), list(reader.story(0))
    journal = SqliteJournal(path, definition.goal)
    try:
        scheduler = Scheduler(definition)
        for event, recorded in journal.replay():
            scheduler.replay(event, recorded)
    finally:
        journal.close()
    return scheduler


def attempt(path):
    """Use a database; return how it was refused. Anything but an error of ours is a bug."""
    try:
        use(path)
    except SweepError as error:
        return error
    return None


def fill(place):
    """Leave no room on a file system."""
    filling = place / "filling"
    file = os.open(filling, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(file, bytes(PAGE))
    os.close(file)
    return filling


RUBBISH = {
    "zeros": lambda page: bytes(len(page)),
    "ones": lambda page: b"\xff" * len(page),
    "torn": lambda page: page[: len(page) // 2] + bytes(len(page) - len(page) // 2),
    "shifted": lambda page: page[16:] + page[:16],
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_any_page_may_be_rubbish(whole, tmp_path, kind):
    data = whole.read_bytes()
    pages = len(data) // PAGE
    assert pages > 10
    refused = 0
    for number in range(pages):
        page = data[number * PAGE : (number + 1) * PAGE]
        path = tmp_path / f"{number}.db"
        spoilt = data[: number * PAGE] + RUBBISH[kind](page) + data[(number + 1) * PAGE :]
        path.write_bytes(spoilt)
        refusal = attempt(path)
        refused += refusal is not None
        if isinstance(refusal, WorkspaceError):
            assert str(path) in str(refusal)
            assert "sweep doctor" in str(refusal) or "not the database of a sweep" in str(refusal)
        assert path.read_bytes() == spoilt, "to look, and to open, changes nothing"
    assert refused >= pages // 2, "the parts of a page that nothing uses may be anything"


@pytest.mark.parametrize("size", [2, 99, 100, 512, PAGE - 1, PAGE, 2 * PAGE, 5 * PAGE + 7])
def test_a_database_that_was_cut_short(whole, tmp_path, size):
    path = tmp_path / "sweep.db"
    path.write_bytes(whole.read_bytes()[:size])
    for action in (
        lambda: use(path),
        lambda: SqliteJournal(path, UP).write(Batch(sweep={"x": 1})),
    ):
        with pytest.raises(WorkspaceError, match=r"sweep\.db.*(doctor|not the database)"):
            action()
    assert path.stat().st_size == size


def with_log(place):
    """Keep a sweep as a killed engine leaves it: with its last transactions in the log."""
    path = place / "sweep.db"
    story = Story(path)
    story.begin()
    for run in range(4):
        story.tell(Started(101, run))
        story.tell(Reported(102, run, run / 10))
    killed = place / "killed"
    killed.mkdir()
    for file in (path, log_of(path)):
        shutil.copy(file, killed)
    story.close()
    return killed / "sweep.db"


def entries(path):
    with contextlib.closing(SqliteJournal(path, UP)) as journal:
        return [*journal.replay()]


def test_a_log_may_end_anywhere(tmp_path):
    killed = with_log(tmp_path)
    log = log_of(killed).read_bytes()
    story = entries_of_copy(killed, log, tmp_path / "all")
    assert len(story) == 10
    seen = set()
    for size in [*range(0, len(log), 777), 1, HEADER, len(log) - 1]:
        found = entries_of_copy(killed, log[:size], tmp_path / str(size))
        assert found == story[: len(found)], "a beginning of the story, never anything else"
        seen.add(len(found))
    assert len(seen) > 5


def entries_of_copy(killed, log, folder):
    """Open a killed sweep with another log; nothing, where not even its tables were folded in."""
    folder.mkdir(exist_ok=True)
    path = folder / "sweep.db"
    shutil.copy(killed, path)
    log_of(path).write_bytes(log)
    return entries(path)


def test_transactions_behind_a_break_in_the_log_are_not_written_over(tmp_path):
    killed = with_log(tmp_path)
    log = bytearray(log_of(killed).read_bytes())
    whole = state_of_log(log_of(killed))
    assert whole.transactions >= 10
    assert whole.lost == 0
    log[HEADER + FRAME_HEADER + 100] ^= 1
    log_of(killed).write_bytes(log)
    assert state_of_log(log_of(killed)) == LogState(0, whole.transactions - 1)
    with pytest.raises(Damaged, match=r"its log is broken, with .* whole transactions behind"):
        SqliteJournal(killed, UP)
    assert log_of(killed).read_bytes() == log


@pytest.mark.parametrize("at", range(0, HEADER, 3))
def test_a_broken_head_of_the_log_does_not_lose_what_follows(tmp_path, at):
    killed = with_log(tmp_path)
    log = bytearray(log_of(killed).read_bytes())
    log[at] ^= 0x55
    log_of(killed).write_bytes(log)
    assert state_of_log(log_of(killed)).transactions == 0
    with pytest.raises(Damaged, match="its log is broken"):
        SqliteJournal(killed, UP)
    assert log_of(killed).read_bytes() == log


def test_the_last_transaction_was_not_promised(tmp_path):
    killed = with_log(tmp_path)
    log = bytearray(log_of(killed).read_bytes())
    log[-1] ^= 1
    log_of(killed).write_bytes(log)
    assert state_of_log(log_of(killed)).lost == 0
    assert len(entries(killed)) == 9


def test_an_emptied_database_does_not_take_its_log_with_it(tmp_path):
    killed = with_log(tmp_path)
    killed.write_bytes(b"")
    log = log_of(killed).read_bytes()
    for writing in (False, True):
        with pytest.raises(Damaged, match="it is empty, but its log is not"):
            connect(killed, write=writing)
    assert log_of(killed).read_bytes() == log


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM sweep WHERE key = 'definition'", "the sweep's definition is not in it"),
        ("UPDATE sweep SET value = '{\"a' WHERE key = 'definition'", "makes no sense"),
        (
            "UPDATE sweep SET value = '{\"generator_config\": {}}' WHERE key = 'definition'",
            "no sense",
        ),
        ("UPDATE sweep SET value = x'ff00' WHERE key = 'definition'", "makes no sense"),
        ("UPDATE run SET configuration = '{' WHERE number = 1", "makes no sense"),
        ("UPDATE run SET configuration = CAST(x'c328' AS TEXT)", "Could not decode"),
        ("UPDATE event SET kind = 99 WHERE seq = 3", "makes no sense"),
        ("UPDATE event SET data = '[1, 2, 3, 4, 5, 6, 7, 8]' WHERE seq = 1", "makes no sense"),
        ("UPDATE event SET commands = '[[\"fly\"]]' WHERE seq = 2", "makes no sense"),
        ("UPDATE metric SET value = 'nul'", "makes no sense"),
        ("DROP TABLE notice", "no such table"),
        ("PRAGMA user_version = -3", "version -3"),
    ],
)
def test_values_that_make_no_sense(whole, tmp_path, statement, words):
    path = tmp_path / "sweep.db"
    shutil.copy(whole, path)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)
    with pytest.raises(Damaged, match="sweep doctor") as caught:
        use(path)
    assert words in str(caught.value)
    assert words in caught.value.why


def test_a_table_whose_name_is_no_text(whole, tmp_path):
    path = tmp_path / "sweep.db"
    data = whole.read_bytes().replace(b"CREATE TABLE notice", b"CREATE TABL! notice")
    path.write_bytes(data.replace(b"noticenotice", b"n\xc4ticenotice"))
    with pytest.raises(Damaged, match="sweep doctor"):  # SQLite's own message quotes that name
        use(path)


def test_a_second_entry_of_the_same_number_is_refused(story, path):
    story.begin()
    other = SqliteJournal(path, UP)
    story.tell(Started(101, 0))
    with pytest.raises(Damaged, match="cannot be written: UNIQUE constraint"):
        other.write(Batch(entries=[(Opened(200), [])]))
    other.close()


def test_a_database_that_may_only_be_read(powerless):
    path = powerless.folder / "sweep.db"
    Story(path).close()
    path.chmod(0o444)
    powerless.folder.chmod(0o755)
    powerless()
    with pytest.raises(WorkspaceError, match="may only be read") as caught:
        SqliteJournal(path, UP).write(Batch(sweep={"x": 1}))
    assert not isinstance(caught.value, Damaged | DiskFull)


# ---- a full disk --------------------------------------------------------------------------


def test_a_full_disk_has_an_error_of_its_own(story, path):
    story.begin()
    [[pages]] = story.journal._db.execute("PRAGMA page_count")
    story.journal._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match="make room, then go on with `sweep resume`") as caught:
        story.tell(notices=[(1.0, None, "x" * 100_000)])
    assert caught.value.exit_code == 1


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    # Lazily: a test that fails may have left a file open.
    subprocess.run([shutil.which("umount"), "--lazy", place], check=True)


def test_a_sweep_on_a_full_disk_stands_where_it_stood(small_disk):
    path = small_disk / "sweep.db"
    story = Story(path, runs=9)
    story.tell(Opened(100), SlotsChanged(100, 1))
    story.tell(Started(100, 0))
    filling = fill(small_disk)
    told, refused = 0, None
    for n in range(1000):
        batch = Batch(notices=[(float(n), 0, "x" * 500)])
        try:
            story.journal.write(batch)
        except DiskFull as error:
            refused = error
            break
        told += 1
    assert "sweep.db cannot be written: the disk is full" in str(refused)
    with pytest.raises(DiskFull):  # it is no different the second time
        story.journal.write(batch)
    with SweepReader(path) as reader:
        assert len(reader.notices()) == told
        assert len([*reader.entries()]) == 3
    filling.unlink()
    story.journal.write(batch)  # the same batch, once there is room
    story.tell(Reported(101, 0, 0.5))
    story.close()
    with SweepReader(path) as reader:
        assert len(reader.notices()) == told + 1
        assert reader.run(0).best == 0.5
    assert use_status(path) == "ok"


def test_a_sweep_that_cannot_be_made_for_want_of_room_says_so(small_disk):
    fill(small_disk)
    with pytest.raises(DiskFull, match="the disk is full"):
        SqliteJournal(small_disk / "sweep.db", UP)


def test_a_full_disk_can_be_read_from_or_it_is_said(small_disk):
    """A reader needs a little room of its own, beside a database that was not closed."""
    path = small_disk / "sweep.db"
    Story(path).close()
    log_of(path).touch()
    fill(small_disk)
    with pytest.raises(DiskFull, match="the disk is full"):
        SweepReader(path)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("database or disk is full", DiskFull, "the disk is full"),
        ("disk I/O error", WorkspaceError, "the disk gave an error"),
        ("attempt to write a readonly database", WorkspaceError, "may only be read"),
        ("unable to open database file", WorkspaceError, "is its folder there"),
        ("database is locked", WorkspaceError, "by another program: close that"),
        ("database disk image is malformed", Damaged, "sweep doctor --repair"),
        ("file is not a database", Damaged, "sweep doctor --repair"),
    ],
)
def test_each_of_sqlites_errors_says_what_to_do(path, said, kind, words):
    error = explain(path, sqlite3.OperationalError(said), "cannot be written")
    assert type(error) is kind
    assert words in str(error)
    assert str(path) in str(error)


def test_our_own_mistakes_are_not_taken_for_damage(path):
    with pytest.raises(sqlite3.ProgrammingError), Explained(path, values=True):
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


def test_small_files_on_a_full_disk(small_disk):
    workspace = WorkspaceFolder.make(small_disk)
    folder = workspace.add_sweep("HD_one", "demo")
    folder.lock.touch()
    before = {p: p.read_bytes() for p in workspace.path.rglob("*.json")}
    filling = fill(small_disk)
    for action in (
        lambda: write(folder.path / "sweep.json", {"long": "x" * 99_999}),
        lambda: workspace.add_sweep("HD_two", "demo"),
        lambda: Lock(folder.lock),
    ):
        with pytest.raises(DiskFull, match=r"cannot be written: No space left on device\. What"):
            action()
    assert {p: p.read_bytes() for p in workspace.path.rglob("*.json")} == before
    assert not (workspace.path / "sweeps" / "HD_two").exists()
    filling.unlink()
    Lock(folder.lock).close()
    workspace.add_sweep("HD_two", "demo")


def use_status(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        [[said]] = db.execute("PRAGMA integrity_check")
    return said
