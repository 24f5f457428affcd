"""What samplers are compared on: BBOB functions, and real tuning problems of scikit-learn.

The problems of `tuning` are for choosing settings, those of `report` for reporting. They share no
data set, no BBOB instance and no dimension. All real losses are computed, none is interpolated:
the data sets are small. The best loss known of a real problem is the lowest that any sampler finds
in the benchmark, among them 300 random draws.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any

import numpy as np

from benchmarks.bbob import bbob
from samplers import Space, choice, loguniform, qloguniform, quniform, uniform

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """A loss over a space; `best` is the lowest loss where it is known."""

    name: str
    space: Space
    loss: Callable[[Values], float]
    best: float | None = None


def bbob_problem(number: int, dimensions: int, instance: int) -> Problem:
    """Return a BBOB function as a problem."""
    function = bbob(number, dimensions, instance)
    space = Space({f"x{i}": uniform(-5, 5) for i in range(dimensions)})
    name = f"f{number}-{dimensions}d-{instance}"
    return Problem(name, space, lambda v: function(np.array([*v.values()])), 0.0)


def logs(low: float, high: float) -> Any:
    """Return a `loguniform` between these bounds themselves."""
    return loguniform(log(low), log(high))


def whole_logs(low: float, high: float) -> Any:
    """Return whole numbers between the bounds, even in their logarithms."""
    return qloguniform(log(low), log(high), 1)


@lru_cache
def data(name: str) -> tuple[Any, Any, Any, Any]:
    """Return the scaled data set `name`: at most 300 rows to fit, and 300 to judge by."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    if name == "classes":
        x, y = datasets.make_classification(
            600, 16, n_informative=6, n_redundant=4, n_classes=3, flip_y=0.08, random_state=3
        )
    elif name == "friedman":
        x, y = datasets.make_friedman1(600, 10, noise=1.0, random_state=3)
    elif name == "moons":
        x, y = datasets.make_moons(600, noise=0.3, random_state=3)
    else:
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name in ("friedman", "diabetes"):
        y = (y - y.mean()) / y.std()
    half = min(300, len(x) // 2)
    parts = train_test_split(x, y, train_size=half, test_size=half, random_state=0)
    scaler = StandardScaler().fit(parts[0])
    return scaler.transform(parts[0]), scaler.transform(parts[1]), parts[2], parts[3]


def judged(name: str, make: Callable[[Values], Any]) -> Callable[[Values], float]:
    """Return the log loss, or the squared error, of what `make` makes, fitted to data `name`."""

    def loss(values: Values) -> float:
        from sklearn.metrics import log_loss

        fit, judge, answers, truth = data(name)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                model = make(values).fit(fit, answers)
                if hasattr(model, "predict_proba"):
                    found = log_loss(truth, model.predict_proba(judge), labels=model.classes_)
                else:
                    found = float(np.mean((model.predict(judge) - truth) ** 2))
            except (ValueError, FloatingPointError):
                found = 1e3
        return min(float(found), 1e3) if np.isfinite(found) else 1e3

    return loss


def real(name: str, data_name: str, space: Values, make: Callable[..., Any]) -> Problem:
    """Return the tuning of an estimator that `make` makes from keyword arguments."""
    return Problem(name, Space(space), judged(data_name, lambda values: make(**values)))


def svr(**v: Any) -> Any:
    """Make a support vector machine."""
    from sklearn.svm import SVR

    return SVR(**v, max_iter=20000)


def logistic(**v: Any) -> Any:
    """Make a logistic regression."""
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(loss="log_loss", max_iter=30, tol=None, random_state=0, **v)


def network(kind: str) -> Callable[..., Any]:
    """Return the maker of a neural network."""

    def make(layers: int = 1, width: int = 8, **v: Any) -> Any:
        from sklearn import neural_network

        maker = getattr(neural_network, kind)
        v = v | {"batch_size": int(v["batch_size"])}
        return maker(hidden_layer_sizes=[int(width)] * layers, max_iter=12, random_state=0, **v)

    return make


def trees(kind: str) -> Callable[..., Any]:
    """Return the maker of an ensemble of trees."""

    def make(**v: Any) -> Any:
        from sklearn import ensemble

        return getattr(ensemble, kind)(random_state=0, **v)

    return make


def neighbours(kind: str) -> Callable[..., Any]:
    """Return the maker of nearest neighbours in principal components."""

    def make(scaling: float, **v: Any) -> Any:
        from sklearn.decomposition import PCA
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
        from sklearn.pipeline import make_pipeline

        model = KNeighborsClassifier if kind == "class" else KNeighborsRegressor
        return make_pipeline(PCA(scaling, whiten=bool(v.pop("whiten"))), model(**v))

    return make


NETWORK = {
    "layers": choice(1, 2, 3),
    "width": whole_logs(8, 128),
    "activation": choice("relu", "tanh", "logistic"),
    "learning_rate_init": logs(1e-4, 0.3),
    "alpha": logs(1e-6, 1.0),
    "batch_size": choice(16, 32, 64, 128),
}
KERNELS = {
    "kernel": choice("rbf", "poly", "sigmoid"),
    "C": logs(1e-3, 1e3),
    "gamma": logs(1e-5, 10),
    "coef0": uniform(-1, 2),
    "degree": choice(2, 3, 4),
    "epsilon": logs(1e-3, 1),
}
BOOSTED = {
    "learning_rate": logs(1e-3, 1),
    "n_estimators": whole_logs(4, 64),
    "max_depth": quniform(1, 8, 1),
    "subsample": uniform(0.3, 1),
    "max_features": choice("sqrt", "log2", None),
    "min_samples_leaf": whole_logs(1, 50),
}
FOREST = {
    "n_estimators": whole_logs(4, 40),
    "max_depth": quniform(1, 16, 1),
    "max_features": uniform(0.05, 1),
    "min_samples_leaf": whole_logs(1, 40),
    "bootstrap": choice(True, False),
}
LINEAR = {
    "alpha": logs(1e-7, 1),
    "penalty": choice("l1", "l2", "elasticnet"),
    "l1_ratio": uniform(0, 1),
    "learning_rate": choice("optimal", "constant", "invscaling", "adaptive"),
    "eta0": logs(1e-4, 3),
    "power_t": uniform(0, 1),
}
NEAREST = {
    "scaling": uniform(0.3, 0.999),
    "whiten": choice(True, False),
    "n_neighbors": whole_logs(1, 100),
    "weights": choice("uniform", "distance"),
    "p": uniform(1, 4),
}


def report() -> dict[str, list[Problem]]:
    """Return the problems to report on, by group."""
    chosen = [
        real("network-digits", "digits", NETWORK, network("MLPClassifier")),
        real("network-diabetes", "diabetes", NETWORK, network("MLPRegressor")),
        real("svr-diabetes", "diabetes", KERNELS, svr),
        real("boosted-wine", "wine", BOOSTED, trees("GradientBoostingClassifier")),
        real("forest-cancer", "breast_cancer", FOREST, trees("ExtraTreesClassifier")),
        real("linear-cancer", "breast_cancer", LINEAR, logistic),
        real("nearest-digits", "digits", NEAREST, neighbours("class")),
        real("boosted-diabetes", "diabetes", BOOSTED, trees("GradientBoostingRegressor")),
    ]
    taken = {problem.name for problem in chosen}
    return {
        "bbob": [bbob_problem(number, 5, 1) for number in range(1, 25)],
        "real": chosen,
        "pairs": [problem for problem in pairs() if problem.name not in taken],
    }


def pairs() -> list[Problem]:
    """Return every pair of an estimator and one of scikit-learn's data sets."""
    classes = {"digits": "digits", "wine": "wine", "cancer": "breast_cancer"}
    makers: dict[str, tuple[Values, Callable[..., Any]]] = {
        "network": (NETWORK, network("MLPClassifier")),
        "boosted": (BOOSTED, trees("GradientBoostingClassifier")),
        "forest": (FOREST, trees("ExtraTreesClassifier")),
        "linear": (LINEAR, logistic),
        "nearest": (NEAREST, neighbours("class")),
    }
    numbers: dict[str, tuple[Values, Callable[..., Any]]] = {
        "network": (NETWORK, network("MLPRegressor")),
        "svr": (KERNELS, svr),
        "boosted": (BOOSTED, trees("GradientBoostingRegressor")),
        "forest": (FOREST, trees("ExtraTreesRegressor")),
        "nearest": (NEAREST, neighbours("number")),
    }
    return [
        *(
            real(f"{kind}-{name}", data_name, space, make)
            for kind, (space, make) in makers.items()
            for name, data_name in classes.items()
        ),
        *(
            real(f"{kind}-diabetes", "diabetes", space, make)
            for kind, (space, make) in numbers.items()
        ),
    ]


def tuning() -> dict[str, list[Problem]]:
    """Return the problems to choose settings by."""
    numbers = (2, 3, 6, 7, 8, 9, 12, 13, 15, 16, 17, 19, 21, 24)
    return {
        "bbob": [bbob_problem(number, 4 + 2 * (i % 2), 7) for i, number in enumerate(numbers)],
        "real": [
            real("network-classes", "classes", NETWORK, network("MLPClassifier")),
            real("svr-friedman", "friedman", KERNELS, svr),
            real("boosted-friedman", "friedman", BOOSTED, trees("GradientBoostingRegressor")),
            real("linear-classes", "classes", LINEAR, logistic),
            real("nearest-moons", "moons", NEAREST, neighbours("class")),
        ],
    }
