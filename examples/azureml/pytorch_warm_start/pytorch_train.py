"""A training script of the SDK's version 1 that can go on from an earlier run's checkpoint.

A small network learns two spirals; without PyTorch, a NumPy one takes its place.
"""

import argparse
import os

import numpy as np
from azureml.core.run import Run

try:
    import torch
except ImportError:
    torch = None

run = Run.get_context()


def spirals(points, seed):
    dice = np.random.default_rng(seed)
    angle = np.sqrt(dice.random(points)) * 6
    arm = np.arange(points) % 2
    x = np.stack([np.cos(angle + np.pi * arm), np.sin(angle + np.pi * arm)], 1) * angle[:, None]
    return (x / 6 + dice.normal(0, 0.02, x.shape)).astype(np.float32), arm


class TorchNet:
    def __init__(self, learning_rate, momentum):
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2)
        )
        self.optimizer = torch.optim.SGD(self.net.parameters(), learning_rate, momentum)
        self.loss = torch.nn.CrossEntropyLoss()

    def step(self, x, y):
        self.optimizer.zero_grad()
        self.loss(self.net(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        self.optimizer.step()

    def predict(self, x):
        with torch.no_grad():
            return self.net(torch.from_numpy(x)).argmax(1).numpy()

    def save(self, path):
        torch.save(self.net.state_dict(), path)

    def load(self, path):
        self.net.load_state_dict(torch.load(path, weights_only=True))


class NumpyNet:
    def __init__(self, learning_rate, momentum):
        dice = np.random.default_rng(0)
        self.w = [dice.normal(0, 1, (3, 32)), dice.normal(0, 0.2, (33, 2))]
        self.v = [np.zeros_like(w) for w in self.w]
        self.learning_rate, self.momentum = learning_rate, momentum

    def forward(self, x):
        inputs = np.c_[x, np.ones(len(x))]
        hidden = np.c_[np.tanh(inputs @ self.w[0]), np.ones(len(x))]
        return inputs, hidden, hidden @ self.w[1]

    def step(self, x, y):
        inputs, hidden, out = self.forward(x)
        share = np.exp(out - out.max(1, keepdims=True))
        error = (share / share.sum(1, keepdims=True) - np.eye(2)[y]) / len(x)
        below = (error @ self.w[1].T)[:, :-1] * (1 - hidden[:, :-1] ** 2)
        for i, slope in enumerate((inputs.T @ below, hidden.T @ error)):
            self.v[i] = self.momentum * self.v[i] - self.learning_rate * slope
            self.w[i] += self.v[i]

    def predict(self, x):
        return self.forward(x)[2].argmax(1)

    def save(self, path):
        with open(path, "wb") as file:
            np.savez(file, *self.w)

    def load(self, path):
        with np.load(path) as kept:
            self.w = [kept["arr_0"], kept["arr_1"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--num_epochs", type=int, default=25)
    parser.add_argument("--output_dir", type=str, default="./outputs")
    parser.add_argument("--learning_rate", type=float, default=0.001)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--resume-from", default=None, help="outputs of the run to go on from")
    args = parser.parse_args()

    model = (NumpyNet if torch is None else TorchNet)(100 * args.learning_rate, args.momentum)
    if args.resume_from:
        print("goes on from", args.resume_from)
        model.load(os.path.join(args.resume_from, "model.pt"))
    x_train, y_train = spirals(400, seed=0)
    x_val, y_val = spirals(200, seed=1)
    best_acc = 0.0
    os.makedirs(args.output_dir, exist_ok=True)
    for epoch in range(args.num_epochs):
        for _ in range(20):
            model.step(x_train, y_train)
        acc = float((model.predict(x_val) == y_val).mean())
        best_acc = max(best_acc, acc)
        run.log("best_val_acc", np.float64(best_acc))
        print(f"Epoch {epoch}/{args.num_epochs - 1}: val Acc: {acc:.4f}")
        model.save(os.path.join(args.output_dir, "model.pt"))


if __name__ == "__main__":
    main()
