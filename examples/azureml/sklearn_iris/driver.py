"""HyperDrive over scikit-learn on iris: the cells of an SDK v1 notebook, as they are.

sweep python examples/azureml/sklearn_iris/driver.py
"""

import os
import sys

import azureml.core
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive.parameter_expressions import choice
from azureml.train.hyperdrive.run import PrimaryMetricGoal
from azureml.train.hyperdrive.runconfig import HyperDriveConfig
from azureml.train.hyperdrive.sampling import RandomParameterSampling
from azureml.widgets import RunDetails

MAX_TOTAL_RUNS = int(sys.argv[1]) if sys.argv[1:] else 12

print("SDK version:", azureml.core.VERSION)
ws = Workspace.from_config()
print(ws.name, ws.location, ws.resource_group, sep="\n")

experiment = Experiment(workspace=ws, name="train_iris")
sklearn_env = Environment(name="sklearn-env")
sklearn_env.python.user_managed_dependencies = True
src = ScriptRunConfig(
    source_directory=os.path.dirname(os.path.abspath(__file__)),
    script="train_iris.py",
    arguments=["--kernel", "linear", "--penalty", 1.0],
    environment=sklearn_env,
)
run = experiment.submit(src)
RunDetails(run).show()
run.wait_for_completion(show_output=True)

param_sampling = RandomParameterSampling(
    {
        "--kernel": choice("linear", "rbf", "poly", "sigmoid"),
        "--penalty": choice(0.5, 1, 1.5),
    }
)
hyperdrive_config = HyperDriveConfig(
    run_config=src,
    hyperparameter_sampling=param_sampling,
    primary_metric_name="Accuracy",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=MAX_TOTAL_RUNS,
    max_concurrent_runs=4,
)
hyperdrive_run = experiment.submit(hyperdrive_config)
RunDetails(hyperdrive_run).show()
hyperdrive_run.wait_for_completion(show_output=True)
assert hyperdrive_run.get_status() == "Completed"

best_run = hyperdrive_run.get_best_run_by_primary_metric()
print(best_run.get_details()["runDefinition"]["arguments"])
print(best_run.get_metrics()["Accuracy"])
print(best_run.get_file_names())
best_run.download_file("outputs/model.joblib", "best_model.joblib")
