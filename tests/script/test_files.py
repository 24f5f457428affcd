"""Files that a script keeps with its run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sweep.script.errors import RunLogError


@pytest.fixture
def folder(run):
    return Path(run.folder)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return str(path)


def test_a_file_is_copied_to_its_place(run, slot, folder, model):
    run.upload_file("outputs/deep/model.bin", model)
    run.upload_file("notes.txt", io.StringIO("é"))
    run.upload_file("raw", io.BytesIO(b"\0"))
    assert (folder / "outputs/deep/model.bin").read_bytes() == b"weights"
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "é"
    assert (folder / "raw").read_bytes() == b"\0"
    assert slot.said() == [
        {"k": "file", "n": name, "p": name}
        for name in ("outputs/deep/model.bin", "notes.txt", "raw")
    ]


def test_a_file_that_is_in_its_place_stays_there(run, slot, folder):
    (folder / "outputs").mkdir()
    (folder / "outputs/m").write_text("x")
    run.upload_file("outputs/./m", folder / "outputs/m")
    assert slot.said() == [{"k": "file", "n": "outputs/./m", "p": "outputs/m"}]
    assert (folder / "outputs/m").read_text() == "x"


def test_names_are_unique_however_they_are_spelt(run, slot, model):
    run.upload_file("outputs/m", model)
    for name in ("outputs/m", "outputs//m", "x/../outputs/m"):
        with pytest.raises(RunLogError, match="there is a file of that name"):
            run.upload_file(name, model)
    with pytest.raises(RunLogError, match="there is a file of that name"):
        run.child_run("part").upload_file("outputs/m", model)
    assert len(slot.said()) == 1


def test_a_name_is_only_taken_when_its_file_is_kept(run, slot, model):
    for missing in ("nowhere", "outputs/m"):
        with pytest.raises(FileNotFoundError):
            run.upload_file("outputs/m", str(Path(run.folder, missing)))
    run.upload_file("outputs/m", model)
    assert len(slot.said()) == 1


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "", ".", "a/..", "link/x", "pointer", "self/../.."]
)
def test_no_name_leads_out_of_the_folder(run, slot, folder, tmp_path, model, name):
    (folder / "link").symlink_to(tmp_path)
    (folder / "pointer").symlink_to(tmp_path / "target")
    (folder / "self").symlink_to(folder)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RunLogError, match="does not name a file in the run's folder"):
        run.upload_file(name, model)
    assert sorted(tmp_path.iterdir()) == before
    assert slot.lines() == []


def test_links_inside_are_followed(run, slot, folder, model):
    (folder / "outputs").mkdir()
    (folder / "latest").symlink_to("outputs")
    run.upload_file("latest/m", model)
    run.upload_file(str(folder / "outputs/n"), model)  # an absolute name may stay inside
    assert [m["p"] for m in slot.said()] == ["outputs/m", "outputs/n"]


def test_several_files_and_folders(run, slot, folder, tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a").write_text("1")
    (source / "sub/b").write_text("2")
    (source / "gone").symlink_to("nowhere")
    run.upload_folder("outputs/all", str(source))
    run.upload_files(["x", "y"], [source / "a", source / "sub/b"])
    assert [m["n"] for m in slot.said()] == ["outputs/all/a", "outputs/all/sub/b", "x", "y"]
    assert (folder / "outputs/all/sub/b").read_text() == "2"
    assert run.get_file_names() == ["outputs/all/a", "outputs/all/sub/b", "x", "y"]
    with pytest.raises(ValueError, match="argument 2 is"):
        run.upload_files(["u", "v"], [source / "a"])
    with pytest.raises(RunLogError, match="there is no folder 'nowhere'"):
        run.upload_folder("z", "nowhere")


def test_names_are_those_of_its_own_files(run, folder):
    for name in ("train.py", "outputs/m", "logs/a/b", "user_logs/std_log.txt", "data/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    assert run.get_file_names() == ["logs/a/b", "outputs/m", "user_logs/std_log.txt"]


def test_files_come_back(run, place, model):
    run.upload_file("outputs/m", model)
    run.upload_file("logs/l", io.StringIO("log"))
    run.download_file("outputs/m")
    run.download_file("outputs/m", "deep/copy")
    run.download_files("outputs/", "all")
    for name in ("m", "deep/copy", "all/outputs/m"):
        assert (place / name).read_bytes() == b"weights"
    assert not (place / "all/logs").exists()
    with pytest.raises(FileNotFoundError):
        run.download_file("outputs/no such")


# ---- images -----------------------------------------------------------------------------


class Figure:
    """As matplotlib's."""

    def savefig(self, path):
        Path(path).write_bytes(b"png")


def test_images_are_kept_beside_each_other(run, slot, folder, model, tmp_path):
    image = tmp_path / "roc.jpg"
    image.write_bytes(b"jpg")
    run.log_image("roc curve/1", plot=Figure())
    run.log_image("roc curve/1", plot=Figure())
    run.log_image("roc", path=str(image))
    image.write_bytes(b"another")  # the next epoch's
    run.log_image("roc", path=str(image))
    places = [m["v"] for m in slot.said()]
    assert places == [
        "logs/images/roc_curve_1.png",
        "logs/images/roc_curve_1_2.png",
        "logs/images/roc.jpg",
        "logs/images/roc_2.jpg",
    ]
    assert [(folder / p).read_bytes() for p in places] == [b"png", b"png", b"jpg", b"another"]
    assert {m["k"] for m in slot.said()} == {"i"}
    assert run.get_metrics("roc") == {"roc": "logs/images/roc_2.jpg"}


@pytest.mark.parametrize("given", [{}, {"path": "a.png", "plot": Figure()}])
def test_an_image_is_a_path_or_a_plot(run, slot, given):
    with pytest.raises(RunLogError, match=r"log_image\('x'\): give either path or plot"):
        run.log_image("x", **given)
    assert slot.lines() == []
