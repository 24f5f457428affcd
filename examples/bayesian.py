"""Bayesian sampling over a space with branches, on a function.

python examples/bayesian.py
"""

import argparse

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sweep import choice, loguniform, quniform, tune, uniform

parser = argparse.ArgumentParser()
parser.add_argument("--runs", type=int, default=30)
args = parser.parse_args()


def train(model):
    """One run; `model` is the branch that was chosen, with its own hyperparameters."""
    x, y = load_breast_cancer(return_X_y=True)
    if model["kind"] == "svm":
        classifier = make_pipeline(StandardScaler(), SVC(C=model["C"], gamma=model["gamma"]))
    else:
        classifier = RandomForestClassifier(
            n_estimators=model["trees"], max_features=model["features"], random_state=0
        )
    return cross_val_score(classifier, x, y, cv=3).mean()  # what is returned is the metric


sweep = tune(
    train,
    space={
        "model": choice(
            {"kind": "svm", "C": loguniform(-5, 5), "gamma": loguniform(-10, 0)},
            {"kind": "forest", "trees": quniform(10, 100, 10), "features": uniform(0.1, 1)},
        )
    },
    sampling="bayesian",
    metric="accuracy",
    goal="maximize",
    max_total_runs=args.runs,
    seed=1,
)
best = sweep.get_best_run_by_primary_metric()
print(f"best: {best.hyperparameters} {best.get_metrics()['accuracy']:.4f}")
