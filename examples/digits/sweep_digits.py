"""The digits sweep from Python, in HyperDrive's words.

python examples/digits/sweep_digits.py
"""

import argparse
from pathlib import Path

from sweep import (
    BanditPolicy,
    Experiment,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ScriptRunConfig,
    Workspace,
    choice,
    loguniform,
    quniform,
)

parser = argparse.ArgumentParser()
parser.add_argument("--runs", type=int, default=24)
parser.add_argument("--epochs", type=int, default=20)
args = parser.parse_args()

config = HyperDriveConfig(
    hyperparameter_sampling=RandomParameterSampling(
        {
            "--learning-rate": loguniform(-9.2, 0),
            "--units": quniform(8, 128, 8),
            "--batch-size": choice(16, 32, 64, 128),
        },
        seed=7,
    ),
    policy=BanditPolicy(evaluation_interval=1, delay_evaluation=3, slack_factor=0.05),
    primary_metric_name="accuracy",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=args.runs,
    max_concurrent_runs=2,
    run_config=ScriptRunConfig(
        source_directory=Path(__file__).parent,
        script="train.py",
        arguments=["--epochs", args.epochs],
    ),
)

experiment = Experiment(Workspace.from_config(), "digits")
sweep = experiment.submit(config)
sweep.wait_for_completion(show_output=True)

best = sweep.get_best_run_by_primary_metric()
print(best.id, best.hyperparameters)
print(f"accuracy by epoch: {best.get_metrics('accuracy')['accuracy']}")
print(sweep.to_dataframe()[["number", "status", "accuracy", "reports"]].to_string(index=False))
