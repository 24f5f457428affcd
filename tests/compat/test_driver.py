"""Drivers and notebooks that import azureml: `sweep python`, and `%load_ext sweep`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sweep.compat import widgets
from sweep.errors import ConfigError

ROOT = Path(__file__).parents[2]


class Driver:
    """A driver in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, text, *arguments, code=0, **variables):
        (self.folder / "driver.py").write_text(textwrap.dedent(text))
        done = subprocess.run(
            [sys.executable, "-m", "sweep.cli.main", "python", "driver.py", *arguments],
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        self.error = done.stderr
        return done.stdout


@pytest.fixture
def driver(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text("")
    return Driver(tmp_path)


SWEEP = """
    import json
    from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

    src = ScriptRunConfig(
        source_directory="source",
        script="train.py",
        arguments=["--data-folder", "data"],
        environment=Environment.get(Workspace.from_config(), name="AzureML-TensorFlow-1.13-GPU"),
    )
"""
SCIKIT_LEARN = """
    from azureml.train.hyperdrive.runconfig import HyperDriveConfig
    from azureml.train.hyperdrive.sampling import RandomParameterSampling
    from azureml.train.hyperdrive.run import PrimaryMetricGoal
    from azureml.train.hyperdrive.parameter_expressions import choice

    config = HyperDriveConfig(
        run_config=src,
        hyperparameter_sampling=RandomParameterSampling(
            {"--kernel": choice("linear", "rbf"), "--penalty": choice(0.5, 1, 1.5)}
        ),
        primary_metric_name="Accuracy",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=12,
        max_concurrent_runs=4,
    )
"""
KERAS = """
    from azureml.train.hyperdrive import RandomParameterSampling, BanditPolicy, HyperDriveConfig
    from azureml.train.hyperdrive import PrimaryMetricGoal, choice, loguniform

    config = HyperDriveConfig(
        run_config=src,
        hyperparameter_sampling=RandomParameterSampling(
            {"--batch-size": choice(25, 50, 100), "--learning-rate": loguniform(-6, -1)}
        ),
        policy=BanditPolicy(evaluation_interval=2, slack_factor=0.1),
        primary_metric_name="Accuracy",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=20,
        max_concurrent_runs=4,
    )
"""
PYTORCH = """
    from azureml.train.hyperdrive import *

    config = HyperDriveConfig(
        run_config=src,
        hyperparameter_sampling=RandomParameterSampling(
            {"learning_rate": uniform(0.0005, 0.005), "momentum": uniform(0.9, 0.99)}
        ),
        policy=BanditPolicy(slack_factor=0.15, evaluation_interval=1, delay_evaluation=10),
        primary_metric_name="best_val_acc",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=8,
        max_concurrent_runs=4,
    )
"""
TENSORFLOW = """
    from azureml.train.hyperdrive import RandomParameterSampling, HyperDriveConfig
    from azureml.train.hyperdrive import TruncationSelectionPolicy, PrimaryMetricGoal
    from azureml.train.hyperdrive import choice, loguniform
    from azureml.train.dnn import TensorFlow
    from azureml.train.hyperdrive import HyperDriveRunConfig

    est = TensorFlow(
        source_directory="source", script_params={"--epochs": 3}, entry_script="train.py"
    )
    config = HyperDriveRunConfig(
        est,
        hyperparameter_sampling=RandomParameterSampling(
            {"--batch-size": choice(32, 64, 128), "--learning-rate": loguniform(-6, -1)}
        ),
        policy=TruncationSelectionPolicy(truncation_percentage=25, evaluation_interval=2),
        primary_metric_name="validation_acc",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=15,
        max_concurrent_runs=4,
    )
"""


@pytest.mark.parametrize(
    ("cells", "policy", "runs"),
    [
        (SCIKIT_LEARN, "Default", 12),
        (KERAS, "Bandit", 20),
        (PYTORCH, "Bandit", 8),
        (TENSORFLOW, "TruncationSelection", 15),
    ],
    ids=["scikit-learn", "keras", "pytorch", "tensorflow"],
)
def test_the_cells_of_public_notebooks(driver, cells, policy, runs):
    printed = driver(f"{SWEEP}{cells}\n    print(json.dumps(config.to_wire()))")
    wire = json.loads(printed)
    assert wire["max_total_jobs"] == runs
    assert wire["generator_config"]["name"] == "RANDOM"
    assert wire["policy_config"]["name"] == policy
    assert "is an environment of the service: runs use this Python" in driver.error


def test_what_a_notebook_asks_of_its_workspace(driver):
    printed = driver(
        """
        import sys
        import azureml.core
        from azureml.core import Experiment, Workspace
        from azureml.core.authentication import InteractiveLoginAuthentication
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.core.compute_target import ComputeTargetException
        from azureml.telemetry import set_diagnostics_collection

        assert azureml.core.VERSION
        set_diagnostics_collection(send_diagnostics=True)
        ws = Workspace.from_config(auth=InteractiveLoginAuthentication(tenant_id="t"))
        again = Workspace(subscription_id="s", resource_group="r", workspace_name="w")
        assert ws.folder.path == again.folder.path == Workspace.get(name="w").folder.path
        print(ws.name, ws.location, ws.resource_group, ws.subscription_id)
        try:
            ComputeTarget(workspace=ws, name="cpu-cluster")
        except ComputeTargetException:
            print("none yet")
        print(sys.argv)
        """,
        "a",
        "--b",
    )
    assert printed.splitlines() == [
        f"{driver.folder.name} local local local",
        "none yet",
        "['driver.py', 'a', '--b']",
    ]
    assert "stands in for the service's workspace" in driver.error


def test_a_mistake_is_one_line_with_its_place(driver):
    driver(
        """
        from azureml.core import Workspace
        ws = Workspace.from_config()
        store = ws.get_default_datastore()
        """,
        code=2,
    )
    assert driver.error == (
        "error: driver.py:4: Workspace.get_default_datastore is the service's own and not"
        " available here: pass the script a path\n"
    )


def test_another_error_is_shown_as_python_shows_it(driver):
    driver("def f():\n    return 1 / 0\nf()\n", code=1)
    assert driver.error.splitlines()[0] == "Traceback (most recent call last):"
    assert driver.error.splitlines()[1] == '  File "driver.py", line 3, in <module>'
    assert driver.error.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_a_sweep_that_has_failed_is_one_line_too(driver):
    driver(
        """
        from azureml.exceptions import ActivityFailedException
        raise ActivityFailedException("HD_x has failed: every run has failed")
        """,
        code=1,
    )
    assert driver.error == "error: driver.py:3: HD_x has failed: every run has failed\n"


def test_its_exit_code_is_its_own(driver):
    driver("import sys; sys.exit(7)", code=7)


def test_a_driver_that_is_not_there(driver, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sweep.cli.main", "python", "none.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "error: none.py: there is no such file\n")


def test_ours_goes_before_the_real_one(driver, tmp_path):
    core = tmp_path / "real" / "azureml" / "core"
    core.mkdir(parents=True)
    (core / "__init__.py").write_text("Run = 'the real one'\n")
    printed = driver("from azureml.core import Run; print(Run)", PYTHONPATH=str(tmp_path / "real"))
    assert "azureml_run.Run" in printed


def test_kept_runs_are_found_by_their_experiment(driver):
    printed = driver(
        """
        from azureml.core import Experiment, Run, Workspace
        from azureml.core.exceptions import UserErrorException
        from azureml.train.hyperdrive import HyperDriveRun
        from azureml.widgets import RunDetails
        from pathlib import Path
        from tests.cli.workspaces import story

        kept = story(Path.cwd())
        experiment = Experiment(Workspace.from_config(), "demo")
        child = Run(experiment, "HD_story_4")
        print(child.hyperparameters, Run.get(experiment.workspace, "HD_story").id)
        RunDetails(HyperDriveRun(experiment, run_id="HD_story")).show()
        RunDetails(child).show()
        try:
            child.register_model(model_name="m")
        except UserErrorException as error:
            print(error)
        """,
        PYTHONPATH=str(ROOT),
    )
    assert printed.splitlines() == [
        "{'--x': 4} HD_story",
        "HD_story: Completed",
        "  6 of 6 runs: 2 canceled, 3 completed, 1 failed",
        '  best accuracy 0.95: HD_story_4  {"--x": 4}',
        "HD_story_4: Completed",
        (
            "KeptRun.register_model is the service's own and not available here: its files stay"
            " with it, and download_file copies them"
        ),
    ]


def test_somebody_else_may_show_a_run(monkeypatch, capsys):

    shown = []
    monkeypatch.setattr(widgets, "RENDERERS", [lambda run: shown.append(run) or True])
    widgets.RunDetails("a run").show(render_lib=None, widget_settings={"debug": True})
    assert shown == ["a run"]
    assert capsys.readouterr().out == ""


def test_what_is_no_run_cannot_be_shown():
    with pytest.raises(ConfigError, match="expected a run, a sweep or a pipeline, got None"):
        widgets.RunDetails(None).show()


class TestNotebook:
    def cell(self, tmp_path, text):
        code = "import sweep\n" + textwrap.dedent(text)
        return subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    def test_the_extension(self, tmp_path):
        printed = self.cell(
            tmp_path,
            """
            from IPython.core.interactiveshell import InteractiveShell

            shell = InteractiveShell()
            shell.run_line_magic("load_ext", "sweep")
            done = shell.run_cell("from azureml.core import Workspace; print(Workspace)")
            done.raise_error()
            shell.run_line_magic("unload_ext", "sweep")
            print(type(shell.run_cell("import azureml.core").error_in_exec).__name__)
            """,
        )
        assert printed.splitlines()[0] == "<class 'sweep.compat.azureml_driver.Workspace'>"
        assert printed.splitlines()[-1] == "ModuleNotFoundError"

    def test_it_must_come_before_the_real_one(self, tmp_path):
        printed = self.cell(
            tmp_path,
            """
            import sys, types
            sys.modules["azureml"] = types.ModuleType("azureml")
            try:
                sweep.load_ipython_extension(None)
            except sweep.UserError as error:
                print(error)
            """,
        )
        assert printed.startswith("the real azureml is imported already: restart")
