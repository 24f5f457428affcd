"""Train a small network on scikit-learn's digits, and log its accuracy after every epoch."""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from sweep import Run

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, default=0.001)
parser.add_argument("--units", type=int, default=32)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--alpha", type=float, default=1e-4)
parser.add_argument("--epochs", type=int, default=20)
args = parser.parse_args()

images, labels = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    images, labels, test_size=0.3, random_state=0, stratify=labels
)
scaler = StandardScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)

run = Run.get_context()
model = MLPClassifier(
    hidden_layer_sizes=(args.units,),
    learning_rate_init=args.learning_rate,
    batch_size=args.batch_size,
    alpha=args.alpha,
    random_state=0,
)
for epoch in range(1, args.epochs + 1):
    order = np.random.default_rng(epoch).permutation(len(x_train))
    model.partial_fit(x_train[order], y_train[order], classes=np.unique(labels))
    accuracy = model.score(x_test, y_test)
    run.log("accuracy", accuracy)
    run.log("loss", model.loss_)
    print(f"epoch {epoch:2}: accuracy {accuracy:.4f}, loss {model.loss_:.4f}")
