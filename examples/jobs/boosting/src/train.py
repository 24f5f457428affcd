"""Boosted trees on irises; MLflow logs the loss after every round by itself."""

import argparse

import lightgbm as lgb
import mlflow
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float)
parser.add_argument("--boosting")
parser.add_argument("--rounds", type=int)
given = parser.parse_args()

mlflow.autolog(log_models=False, silent=True)
features, species = load_iris(return_X_y=True)
parts = train_test_split(features, species, test_size=0.2, random_state=42)
train = lgb.Dataset(parts[0], label=parts[2])
test = lgb.Dataset(parts[1], label=parts[3], reference=train)
with mlflow.start_run():
    lgb.train(
        {
            "objective": "multiclass",
            "num_class": 3,
            "metric": "multi_logloss",
            "learning_rate": given.learning_rate,
            "boosting": given.boosting,
            "num_threads": 1,
            "seed": 7,
            "verbosity": -1,
        },
        train,
        num_boost_round=given.rounds,
        valid_sets=[test],
        valid_names=["test"],
    )
