"""A PyTorch sweep, one that learns from it, and one that goes on with its best runs.

sweep python examples/azureml/pytorch_warm_start/driver.py
"""

import os
import sys

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.run import Run
from azureml.train.hyperdrive import (
    BanditPolicy,
    BayesianParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    uniform,
)

MAX_TOTAL_RUNS = int(sys.argv[1]) if sys.argv[1:] else 8
EPOCHS = int(sys.argv[2]) if sys.argv[2:] else 25

ws = Workspace.from_config()
experiment = Experiment(ws, name="pytorch-spirals")
src = ScriptRunConfig(
    source_directory=os.path.dirname(os.path.abspath(__file__)),
    script="pytorch_train.py",
    arguments=["--num_epochs", EPOCHS, "--output_dir", "./outputs"],
    environment=Environment.get(ws, name="AzureML-PyTorch-1.6-GPU"),
)
space = {"learning_rate": uniform(0.0005, 0.005), "momentum": uniform(0.9, 0.99)}
common = {
    "run_config": src,
    "primary_metric_name": "best_val_acc",
    "primary_metric_goal": PrimaryMetricGoal.MAXIMIZE,
    "max_concurrent_runs": 4,
}
early_termination_policy = BanditPolicy(
    slack_factor=0.15, evaluation_interval=1, delay_evaluation=10
)
hyperdrive_run = experiment.submit(
    HyperDriveConfig(
        hyperparameter_sampling=RandomParameterSampling(space),
        policy=early_termination_policy,
        max_total_runs=MAX_TOTAL_RUNS,
        **common,
    )
)
hyperdrive_run.wait_for_completion(show_output=True)
best_run = hyperdrive_run.get_best_run_by_primary_metric()
print("best of the first:", best_run.id, max(best_run.get_metrics()["best_val_acc"]))

# A second sweep learns from the first.
warm_start_run = experiment.submit(
    HyperDriveConfig(
        hyperparameter_sampling=BayesianParameterSampling(space),
        resume_from=[hyperdrive_run],
        max_total_runs=MAX_TOTAL_RUNS // 2,
        **common,
    )
)
warm_start_run.wait_for_completion(show_output=True)
print("best of both:", warm_start_run.get_best_run_by_primary_metric().id)

# A third goes on with the two best runs of the first, and then tries others.
first, second = hyperdrive_run.get_children_sorted_by_primary_metric(top=2)
child_runs_to_resume = [Run(experiment, child["run_id"]) for child in (first, second)]
resumed_run = experiment.submit(
    HyperDriveConfig(
        hyperparameter_sampling=RandomParameterSampling(space),
        resume_child_runs=child_runs_to_resume,
        max_total_runs=3,
        **common,
    )
)
resumed_run.wait_for_completion(show_output=True)
for child in resumed_run.get_children():
    print("resumed:", child.id, child.get_metrics()["best_val_acc"][0])
