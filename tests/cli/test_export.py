"""`sweep export`, read back by pandas."""

from __future__ import annotations

import io
import json
import sys

import pandas as pd
import pytest

from policies import NoTerminationPolicy
from samplers import choice
from tests.cli.workspaces import kept, lone, play, sweep, values

COLUMNS = [
    *("run_id", "number", "status", "attempt", "x", "accuracy", "accuracy_last"),
    *("reports", "seconds", "reason", "started", "ended"),
]


def read(kind, file):
    match kind:
        case "csv":
            return pd.read_csv(file, parse_dates=["started", "ended"], keep_default_na=False)
        case "json":
            return pd.DataFrame(json.loads(file.read_text()))
        case _:
            return pd.read_parquet(file)


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_file_that_pandas_reads(told, tmp_path, kind):
    file = tmp_path / f"runs.{kind}"
    assert sweep("export", "--format", kind, "-o", file).code == 0
    frame = read(kind, file)
    assert list(frame.columns) == COLUMNS
    assert list(frame["run_id"]) == [f"HD_story_{n}" for n in range(6)]
    assert list(frame["x"]) == list(range(6))
    assert list(frame["reports"]) == [3, 1, 1, 1, 3, 0]
    assert list(pd.to_numeric(frame["accuracy"])[:5]) == [0.8, 0.1, 0.6, 0.55, 0.95]
    assert pd.isna(pd.to_numeric(frame["accuracy"])[5])
    assert frame["reason"][3] == "canceled by the user"
    assert pd.Timestamp(frame["started"][0]).isoformat() == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize("words", [[], ["HD_story", "--format", "csv"]])
def test_csv_on_standard_output(told, words):
    said = sweep("export", *words)
    assert (said.code, said.err) == (0, "")
    assert list(pd.read_csv(io.StringIO(said.out)).columns) == COLUMNS


def test_json_on_standard_output(told):
    rows = json.loads(sweep("export", "--format", "json").out)
    assert [list(row) for row in rows] == [COLUMNS] * 6
    assert rows[5]["accuracy"] is None


def test_parquet_is_nothing_for_a_terminal(told):
    said = sweep("export", "--format", "parquet")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: Parquet is binary: give --output FILE\n"


def test_parquet_needs_its_library(told, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = sweep("export", "--format", "parquet", "-o", "x")
    assert said.code == 2
    assert said.err == "error: Parquet needs pyarrow: pip install 'hypersweep[parquet]'\n"


def test_a_place_where_nothing_can_be_written(told):
    said = sweep("export", "-o", "/no/such/folder/runs.csv")
    assert said.code == 1
    assert said.err == "error: /no/such/folder/runs.csv: No such file or directory\n"


def test_a_sweep_without_runs_has_its_columns(place):
    kept(place)
    said = sweep("export")
    assert said.lines == [",".join(c for c in COLUMNS if c != "x")]
    assert sweep("export", "--format", "json").out == "[]\n"


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_hyperparameters_of_all_kinds(place, kind):
    space = {
        "--mixed": choice(1, "two", None, True, 2.5),
        "--nested": choice({"a": 1}),
        "--many": choice("[8,8]"),
    }
    play(kept(place, space=space, points=5), values(0.5))
    file = place / "runs"
    assert sweep("export", "--format", kind, "-o", file).code == 0
    frame = read(kind, file)
    assert [str(v) for v in frame["mixed"]][:2] == ["1", "two"]
    assert frame["nested"][0] in ('{"a": 1}', {"a": 1})
    assert len(frame) == 5


def test_branches_of_a_space_have_columns_of_their_own(place):
    space = {"model": choice({"kind": "a"}, {"kind": "b", "depth": choice(1, 2)})}
    play(kept(place, space=space, points=3), values(0.5))
    frame = pd.read_csv(io.StringIO(sweep("export").out))
    assert [json.loads(cell)["kind"] for cell in frame["model"]] == ["a", "b", "b"]


def test_no_hyperparameter_is_hidden_by_another_column(place):
    space = {"-status": choice(1), "--status": choice(2), "accuracy": choice(3), "-": choice(4)}
    play(kept(place, space=space, points=1), values(0.5))
    [row] = json.loads(sweep("export", "--format", "json").out)
    assert row["status"] == "Completed"
    assert row["accuracy"] == 0.5
    assert row["hyperparameter_status"] == 1
    assert row["hyperparameter_hyperparameter_status"] == 2
    assert row["hyperparameter_accuracy"] == 3
    assert row["-"] == 4


def test_a_lone_run_has_no_metric(place):
    play(lone(place), values())
    assert list(pd.read_csv(io.StringIO(sweep("export").out)).columns) == [
        c for c in COLUMNS if c not in ("x", "accuracy", "accuracy_last")
    ]


def test_a_run_that_has_not_ended(place):
    folder = kept(place, points=1, policy=NoTerminationPolicy())

    def killed(_):
        yield 0.5
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(folder, killed)
    [row] = json.loads(sweep("export", "--format", "json").out)
    assert (row["status"], row["seconds"], row["ended"]) == ("Running", None, None)
