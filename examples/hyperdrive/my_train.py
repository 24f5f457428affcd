"""Train a classifier with one hyperparameter, and log its accuracy once."""

import argparse

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from sweep import Run

parser = argparse.ArgumentParser()
parser.add_argument("--penalty", type=float, default=1.0, help="strength of the regularisation")
args = parser.parse_args()

features, labels = load_iris(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(features, labels, random_state=0)
model = LogisticRegression(C=1 / args.penalty, max_iter=1000).fit(x_train, y_train)

run = Run.get_context()
run.log("Accuracy", model.score(x_test, y_test))
run.tag("penalty", args.penalty)
