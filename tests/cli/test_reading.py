"""What the commands say that only look: best, why, run list, run show."""

from __future__ import annotations

import json
import sqlite3

import pytest

from policies import BanditPolicy, Goal, TruncationSelectionPolicy
from samplers import choice
from sweep.engine.wishes import leave
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.lock import Lock
from tests.cli.workspaces import Extras, abandoned, kept, lone, play, story, sweep, values


class TestBest:
    def test_one_run_with_its_hyperparameters_and_its_folder(self, told):
        said = sweep("best")
        assert (said.code, said.err) == (0, "")
        assert said.lines == [
            "HD_story_4  accuracy = 0.95  (Completed)",
            "  --x  4",
            f"  in {told.path}/runs/4",
        ]

    def test_the_first_few(self, told):
        said = sweep("best", "--top", 3)
        heads = [line.split()[0] for line in said.lines if line.startswith("HD_")]
        assert heads == ["HD_story_4", "HD_story_0", "HD_story_2"]

    def test_more_than_there_are(self, told):
        assert len(json.loads(sweep("best", "--top", 99, "--json").out)) == 5, "one has no value"

    @pytest.mark.parametrize("reference", ["", "last", "HD_story", "story", "HD_st"])
    def test_the_sweep_may_be_named(self, told, reference):
        assert sweep("best", reference).lines[0].startswith("HD_story_4")

    def test_the_sweep_may_be_a_folder(self, told, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert sweep("best", told.path).lines[0].startswith("HD_story_4")

    @pytest.mark.parametrize("inner", ["", ".sweep"])
    def test_the_workspace_may_be_named(self, told, tmp_path, monkeypatch, inner):
        monkeypatch.chdir(tmp_path)
        workspace = told.path.parents[2] / inner
        assert sweep("best", "--workspace", workspace).lines[0].startswith("HD_story_4")

    def test_the_workspace_may_be_above(self, told, monkeypatch):
        monkeypatch.chdir(told.path / "runs")
        assert sweep("best").lines[0].startswith("HD_story_4")

    def test_json(self, told):
        best = json.loads(sweep("best", "--json").out)
        assert best == {
            "runId": "HD_story_4",
            "number": 4,
            "status": "Completed",
            "attempt": 1,
            "hyperparameters": {"--x": 4},
            "best_primary_metric": 0.95,
            "last_primary_metric": 0.95,
            "reports": 3,
            "reason": "",
            "verdict": None,
            "startTime": best["startTime"],
            "endTime": best["startTime"] + 3,
            "folder": f"{told.path}/runs/4",
            "pid": 4711,
            "host": "here",
            "exit_code": 0,
        }

    def test_a_minimum(self, place):
        play(kept(place, goal="minimize", points=3), lambda c: [3.0 - c["--x"], 9.0])
        assert sweep("best").lines[0].split("_")[-1] == "2  accuracy = 1  (Completed)"

    def test_nothing_was_logged(self, place):
        folder = kept(place)
        play(folder, values(), Extras(said={1: [{"k": "s", "n": "acuracy", "v": 1}]}))
        said = sweep("best")
        assert (said.code, said.out) == (2, "")
        assert said.err == (
            f"error: {folder.id}: no run has logged a number as 'accuracy', the primary metric;"
            " what was logged is 'acuracy'\n"
        )

    def test_nothing_at_all(self, place):
        kept(place)
        said = sweep("best")
        assert said.code == 2
        assert said.err.endswith("no run has logged a number as 'accuracy', the primary metric\n")

    def test_a_lone_run(self, place):
        play(lone(place), values())
        said = sweep("best")
        assert said.code == 2
        assert "a lone run has no primary metric: `sweep run show`" in said.err

    def test_a_value_that_json_does_not_know(self, place):
        play(kept(place, points=1), values(0.5, float("inf")))
        assert json.loads(sweep("best", "--json").out)["last_primary_metric"] is None


class TestWhy:
    @pytest.mark.parametrize(
        ("run", "lines"),
        [
            (
                0,
                [
                    "HD_story_0: completed",
                    "  its 3 reports of accuracy: 0.5  0.7  0.8",
                    "  Bandit judged it at 3 of its reports and let it go on",
                    "  judged 3 times:",
                    "    report  own value   cut-off  runs",
                    "         1        0.5  0.416667     1  go on",
                    "         2        0.7  0.583333     1  go on",
                    "         3        0.8  0.666667     1  go on",
                    (
                        "  the last one: best 0.8 after 3 reports is not below the cut-off"
                        " 0.666667 (slack_factor 0.2 around 0.8, the best of run 0 by then)"
                    ),
                    "  its story:",
                    "       0.0 s  started",
                    "       3.0 s  completed",
                ],
            ),
            (
                1,
                [
                    "HD_story_1: stopped early",
                    (
                        "  BanditPolicy: best 0.1 after 1 report is below the cut-off 0.416667"
                        " (slack_factor 0.2 around 0.5, the best of run 0 by then)"
                    ),
                    "  its 1 report of accuracy: 0.1",
                    "  judged 1 time:",
                    "    report  own value   cut-off  runs",
                    "         1        0.1  0.416667     2  stop",
                    "  compared by the best of their first report:",
                    "    run 0 0.5, this run 0.1",
                    "  all of its processes were gone 2.5 ms after the first signal",
                    "  its story:",
                    "       0.0 s  started",
                    "       1.0 s  was stopped, and is gone",
                ],
            ),
            (
                2,
                [
                    "HD_story_2: failed",
                    "  exit code 1: ValueError: x is too large",
                    "  its 1 report of accuracy: 0.6",
                    "  judged 1 time:",
                    "    report  own value  cut-off  runs",
                    "         1        0.6      0.5     3  go on",
                    (
                        "  the last one: best 0.6 after 1 report is not below the cut-off 0.5"
                        " (slack_factor 0.2 around 0.6, the best of run 2 by then)"
                    ),
                    "  compared by the best of their first report:",
                    "    this run 0.6, run 0 0.5, run 1 0.1",
                    "  | Traceback (most recent call last):",
                    '  |   File "train.py", line 3, in <module>',
                    "  |     fit(x=2)",
                    "  | ValueError: x is too large",
                    "  its story:",
                    "       0.0 s  started",
                    "       1.0 s  failed: exit code 1: ValueError: x is too large",
                ],
            ),
            (
                3,
                [
                    "HD_story_3: canceled",
                    "  canceled by the user",
                    "  its 1 report of accuracy: 0.55",
                    "  judged 1 time:",
                    "    report  own value  cut-off  runs",
                    "         1       0.55      0.5     4  go on",
                    (
                        "  the last one: best 0.55 after 1 report is not below the cut-off 0.5"
                        " (slack_factor 0.2 around 0.6, the best of run 2 by then)"
                    ),
                    "  compared by the best of their first report:",
                    "    run 2 0.6, this run 0.55, run 0 0.5, run 1 0.1",
                    "  its story:",
                    "       0.0 s  started",
                    "       1.0 s  was to be canceled: canceled by the user",
                    "       1.0 s  was stopped, and is gone",
                ],
            ),
            (
                5,
                [
                    "HD_story_5: completed",
                    "  Bandit never judged it: it asks from report 1 on",
                    "  its story:",
                    "       0.0 s  started",
                    "       0.0 s  completed",
                ],
            ),
        ],
    )
    def test_every_ending_has_its_story(self, told, run, lines):
        said = sweep("why", run)
        assert said.code == 0
        assert said.lines == [*lines, f"  in {told.path}/runs/{run}"]

    @pytest.mark.parametrize("reference", ["1", "HD_story_1", "story_1"])
    def test_the_run_may_be_named_in_several_ways(self, told, reference):
        assert sweep("why", reference).lines[0] == "HD_story_1: stopped early"

    def test_json(self, told):
        found = json.loads(sweep("why", "1", "--json").out)
        assert [found["runId"], found["status"]] == ["HD_story_1", "Canceled"]
        assert found["reason"].startswith("BanditPolicy: best 0.1 after 1 report")
        assert found["verdict"]["interval"] == 1
        assert found["verdict"]["value"] == 0.1
        assert [step["event"] for step in found["story"]] == ["Started", "Stopped"]

    @pytest.mark.parametrize(
        ("policy", "words"),
        [
            (None, "no early-termination policy is set: every run goes to its end"),
            (
                BanditPolicy(slack_factor=1, evaluation_interval=2, delay_evaluation=5),
                "Bandit never judged it: it asks from report 6 on",
            ),
            (
                TruncationSelectionPolicy(20, evaluation_interval=3),
                "TruncationSelection judged it at 1 of its reports and let it go on",
            ),
        ],
    )
    def test_why_no_policy_has_stopped_it(self, place, policy, words):
        play(kept(place, points=1, policy=policy), values(0.1, 0.2, 0.3))
        assert f"  {words}" in sweep("why", 0).lines

    def test_a_long_curve_is_cut(self, place):
        play(kept(place, points=1), values(*range(20)))
        assert sweep("why", 0).lines[1] == (
            "  its 20 reports of accuracy: … " + "  ".join(map(str, range(8, 20)))
        )

    def test_a_run_that_waits_after_a_pause_and_one_that_comes_back(self, place):
        folder = kept(place, points=1)

        def paused(_):
            yield 0.5
            leave(folder.requests, "pause", None, "SIGINT: paused by the user")
            yield 0.6

        play(folder, paused)
        said = sweep("why", 0)
        assert said.lines[:2] == [
            f"{folder.id}_0: waits to be started again",
            "  SIGINT: paused by the user",
        ]
        play(folder, values(0.9), start_at=1_700_000_100.0)
        assert sweep("why", 0).lines[-6:] == [
            "  its story:",
            "       0.0 s  started",
            "       1.0 s  was stopped, and is gone",
            "  1 min 40 s  started",
            "  1 min 41 s  completed",
            f"  in {folder.path}/runs/0.2",
        ]

    def test_a_run_that_went_with_its_engine(self, place):
        folder = abandoned(place)
        play(folder, values(0.9), start_at=1_700_000_100.0)
        assert " 1 min 40 s  was lost: the engine ended" in sweep("why", 0).out


class TestListOfSweeps:
    def test_the_newest_first(self, place):
        old = kept(place, points=2)
        play(old, values(0.5))
        new = kept(place, experiment="other")
        said = sweep("run", "list")
        assert [line.split()[:4] for line in said.lines] == [
            ["sweep", "experiment", "status", "runs"],
            [new.id, "other", "NotStarted", "0/6"],
            [old.id, "demo", "Completed", "2/2"],
        ]
        assert max(map(len, said.lines)) < 120

    def test_of_one_experiment_of_one_status_only_so_many(self, place):
        one, two = kept(place, points=1), kept(place, points=1)
        other = kept(place, points=1, experiment="other")
        play(one, values(0.5))

        def listed(*words):
            found = json.loads(sweep("run", "list", "--json", *words).out)
            return [row["runId"] for row in found]

        assert listed() == [other.id, two.id, one.id]
        assert listed("-e", "other") == [other.id]
        assert listed("--last", 2) == [other.id, two.id]
        assert listed("--status", "completed") == [one.id]
        assert listed("--status", "NotStarted", "--last", 1) == [other.id]
        assert listed("--status", "Paused") == []
        journal = SqliteJournal(two.database, Goal.MAXIMIZE)
        journal.write(Batch(sweep={"cluster": {"kind": "pool", "target": "cpucluster"}}))
        journal.close()
        assert listed("--compute-target-name", "cpucluster") == [two.id]
        assert listed("--compute-target-name", "local") == [other.id, one.id]

    def test_json(self, place):
        play(kept(place, points=2, identity="HD_a"), values(0.5))
        [row] = json.loads(sweep("run", "list", "--json").out)
        assert row.pop("created") > 0
        assert row == {
            "runId": "HD_a",
            "experiment": "demo",
            "status": "Completed",
            "target": "local",
            "ended": 2,
            "max_total_runs": 2,
            "best": 0.5,
        }

    def test_a_sweep_whose_engine_is_gone_is_interrupted(self, place):
        folder = abandoned(place)
        assert "Interrupted" in sweep("run", "list").out
        with Lock(folder.lock):
            assert "Running" in sweep("run", "list").out
            assert "Running" in sweep("run", "show").out

    def test_none_yet(self, place):
        sweep("folder", "attach")
        said = sweep("run", "list")
        assert (said.code, len(said.lines)) == (0, 1)

    def test_one_that_is_broken_does_not_hide_the_others(self, place):
        good, bad = kept(place), kept(place)
        bad.database.unlink()
        said = sweep("run", "list")
        assert said.code == 0
        assert good.id in said.out
        assert f"warning: {bad.database}: no such database" in said.err

    @pytest.mark.parametrize("words", [["best"], ["run", "show"], ["why", "0"], ["export"]])
    def test_a_database_of_somebody_else(self, place, words):
        folder = kept(place)
        folder.database.write_text("no database")
        said = sweep(*words)
        assert said.code == 2
        assert "cannot be used as a sweep's database" in said.err

    def test_a_database_from_the_future(self, place):
        folder = kept(place)
        with sqlite3.connect(folder.database) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        assert "upgrade hypersweep" in sweep("best").err


class TestListOfRuns:
    def test_the_best_first_those_without_a_value_last(self, told):
        said = sweep("run", "list", "last")
        assert [line.split() for line in said.lines] == [
            ["run", "status", "best", "last", "reports", "time", "hyperparameters"],
            ["4", "completed", "0.95", "0.95", "3", "3.0", "s", "x=4"],
            ["0", "completed", "0.8", "0.8", "3", "3.0", "s", "x=0"],
            ["2", "failed", "0.6", "0.6", "1", "1.0", "s", "x=2"],
            ["3", "stopped", "0.55", "0.55", "1", "1.0", "s", "x=3"],
            ["1", "stopped", "0.1", "0.1", "1", "1.0", "s", "x=1"],
            ["5", "completed", "-", "-", "0", "0.0", "s", "x=5"],
        ]

    @pytest.mark.parametrize(
        ("status", "runs"),
        [("Canceled", [3, 1]), ("stopped", [3, 1]), ("FAILED", [2]), ("running", [])],
    )
    def test_of_one_status(self, told, status, runs):
        words = ["--parent-run-id", "HD_story", "--status", status, "--json"]
        found = json.loads(sweep("run", "list", *words).out)
        assert [row["number"] for row in found] == runs

    def test_a_run_that_goes_on_has_no_time_yet(self, place):
        folder = abandoned(place)
        assert sweep("run", "list", folder.id).lines[1].split() == [
            *("0", "running", "-", "-", "0", "-", "x=0")
        ]

    def test_a_long_configuration_does_not_break_the_table(self, place):
        play(kept(place, space={"--text": choice("x " * 500, "y\n" * 500)}, points=2), values(1))
        said = sweep("run", "list", "")
        assert len(said.lines) == 3
        assert max(map(len, said.lines)) <= 200


class TestShow:
    def test_a_sweep(self, told):
        said = sweep("run", "show")
        assert said.lines[0] == "HD_story"
        facts = {line[2:13].strip(): line[13:] for line in said.lines[1:-2]}
        assert facts["status"] == "Completed"
        assert facts["experiment"] == "demo"
        assert facts["metric"] == "maximize accuracy"
        assert facts["each takes"] == "1 CPU, 0 GPUs"
        assert facts["runs"] == "2 Canceled, 3 Completed, 1 Failed of at most 6"
        assert json.loads(facts["policy"])["name"] == "Bandit"
        assert facts["folder"] == str(told.path)
        assert said.lines[-2] == (
            "  Best run: HD_story_4  accuracy = 0.95  (3 reports, Completed)"
        )

    def test_a_sweep_as_json(self, told):
        found = json.loads(sweep("run", "show", "HD_story", "--json").out)
        assert found["_experiment_name"] == "demo"
        assert found["status"] == "Completed"
        assert found["runs"] == {"Canceled": 2, "Completed": 3, "Failed": 1}
        assert found["best_child_run_id"] == "HD_story_4"
        assert found["best_primary_metric"] == 0.95
        assert found["best_configuration"] == {"--x": 4}
        assert found["primary_metric_config"] == {"name": "accuracy", "goal": "maximize"}
        assert found["max_total_jobs"] == 6

    def test_a_sweep_that_has_not_begun(self, place):
        kept(place)
        said = sweep("run", "show")
        assert "none yet of at most 6" in said.out
        assert said.lines[-1] == "  No run has logged 'accuracy', the primary metric."

    def test_a_run(self, told):
        said = sweep("run", "show", "0")
        pairs = [line.strip().split("  ", 1) for line in said.lines[1:]]
        facts = {name: value.strip() for name, value in pairs}
        assert facts.pop("started").endswith("lasted 3.0 s")
        assert facts.pop("command").endswith(" train.py --fixed 1 --x 0")
        assert len(facts.pop("snapshot")) == 12
        assert facts == {
            "status": "Completed",
            "attempt": "1",
            "accuracy": "best 0.8, last 0.8, 3 reports",
            "--x": "0",
            "loss": "last 0.25 of 2",
            "note": "fine",
            "ratio": "inf",
            "tag stage": "final",
            "pid": "4711",
            "host": "here",
            "peak_memory": "3.0 MiB",
            "cpu_seconds": "1.500 s",
            "exit_code": "0",
            "folder": f"{told.path}/runs/0",
        }

    def test_a_run_that_failed(self, told):
        said = sweep("run", "show", "-r", "HD_story_2")
        assert said.lines[1].split(maxsplit=1) == [
            "status",
            "Failed: exit code 1: ValueError: x is too large",
        ]
        assert "Traceback" not in said.out, "that is for `why` and `logs`"

    def test_a_run_as_json(self, told):
        found = json.loads(sweep("run", "show", "0", "--json").out)
        assert found["metrics"] == {
            "loss": [2.5, 0.25],
            "note": ["\x1b[1mfine\x1b[0m"],
            "ratio": [None],
        }
        assert found["tags"] == {"stage": "final"}
        assert found["hyperparameters"] == {"--x": 0}

    def test_a_lone_run(self, place):
        folder = lone(place)
        play(folder, values(), Extras(said={0: [{"k": "s", "n": "loss", "v": 0.5}]}))
        said = sweep("run", "show")
        assert said.lines[0] == folder.id
        assert ["loss", "0.5"] in [line.split() for line in said.lines]
        assert json.loads(sweep("run", "show", folder.id, "--json").out)["metrics"] == {
            "loss": [0.5]
        }

    def test_one_of_many_runs_that_are_not_there(self, told):
        said = sweep("run", "show", 17)
        assert (said.code, said.err) == (2, "error: HD_story has no run 17: it has 6 runs\n")


def test_what_somebody_else_has_named_does_not_reach_the_terminal(place):
    space = {"--x": choice("\x1b]0;title\x07evil", "\u202egood")}
    play(kept(place, space=space, points=1, metric="acc\x1b[31m"), values(0.5))
    for words in (
        ["best"],
        ["why", "0"],
        ["curves"],
        ["compare", "0", "0"],
        ["top"],
        ["run", "show"],
        ["run", "list", "last"],
        ["run", "show", "0"],
    ):
        assert "\x1b" not in sweep(*words).out, words


def test_the_story_is_the_same_each_time(place, tmp_path_factory):
    one, other = story(place), story(tmp_path_factory.mktemp("other"))
    listed = [
        sweep("run", "list", folder.id, "--workspace", folder.path.parents[2]).out
        for folder in (one, other)
    ]
    assert listed[0] == listed[1]
