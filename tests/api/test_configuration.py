"""The rules of `ScriptRunConfig`, `HyperDriveConfig` and what is submitted."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from policies import Goal
from sweep import (
    BanditPolicy,
    ConfigError,
    Environment,
    Experiment,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ResourceError,
    RunConfiguration,
    ScriptRunConfig,
    UserError,
    Workspace,
    WorkspaceError,
    choice,
)

SPACE = RandomParameterSampling({"--x": choice(1, 2)})
SCRIPT = ScriptRunConfig(".", "train.py")


def config(**given):
    return HyperDriveConfig(
        **{
            "hyperparameter_sampling": SPACE,
            "primary_metric_name": "accuracy",
            "primary_metric_goal": PrimaryMetricGoal.MAXIMIZE,
            "max_total_runs": 8,
            "run_config": SCRIPT,
            **given,
        }
    )


class TestScriptRunConfig:
    def test_a_script_with_arguments(self):
        script = ScriptRunConfig("src", "train.py", ["--epochs", 3, "--lr", 0.1, Path("data")])
        assert script.source_directory == Path("src")
        assert script.script == "train.py"
        assert script.arguments == ["--epochs", 3, "--lr", 0.1, "data"]
        assert script.run_config.target == "local"
        assert script.run_config.max_run_duration_seconds == 30 * 24 * 3600

    def test_what_is_given_here_wins_over_the_script_of_a_run_configuration(self):
        theirs = RunConfiguration(script="theirs.py", arguments=("a",), target="theirs")
        script = ScriptRunConfig(".", "ours.py", ["b"], theirs)
        assert (script.script, script.arguments) == ("ours.py", ["b"])
        assert script.run_config.target == "theirs"
        assert ScriptRunConfig(".", run_config=theirs).script == "theirs.py"
        assert ScriptRunConfig(".", arguments=[], run_config=theirs).arguments == []

    @pytest.mark.parametrize(
        "given", [{"compute_target": "local"}, {"environment": Environment("mine")}]
    )
    def test_a_run_configuration_wins_over_the_rest(self, given):
        with pytest.warns(UserWarning, match="compute_target and environment have no effect"):
            script = ScriptRunConfig(".", run_config=RunConfiguration(target="theirs"), **given)
        assert script.run_config.target == "theirs"
        assert script.run_config.environment.name is None

    @pytest.mark.parametrize("command", ["python train.py", ["python", "train.py"]])
    def test_a_command_in_the_place_of_a_script(self, command):
        script = ScriptRunConfig(".", command=command)
        assert script.script is None
        assert script.run_config.command == (
            command if isinstance(command, str) else tuple(command)
        )

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"script": "a.py", "command": ["b"]}, "command: give either command, or script and"),
            ({"arguments": [1], "command": ["b"]}, "command: give either command, or script and"),
            ({"arguments": "--epochs 3"}, "arguments: expected a list such as"),
            ({"run_config": "local"}, "run_config: expected a RunConfiguration, got 'local'"),
            (
                {"distributed_job_config": 1},
                "distributed_job_config: expected MpiConfiguration or",
            ),
            (
                {"docker_runtime_config": 1},
                "docker_runtime_config: expected DockerConfiguration, ",
            ),
            ({"resume_from": 1}, "resume_from: expected a path, got 1"),
        ],
    )
    def test_contradictions(self, given, words):
        with pytest.raises(ConfigError, match=words):
            ScriptRunConfig(".", **given)


class TestHyperDriveConfig:
    def test_what_is_left_out(self):
        wire = config().to_wire()
        assert wire["policy_config"] == {"name": "Default"}
        assert wire["max_concurrent_jobs"] == wire["max_total_jobs"] == 8
        assert wire["max_duration_minutes"] == 10080
        assert wire["max_consecutive_failures"] == 3

    def test_the_positions_are_the_service_s(self):
        made = HyperDriveConfig(
            SPACE, "accuracy", "MINIMIZE", 8, 4, 60, BanditPolicy(slack_factor=0.1), None, SCRIPT
        )
        wire = made.to_wire()
        assert wire["primary_metric_config"] == {"name": "accuracy", "goal": "minimize"}
        assert (wire["max_concurrent_jobs"], wire["max_duration_minutes"]) == (4, 60)
        assert wire["policy_config"]["name"] == "Bandit"
        assert made.run_config is SCRIPT

    @pytest.mark.parametrize("concurrent", [None, 0, 8, 99])
    def test_never_more_at_a_time_than_in_all(self, concurrent):
        assert config(max_concurrent_runs=concurrent).to_wire()["max_concurrent_jobs"] == 8

    @pytest.mark.parametrize("failures", [None, 0])
    def test_failures_that_never_end_it(self, failures):
        wire = config(max_consecutive_failures=failures).to_wire()
        assert wire["max_consecutive_failures"] is None

    @pytest.mark.parametrize(
        "goal", [PrimaryMetricGoal.MINIMIZE, Goal.MINIMIZE, "minimize", "MINIMIZE", "Minimize"]
    )
    def test_goals_in_many_forms(self, goal):
        assert config(primary_metric_goal=goal).definition.goal is Goal.MINIMIZE

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"run_config": None}, "run_config: expected a ScriptRunConfig, got None"),
            ({"run_config": RunConfiguration()}, "run_config: expected a ScriptRunConfig"),
            ({"estimator": 1}, "give either run_config or estimator, not both"),
            ({"pipeline": 1}, "pipeline: not available here"),
            ({"resume_from": 1}, "resume_from: expected a HyperDriveRun or a list"),
            ({"resume_child_runs": [1]}, "resume_child_runs: expected a KeptRun or a list"),
            ({"hyperparameter_sampling": None}, "hyperparameter_sampling: expected a sampling"),
            ({"hyperparameter_sampling": {"x": 1}}, "hyperparameter_sampling: expected a samp"),
            ({"primary_metric_name": ""}, "primary_metric_name: expected a name, got ''"),
            ({"primary_metric_name": None}, "primary_metric_name: expected a name, got None"),
            ({"primary_metric_goal": "max"}, "primary_metric_goal: expected maximize or minimize"),
            ({"primary_metric_goal": 1}, "primary_metric_goal: expected maximize or minimize"),
            ({"policy": "bandit"}, "policy: expected a policy such as BanditPolicy, got 'bandit'"),
            ({"policy": BanditPolicy}, "policy: expected a policy such as BanditPolicy"),
            ({"max_total_runs": 0}, "max_total_runs: expected a whole number >= 1, got 0"),
            ({"max_total_runs": "8"}, "max_total_runs: expected a whole number >= 1, got '8'"),
            ({"max_total_runs": True}, "max_total_runs: expected a whole number >= 1, got True"),
            ({"max_total_runs": 2.0}, "max_total_runs: expected a whole number >= 1, got 2.0"),
            ({"max_concurrent_runs": -1}, "max_concurrent_runs: expected a whole number >= 1"),
            ({"max_duration_minutes": 0}, "max_duration_minutes: expected a number > 0, got 0"),
            ({"max_duration_minutes": None}, "max_duration_minutes: expected a number > 0"),
            ({"max_duration_minutes": float("nan")}, "max_duration_minutes: expected a number"),
            ({"max_consecutive_failures": -1}, "max_consecutive_failures: expected a whole"),
            ({"custom_run_id": "demo_1700000000_0123abcd"}, "has the form of a lone run's id"),
        ],
    )
    def test_what_makes_no_sense(self, given, words):
        with pytest.raises(ConfigError) as caught:
            config(**given)
        assert words in str(caught.value)

    def test_errors_are_those_of_the_package_and_of_python(self):
        with pytest.raises(ValueError, match="max_total_runs"):
            config(max_total_runs=0)
        with pytest.raises(UserError, match="max_total_runs"):
            config(max_total_runs=0)

    @pytest.mark.parametrize("word", ["maximize", "Maximize", "MAXIMIZE"])
    def test_goals_from_words(self, word):
        assert PrimaryMetricGoal.from_str(word) is PrimaryMetricGoal.MAXIMIZE
        assert PrimaryMetricGoal.MAXIMIZE.value == "MAXIMIZE"


class TestSubmit:
    """What can never run is refused before anything is kept."""

    @pytest.mark.parametrize(
        ("given", "options", "error", "words"),
        [
            ({"run_config": ScriptRunConfig(".", "no.py")}, {}, UserError, "no.py: there is no"),
            ({"run_config": ScriptRunConfig(".")}, {}, UserError, "no script: name one"),
            ({"run_config": ScriptRunConfig("no", "x.py")}, {}, UserError, "no: there is no such"),
            (
                {"run_config": ScriptRunConfig(".", command="python train.py")},
                {},
                UserError,
                "a command for a shell is not run",
            ),
            (
                {"run_config": ScriptRunConfig(".", "train.py", compute_target="cluster")},
                {},
                UserError,
                "target 'cluster': there is no such compute target; there is: local",
            ),
            ({}, {"cpus_per_run": 1000}, ResourceError, "one run asks for 1000 CPUs"),
            ({}, {"cpus_per_run": -1}, ConfigError, "cpus_per_run: expected a number >= 0"),
            ({}, {"gpus_per_run": float("nan")}, ConfigError, "gpus_per_run: expected a number"),
            ({}, {"cpus_per_run": "1"}, ConfigError, "cpus_per_run: expected a number >= 0"),
            ({}, {"grace": None}, ConfigError, "grace: expected a number >= 0, got None"),
            ({"custom_run_id": "../x"}, {}, WorkspaceError, "'../x' cannot be the id of a sweep"),
        ],
    )
    def test_what_can_never_run(self, place, given, options, error, words):
        (place / "train.py").write_text("")
        experiment = Experiment(Workspace(), "demo")
        with pytest.raises(error) as caught:
            experiment.submit(config(**given), **options)
        assert words in str(caught.value)
        assert not list(place.glob(".sweep/sweeps/*"))

    @pytest.mark.parametrize("what", [None, "train.py", SPACE, RunConfiguration()])
    def test_what_is_no_configuration(self, place, what):
        experiment = Experiment(Workspace(), "demo")
        with pytest.raises(ConfigError, match="submit: expected a HyperDriveConfig or Script"):
            experiment.submit(what)

    def test_a_name_that_is_taken(self, place):
        (place / "train.py").write_text("")
        workspace = Workspace()
        workspace.folder.add_sweep("HD_mine", "demo")
        with pytest.raises(WorkspaceError, match="there is a sweep HD_mine"):
            Experiment(workspace, "demo").submit(config(custom_run_id="HD_mine"))

    def test_what_cannot_be_written_is_not_kept_by_half(self, place):
        (place / "train.py").write_text("")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # as if the disk were full
        try:
            with pytest.raises(WorkspaceError):
                Experiment(Workspace(), "demo").submit(config())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(place.glob(".sweep/sweeps/*"))

    def test_what_is_odd_is_a_warning(self, place):
        (place / "train.py").write_text("")
        twice = config(run_config=ScriptRunConfig(".", "train.py", ["--x", 1]), custom_run_id="/")
        with pytest.warns(UserWarning, match="swept as well"), pytest.raises(WorkspaceError):
            Experiment(Workspace(), "demo").submit(twice)
