"""A training script of the SDK's version 1: a network on digits, two metrics per epoch."""

import argparse
import os

import numpy as np
from azureml.core import Run
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, dest="batch_size", default=50)
parser.add_argument("--first-layer-neurons", type=int, dest="n_hidden_1", default=100)
parser.add_argument("--second-layer-neurons", type=int, dest="n_hidden_2", default=100)
parser.add_argument("--learning-rate", type=float, dest="learning_rate", default=0.001)
parser.add_argument("--epochs", type=int, default=20)
args = parser.parse_args()

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, test_size=0.3, random_state=0)
model = MLPClassifier(
    (args.n_hidden_1, args.n_hidden_2),
    batch_size=args.batch_size,
    learning_rate_init=args.learning_rate,
    random_state=0,
)
run = Run.get_context()
for epoch in range(args.epochs):
    model.partial_fit(x_train, y_train, classes=np.arange(10))
    run.log("Loss", model.loss_)
    run.log("Accuracy", model.score(x_test, y_test))
    print(f"epoch {epoch}: loss {model.loss_:.4f}")

os.makedirs("./outputs/model", exist_ok=True)
np.savez("./outputs/model/weights.npz", *model.coefs_)
run.upload_file(name="outputs/model/weights.npz", path_or_stream="outputs/model/weights.npz")
run.log_list("layers", [args.n_hidden_1, args.n_hidden_2])
