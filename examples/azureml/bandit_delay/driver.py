"""Bandit with a delay, and an estimator: the words of the SDK's first years.

sweep python examples/azureml/bandit_delay/driver.py
"""

import os
import sys

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.train.dnn import TensorFlow
from azureml.train.hyperdrive import *
from azureml.widgets import RunDetails

MAX_TOTAL_RUNS = int(sys.argv[1]) if sys.argv[1:] else 20
EPOCHS = int(sys.argv[2]) if sys.argv[2:] else 20

ws = Workspace.from_config()
cluster_name = "cpu-cluster"
try:
    compute_target = ComputeTarget(workspace=ws, name=cluster_name)
    print("Found existing compute target")
except ComputeTargetException:
    print("Creating a new compute target...")
    compute_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
    compute_target = ComputeTarget.create(ws, cluster_name, compute_config)
    compute_target.wait_for_completion(
        show_output=True, min_node_count=None, timeout_in_minutes=20
    )
print(compute_target.get_status().serialize()["allocation_state"])

est = TensorFlow(
    source_directory=os.path.dirname(os.path.abspath(__file__)),
    script_params={"--epochs": EPOCHS, "--batch-size": 50},
    compute_target=compute_target,
    entry_script="mlp_train.py",
    user_managed=True,
)
ps = RandomParameterSampling(
    {
        "--batch-size": choice(25, 50, 100),
        "--first-layer-neurons": choice(10, 50, 100),
        "--second-layer-neurons": choice(10, 50, 100),
        "--learning-rate": loguniform(-6, -1),
    }
)
policy = BanditPolicy(evaluation_interval=2, slack_factor=0.1, delay_evaluation=4)
htc = HyperDriveConfig(
    estimator=est,
    hyperparameter_sampling=ps,
    policy=policy,
    primary_metric_name="Accuracy",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=MAX_TOTAL_RUNS,
    max_concurrent_runs=4,
)
htr = Experiment(workspace=ws, name="digits-mlp").submit(config=htc)
RunDetails(htr).show()
htr.wait_for_completion(show_output=True)
assert htr.get_status() == "Completed"

best_run = htr.get_best_run_by_primary_metric()
print(best_run)
print(best_run.get_metrics()["layers"])
for child in htr.get_children_sorted_by_primary_metric():
    print(child["status"], child["best_primary_metric"], child["hyperparameters"])
