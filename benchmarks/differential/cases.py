"""Configurations made up from a seed: most of them right, many with one thing odd about them."""

from __future__ import annotations

import random
from typing import Any

NAMES = ("--learning-rate", "--batch-size", "momentum", "--kernel", "-p", "units")
METRICS = ("Accuracy", "val_loss", "best val acc")
SAMPLINGS = {
    "random": "RandomParameterSampling",
    "grid": "GridParameterSampling",
    "bayesian": "BayesianParameterSampling",
}
POLICIES = (
    "BanditPolicy",
    "MedianStoppingPolicy",
    "TruncationSelectionPolicy",
    "NoTerminationPolicy",
)
ODD_TOP: tuple[tuple[str, Any], ...] = (
    *(("primary_metric_goal", word) for word in ("max", "Minimise", "MINIMIZE", "Maximize")),
    *(("max_total_runs", value) for value in (0, -1, 5000, "8", 2.5, None)),
    *(("max_concurrent_runs", value) for value in (0, None, 400, "2")),
    *(("max_duration_minutes", value) for value in (0, 20000, 0.5, "9", None)),
    *(("policy", value) for value in (None, {}, "BanditPolicy")),
    *(("primary_metric_name", value) for value in (None, 5)),
    ("early_terminaton", 3),
)
ODD_POLICIES: tuple[dict[str, Any], ...] = (
    {"type": "Bandit", "slack_factor": 0.1},
    {"type": "banditpolicy", "slack_factor": 0.1},
    {"type": "MedianStopping"},
    {"type": "BanditPolicy"},
    {"type": "BanditPolicy", "slack_factor": 0.1, "slack_amount": 0.2},
    {"type": "BanditPolicy", "slack_factor": 0, "slack_amount": 0.2},
    {"type": "BanditPolicy", "slack_factor": 0},
    {"type": "BanditPolicy", "slack_factor": -1},
    {"type": "BanditPolicy", "slack_factor": "much"},
    {"type": "BanditPolicy", "slack_factor": 0.1, "evaluation_interval": 0},
    {"type": "BanditPolicy", "slack_factor": 0.1, "evaluation_interval": 1.5},
    {"type": "BanditPolicy", "slack_factor": 0.1, "evaluation_interval": None},
    {"type": "BanditPolicy", "slack_factor": 0.1, "delay_evaluation": -3},
    {"type": "MedianStoppingPolicy", "slack_factor": 0.1},
    {"type": "MedianStoppingPolicy", "evaluation_intervall": 3},
    {"type": "TruncationSelectionPolicy"},
    {"type": "TruncationSelectionPolicy", "truncation_percentage": 0},
    {"type": "TruncationSelectionPolicy", "truncation_percentage": 100},
    {"type": "TruncationSelectionPolicy", "truncation_percentage": 20.5},
    {"type": "TruncationSelectionPolicy", "truncation_percentage": 20,
     "exclude_finished_jobs": True},
    {"evaluation_interval": 2},
)  # fmt: skip
ODD_ENTRIES: tuple[dict[str, Any], ...] = (
    {"name": "--odd", "expression": "Choice", "values": [1, 2]},
    {"name": "--odd", "expression": "choices", "values": [1, 2]},
    {"name": "--odd", "expression": "choice", "values": []},
    {"name": "--odd", "expression": "choice", "values": "adam"},
    {"name": "--odd", "expression": "choice", "values": 5},
    {"name": "--odd", "expression": "choice", "values": [[1, 2, 3]]},
    {"name": "--odd", "expression": "choice", "values": [[1], [2]]},
    {"name": "--odd", "expression": "choice", "values": ["a", 1, 2.5, True, None]},
    {"name": "--odd", "expression": "choice", "values": [{"a": 1}, {"b": 2}]},
    {"name": "--odd", "expression": "choice", "values": [1, 1, 2]},
    {"name": "--odd", "expression": "randint", "values": [2, 7]},
    {"name": "--odd", "expression": "randint", "values": [0]},
    {"name": "--odd", "expression": "randint", "values": [5.0]},
    {"name": "--odd", "expression": "randint", "values": [True]},
    {"name": "--odd", "expression": "uniform", "values": [1, 1]},
    {"name": "--odd", "expression": "uniform", "values": [2, 1]},
    {"name": "--odd", "expression": "uniform", "values": ["0", 1]},
    {"name": "--odd", "expression": "uniform", "values": [False, True]},
    {"name": "--odd", "expression": "uniform", "values": [0, float("inf")]},
    {"name": "--odd", "expression": "quniform", "values": [0, 1, 0.1]},
    {"name": "--odd", "expression": "quniform", "values": [0, 10, 0]},
    {"name": "--odd", "expression": "quniform", "values": [0, 10, -1]},
    {"name": "--odd", "expression": "quniform", "values": [0, 10, 2.0]},
    {"name": "--odd", "expression": "loguniform", "values": [1, 1]},
    {"name": "--odd", "expression": "loguniform", "values": [0.0001, 0.1]},
    {"name": "--odd", "expression": "normal", "values": [0, 0]},
    {"name": "--odd", "expression": "normal", "values": [0, -1]},
    {"name": "--odd", "expression": "normal", "values": [0]},
    {"name": "--odd", "expression": "choice"},
    {"name": "--odd", "values": [1]},
    {"name": "--odd", "expression": "choice", "values": [1], "default": 1},
    {"name": "--batch-size", "expression": "choice", "values": [1, 2]},
)


def expression(dice: random.Random, sampling: str) -> tuple[str, list[Any]]:
    """Return the word and the values of an expression that HyperDrive takes for a sampling."""
    words = ["choice"]
    if sampling != "grid":
        words += ["uniform", "quniform"]
    if sampling == "random":
        words += ["randint", "loguniform", "qloguniform"]
        words += ["normal", "qnormal", "lognormal", "qlognormal"]
    word = dice.choice(words)
    if word == "choice":
        options: list[Any] = dice.choice(
            [[1, 2, 4], [0.5, 1, 1.5], ["a", "b c", "it's"], [16], ["[8,8]", "[16]"], [1e-4, 0.1]]
        )
        return word, options
    if word == "randint":
        return word, [dice.randint(1, 100)]
    if word in ("uniform", "quniform"):
        low = dice.randint(-5, 5)
        values: list[Any] = [low, low + dice.randint(1, 20)]
    elif word in ("loguniform", "qloguniform"):
        low = dice.randint(-9, 0)
        values = [low, low + dice.randint(0, 5)]
    else:
        values = [dice.randint(-3, 9), dice.randint(0, 4)]
    if word == "uniform" and dice.random() < 0.5:
        values = [value / 4 for value in values]
    return word, [*values, dice.randint(1, 5)] if word.startswith("q") else values


def policy(dice: random.Random) -> dict[str, Any]:
    """Return a policy that HyperDrive takes."""
    kind = dice.choice(POLICIES)
    found: dict[str, Any] = {"type": kind}
    if kind == "NoTerminationPolicy":
        return found
    if dice.random() < 0.7:
        found["evaluation_interval"] = dice.randint(1, 5)
    if dice.random() < 0.5:
        found["delay_evaluation"] = dice.randint(0, 9)
    if kind == "BanditPolicy":
        found[dice.choice(["slack_factor", "slack_amount"])] = dice.choice([0.1, 0.2, 1, 2.5])
    if kind == "TruncationSelectionPolicy":
        found["truncation_percentage"] = dice.randint(1, 99)
    return found


def file_case(dice: random.Random) -> dict[str, Any]:
    """Return the entries of an hdconfig."""
    sampling = dice.choice([*SAMPLINGS])
    names = dice.sample(NAMES, dice.randint(1, 4))
    entries = []
    for name in names:
        word, values = expression(dice, sampling)
        entries.append({"name": name, "expression": word, "values": values})
    spelled = dice.choice([sampling, sampling.upper(), sampling.capitalize()])
    data: dict[str, Any] = {
        "sampling": {"type": spelled, "parameter_space": entries},
        "policy": policy(dice),
        "primary_metric_name": dice.choice(METRICS),
        "primary_metric_goal": dice.choice(["maximize", "minimize", "Maximize"]),
        "max_total_runs": dice.randint(1, 100),
        "max_concurrent_runs": 1,
        "max_duration_minutes": dice.randint(1, 10080),
    }
    data["max_concurrent_runs"] = dice.randint(1, data["max_total_runs"])
    return data


def odd(dice: random.Random, data: dict[str, Any]) -> None:
    """Make one thing about an hdconfig odd."""
    what = dice.randrange(6)
    if what == 0:
        key, value = dice.choice(ODD_TOP)
        data[key] = value
    elif what == 1:
        data["policy"] = dice.choice(ODD_POLICIES)
    elif what in (2, 3):
        data["sampling"]["parameter_space"].append(dice.choice(ODD_ENTRIES))
    elif what == 4:
        del data[dice.choice([*data])]
    else:
        word = dice.choice(["sobol", "BayesianOptimization", "grid", "bayesian", None])
        data["sampling"]["type"] = word


def python_case(dice: random.Random) -> dict[str, Any]:
    """Return the arguments of a `HyperDriveConfig`, some of them odd."""
    sampling = dice.choice([*SAMPLINGS])
    space = {}
    for name in dice.sample(NAMES, dice.randint(1, 4)):
        space[name] = expression(dice, sampling)
    given = policy(dice)
    if dice.random() < 0.3:
        entry = dice.choice([e for e in ODD_ENTRIES if isinstance(e.get("values"), list)])
        if "expression" in entry and entry["expression"] == entry["expression"].lower():
            space["--odd"] = (entry["expression"].replace("choices", "choice"), entry["values"])
    if dice.random() < 0.2:
        given = dice.choice([p for p in ODD_POLICIES if p.get("type") in POLICIES])
    kind = given["type"]
    settings = {key: value for key, value in given.items() if key != "type"}
    runs = dice.randint(1, 100)
    limits = {"max_total_runs": runs, "max_concurrent_runs": dice.choice([None, 1, runs])}
    return {
        "kind": "python",
        "sampling": SAMPLINGS[sampling],
        "space": space,
        "policy": None if dice.random() < 0.1 else [kind, settings],
        "metric": dice.choice(METRICS),
        "goal": dice.choice(["MAXIMIZE", "MINIMIZE"]),
        "limits": {key: value for key, value in limits.items() if value is not None},
    }


def cases(seed: int, files: int, calls: int) -> list[dict[str, Any]]:
    """Return so many files, every second with something odd, and so many calls."""
    from sweep.formats.yaml_writer import yaml_of

    dice = random.Random(seed)
    found: list[dict[str, Any]] = []
    for number in range(files):
        data = file_case(dice)
        if number % 2:
            odd(dice, data)
        found.append({"kind": "file", "text": yaml_of(data)})
    return found + [python_case(dice) for _ in range(calls)]
