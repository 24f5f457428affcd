"""A support vector machine on irises, with what MLflow logs of it by itself."""

import argparse
import json
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

parser = argparse.ArgumentParser()
parser.add_argument("--iris-csv")
parser.add_argument("--C", type=float)
parser.add_argument("--kernel")
parser.add_argument("--coef0", type=float)
parser.add_argument("--model", type=Path)
given = parser.parse_args()

mlflow.log_params({"C": given.C, "kernel": given.kernel})
table = pd.read_csv(given.iris_csv)
train, test = train_test_split(table, test_size=0.2, random_state=42)
names = [name for name in table.columns if name != "species"]
model = SVC(C=given.C, kernel=given.kernel, coef0=given.coef0)
model.fit(train[names], train["species"])

score = f1_score(train["species"], model.predict(train[names]), average="weighted")
mlflow.log_metric("training_f1_score", score)
mlflow.log_metric(
    "test_f1_score", f1_score(test["species"], model.predict(test[names]), average="weighted")
)
about = {"kernel": given.kernel, "C": given.C, "vectors": len(model.support_)}
(given.model / "about.json").write_text(json.dumps(about))
