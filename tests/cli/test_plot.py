"""`sweep plot`, `sweep curves`, `sweep compare`, `sweep top`."""

from __future__ import annotations

import json
import sys

import pytest

from sweep.storage.lock import Lock
from sweep.view.draw import KINDS
from tests.cli.workspaces import abandoned, kept, lone, play, story, sweep, values
from tests.view.conftest import data, searched_folder  # noqa: F401 - fixtures


@pytest.fixture
def searched(searched_folder, monkeypatch):  # noqa: F811
    """Work in the folder of a sweep of many runs."""
    monkeypatch.chdir(searched_folder.path.parents[2])
    return searched_folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_and_a_page(searched, tmp_path, kind):
    pytest.importorskip("plotly")
    picture, page = tmp_path / "a.png", tmp_path / "a.html"
    said = sweep("plot", "--kind", kind, "--png", picture, "--html", page)
    assert (said.code, said.err, said.lines) == (0, "", [str(page), str(picture)])
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert len(content) > 10_000
    text = page.read_text()
    assert "HD_searched" in text
    assert "<script src=" not in text, "it needs no network"


def test_a_page_is_what_is_drawn_by_default(told, tmp_path, monkeypatch):
    pytest.importorskip("plotly")
    monkeypatch.chdir(tmp_path)
    said = sweep("plot", told.path)
    assert (said.code, said.out) == (0, "HD_story-history.html\n")
    assert (tmp_path / "HD_story-history.html").is_file()


def test_names_and_values_of_the_users_are_no_code(place):
    pytest.importorskip("plotly")
    space = {"--</script><b>": ["choice", [["<i>1</i>", "$\\frac{"]]]}
    play(kept(place, space=space, points=2, metric="<u>$x"), values(0.5))
    for kind in ("history", "slice", "parallel", "curves", "timeline"):
        assert sweep("plot", "--kind", kind, "--html", "x.html", "--png", "x.png").code == 0
        text = (place / "x.html").read_text()
        for raw in ("<b>", "<u>$x", "<i>1</i>"):
            assert raw not in text.partition("</head>")[2].rpartition("<script")[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plot", "--param", "x"], "history is not drawn by hyperparameters"),
        (
            ["plot", "--kind", "slice", "--param", "y"],
            "HD_story has no hyperparameter 'y': it has",
        ),
        (["plot", "--kind", "importance"], "at least 8 are needed"),
        (["plot", "--kind", "pie"], "'pie' is not one of"),
        (["compare", "1"], "expected two runs or more"),
        (["compare", "1", "77"], "HD_story has no run 77: it has 6 runs"),
    ],
)
def test_mistakes(told, words, message):
    said = sweep(*words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


@pytest.mark.parametrize(("library", "option"), [("plotly", "html"), ("matplotlib", "png")])
def test_what_draws_it_may_not_be_installed(told, tmp_path, monkeypatch, library, option):
    for name in [n for n in sys.modules if n.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    said = sweep("plot", f"--{option}", tmp_path / "x")
    assert said.code == 2
    assert f"needs {library}: pip install 'hypersweep[plot]'" in said.err


def test_curves_in_the_terminal(told):
    said = sweep("curves")
    assert (said.code, said.err) == (0, "")
    assert said.lines[0] == " accuracy of 5 runs"
    assert said.lines[1].startswith("  0.95 ┤")
    assert said.lines[-2].rstrip().split("━ ")[1:] == [
        *("stopped early   ", "canceled   ", "failed   ", "completed"),
    ]
    assert said.lines[-1] == "  ━ best: run 4, 0.95  x=4"
    assert max(map(len, said.lines)) <= 120


def test_curves_of_what_has_none(place):
    kept(place)
    assert "no finite value has been reported yet" in sweep("curves").out
    lone(place)
    assert sweep("curves").code == 2


def test_compare(told):
    said = sweep("compare", "0", "1", "HD_story_4")
    assert (said.code, said.err) == (0, "")
    rows = {line[:16].strip(): line[16:].split() for line in said.lines[1:9]}
    assert said.lines[0].split() == ["run", "0", "run", "1", "run", "4"]
    assert rows["status"] == ["completed", "stopped", "completed", "≠"]
    assert rows["accuracy"] == ["0.8", "0.1", "0.95", "≠"]
    assert rows["accuracy, last"] == ["0.8", "0.1", "0.95", "≠"]
    assert rows["x"] == ["0", "1", "4", "≠"]
    assert rows["loss"] == ["0.25", "-", "-", "≠"]
    assert "run 1: BanditPolicy: best 0.1 after 1 report is below the cut-off" in said.out
    assert "3 reports" in said.lines[-1]


def test_compare_as_json(told):
    found = json.loads(sweep("compare", "4", "0", "--json").out)
    assert [run["number"] for run in found] == [4, 0]
    assert found[0]["curve"] == [0.6, 0.8, 0.95]
    assert found[0]["hyperparameters"] == {"--x": 4}
    assert found[1]["metrics"]["loss"] == [2.5, 0.25]


def test_compare_runs_of_several_sweeps(place):
    story(place)
    play(kept(place, metric="other", identity="HD_other"), values(0.5))
    said = sweep("compare", "HD_story_0", "HD_other_0")
    assert said.code == 0
    assert said.lines[0].split() == ["HD_story_0", "HD_other_0"]
    rows = {line[:16].strip(): line[16:].split() for line in said.lines[1:]}
    assert rows["accuracy"] == ["0.8", "-", "≠"]
    assert rows["other"] == ["-", "0.5", "≠"]


def test_top_of_all_sweeps(place):
    story(place)
    play(lone(place), values())
    abandoned(place)
    kept(place, identity="HD_broken").database.write_bytes(b"no database at all")
    said = sweep("top")
    assert (said.code, said.err) == (0, "")
    rows = {line.split()[0]: line.split() for line in said.lines[1:]}
    assert len(rows) == 4
    assert rows["HD_broken"][1:] == ["damaged"]
    finished = rows["HD_story"]
    assert finished[1:3] == ["demo", "Completed"]
    assert finished[4:] == ["6/6", "2", "1", "0.95", "4", *finished[-2:]]
    assert any("Interrupted" in row for row in rows.values())


def test_top_shortens_names_and_no_number(place):
    identity = "HD_17cd18c2-f112-495c-bf63-ff12ad7f3181"
    folder = kept(place, points=1, identity=identity, experiment="the_digits_of_scikit_learn")
    play(folder, values(0.985185))
    [head, row] = sweep("top").lines
    assert {"running", "stopped", "failed"} <= {*head.split()}
    assert row.split()[0].startswith("HD_17cd18c2")
    assert "0.985185" in row.split()


def test_top_of_one_sweep(told):
    said = sweep("top", "last")
    assert said.lines[0].startswith("HD_story · demo · grid · 6 runs, 1 at a time · accuracy ↑")
    assert "Completed: 6 runs:" in said.out


def test_top_while_another_works_on_it(place):
    folder, seen = kept(place, points=2), []

    def curve(configuration):
        yield 0.5
        if configuration["--x"]:
            seen.extend((sweep("top", "last", "--once").lines, sweep("top").lines))

    lock = Lock(folder.lock)
    try:
        play(folder, curve)
    finally:
        lock.close()
    one, all_of_them = seen
    assert "1/2 runs · 1 completed · 0 stopped early · 1/1 slots busy" in one[1]
    assert one[2].startswith("best accuracy ↑ 0.5  run 0")
    assert all_of_them[1].split()[2] == "Running"
