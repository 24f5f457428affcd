"""`sweep check`: what can be known of a sweep before it begins."""

from __future__ import annotations

import json
import math

import pytest

from sweep.engine.check import remark_of
from sweep.engine.smoke import Smoke
from tests.cli.workspaces import sweep

SCRIPT = """\
import argparse, time
from sweep import Run

parser = argparse.ArgumentParser()
parser.add_argument("--penalty", type=float)
parser.add_argument("--epochs", type=int, default=5)
args = parser.parse_args()
run = Run.get_context()
for epoch in range(args.epochs):
    run.log("METRIC", VALUE)
"""


def script(place, metric="Accuracy", value="args.penalty"):
    (place / "train.py").write_text(SCRIPT.replace("METRIC", metric).replace("VALUE", value))


def looked(*words):
    """Return exit code and the remarks by part."""
    said = sweep("check", "--json", *words)
    remarks = json.loads(said.out)["remarks"]
    found = {}
    for remark in remarks:
        found.setdefault(remark["part"], []).append((remark["level"], remark["text"]))
    return said.code, found


def test_a_sweep_that_can_work(project):
    script(project)
    said = sweep("check", "--no-smoke", "hdconfig.yml", "train.py")
    assert said.code == 0
    words = [line.split()[:2] for line in said.lines[:-1]]
    assert words == [
        ["configuration", "fine"],
        ["script", "fine"],
        ["imports", "fine"],
        ["resources", "fine"],
        ["policy", "fine"],
        ["estimate", "fine"],
    ]
    assert said.lines[-1] == "it can work"
    assert not (project / ".sweep").exists(), "nothing is kept"


def test_a_script_with_other_options(project):
    (project / "train.py").write_text(SCRIPT.replace("--penalty", "--pnalty"))
    code, found = looked("--no-smoke", "hdconfig.yml", "train.py")
    assert code == 2
    assert found["script"] == [
        (
            "error",
            "train.py: there is no option '--penalty', which is swept; did you mean '--pnalty'?",
        )
    ]


def test_a_configuration_that_is_wrong_is_told_by_line_and_column(project):
    (project / "bad.yml").write_text((project / "hdconfig.yml").read_text().replace("0.2", "-1"))
    said = sweep("check", "bad.yml", "train.py")
    assert said.code == 2
    assert "bad.yml:6:44: policy.slack_factor" in said.err


def test_what_can_never_be_had(project):
    script(project)
    code, found = looked("--no-smoke", "--cpus-per-run", 5000, "hdconfig.yml", "train.py")
    assert code == 2
    [(level, text)] = found["resources"]
    assert level == "error"
    assert "one run asks for 5000 CPUs" in text


def test_a_policy_that_will_not_act(project):
    script(project)
    text = (project / "hdconfig.yml").read_text()
    (project / "late.yml").write_text(text.replace("0.2}", "0.2, delay_evaluation: 9}"))
    code, found = looked("--no-smoke", "late.yml", "train.py")
    assert code == 0
    [(level, text)] = found["policy"]
    assert level == "warning"
    assert "first after 9 reports, and --epochs 5 may mean 5 reports" in text
    assert "warning" not in [
        level
        for level, _ in looked("--no-smoke", "late.yml", "train.py", "--epochs", 12)[1]["policy"]
    ]


def test_a_script_that_reports_once(project, no_ray):
    text = "from sweep import Run\nrun = Run.get_context()\nrun.log('Accuracy', 0.5)\n"
    (project / "once.py").write_text(text)
    bandit = (project / "hdconfig.yml").read_text().replace("0.2}", "0.2, delay_evaluation: 2}")
    (project / "late.yml").write_text(bandit)
    [(level, text)] = looked("--no-smoke", "late.yml", "once.py")[1]["policy"]
    assert level == "warning"
    assert "first after 2 reports, and once.py:3, in no loop, may mean 1 report" in text
    said = sweep("start", "--quiet", "late.yml", "once.py")
    assert "first after 2 reports, and a run may make 1 report: it never acts" in said.err
    said = sweep("start", "--quiet", "hdconfig.yml", "once.py")
    assert "and a run may make 1 report: a stop then saves nothing" in said.err


def test_sweep_start_says_the_cheap_part(project, no_ray):
    script(project)
    said = sweep("start", "--quiet", "hdconfig.yml", "train.py", "--epoks", 3)
    assert "warning: train.py: there is no option '--epoks'; did you mean '--epochs'?" in said.err


@pytest.mark.ray
def test_the_smoke_run(project):
    script(project)
    said = sweep("check", "--json", "hdconfig.yml", "train.py")
    found = json.loads(said.out)
    assert (said.code, found["verdict"]) == (0, "fine")
    assert found["reports"] == 5
    assert 0 < found["first_report_seconds"] < found["run_seconds"] < found["sweep_seconds"]
    assert found["sweep_bytes"] == 8 * found["run_bytes"] > 0
    assert not (project / ".sweep").exists(), "nothing is kept"


@pytest.mark.ray
def test_a_smoke_run_that_logs_another_name(project):
    script(project, "accuracy")
    code, found = looked("hdconfig.yml", "train.py")
    assert code == 2
    [(level, text)] = found["smoke run"]
    assert level == "error"
    assert "never logged 'Accuracy', the primary metric; it logged 'accuracy'" in text


X = {"x": 1}


@pytest.mark.parametrize(
    ("went", "level", "text"),
    [
        (Smoke(X, [0.5], [2.0]), "fine", "loss = 0.5 after 2.0 s"),
        (Smoke(X, [0.5, 1], [2.0, 2.5]), "fine", "loss = 0.5 after 2.0 s, again after 0.5 s"),
        (Smoke(X, [0.5], [2.0], "Completed"), "fine", "once in the whole run"),
        (Smoke(X, [math.nan], [2.0]), "warning", "that is no finite number"),
        (Smoke(X, [], []), "warning", "has not logged 'loss' in 9 s (--smoke-seconds)"),
        (Smoke(X, [], [], logged=["los"]), "warning", "did you mean 'los'?"),
        (
            Smoke(X, [], [], "Failed", "exit code 1", "a\nb\n"),
            "error",
            "exit code 1\n  | a\n  | b",
        ),
        (Smoke(), "warning", "it did not begin"),
    ],
)
def test_what_a_smoke_run_says(went, level, text):
    remark = remark_of(went, "loss", 9)
    assert remark.level == level
    assert text in remark.text
