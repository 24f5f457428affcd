"""A trial of the smallest sweep job: it weighs a greeting, and logs that with MLflow."""

import argparse

import mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--greeting")
parser.add_argument("--weight", type=float)
parser.add_argument("--offset", type=float)
given = parser.parse_args()

length = len(given.greeting) * given.weight + given.offset
print(f"{given.greeting}: {length:.3f}")
mlflow.log_metric("length", length)
