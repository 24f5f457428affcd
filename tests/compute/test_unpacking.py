"""Trees that are fetched: lists that must not be believed, and what is given away."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sweep.compute.departures import Departures, Listing
from sweep.compute.unpacking import Entry, Unpacking, checked, identity
from sweep.storage import snapshot

EMPTY = sha256(b"").hexdigest()


def listed(*entries: Entry) -> tuple[bytes, str]:
    return json.dumps(entries).encode(), identity([*entries])


@pytest.mark.parametrize(
    "name", ["/a", "../a", "a/../b", "a//b", "a/", "", ".", "..", "./a", "a\0b"]
)
def test_a_name_that_leaves_the_folder_is_refused(name):
    with pytest.raises(OSError, match="refused"):
        checked(*listed((name, "f", EMPTY, 0)))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("a", "/etc"),
        ("a", ".."),
        ("a", "../b"),
        ("a/b", "../../c"),
        ("a", "b/../../c"),
        ("a", "b/../c"),
        ("a", ""),
        ("a", "b/"),
        ("a", "b\0"),
    ],
)
def test_a_link_that_leaves_the_folder_is_refused(name, target):
    with pytest.raises(OSError, match="refused"):
        checked(*listed((name, "l", target, 0)))


@pytest.mark.parametrize("kind", ["l", "f"])
def test_nothing_is_below_a_link_or_a_file(kind):
    what = "b" if kind == "l" else EMPTY
    with pytest.raises(OSError, match="below"):
        checked(*listed(("a", kind, what, 0), ("a/b/c", "f", EMPTY, 0)))


def test_what_has_been_tampered_with_is_refused():
    text, name = listed(("a", "f", EMPTY, 0))
    with pytest.raises(OSError, match="not arrived as it was sent"):
        checked(text.replace(b'"a"', b'"b"'), name)
    with pytest.raises(OSError, match="twice"):
        checked(*listed(("a", "f", EMPTY, 0), ("a", "f", EMPTY, 0)))
    with pytest.raises(OSError, match="kind"):
        checked(*listed(("a", "p", EMPTY, 0)))


@pytest.mark.parametrize("stream", [b"abd", b"ab", b"abcd"])
def test_a_stream_that_is_another_is_refused(tmp_path, stream):
    entries = checked(*listed(("a", "f", sha256(b"abc").hexdigest(), 3)))
    unpacking = Unpacking(tmp_path / "tree", entries)

    def whole() -> None:
        unpacking.write(stream)
        unpacking.finish()

    with pytest.raises(OSError, match=r"arrived|whole|more of it"):
        whole()
    unpacking.close()


def source(folder: Path) -> Path:
    (folder / "b" / "c").mkdir(parents=True)
    (folder / "a.py").write_text("a")
    (folder / "b" / "c" / "large").write_bytes(bytes(range(256)) * 1000)
    (folder / "b" / "none").touch()
    (folder / "program").write_text("#!")
    (folder / "program").chmod(0o755)
    (folder / "short").symlink_to("b/c")
    return folder


@pytest.mark.parametrize("size", [1 << 20, 1000, 7])
def test_a_tree_goes_and_comes_whole(tmp_path, size):
    shot = snapshot.take(source(tmp_path / "s"), tmp_path / "store")
    listing = Listing(shot.tree)
    about = listing.about()
    assert about["id"] == shot.id, "an unchanged snapshot is known by its own name"
    entries = checked(listing.read("list", 0, about["list"]), about["id"])
    unpacking = Unpacking(tmp_path / "there", entries)
    for offset in range(0, about["data"], size):
        unpacking.write(listing.read("data", offset, size))
    unpacking.finish()
    assert Listing(tmp_path / "there").id == shot.id
    assert (tmp_path / "there" / "short" / "large").stat().st_size == 256_000


def asked(departures: Departures, path: Path, **more: Any) -> dict[str, Any]:
    said = {"path": str(path), "part": "list", "offset": 0, "size": 0, **more}
    answer = departures.answer(said)
    until = time.monotonic() + 10
    while answer is None:
        assert time.monotonic() < until
        answer = next((a for _, a in departures.late()), None)
    return answer


def test_only_what_runs_need_is_given_away(tmp_path):
    tree, departures = source(tmp_path / "s"), Departures()
    assert "is not for nodes" in asked(departures, tree)["error"]
    departures.allow(str(tree))
    assert asked(departures, tree)["id"] == Listing(tree).id
    assert "is not for nodes" in asked(departures, tree / "b")["error"]
    assert "is not for nodes" in asked(departures, tree / ".." / "s")["error"]


def test_links_out_of_a_tree_are_not_given_away(tmp_path):
    tree = source(tmp_path / "s")
    before = Listing(tree).id
    (tree / "out").symlink_to("/etc")
    (tree / "file").symlink_to("/etc/passwd")
    assert Listing(tree).id == before


def test_a_file_that_has_changed_is_told_of(tmp_path):
    tree, departures = source(tmp_path / "s"), Departures()
    departures.allow(str(tree))
    about = asked(departures, tree)
    (tree / "a.py").write_bytes(b"")
    answer = asked(departures, tree, part="data", size=about["data"])
    assert answer == {"error": "a.py has changed"}
