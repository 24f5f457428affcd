"""`sweep replay`: other policies on a sweep that is over, and on curves from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.workspaces import Said, kept, play, sweep

CURVES = {1: (0.5, 0.8, 0.9, 0.9), 2: (0.1, 0.2, 0.3, 0.4), 3: (0.2, 0.3, 0.4, 0.95)}
BANDIT = "bandit:slack_factor=0.1,delay_evaluation=2"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "curves.csv"
    lines = [f"{run},{value}" for run, curve in CURVES.items() for value in curve]
    path.write_text("\n".join(["run,value", *lines]) + "\n")
    return path


def from_file(path: Path, *words: str) -> Said:
    return sweep("replay", "--file", path, "--goal", "maximize", *words)


def test_a_table_of_policies(csv: Path) -> None:
    said = from_file(csv, "--policy", "none", "--policy", BANDIT)
    assert said.lines[2].endswith("lost")
    assert [line.split()[:8] for line in said.lines] == [
        ["policy", "stopped", "reports", "time", "best", "run", "value", "winner"],
        ["none", "0", "100%", "100%", "3", "0.95", "kept"],
        ["Bandit", "(delay_evaluation=2,", "slack_factor=0.1)", "2", "67%", "100%", "1", "0.9"],
    ]


def test_a_file_in_the_place_of_a_sweep_is_one(csv: Path) -> None:
    said = sweep("replay", csv, "--goal", "maximize", "--policy", BANDIT)
    assert said.lines == from_file(csv, "--policy", BANDIT).lines


def test_one_policy_tells_whom_it_stops_and_why(csv: Path) -> None:
    said = from_file(csv, "--policy", BANDIT)
    assert said.lines[2].startswith("run 2: best 0.2 after 2 reports is below the cut-off 0.727")
    assert said.lines[3].startswith("run 3: best 0.3 after 2 reports is below")


def test_json(csv: Path) -> None:
    (found,) = json.loads(from_file(csv, "--policy", BANDIT, "--json").out)
    assert (found["reports"], found["reports_without_policy"]) == (8, 12)
    assert found["stopped"]["2"]["interval"] == 2
    assert found["best_without_policy"] == {"run": 3, "value": 0.95}
    assert found["winner_lost"]


def test_a_picture_and_a_page(csv: Path, tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    picture, page = tmp_path / "a.png", tmp_path / "a.html"
    words = ["--policy", "none", "--policy", BANDIT]
    said = from_file(csv, *words, "--png", str(picture), "--html", str(page))
    assert (said.code, said.err) == (0, "")
    assert said.lines == [*from_file(csv, *words).lines, str(page), str(picture)]
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    text = page.read_text()
    assert "Other policies on curves.csv" in text
    for title in ("2 Bandit", "delay_evaluation=2, slack_factor=0.1", "What it takes, what it"):
        assert title in text
    found = json.loads(from_file(csv, *words, "--json", "--png", str(picture)).out)
    assert len(found) == 2


def test_the_picture_of_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("plotly")
    play(kept(tmp_path, points=3), lambda configuration: iter(CURVES[1 + configuration["--x"]]))
    monkeypatch.chdir(tmp_path)
    said = sweep("replay", "--html", "a.html")
    assert (said.code, said.err) == (0, "")
    assert "Other policies on HD_" in Path("a.html").read_text()


def test_the_usual_policies_on_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = kept(tmp_path, points=4)
    play(folder, lambda configuration: [(1.0, v) for v in CURVES[1 + configuration["--x"] % 3]])
    monkeypatch.chdir(tmp_path)
    said = sweep("replay")
    assert (said.code, said.err) == (0, "")
    assert len(said.lines) >= 8
    (found,) = json.loads(sweep("replay", "--policy", "none", "--json").out)
    assert found["reports"] == 16


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--policy", "bandti"], "policy 'bandti': expected one of BanditPolicy"),
        (["--policy", "bandit"], "a Bandit policy needs slack_factor or slack_amount"),
        (["--policy", "bandit:slack_facter=1"], "did you mean 'slack_factor'?"),
        (["--policy", "bandit:slack_factor"], "expected key=value, got 'slack_factor'"),
        (["--policy", "median:delay_evaluation=x"], "expected a whole number, got 'x'"),
        (["--policy", "truncation"], "an argument is missing"),
        (["--goal", "maximize"], "--goal goes with --file"),
        (["x" * 5000 + ".csv"], "there is no "),
    ],
)
def test_mistakes(words: list[str], message: str) -> None:
    said = sweep("replay", *words)
    assert said.code == 2
    assert message in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run,loss\n1,2\n", "no 'value'"),
        ("run,value\n1,x\n", "curves.csv:2: expected numbers"),
        ("run,value\n1\n", "curves.csv:2: expected numbers"),
        ("run,value,seconds\n1,2,-1\n", "seconds cannot be -1"),
        ("run,value\n", "no report in it"),
        ("", "expected the columns"),
    ],
)
def test_tables_that_are_no_curves(csv: Path, text: str, message: str) -> None:
    csv.write_text(text)
    said = from_file(csv)
    assert said.code == 2
    assert message in said.err


def test_a_file_that_is_no_text(csv: Path) -> None:
    csv.write_bytes(b"PK\x03\x04\x99\xff")
    said = from_file(csv)
    assert said.code == 2
    assert "curves.csv: expected a CSV file: it is not text" in said.err
