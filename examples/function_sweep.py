"""Tune a Python function: no files, no arguments to parse.

python examples/function_sweep.py
"""

import argparse

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

from sweep import MedianStoppingPolicy, choice, loguniform, tune

parser = argparse.ArgumentParser()
parser.add_argument("--runs", type=int, default=30)
args = parser.parse_args()


def train(run, alpha, loss):
    """One run: a linear classifier, epoch by epoch."""
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
    model = SGDClassifier(alpha=alpha, loss=loss, random_state=0)
    for _ in range(15):
        model.partial_fit(x_train, y_train, classes=range(10))
        run.log("accuracy", model.score(x_test, y_test))  # raises RunStopped when it is to end


sweep = tune(
    train,
    space={
        "alpha": loguniform(-12, 0),  # natural logarithms, as everywhere in HyperDrive
        "loss": choice("hinge", "log_loss", "modified_huber"),
    },
    metric="accuracy",
    goal="maximize",
    policy=MedianStoppingPolicy(delay_evaluation=3),
    max_total_runs=args.runs,
    seed=1,
)
best = sweep.get_best_run_by_primary_metric()
print(f"best: {best.id} {best.hyperparameters} {max(best.get_metrics()['accuracy']):.4f}")
