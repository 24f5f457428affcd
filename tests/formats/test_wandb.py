"""Sweeps of Weights & Biases: what they are here, and what is said to be lost."""

from __future__ import annotations

import math

import pytest

from sweep.errors import ConfigError
from sweep.formats.findings import Findings
from sweep.formats.v2 import read_job
from sweep.formats.v2_writer import job_of
from sweep.formats.wandb import is_wandb, read_wandb
from sweep.formats.yaml12 import parse

HEAD = "program: train.py\nmethod: random\nmetric: {name: loss, goal: minimize}\nrun_cap: 9\n"


def imported(text):
    findings = Findings("sweep.yml")
    root = parse(text, findings)
    assert is_wandb(root)
    return read_wandb(root, findings)


def space(parameter, head=HEAD):
    sweep = imported(f"{head}parameters:\n  x: {parameter}\n")
    return sweep.definition.to_wire()["generator_config"]["parameter_space"]["x"]


@pytest.mark.parametrize(
    ("parameter", "wire"),
    [
        ("{values: [1, a, true]}", ["choice", [[1, "a", True]]]),
        ("{distribution: categorical, values: [1, 2]}", ["choice", [[1, 2]]]),
        ("{min: 1, max: 5}", ["quniform", [0.5, 5.5, 1]]),
        ("{min: 0, max: 5}", ["randint", [6]]),
        ("{min: 0.0, max: 5}", ["uniform", [0.0, 5]]),
        ("{distribution: uniform, min: 0, max: 5}", ["uniform", [0, 5]]),
        ("{distribution: q_uniform, min: 0, max: 5, q: 0.5}", ["quniform", [0, 5, 0.5]]),
        ("{distribution: log_uniform, min: -5, max: 0}", ["loguniform", [-5, 0]]),
        (
            "{distribution: log_uniform_values, min: 0.001, max: 1}",
            ["loguniform", [math.log(0.001), 0.0]],
        ),
        (
            "{distribution: q_log_uniform_values, min: 1, max: 100}",
            ["qloguniform", [0.0, math.log(100), 1]],
        ),
        ("{distribution: normal, mu: 5, sigma: 2}", ["normal", [5, 2]]),
        ("{distribution: normal}", ["normal", [0, 1]]),
        ("{distribution: q_log_normal, mu: 1, sigma: 1, q: 2}", ["qlognormal", [1, 1, 2]]),
    ],
)
def test_distributions(parameter, wire):
    assert space(parameter) == wire


def test_whole_numbers_are_all_alike():
    sweep = imported(f"{HEAD}parameters:\n  x: {{min: 3, max: 6}}\n")
    values = {sweep.definition.sampling.space.decode([u / 4 + 0.125])["x"] for u in range(4)}
    assert values == {3, 4, 5, 6}


def test_it_becomes_a_job(tmp_path):
    sweep = imported(
        "program: train.py\nmethod: bayes\nmetric: {name: acc, goal: maximize}\nrun_cap: 20\n"
        "name: first\nproject: demo\n"
        "parameters:\n  batch-size: {values: [16, 32]}\n  epochs: {value: 10}\n"
        "  optimizer: {parameters: {name: {values: [adam, sgd]}}}\n"
        "early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3}\n"
    )
    (tmp_path / "job.yml").write_text(job_of(sweep))
    job = read_job(tmp_path / "job.yml")
    assert job.trial.command.words == (
        *("python", "train.py", "--epochs=10", "--batch-size=${{search_space.batch_size}}"),
        "--optimizer.name=${{search_space.optimizer_name}}",
    )
    assert job.about == {"display_name": "first"}
    policy = job.definition.to_wire()["policy_config"]
    assert policy["name"] == "MedianStopping"
    assert policy["properties"]["delay_evaluation"] == 3
    assert [line.split(":")[0] for line in sweep.lost] == [
        "project is the service's",
        "hyperband's brackets",
        "the mapping optimizer",
        "how many agents there are",
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["python", "${program}", "${args_no_hyphens}"], "python train.py x=${{search_space.x}}"),
        (["${env}", "python3", "a b.py", "${args}"], "python3 'a b.py' --x=${{search_space.x}}"),
        (["./${program}"], "'./${program}'"),
    ],
)
def test_commands(command, words):
    sweep = imported(f"{HEAD}command: {command}\nparameters: {{x: {{values: [1]}}}}\n")
    assert sweep.extra["trial"]["command"] == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x: {distribution: beta, min: 0, max: 1}\n  y: {values: [1]}", "there is no beta here"),
        ("x: {values: [1, 2], probabilities: [0.1, 0.9]}", "the probabilities of x"),
    ],
)
def test_what_is_lost_is_said(text, sentence):
    assert any(sentence in line for line in imported(f"{HEAD}parameters:\n  {text}\n").lost)


def test_without_a_cap():
    head = HEAD.replace("run_cap: 9\n", "")
    sweep = imported(f"{head}parameters: {{x: {{min: 0, max: 9}}}}\n")
    assert sweep.definition.limits.runs == 100
    grid = imported(f"{head.replace('random', 'grid')}parameters: {{x: {{values: [1, 2, 3]}}}}\n")
    assert grid.definition.limits.runs == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("method: random", "method: randon", "did you mean 'random'?"),
        ("goal: minimize", "goal: min", "did you mean 'minimize'?"),
        ("{min: 0, max: 9}", "{mni: 0, max: 9}", "did you mean 'min'?"),
        ("{min: 0, max: 9}", "{max: 9}", "'min' is missing"),
        ("{min: 0, max: 9}", "{distribution: fancy, min: 0, max: 9}", "unknown distribution"),
        ("{min: 0, max: 9}", "{value: 3}", "no parameter is searched"),
        ("method: random", "method: grid", "grid"),
        ("metric: {name: loss, goal: minimize}\n", "", "metric: is required"),
    ],
)
def test_mistakes(old, new, message):
    text = f"{HEAD}parameters: {{x: {{min: 0, max: 9}}, z: {{distribution: normal}}}}\n"
    if new == "{value: 3}":
        text = text.replace(", z: {distribution: normal}", "")
    assert old in text
    with pytest.raises(ConfigError) as caught:
        imported(text.replace(old, new))
    assert message in str(caught.value)
    assert str(caught.value).startswith("sweep.yml:")
