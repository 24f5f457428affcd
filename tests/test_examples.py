"""Every example runs, shortened, in a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
AZUREML = EXAMPLES / "azureml"
BIN = Path(sys.executable).parent


def run(*words: object, cwd: Path) -> str:
    """Run a command with our environment's programs in front; return what it printed."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.ray
class TestOnRay:
    def test_hyperdrives_own_four_commands_in_an_empty_folder(self, tmp_path):
        for name in ("my_train.py", "hdconfig.yml"):
            shutil.copy(EXAMPLES / "hyperdrive" / name, tmp_path)
        printed = run("sh", "-e", EXAMPLES / "hyperdrive" / "commands.sh", cwd=tmp_path)
        assert "experiment iris: created" in printed
        assert "Accuracy = 0.973684" in printed
        assert "8 runs: 8 completed" in printed

    def test_the_digits_sweep(self, tmp_path):
        digits = EXAMPLES / "digits"
        words = ("--max-total-runs", 4, digits / "hdconfig.yml", digits / "train.py")
        printed = run("sweep", "start", *words, "--epochs", 4, cwd=tmp_path)
        assert "Completed: 4 runs" in printed
        assert "Best run: " in printed

    def test_the_digits_sweep_by_its_run_configuration(self, tmp_path):
        shutil.copytree(EXAMPLES / "digits", tmp_path / "digits")
        config = tmp_path / "digits" / "hdconfig.yml"
        config.write_text(config.read_text().replace("max_total_runs: 24", "max_total_runs: 2"))
        printed = run(
            *("sweep", "run", "submit-hyperdrive", "--path", "digits", "-e", "digits"),
            *("-c", "digits", "--hyperdrive-configuration-name", "hdconfig.yml"),
            cwd=tmp_path,
        )
        assert "Completed: 2 runs" in printed

    def test_the_digits_sweep_from_python(self, tmp_path):
        script = EXAMPLES / "digits" / "sweep_digits.py"
        printed = run(sys.executable, script, "--runs", 3, "--epochs", 3, cwd=tmp_path)
        assert "sweep Completed" in printed
        assert "accuracy by epoch: [" in printed

    def test_what_was_written_for_azureml_with_scikit_learn(self, tmp_path):
        printed = run("sweep", "python", AZUREML / "sklearn_iris" / "driver.py", 3, cwd=tmp_path)
        assert printed.count("Completed") >= 2, "the lone run, and the sweep"
        assert re.search(r"\['--kernel', '[a-z]+', '--penalty', '[0-9.]+'\]\n0\.\d+\n", printed)
        assert (tmp_path / "best_model.joblib").exists()

    def test_what_was_written_for_azureml_with_a_warm_start(self, tmp_path):
        driver = AZUREML / "pytorch_warm_start" / "driver.py"
        printed = run("sweep", "python", driver, 4, 12, cwd=tmp_path)
        best = float(re.search(r"best of the first: \S+ (\S+)", printed)[1])
        assert "best of both: HD_" in printed
        resumed = [float(value) for value in re.findall(r"resumed: \S+ (\S+)", printed)]
        assert len(resumed) == 3
        assert resumed[0] >= best - 0.05, "its first epoch goes on from the old run's last"

    def test_what_was_written_for_azureml_with_a_policy_and_a_cluster(self, tmp_path):
        driver = AZUREML / "bandit_delay" / "driver.py"
        try:
            printed = run("sweep", "python", driver, 4, 6, cwd=tmp_path)
        finally:
            run("sweep", "computetarget", "delete", "-n", "cpu-cluster", cwd=tmp_path)
        assert "Creating a new compute target..." in printed
        assert "KeptRun('HD_" in printed
        assert printed.count("--first-layer-neurons") >= 4

    def test_the_function_sweep(self, tmp_path):
        printed = run(sys.executable, EXAMPLES / "function_sweep.py", "--runs", 6, cwd=tmp_path)
        assert "best: HD_" in printed

    def test_the_bayesian_sweep(self, tmp_path):
        printed = run(sys.executable, EXAMPLES / "bayesian.py", "--runs", 12, cwd=tmp_path)
        assert "best: {'model': {'kind':" in printed


def test_the_policies_compared(tmp_path):
    printed = run(sys.executable, EXAMPLES / "compare_policies.py", cwd=tmp_path)
    none, bandit = printed.splitlines()[1:3]
    assert none.split()[-4:-2] == ["0", "5000"]
    assert int(bandit.split()[-3]) < 5000
