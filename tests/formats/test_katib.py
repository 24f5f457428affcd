"""Experiments of Katib: what they are here, and what is said to be lost."""

from __future__ import annotations

import math

import pytest

from sweep.errors import ConfigError
from sweep.formats.findings import Findings
from sweep.formats.katib import is_katib, read_katib
from sweep.formats.v2 import read_job
from sweep.formats.v2_writer import job_of
from sweep.formats.yaml12 import parse

EXPERIMENT = """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {namespace: kubeflow, name: first}
spec:
  objective: {type: maximize, goal: 0.99, objectiveMetricName: accuracy}
  algorithm:
    algorithmName: random
    algorithmSettings: [{name: random_state, value: "10"}, {name: other, value: "1"}]
  earlyStopping:
    algorithmName: medianstop
    algorithmSettings: [{name: min_trials_required, value: "1"}, {name: start_step, value: "2"}]
  parallelTrialCount: 3
  maxTrialCount: "12"
  parameters:
    - {name: lr, parameterType: double, feasibleSpace: {min: "0.01", max: "0.05"}}
    - {name: num-layers, parameterType: int, feasibleSpace: {min: "2", max: "5"}}
    - {name: optimizer, parameterType: categorical, feasibleSpace: {list: [sgd, adam]}}
  trialTemplate:
    primaryContainerName: main
    trialParameters:
      - {name: learningRate, description: of the optimizer, reference: lr}
      - {name: layers, reference: num-layers}
      - {name: kind, reference: optimizer}
    trialSpec:
      apiVersion: batch/v1
      kind: Job
      spec:
        template:
          spec:
            containers:
              - {name: sidecar, image: a, command: [sleep]}
              - name: main
                image: registry/mnist:latest
                command:
                  - python3
                  - train.py
                  - --lr=${trialParameters.learningRate}
                  - --layers
                  - ${trialParameters.layers}
                args: ["--kind=${trialParameters.kind}"]
                env: [{name: LEVEL, value: "3"}, {name: KEY, valueFrom: {}}]
                resources: {limits: {cpu: 500m, nvidia.com/gpu: 1, memory: 1Gi}}
"""


def imported(text=EXPERIMENT):
    findings = Findings("katib.yml")
    root = parse(text, findings)
    assert is_katib(root)
    return read_katib(root, findings)


def test_all_of_it(tmp_path):
    sweep = imported()
    (tmp_path / "job.yml").write_text(job_of(sweep))
    job = read_job(tmp_path / "job.yml")
    wire = job.definition.to_wire()
    assert wire["generator_config"] == {
        "name": "RANDOM",
        "parameter_space": {
            "lr": ["uniform", [0.01, 0.05]],
            "num_layers": ["quniform", [1.5, 5.5, 1]],
            "optimizer": ["choice", [["sgd", "adam"]]],
        },
        "properties": {"seed": 10},
    }
    assert wire["policy_config"]["properties"] == {"evaluation_interval": 1, "delay_evaluation": 2}
    assert wire["primary_metric_config"] == {"name": "accuracy", "goal": "maximize"}
    assert (wire["max_total_jobs"], wire["max_concurrent_jobs"]) == (12, 3)
    assert job.trial.command.words == (
        *("python3", "train.py", "--lr=${{search_space.lr}}"),
        *("--layers", "${{search_space.num_layers}}", "--kind=${{search_space.optimizer}}"),
    )
    assert job.trial.environment_variables == {"LEVEL": "3"}
    assert (job.cpus, job.gpus) == (0.5, 1)
    assert job.about == {"display_name": "first"}
    for sentence in ("the goal 0.99", "the setting other", "registry/mnist", "the variable KEY"):
        assert any(sentence in line for line in sweep.lost), sentence


@pytest.mark.parametrize(
    ("space", "wire"),
    [
        ("double, feasibleSpace: {min: '1', max: '2', step: '0.5'}", ["choice", [[1, 1.5, 2]]]),
        ("int, feasibleSpace: {min: '0', max: '9'}", ["randint", [10]]),
        ("int, feasibleSpace: {min: 0, max: 1, step: 1}", ["choice", [[0, 1]]]),
        ("discrete, feasibleSpace: {list: ['1', '2.5']}", ["choice", [[1, 2.5]]]),
        (
            "double, feasibleSpace: {min: '0.1', max: '10', distribution: logUniform}",
            ["loguniform", [math.log(0.1), math.log(10)]],
        ),
        (
            "double, feasibleSpace: {min: '0', max: '6', distribution: normal}",
            ["normal", [3.0, 1.0]],
        ),
        ("double, feasibleSpace: {min: 0, max: 1000, step: 0.01}", ["quniform", [0, 1000, 0.01]]),
    ],
)
def test_feasible_spaces(space, wire):
    old = 'double, feasibleSpace: {min: "0.01", max: "0.05"}'
    definition = imported(EXPERIMENT.replace(old, space)).definition
    assert definition.to_wire()["generator_config"]["parameter_space"]["lr"] == wire


@pytest.mark.parametrize(
    ("word", "name", "same"),
    [
        ("grid", None, None),
        ("sobol", "RANDOM", True),
        ("bayesianoptimization", "BayesianOptimization", True),
        ("tpe", "BayesianOptimization", False),
        ("hyperband", "RANDOM", False),
    ],
)
def test_algorithms(word, name, same):
    text = EXPERIMENT.replace("algorithmName: random", f"algorithmName: {word}")
    if name is None:  # a grid of what is continuous
        with pytest.raises(ConfigError):
            imported(text)
        return
    sweep = imported(text)
    assert sweep.definition.sampling.name == name
    assert any(f"the algorithm {word}" in line for line in sweep.lost) is not same


def test_a_shells_command():
    start = EXPERIMENT.index("                command:\n                  - python3")
    end = EXPERIMENT.index("                env:")
    script = "'python train.py --lr ${trialParameters.learningRate} | tee log'"
    command = f"                command: [/bin/sh, -c, {script}]\n"
    trial = imported(EXPERIMENT[:start] + command + EXPERIMENT[end:]).extra["trial"]
    assert trial["shell"] == "sh"
    assert trial["command"] == "python train.py --lr ${{search_space.lr}} | tee log"


def test_without_a_command():
    text = EXPERIMENT[: EXPERIMENT.index("  trialTemplate:")]
    sweep = imported(text)
    assert "--num-layers=${{search_space.num_layers}}" in sweep.extra["trial"]["command"]
    assert any("the command: the file has none" in line for line in sweep.lost)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("type: maximize", "type: max", "did you mean 'maximize'?"),
        ("algorithmName: random", "algorithmName: randm", "did you mean 'random'?"),
        ("parameterType: double", "parameterType: float", "expected int, double"),
        ('min: "0.01"', 'min: "x"', "expected numbers for min and max"),
        ('maxTrialCount: "12"', "maxTrialCount: many", "a whole number > 0"),
        ("{list: [sgd, adam]}", "{}", "expected a list"),
        ("kind: Experiment", "kind: Job", "expected Experiment"),
    ],
)
def test_mistakes(old, new, message):
    assert old in EXPERIMENT
    with pytest.raises(ConfigError) as caught:
        imported(EXPERIMENT.replace(old, new))
    assert message in str(caught.value)
