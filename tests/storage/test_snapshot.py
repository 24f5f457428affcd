"""Snapshots: what is in them, what is not, and what they are called."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from sweep.errors import UserError
from sweep.storage import snapshot
from sweep.storage.snapshot import differences, take

ROOT = Path(__file__).parents[2]

SERVICE = [
    ".git/config",
    "__pycache__/a.pyc",
    "data/a.csv",
    "data/sub/b.csv",
    "logs/x.txt",
    "outputs/m.bin",
    "train.py",
]
"""The tree with which the service's own rules were observed."""


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def fill(folder, names, text=None):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name if text is None else text)


def names(tree):
    return sorted(
        str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_symlink() or not p.is_dir()
    )


def stored(store):
    """The files of the store, without the trees that are made of them."""
    return sorted(p.name for p in (store / "objects").rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("ignore", "left_out"),
    [
        ({}, set()),
        ({".gitignore": "data/*\n"}, {"data/a.csv", "data/sub/b.csv"}),
        ({".gitignore": "data\n"}, {"data/a.csv", "data/sub/b.csv"}),
        ({".amlignore": "outputs\n", ".gitignore": "data\n"}, {"outputs/m.bin"}),
        ({".amlignore": "", ".gitignore": "data\n"}, set()),  # empty, but there
        ({"data/.amlignore": "*\n", "logs/.gitignore": "*\n"}, set()),  # only those in the root
        ({".gitignore": "*.csv\n!data/a.csv\n"}, {"data/sub/b.csv"}),
        ({".gitignore": "data/*\n!data/sub\n"}, {"data/a.csv"}),
        ({".gitignore": "# data\n\n/data/*.csv\n"}, {"data/a.csv"}),
        ({".gitignore": "sub/\n"}, {"data/sub/b.csv"}),
        ({".amlignore": ".amlignore\n*.py\n"}, {".amlignore", "train.py"}),
        ({".gitignore": "é\n\udcff\n"}, set()),
    ],
)
def test_the_services_rules(source, store, ignore, left_out):
    fill(source, SERVICE)
    for name, text in ignore.items():
        (source / name).write_text(text, errors="surrogateescape")
    everything = {*SERVICE, *ignore}
    assert {*names(take(source, store, strict=True).tree)} == everything - left_out
    usual = {n for n in everything - left_out if not n.startswith((".git/", "__pycache__"))}
    assert {*names(take(source, store).tree)} == usual


def test_contents_and_modes_are_kept(source, store):
    fill(source, ["a.txt", "deep/b.sh", "empty"])
    (source / "empty").write_text("")
    (source / "deep/b.sh").chmod(0o700)
    (source / "a.txt").chmod(0o600)
    shot = take(source, store)
    assert (shot.tree / "a.txt").read_text() == "a.txt"
    assert (shot.tree / "a.txt").stat().st_mode & 0o777 == 0o644
    assert (shot.tree / "deep/b.sh").stat().st_mode & 0o777 == 0o755
    assert (shot.files, shot.size, shot.warnings) == (3, len("a.txt" + "deep/b.sh"), ())
    assert shot.tree == store / "trees" / shot.id


def test_an_unchanged_tree_has_the_same_id(source, store):
    fill(source, SERVICE)
    first = take(source, store)
    for path in source.rglob("*"):
        os.utime(path, (0, 0))
    shutil.copytree(source, source.parent / "elsewhere")
    assert take(source, store) == first
    assert take(source.parent / "elsewhere", store) == first
    assert len([*(store / "trees").iterdir()]) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda s: (s / "a").write_text("changed"),
        lambda s: (s / "a").rename(s / "c"),
        lambda s: (s / "a").chmod(0o755),
        lambda s: (s / "a").unlink(),
        lambda s: (s / "new").write_text(""),
        lambda s: (s / "link").symlink_to("sub"),
    ],
)
def test_any_change_changes_the_id(source, store, change):
    fill(source, ["a", "sub/b"])
    before = take(source, store)
    change(source)
    assert take(source, store).id != before.id
    assert (before.tree / "a").read_text() == "a"  # and nothing of the old one


def test_every_content_is_stored_once(source, store):
    fill(source, ["a", "b", "sub/c"], text="the same")
    fill(source, ["d"])
    one = take(source, store)
    (source / "d").write_text("another")
    (source / "b").chmod(0o755)
    two = take(source, store)
    assert len(stored(store)) == 4  # "the same", to be executed and not, and two of d
    assert one.tree != two.tree
    assert (one.tree / "a").samefile(two.tree / "sub/c")
    assert not (one.tree / "b").samefile(two.tree / "b")
    assert (one.tree / "d").read_text() == "d"


def test_names_need_not_be_text(source, store):
    os.close(os.open(bytes(source) + b"/\xff\xfe", os.O_CREAT))
    fill(source, ["é \n*"])
    shot = take(source, store)
    assert sorted(map(os.fsencode, names(shot.tree))) == [b"\xc3\xa9 \n*", b"\xff\xfe"]


def test_an_empty_folder_has_a_snapshot(source, store):
    (source / "hollow").mkdir()
    shot = take(source, store)
    assert (shot.files, [*shot.tree.iterdir()]) == (0, [])
    assert take(source, store) == shot


def test_only_files_are_kept(source, store):
    os.mkfifo(source / "pipe")
    fill(source, ["a"])
    assert names(take(source, store).tree) == ["a"]


@pytest.mark.parametrize("strict", [False, True])
def test_a_store_in_the_source_does_not_hold_itself(source, strict):
    fill(source, ["train.py", ".sweep/workspace.json", "sub/.sweep/x"])
    store = source / ".sweep" / "snapshots"
    shots = {take(source, store, strict=strict).id for _ in range(3)}
    assert len(shots) == 1
    assert names(store / "trees" / shots.pop()) == ["train.py"]


@pytest.mark.parametrize("name", [".venv", "env", "deep/myenv"])
def test_virtual_environments_are_left_out(source, store, name):
    fill(source, ["train.py", f"{name}/pyvenv.cfg", f"{name}/lib/x.py"])
    assert names(take(source, store).tree) == ["train.py"]
    assert len(names(take(source, store, strict=True).tree)) == 3


def test_caches_are_left_out_wherever_they_are(source, store):
    fill(source, ["a/__pycache__/x", "b/.ipynb_checkpoints/x", "c/.git/x", "d/x", ".gitx"])
    assert names(take(source, store).tree) == [".gitx", "d/x"]


# ---- links ------------------------------------------------------------------------------


def test_links_that_stay_inside_are_kept(source, store, tmp_path):
    fill(source, ["data/a.csv", "sub/x"])
    (source / "b.csv").symlink_to("data/a.csv")
    (source / "sub/data").symlink_to("../data")
    (source / "absolute").symlink_to(source / "data")
    (source / "here").symlink_to(".")
    shot = take(source, store)
    assert shot.warnings == ()
    assert not (shot.tree / "b.csv").is_symlink()  # a file is a file
    assert (shot.tree / "b.csv").read_text() == "data/a.csv"
    links = {n: str((shot.tree / n).readlink()) for n in ("sub/data", "absolute", "here")}
    assert links == {"sub/data": "../data", "absolute": "data", "here": "."}
    shutil.rmtree(source)
    shutil.copytree(shot.tree, tmp_path / "run", symlinks=True)  # as a run's folder is made
    assert (tmp_path / "run/sub/data/a.csv").read_text() == "data/a.csv"
    assert (tmp_path / "run/absolute/a.csv").read_text() == "data/a.csv"


@pytest.mark.parametrize("target", ["../outside", "../outside/secret"])
def test_links_that_lead_out_are_left_out_and_told(source, store, tmp_path, target):
    fill(tmp_path / "outside", ["secret"])
    fill(source, ["a"])
    (source / "link").symlink_to(target)
    (source / "detour").symlink_to("link")
    shot = take(source, store)
    assert names(shot.tree) == ["a"]
    assert len(shot.warnings) == 2
    assert shot.warnings[1] == (
        f"link is a link that leaves {source} and is not in the snapshot: pass its target to the"
        f" script as an argument ({(source / target).resolve()})"
    )
    assert len(stored(store)) == 1  # nothing of it was read


def test_broken_links_and_circles_are_left_out_and_told(source, store):
    (source / "broken").symlink_to("nowhere")
    (source / "circle").symlink_to("circle")
    (source / "far").symlink_to("../../nowhere")
    shot = take(source, store)
    assert shot.files == 0
    assert [w.split(" and ")[0] for w in shot.warnings] == [
        "broken is a broken link",
        "circle is a broken link",
        f"far is a link that leaves {source}",
    ]


def test_links_can_be_ignored(source, store):
    fill(source, [".amlignore"], text="broken\n")
    (source / "broken").symlink_to("nowhere")
    assert take(source, store).warnings == ()


# ---- what goes wrong --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["secret", "closed/x", ".amlignore"])
def test_what_cannot_be_read_is_named(powerless, name):
    folder = powerless.folder
    fill(folder / "source", ["a", name])
    closed = folder / "source" / (name if name != "closed/x" else "closed")
    closed.chmod(0)
    (folder / "store").mkdir()
    os.chown(folder / "store", 65534 if os.geteuid() == 0 else -1, -1)
    powerless()
    with pytest.raises(UserError) as caught:
        take(folder / "source", folder / "store")
    assert str(caught.value) == (
        f"{closed}: Permission denied, so there is no snapshot: mend it, or name it in .amlignore"
    )
    assert not (folder / "store" / "trees").exists()


def test_a_source_that_is_not_there_is_named(tmp_path, store):
    with pytest.raises(UserError, match="nowhere: No such file or directory"):
        take(tmp_path / "nowhere", store)


def test_a_store_that_cannot_be_written_is_no_fault_of_the_source(source, store):
    fill(source, ["a"])
    store.touch()
    with pytest.raises(NotADirectoryError):
        take(source, store)


def test_a_tree_that_cannot_be_put_in_its_place_is_no_tree(source, store):
    fill(source, ["a"])
    shot = take(source, store)
    shutil.rmtree(shot.tree)
    shot.tree.symlink_to("nowhere")  # not there, and in the way
    with pytest.raises(OSError, match="Not a directory"):
        take(source, store)
    assert len([*(store / "trees").iterdir()]) == 1  # half of a tree is not left behind


def test_whoever_is_second_takes_the_first_ones_tree(source, store):
    fill(source, ["a"])
    shot = take(source, store)
    digest = hashlib.sha256(b"a").hexdigest()
    snapshot._grow(shot.tree, [("a", "f", digest)], store / "objects")
    assert names(store / "trees") == [f"{shot.id}/a"]


def test_a_store_without_hard_links_holds_copies(source, store):
    here = source.stat().st_dev
    others = [p for p in ("/dev/shm", tempfile.gettempdir()) if Path(p).stat().st_dev != here]
    if not others:
        pytest.skip("there is no second file system at hand")
    with tempfile.TemporaryDirectory(dir=others[0]) as elsewhere:
        store.mkdir()
        (store / "objects").symlink_to(elsewhere)
        fill(source, ["a", "b"])
        (source / "b").chmod(0o755)
        tree = take(source, store).tree
    assert (tree / "a").read_text() == "a"
    assert (tree / "b").stat().st_mode & 0o777 == 0o755


def test_a_large_snapshot_is_mentioned(source, store, monkeypatch):
    fill(source, ["a"])
    with (source / "large").open("wb") as file:
        file.truncate(3 << 20)
    monkeypatch.setattr(snapshot, "SIZE_TO_MENTION", 2 << 20)
    [warning] = take(source, store).warnings
    assert warning == (
        f"the snapshot of {source} is 3 MiB and is copied for every run: name what is not needed"
        " in .amlignore"
    )


def test_several_processes_may_take_the_same_snapshot(source, store):
    fill(source, [f"{n % 7}/{n}" for n in range(150)])
    program = (
        "import sys; from pathlib import Path; from sweep.storage.snapshot import take;"
        " print(take(Path(sys.argv[1]), Path(sys.argv[2])).id)"
    )
    words = [sys.executable, "-c", program, str(source), str(store)]
    others = [
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[0].strip() for process in others]
    mine = take(source, store)
    assert told == [mine.id] * 2
    assert len(names(mine.tree)) == 150
    assert [p.name for p in (store / "trees").iterdir()] == [mine.id]
    assert len(stored(store)) == 150


def test_several_threads_may_take_the_same_snapshot(source, store):
    fill(source, [str(n) for n in range(50)])
    start, shots = threading.Barrier(3), []

    def shoot():
        start.wait()
        shots.append(take(source, store))

    threads = [threading.Thread(target=shoot) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shots) == 3
    assert len(set(shots)) == 1
    assert (len(stored(store)), len([*(store / "trees").iterdir()])) == (50, 1)


def test_a_file_that_changes_meanwhile_is_stored_under_its_true_name(source, store):
    """A log that somebody writes to must not spoil the store for later snapshots."""
    fill(source, ["log"])
    over = threading.Event()

    def grow():
        n = 0
        while not over.is_set():
            (source / "log").write_bytes(b"%d" % n * 100_000)
            n += 1

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(20):
            take(source, store)
    finally:
        over.set()
        writer.join()
    for path in (store / "objects").rglob("*.f"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.parent.name + path.stem == digest


def test_differences_are_of_what_a_script_is_made_of(tmp_path):
    source, store = tmp_path / "s", tmp_path / "store"
    source.mkdir()
    for name in ("train.py", "data.csv", "gone.txt", "run.log"):
        (source / name).write_text(name)
    old = take(source, store)
    (source / "train.py").write_text("other")
    (source / "run.log").write_text("longer")
    (source / "gone.txt").unlink()
    (source / "result.json").write_text("{}")
    (source / "new.py").write_text("")
    assert differences(old.tree, take(source, store).tree) == ["gone.txt", "new.py", "train.py"]
    assert differences(old.tree, old.tree) == []
