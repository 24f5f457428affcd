"""The workspace on disk, and the names of what is in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sweep.errors import WorkspaceError
from sweep.storage.lock import Lock
from sweep.storage.workspace import SweepFolder, WorkspaceFolder, write

ONE = "HD_3f2a0c1e-0000-4000-8000-000000000001"
TWO = "HD_3f2b0c1e-0000-4000-8000-000000000002"
LONE = "digits_1700000000_ab12cd34"


@pytest.fixture
def workspace(tmp_path):
    return WorkspaceFolder.make(tmp_path)


def made(workspace, *ids, experiment="digits"):
    """Add sweeps; each is a second younger than the one before."""
    for second, identity in enumerate(ids):
        folder = workspace.add_sweep(identity, experiment)
        about = json.loads((folder.path / "sweep.json").read_text())
        write(folder.path / "sweep.json", {**about, "created": second})


# ---- the workspace itself ---------------------------------------------------------------


def test_a_workspace_is_its_owners_alone(tmp_path, workspace):
    assert workspace.path == tmp_path / ".sweep"
    assert workspace.path.stat().st_mode & 0o777 == 0o700
    assert workspace.about["schema"] == 1
    assert (workspace.path / ".gitignore").read_text() == "*\n"
    assert workspace.snapshots == workspace.path / "snapshots"


def test_making_it_again_changes_nothing(tmp_path, workspace):
    (workspace.path / ".gitignore").write_text("mine\n")
    again = WorkspaceFolder.make(tmp_path)
    assert again.about == workspace.about
    assert (workspace.path / ".gitignore").read_text() == "mine\n"


def test_the_nearest_one_above_is_found(tmp_path, workspace):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert WorkspaceFolder.near(deep).path == workspace.path
    inner = WorkspaceFolder.make(tmp_path / "a")
    assert WorkspaceFolder.near(deep).path == inner.path
    assert WorkspaceFolder.near(tmp_path).path == workspace.path


def test_a_folder_without_a_workspace_has_none(tmp_path):
    (tmp_path / ".sweep").mkdir()  # a mere folder is none
    found = WorkspaceFolder.near(tmp_path)
    assert found is None or not found.path.is_relative_to(tmp_path)


def test_a_workspace_above_that_is_closed_to_us_is_not_ours(powerless):
    folder = powerless.folder
    WorkspaceFolder.make(folder)
    (folder / ".sweep").chmod(0)
    (folder / "project").mkdir()
    powerless()
    found = WorkspaceFolder.near(folder / "project")
    assert found is None or not found.path.is_relative_to(folder)


@pytest.mark.parametrize("content", [None, "", "[]", "3", '{"schema": "x"}', "\udcff"])
def test_what_is_no_workspace_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "workspace.json").write_text(content, errors="surrogateescape")
    with pytest.raises(WorkspaceError, match="is not a workspace: `sweep folder attach`"):
        WorkspaceFolder(tmp_path)


def test_one_of_a_newer_version_is_refused(workspace):
    write(workspace.path / "workspace.json", {"schema": 2})
    with pytest.raises(WorkspaceError, match="was made by a newer version: upgrade"):
        WorkspaceFolder(workspace.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_one_of_somebody_else_is_refused(tmp_path, workspace):
    os.chown(workspace.path, 12345, -1)
    for open_it in (WorkspaceFolder.make, WorkspaceFolder.near):
        with pytest.raises(WorkspaceError, match="belongs to user 12345, not to you"):
            open_it(tmp_path)


def test_where_none_can_be_made_that_is_said(tmp_path):
    (tmp_path / ".sweep").touch()
    with pytest.raises(WorkspaceError, match=r"\.sweep: File exists"):
        WorkspaceFolder.make(tmp_path)
    with pytest.raises(WorkspaceError, match="No such file"):
        WorkspaceFolder.make(tmp_path / "nowhere")


def test_files_are_written_whole(tmp_path):
    write(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write(tmp_path / "a.json", {"a": object()})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}


# ---- experiments ------------------------------------------------------------------------


def test_experiments_are_kept_in_the_order_they_were_made(workspace):
    assert workspace.experiments() == []
    assert workspace.add_experiment("b")
    assert workspace.add_experiment("a")
    assert not workspace.add_experiment("b")
    found = workspace.experiments()
    assert sorted(e["name"] for e in found) == ["a", "b"]
    assert found == sorted(found, key=lambda e: e["created"])


@pytest.mark.parametrize("name", ["a", "7", "A-b_9", "x" * 255, "x" * 254 + "y"])
def test_names_of_experiments(workspace, name):
    assert workspace.add_experiment(name)
    assert not workspace.add_experiment(name)
    assert [e["name"] for e in workspace.experiments()] == [name]


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "a/b", "../a", "é", "a\n", "x" * 256])
def test_names_that_experiments_cannot_have(workspace, name):
    with pytest.raises(WorkspaceError, match="cannot name an experiment"):
        workspace.add_experiment(name)
    assert workspace.experiments() == []


def test_long_names_are_told_apart(workspace):
    for ending in "ab":
        assert workspace.add_experiment("x" * 254 + ending)
    assert len(workspace.experiments()) == 2


# ---- sweeps -----------------------------------------------------------------------------


def test_a_sweep_has_its_places(workspace):
    folder = workspace.add_sweep(ONE, "digits")
    assert folder.path == workspace.path / "sweeps" / ONE
    assert folder.path.is_dir()
    assert folder.database == folder.path / "sweep.db"
    assert folder.requests == folder.path / "requests"
    assert folder.run_folder(3) == folder.path / "runs" / "3"
    assert folder.run_folder(3, 2) == folder.path / "runs" / "3.2"
    assert folder.run_id(3) == f"{ONE}_3"
    assert folder.engine is None
    with Lock(folder.lock):
        assert folder.engine is not None


@pytest.mark.parametrize(
    ("identity", "lone"),
    [(ONE, False), (LONE, True), ("HD_1_ab12cd34", False), ("mine", False), ("my_3_x", False)],
)
def test_a_lone_run_is_known_by_its_id(identity, lone):
    folder = SweepFolder(identity, Path(identity))
    assert folder.is_lone_run is lone
    assert folder.run_id(0) == (identity if lone else f"{identity}_0")


@pytest.mark.parametrize("identity", ["", "last", "../x", "a/b", ".x", "x" * 256, "a b", "a\n"])
def test_ids_that_sweeps_cannot_have(workspace, identity):
    with pytest.raises(WorkspaceError, match="cannot be the id of a sweep"):
        workspace.add_sweep(identity, "digits")


def test_no_id_is_given_twice(workspace):
    workspace.add_sweep(ONE, "digits")
    with pytest.raises(WorkspaceError, match=f"there is a sweep {ONE}"):
        workspace.add_sweep(ONE, "other")


def test_sweeps_are_listed_from_the_newest(workspace):
    assert workspace.sweeps() == []
    made(workspace, ONE, TWO)
    made(workspace, LONE, experiment="other")
    assert [s.id for s in workspace.sweeps()] == [TWO, LONE, ONE]  # LONE is as old as ONE
    assert [s.id for s in workspace.sweeps("other")] == [LONE]
    assert workspace.sweeps("no such") == []


IDS = [ONE, "alpha", "alpha_3", "alphabet", LONE, TWO]


@pytest.mark.parametrize(
    ("reference", "identity"),
    [
        ("", TWO),
        ("last", TWO),
        ("latest", TWO),
        (ONE, ONE),
        ("HD_3f2a", ONE),
        ("3f2b", TWO),
        ("3f2b0c1e-0000", TWO),
        ("alpha", "alpha"),  # the whole id goes before the beginning of others
        ("alphab", "alphabet"),
        ("digits", LONE),
    ],
)
def test_references_to_sweeps(workspace, reference, identity):
    made(workspace, *IDS)
    assert workspace.sweep(reference).id == identity


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("3f2", f"'3f2' is the beginning of several sweeps: {TWO}, {ONE}"),
        ("alp", "'alp' is the beginning of several sweeps: alphabet, alpha_3, alpha"),
        ("x", "there is no sweep 'x' in "),
        ("f2a", "there is no sweep 'f2a' in "),
    ],
)
def test_references_that_name_no_sweep_or_several(workspace, reference, words):
    made(workspace, *IDS)
    with pytest.raises(WorkspaceError) as caught:
        workspace.sweep(reference)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("0", (TWO, 0)),
        ("17", (TWO, 17)),
        ("last_17", (TWO, 17)),
        (f"{ONE}_4", (ONE, 4)),
        ("3f2a_4", (ONE, 4)),
        ("HD_3f2a_4", (ONE, 4)),
        ("alpha_3", ("alpha_3", None)),
        ("alpha_4", ("alpha", 4)),
        ("alpha_3_0", ("alpha_3", 0)),
        ("alphab_1", ("alphabet", 1)),
        (LONE, (LONE, 0)),
        ("digits", (LONE, 0)),
        ("digits_17", (LONE, 0)),  # the beginning of its id, not its run 17
        ("digits_1700000000", (LONE, 0)),
        ("", (TWO, None)),
        (ONE, (ONE, None)),
        ("3f2a", (ONE, None)),
    ],
)
def test_references_to_runs(workspace, reference, found):
    made(workspace, *IDS)
    folder, number = workspace.find(reference)
    assert (folder.id, number) == found
    if number is None:
        with pytest.raises(WorkspaceError) as caught:
            workspace.run(reference)
        assert str(caught.value) == (
            f"{reference or TWO} is a sweep: name one of its runs, such as 0, or {folder.id}_0"
        )
    else:
        assert workspace.run(reference) == (folder, number)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("3f2_0", "'3f2' is the beginning of several sweeps"),
        ("nosuch_0", "there is no sweep 'nosuch'"),
        ("nosuch_x", "there is no sweep 'nosuch_x'"),
        ("_3", "there is no sweep '_3'"),
    ],
)
def test_references_to_runs_of_no_sweep(workspace, reference, words):
    made(workspace, *IDS)
    with pytest.raises(WorkspaceError) as caught:
        workspace.find(reference)
    assert str(caught.value).startswith(words)


def test_there_is_no_last_sweep_at_first(workspace):
    for look in (workspace.sweep, workspace.find):
        with pytest.raises(WorkspaceError, match=r"^there is no sweep in .* yet: `sweep"):
            look()


def test_a_last_sweep_that_somebody_has_removed_is_named(workspace):
    made(workspace, ONE)
    for path in (workspace.path / "sweeps" / ONE).iterdir():
        path.unlink()
    (workspace.path / "sweeps" / ONE).rmdir()
    with pytest.raises(WorkspaceError, match=f"the last sweep, {ONE}, is gone"):
        workspace.sweep()
