"""Sweep jobs of version 2: what they mean, and what is said of those that are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sweep.errors import ConfigError
from sweep.formats import v2, v2_trial
from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.overrides import overrides_from, overrides_of
from sweep.formats.v2 import read_job
from sweep.formats.v2_limits import MORE_LIMITS

JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
type: sweep
trial:
  code: src
  command: >-
    python train.py --data ${{inputs.data}} --n ${{inputs.n}}
    --lr ${{search_space.lr}} --kind ${{search_space.kind}} --out ${{outputs.model}}
  environment: azureml:AzureML-sklearn-1.5@latest
  environment_variables: {LEVEL: 3}
inputs:
  data: {type: uri_file, path: data.csv}
  n: 5
outputs:
  model: {type: uri_folder}
compute: azureml:cpu-cluster
sampling_algorithm: random
search_space:
  lr: {type: loguniform, min_value: -6, max_value: -1}
  kind: {type: choice, values: [rbf, linear]}
objective: {goal: minimize, primary_metric: loss}
limits: {max_total_trials: 20, max_concurrent_trials: 10, timeout: 7200, trial_timeout: 90}
early_termination: {type: bandit, slack_factor: 0.1, slack_amount: 0, evaluation_interval: 0}
display_name: iris
experiment_name: iris-example
description: A sweep.
tags: {team: blue}
"""
NESTED = """\
{type: choice, values: [{m: a, x: {type: uniform, min_value: 0, max_value: 1}}, \
{m: b, k: {type: choice, values: [1, 2]}}, {m: c, o: {type: adam}}]}"""


@pytest.fixture
def folder(place):
    (place / "src").mkdir()
    (place / "src" / "train.py").write_text("")
    (place / "data.csv").write_text("a\n")
    return place


def job(folder, text=JOB, *sets):
    (folder / "job.yml").write_text(text)
    return read_job("job.yml", overrides_of(sets))


def wrong(folder, text, *sets):
    with pytest.raises(ConfigError) as caught:
        job(folder, text, *sets)
    return [str(problem) for problem in caught.value.problems]


class TestWhatItMeans:
    def test_all_of_it(self, folder):
        read = job(folder)
        assert read.definition.to_wire() == {
            "generator_config": {
                "name": "RANDOM",
                "parameter_space": {
                    "lr": ["loguniform", [-6, -1]],
                    "kind": ["choice", [["rbf", "linear"]]],
                },
            },
            "policy_config": {
                "name": "Bandit",
                "properties": {
                    "evaluation_interval": 1,
                    "delay_evaluation": 0,
                    "slack_factor": 0.1,
                },
            },
            "primary_metric_config": {"name": "loss", "goal": "minimize"},
            "max_total_jobs": 20,
            "max_concurrent_jobs": 10,
            "max_duration_minutes": 120,
            "max_run_duration_seconds": 90,
            "max_consecutive_failures": 3,
            "max_attempts": 3,
        }
        assert read.trial.command.words == (
            *("python", "train.py", "--data", "${{inputs.data}}", "--n", "${{inputs.n}}"),
            *("--lr", "${{search_space.lr}}", "--kind", "${{search_space.kind}}"),
            *("--out", "${{outputs.model}}"),
        )
        assert read.trial.environment_variables == {"LEVEL": "3"}
        assert read.inputs["data"].value == str(folder / "data.csv")
        assert (read.inputs["n"].text, read.outputs) == ("5", ("model",))
        assert (read.compute, read.experiment) == ("cpu-cluster", "iris-example")
        assert read.about == {"display_name": "iris", "description": "A sweep."}
        assert read.tags == {"team": "blue"}
        (warning,) = read.warnings
        assert "is the service's" in str(warning)

    def test_it_is_the_same_definition_as_an_hdconfig(self, folder):
        (folder / "hdconfig.yml").write_text(
            "sampling:\n  type: random\n  parameter_space:\n"
            "    - {name: lr, expression: loguniform, values: [-6, -1]}\n"
            "    - {name: kind, expression: choice, values: [rbf, linear]}\n"
            "policy: {type: BanditPolicy, slack_factor: 0.1}\n"
            "primary_metric_name: loss\nprimary_metric_goal: minimize\nmax_total_runs: 20\n"
            "max_concurrent_runs: 10\nmax_duration_minutes: 120\nmax_run_duration_seconds: 90\n"
        )
        old = read_hdconfig("hdconfig.yml").definition
        assert old.to_wire() == job(folder).definition.to_wire()

    @pytest.mark.parametrize(
        ("text", "name", "properties"),
        [
            ("RANDOM", "RANDOM", None),
            (
                "{type: random, seed: 123, rule: sobol, logbase: e}",
                "RANDOM",
                {"seed": 123, "rule": "sobol"},
            ),
            ("{type: Random, logbase: 10}", "RANDOM", {"logbase": 10}),
            ("{type: bayesian}", "BayesianOptimization", None),
        ],
    )
    def test_sampling_algorithms(self, folder, text, name, properties):
        read = job(folder, JOB.replace("algorithm: random", f"algorithm: {text}"))
        wire = read.definition.to_wire()["generator_config"]
        assert wire["name"] == name
        assert wire.get("properties") == properties

    @pytest.mark.parametrize(
        ("text", "wire"),
        [
            ("{type: choice, values: [1, 2.5, a, true]}", ["choice", [[1, 2.5, "a", True]]]),
            ("{type: CHOICE, values: [[1, 2], [3]]}", ["choice", [[[1, 2], [3]]]]),
            ("{type: randint, upper: 5}", ["randint", [5]]),
            ("{type: quniform, min_value: 0, max_value: 1, q: 0.1}", ["quniform", [0, 1, 0.1]]),
            ("{type: qnormal, mu: 10, sigma: 3, q: 1}", ["qnormal", [10, 3, 1]]),
            ("{type: LogNormal, mu: 0, sigma: 1}", None),
            ("{type: lognormal, mu: 0, sigma: 1}", ["lognormal", [0, 1]]),
            (
                NESTED,
                ["choice", [[
                    {"m": "a", "x": ["uniform", [0, 1]]},
                    {"m": "b", "k": ["choice", [[1, 2]]]},
                    {"m": "c", "o": {"type": "adam"}},
                ]]],
            ),
        ],
    )  # fmt: skip
    def test_distributions(self, folder, text, wire):
        text = JOB.replace("{type: loguniform, min_value: -6, max_value: -1}", text)
        if wire is None:
            assert "expected choice" in wrong(folder, text)[0]
        else:
            space = job(folder, text).definition.to_wire()["generator_config"]["parameter_space"]
            assert space["lr"] == wire

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("3600", 3600),
            ("PT1H", 3600),
            ("PT1M1S", 61),
            ("P1DT2H", 93600),
            ("0", 5184000),
            ("30", 30),
        ],
    )
    def test_timeouts(self, folder, text, seconds):
        read = job(folder, JOB.replace("timeout: 7200", f"timeout: {text}"))
        assert read.definition.limits.duration_minutes * 60 == pytest.approx(seconds)

    @pytest.mark.parametrize(
        ("text", "wire"),
        [
            ("{type: median_stopping}", {"evaluation_interval": 1, "delay_evaluation": 0}),
            ("{type: MedianStopping, delay_evaluation: 5}",
             {"evaluation_interval": 1, "delay_evaluation": 5}),
            ("{type: truncation_selection, truncation_percentage: 20, evaluation_interval: 0}",
             {"evaluation_interval": 1, "delay_evaluation": 0, "truncation_percentage": 20,
              "exclude_finished_jobs": False}),
            ("{type: bandit, slack_amount: 0.3, slack_factor: 0}",
             {"evaluation_interval": 1, "delay_evaluation": 0, "slack_amount": 0.3}),
            ("{type: median_stopping, audit_fraction: 0.1}",
             {"evaluation_interval": 1, "delay_evaluation": 0, "audit_fraction": 0.1}),
            ("null", None),
        ],
    )  # fmt: skip
    def test_policies(self, folder, text, wire):
        head = JOB[: JOB.index("early_termination")]
        read = job(folder, f"{head}early_termination: {text}\n")
        assert read.definition.to_wire()["policy_config"].get("properties") == wire

    def test_old_references_and_optional_parts(self, folder):
        text = JOB.replace("--n ${{inputs.n}}", "--n {inputs.n} $[[--k ${{inputs.n}}]]")
        read = job(folder, text)
        assert read.trial.command.words[4:8] == ("--n", "${{inputs.n}}", "--k", "${{inputs.n}}")
        assert any("single braces" in str(warning) for warning in read.warnings)

    def test_a_component_as_the_trial(self, folder):
        (folder / "train.yml").write_text(
            "type: command\nname: train\ninputs:\n  lr: {type: number}\n  kind: {type: string}\n"
            "  n: {type: integer}\n  seed: {type: integer, default: 7}\n"
            "  extra: {type: string, optional: true}\noutputs:\n  scores: {type: uri_folder}\n"
            "code: ./src\nenvironment: azureml:x@latest\n"
            "command: python train.py --lr ${{inputs.lr}} --k ${{inputs.kind}} --n ${{inputs.n}}"
            " --seed ${{inputs.seed}} $[[--extra ${{inputs.extra}}]] --s ${{outputs.scores}}\n"
        )
        start, end = JOB.index("trial:"), JOB.index("inputs:")
        read = job(folder, f"{JOB[:start]}trial: ./train.yml\n{JOB[end:]}")
        assert read.trial.command.words == (
            *("python", "train.py", "--lr", "${{search_space.lr}}", "--k"),
            *("${{search_space.kind}}", "--n", "${{inputs.n}}", "--seed", "${{inputs.seed}}"),
            *("--s", "${{outputs.scores}}"),
        )
        assert read.inputs["seed"].value == 7
        assert read.outputs == ("model", "scores")

    def test_a_declared_shell(self, folder):
        text = JOB.replace("  code: src", "  code: src\n  shell: bash").replace(
            "python train.py", "pip list > list.txt && python train.py"
        )
        words = job(folder, text).trial.command.words
        assert words[:2] == ("bash", "-c")
        assert '--lr "${AZUREML_SWEEP_lr}"' in words[2]

    def test_other_values_from_the_command_line(self, folder):
        read = job(
            folder,
            JOB,
            *("limits.max_total_trials=4", "search_space.kind.values=[poly]", "inputs.n=hi"),
            *("early_termination=", "trial.environment_variables.LEVEL=high", "compute=local"),
        )
        wire = read.definition.to_wire()
        assert wire["max_total_jobs"] == 4
        assert wire["generator_config"]["parameter_space"]["kind"] == ["choice", [["poly"]]]
        assert wire["policy_config"] == {"name": "Default"}
        assert read.inputs["n"].value == "hi"
        assert read.trial.environment_variables == {"LEVEL": "high"}
        assert read.compute == "local"

    def test_other_values_from_python(self, folder):
        (folder / "job.yml").write_text(JOB)
        read = read_job(
            "job.yml", overrides_from([{"limits.timeout": 60}, {"tags": {"a": "1e3"}}])
        )
        assert read.definition.limits.duration_minutes == 1
        assert read.tags == {"a": "1e3"}


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("  lr: {", "  learning-rate: {", "write learning_rate"),
            ("min_value: -6, ", "", "search_space.lr.min_value: is required"),
            ("min_value: -6", "min: -6", "did you mean 'min_value'?"),
            ("min_value: -6", "min_value: 6", "loguniform needs min <= max"),
            ("values: [rbf, linear]", "values: []", "choice needs at least one option"),
            ("values: [rbf, linear]", "values: rbf", "write ['rbf']"),
            ("type: loguniform", "type: loguniforn", "did you mean 'loguniform'?"),
            ("algorithm: random", "algorithm: sobol", "expected random, grid, bayesian or optuna"),
            ("algorithm: random", "algorithm: {type: random, rule: Halton}", "expected random or"),
            ("algorithm: random", "algorithm: {type: grid, logbase: 2}", "not to grid"),
            ("algorithm: random", "algorithm: grid", "search_space.lr"),
            ("goal: minimize", "goal: min", "did you mean 'minimize'?"),
            ("timeout: 7200", "timeout: -5", "expected a number >= 0"),
            ("timeout: 7200", "timeout: soon", "PT1H30M"),
            ("max_total_trials: 20", "max_total_trails: 20", "did you mean 'max_total_trials'?"),
            ("max_total_trials: 20", "max_total_runs: 20", "here it is max_total_trials"),
            ("slack_factor: 0.1", "slack_factor: 0", "needs slack_factor or slack_amount"),
            ("slack_amount: 0,", "slack_amount: 0.2,", "not both"),
            ("type: bandit", "type: medianstopping", "did you mean 'median_stopping'?"),
            ("${{search_space.lr}}", "${{search_space.rl}}", "there is no search_space.rl"),
            ("${{inputs.n}}", "${{input.n}}", "did you mean 'inputs'?"),
            ("${{inputs.n}}", "${{inputs.m}}", "there is no inputs.m"),
            ("--n ${{inputs.n}}", "--n $HOME", "add 'shell: bash'"),
            ("  code: src", "  code: source", "there is no folder"),
            ("  code: src", "  codes: src", "did you mean 'code'?"),
            ("path: data.csv", "path: dat.csv", "did you mean 'data.csv'?"),
            ("path: data.csv", "path: src", "is a folder"),
            ("path: data.csv", "path: azureml:d@latest", "fetch it, and give its path"),
            ("path: data.csv", "path: wasbs://c@a.net/d.csv", None),
            ("type: sweep", "type: pipeline", "expected sweep"),
            ("compute:", "computer:", "did you mean 'compute'?"),
            ("tags: {team: blue}", "tags: {team: yes, b: true}", "tags"),
        ],
    )
    def test_one_mistake(self, folder, old, new, message):
        assert old in JOB
        text = JOB.replace(old, new)
        if message is None:
            assert job(folder, text).inputs["data"].value == "https://a.net/c/d.csv"
            return
        problems = wrong(folder, text)
        assert any(message in problem for problem in problems), problems
        assert all(problem.startswith("job.yml:") for problem in problems)

    def test_a_value_that_no_script_can_be_given(self, folder):
        (problem,) = wrong(folder, JOB.replace("[rbf, linear]", f"[{'x' * 140_000}]"))
        assert "search_space.kind: kind: 140,000 bytes in one argument" in problem

    def test_all_mistakes_in_the_order_of_the_file(self, folder):
        text = JOB.replace("goal: minimize", "goal: min").replace("type: sweep", "type: swep")
        text = text.replace("slack_factor: 0.1", "slack: 1")
        places = [int(problem.split(":")[1]) for problem in wrong(folder, text)]
        assert places == sorted(places)
        assert len(places) == 3

    def test_sections_that_only_the_service_has_are_named(self, folder):
        text = f"{JOB}identity: {{type: managed}}\nresources: {{instance_type: D2}}\n"
        said = " ".join(map(str, job(folder, text).warnings))
        assert "identity: is the service's" in said
        assert "instance_type" in said

    @pytest.mark.parametrize(
        "word", ["limits.timeout", "=3", "a..b=1", "display_name.x=1", "inputs.n.m=1"]
    )
    def test_settings_that_make_no_sense(self, folder, word):
        (message,) = wrong(folder, JOB, word)
        assert "--set" in message


def test_the_file_in_the_documentation(folder):
    page = (Path(__file__).parents[2] / "docs" / "sweep_jobs.md").read_text(encoding="utf-8")
    (text, *_) = re.findall(r"^```yaml\n(type: sweep\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    read = job(folder, text)
    assert read.definition.limits.runs == 40
    for key in (*v2_trial.KEYS[:4], *MORE_LIMITS, *v2.MORE_RESOURCES, *v2.OF_THE_SERVICE):
        assert f"`{key}`" in page or key in text, key
