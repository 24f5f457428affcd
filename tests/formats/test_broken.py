"""What a user is told about a file that is wrong: a corpus of files with one mistake or a few.

`broken/EXPECTED.txt` has all lines that are shown, in order, each up to where the words are
those of another package.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sweep.errors import ConfigError
from sweep.formats.findings import Findings
from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.yaml12 import PARSER, PurePython, parse
from tests.formats.trees import tree

BROKEN = Path(__file__).parent / "broken"
EXPECTED = (BROKEN / "EXPECTED.txt").read_text().splitlines()
FILES = sorted(path.name for path in BROKEN.glob("*.yml"))
PLACELESS = {"empty.yml", "only_comments.yml", "only_null.yml"}


def problems_of(path):
    with pytest.raises(ConfigError) as caught:
        read_hdconfig(path)
    return caught.value.problems


@pytest.mark.parametrize("name", FILES)
def test_every_problem_is_one_line_with_its_place(name, monkeypatch):
    monkeypatch.chdir(BROKEN)
    shown = [str(problem) for problem in problems_of(name)]
    expected = [line for line in EXPECTED if line.startswith(f"{name}:")]
    assert [line[: len(start)] for line, start in zip(shown, expected, strict=True)] == expected
    assert not any("\n" in line for line in shown)


@pytest.mark.parametrize("name", FILES)
def test_problems_come_in_file_order(name):
    places = [(problem.line, problem.column) for problem in problems_of(BROKEN / name)]
    assert places == sorted(places)
    assert all(line for line, _ in places) or name in PLACELESS


def test_the_corpus_is_complete():
    assert len(FILES) > 180
    assert {line.partition(":")[0] for line in EXPECTED} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_both_parsers_find_the_same(name):
    text = (BROKEN / name).read_bytes().decode()
    fast, pure = Findings(name), Findings(name)
    trees = [tree_or_none(text, fast, PARSER), tree_or_none(text, pure, PurePython)]
    assert trees[0] == trees[1] or name == "surrogate.yml"  # libyaml refuses it at once
    assert [spot(p) for p in fast.problems] == [spot(p) for p in pure.problems]


def tree_or_none(text, findings, parser):
    try:
        return tree(parse(text, findings, parser))
    except ConfigError:
        return None


def spot(problem):
    """The two parsers differ by a column in what they call the place of an escape."""
    return problem.line, problem.message


GOOD = (Path(__file__).parent / "good.yml").read_bytes()

ODD_BYTES = {
    "a_nul": (b"a: \0", "is no text in UTF-8 (there is a NUL at byte 3)"),
    "utf_16": ("a: 1".encode("utf-16"), "is no text in UTF-8 (there is a NUL at byte 3)"),
    "an_image": (b"\x89PNG\r\n\x1a\n", "1:1: is no text in UTF-8 (byte 0x89); save it as UTF-8"),
    "latin_1": ("a: 1\nb: é".encode("latin-1"), "2:4: is no text in UTF-8 (byte 0xe9)"),
    "two_marks": (b"\xef\xbb\xbf\xef\xbb\xbfa: 1", "1:1: the character U+FEFF may not stand"),
    "too_large": (GOOD + b"#" * 2**20, "is larger than 1024 KiB"),
    "many_values": (b"a: [" + b"x," * 100_001 + b"]", "more than 100,000 values"),
    "deep": (b"[" * 10_000, "lists and mappings within each other"),
    "deep_mappings": (b"{a: " * 10_000, "more than 32 lists and mappings within each other"),
    "deep_blocks": (b"- " * 100_000, "more than 32 lists and mappings within each other"),
    "only_spaces": (b" " * 100_000, "is empty"),
    "one_long_word": (b"a" * 100_000, "expected a mapping with the keys sampling"),
}


@pytest.mark.parametrize(("data", "says"), ODD_BYTES.values(), ids=ODD_BYTES)
def test_odd_bytes(tmp_path, data, says):
    (tmp_path / "h.yml").write_bytes(data)
    (problem,) = problems_of(tmp_path / "h.yml")
    assert says in str(problem)
    assert len(str(problem)) < 1000
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: data.replace(b": ", b":\t"),
        lambda data: data + b"...\n",
        lambda data: b"%YAML 1.2\n---\n" + data,
    ],
)
def test_these_bytes_are_not_odd(tmp_path, change):
    (tmp_path / "h.yml").write_bytes(change(GOOD))
    (tmp_path / "g.yml").write_bytes(GOOD)
    changed, plain = read_hdconfig(tmp_path / "h.yml"), read_hdconfig(tmp_path / "g.yml")
    assert changed.definition.to_wire() == plain.definition.to_wire()


class TestWhatIsNoFile:
    def test_a_folder(self, tmp_path):
        (problem,) = problems_of(tmp_path)
        assert str(problem) == f"{tmp_path}: is a folder, not a file"

    def test_nothing(self, tmp_path):
        (problem,) = problems_of(tmp_path / "none.yml")
        assert problem.message == "cannot be read: no such file or directory"

    def test_a_pipe_without_a_writer_does_not_hang(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        (problem,) = problems_of(tmp_path / "pipe")
        assert problem.message == "is a pipe or a device, not a file"

    def test_a_device(self):
        (problem,) = problems_of("/dev/zero")
        assert problem.message == "is a pipe or a device, not a file"

    def test_a_socket(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # the name of a socket must be short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
            (problem,) = problems_of("socket")
        assert problem.message.startswith("cannot be read: ")

    def test_a_ring_of_links(self, tmp_path):
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        (problem,) = problems_of(tmp_path / "a")
        assert problem.message == "cannot be read: too many levels of symbolic links"

    def test_no_permission(self, tmp_path):
        (tmp_path / "h.yml").write_bytes(GOOD)
        (tmp_path / "h.yml").chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # root may read everything
        try:
            (problem,) = problems_of(tmp_path / "h.yml")
        finally:
            os.seteuid(user)
        assert problem.message == "cannot be read: permission denied"

    @pytest.mark.parametrize("path", ["a\0b", "x" * 5000, ""])
    def test_impossible_paths(self, path):
        (problem,) = problems_of(path)
        assert problem.message.startswith("cannot be read: ")
        assert str(problem).isprintable()


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path):
    (tmp_path / "a\nb.yml").write_text("x: 1")
    assert all(str(problem).isprintable() for problem in problems_of(tmp_path / "a\nb.yml"))
