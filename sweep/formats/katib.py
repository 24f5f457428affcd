"""Experiments of Katib (kubeflow.org/v1beta1), as sweep jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies import EarlyTerminationPolicy, Goal, MedianStoppingPolicy, NoTerminationPolicy
from samplers import SAMPLINGS, Expression, SpaceError
from samplers.bayesian import ACQUISITIONS, ESTIMATORS
from sweep.core.definition import Limits, SweepDefinition
from sweep.formats.checks import Check, Unfit, mapping, one_of, text
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings
from sweep.formats.foreign import RUNS, number_of
from sweep.formats.katib_space import expression_of
from sweep.formats.katib_trial import trial_of
from sweep.formats.located import Node, inside
from sweep.formats.parameter_space import noted
from sweep.formats.portable import Portable, identifiers

TRIALS_AT_A_TIME = 3
"""Katib's own default."""
ALGORITHMS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "random": ("random", {}, True),
    "grid": ("grid", {}, True),
    "sobol": ("random", {"rule": "sobol"}, True),
    "bayesianoptimization": ("bayesian", {}, True),
    "tpe": ("bayesian", {}, False),
    "multivariate-tpe": ("bayesian", {}, False),
    "cmaes": ("bayesian", {}, False),
    "hyperband": ("random", {}, False),
    "pbt": ("random", {}, False),
}
"""The sampling for each algorithm, its settings, and whether it is the same."""
_GOALS = {goal.value: goal for goal in Goal}
_SPEC = (
    *("objective", "algorithm", "earlyStopping", "parallelTrialCount", "maxTrialCount"),
    *("parameters", "trialTemplate"),
)


def is_katib(root: Node) -> bool:
    """Tell whether a file is an experiment of Katib."""
    keys = root.value if isinstance(root.value, dict) else {}
    return "apiVersion" in keys and "spec" in keys


def read_katib(root: Node, findings: Findings) -> Portable:
    """Return a sweep, and what of it could not be carried over.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    top = Fields(root, "", findings)
    lost: list[str] = []
    top.need("kind", one_of({"Experiment": "Experiment"}), "")
    node = top.need("spec", mapping("{objective: …, parameters: […]}"), None)
    if node is None:
        raise findings.error()
    spec = Fields(node, "spec", findings)
    metric, goal = _objective(spec, findings, lost)
    kind, settings = _algorithm(spec, findings, lost)
    searched = _parameters(spec, findings, lost)
    runs = spec.take("maxTrialCount", _count, 0)
    most = spec.take("parallelTrialCount", _count, TRIALS_AT_A_TIME)
    policy = _early_stopping(spec, findings, lost)
    findings.check()
    try:
        with noted(findings, "spec.parameters", spec.at("parameters")):
            sampling = SAMPLINGS[kind](searched, **settings)
    except SpaceError as error:
        raise findings.fatal(str(error), "spec.parameters", spec.at("parameters")) from None
    if not runs:
        runs = RUNS
        lost.append(f"without maxTrialCount an experiment goes on for ever: here for {RUNS} runs")
    lost += [f"spec.{key}" for key in spec.besides(_SPEC)]
    names = dict(zip(searched, identifiers(searched).values(), strict=True))
    trial = trial_of(spec.at("trialTemplate").plain(), names, lost)
    extra: dict[str, Any] = {"trial": trial.section}
    if trial.resources:
        extra["resources"] = trial.resources
    return Portable(
        SweepDefinition(sampling, metric, goal, Limits(runs, min(most, runs)), policy),
        style="equals",
        extra={**extra, **_about(top)},
        lost=tuple(dict.fromkeys(lost)),
    )


def _objective(spec: Fields, findings: Findings, lost: list[str]) -> tuple[str, Goal]:
    example = "{type: maximize, objectiveMetricName: accuracy}"
    node = spec.need("objective", mapping(example), None)
    if node is None:
        return "", Goal.MAXIMIZE
    section = Fields(node, "spec.objective", findings)
    if "goal" in section:
        lost.append(f"the goal {section.at('goal')}: a sweep does not end at a value")
    if "metricStrategies" in section:
        lost.append("metricStrategies: a run counts with its best value")
    lost.append("metrics that are read from a file or the output: the script logs them")
    goal = section.need("type", one_of(_GOALS), Goal.MAXIMIZE)
    return section.need("objectiveMetricName", text, ""), goal


def _algorithm(spec: Fields, findings: Findings, lost: list[str]) -> tuple[str, dict[str, Any]]:
    node = spec.need("algorithm", mapping("{algorithmName: random}"), None)
    if node is None:
        return "random", {}
    section = Fields(node, "spec.algorithm", findings)
    words: Check[str] = one_of({word: word for word in ALGORITHMS})
    word = section.need("algorithmName", words, "random")
    kind, settings, same = ALGORITHMS[word]
    if not same:
        lost.append(f"the algorithm {word}: {kind} sampling stands for it")
    found = dict(settings)
    for name, value in _settings(section).items():
        setting = _setting(kind, name, value)
        if setting:
            found |= setting
        else:
            lost.append(f"the setting {name} of the algorithm")
    return kind, found


def _settings(section: Fields) -> dict[str, str]:
    """Return settings that are written as a list of names and values."""
    listed = section.at("algorithmSettings").plain() if "algorithmSettings" in section else []
    entries = [entry for entry in listed if isinstance(entry, Mapping)]
    return {str(entry.get("name")): str(entry.get("value")) for entry in entries}


def _setting(kind: str, name: str, value: str) -> dict[str, Any]:
    count = number_of(value)
    if name in ("random_state", "seed") and isinstance(count, int):
        return {"seed": count}
    if kind != "bayesian":
        return {}
    if name == "base_estimator" and value in ESTIMATORS:
        return {"estimator": value}
    if name == "acq_func" and value in ACQUISITIONS:
        return {"acquisition": value}
    if name in ("n_initial_points", "n_startup_trials") and isinstance(count, int) and count > 0:
        return {"initial_points": count}
    return {}


def _parameters(spec: Fields, findings: Findings, lost: list[str]) -> dict[str, Expression]:
    nodes: list[Node] = spec.need("parameters", _listed, [])
    found = {}
    for index, node in enumerate(nodes):
        where = inside("spec.parameters", index)
        fields = Fields(node, where, findings)
        name = fields.need("name", text, "")
        try:
            with noted(findings, where, node):
                expression = expression_of(node.plain(), lost)
        except (SpaceError, AttributeError, ValueError) as error:
            findings.problem(str(error), where, node)
            continue
        if name in found:
            findings.problem("stands here a second time", inside(where, "name"), node)
        elif name:
            found[name.lstrip("-")] = expression
    return found


def _early_stopping(spec: Fields, findings: Findings, lost: list[str]) -> EarlyTerminationPolicy:
    node = spec.take("earlyStopping", mapping("{algorithmName: medianstop}"), None)
    if node is None:
        return NoTerminationPolicy()
    section = Fields(node, "spec.earlyStopping", findings)
    section.need("algorithmName", one_of({"medianstop": "medianstop"}), "")
    settings = _settings(section)
    first = number_of(settings.pop("start_step", "4"))
    lost += [f"the setting {name} of early stopping" for name in settings]
    return MedianStoppingPolicy(delay_evaluation=first if isinstance(first, int) else 4)


def _about(top: Fields) -> dict[str, Any]:
    about = top.at("metadata").plain() if "metadata" in top else {}
    name = about.get("name") if isinstance(about, Mapping) else None
    return {"display_name": name} if isinstance(name, str) else {}


def _count(node: Node) -> int:
    found = number_of(node.value)
    if isinstance(found, int) and found > 0:
        return found
    raise Unfit("a whole number > 0", node)


def _listed(node: Node) -> list[Node]:
    if isinstance(node.value, list) and node.value:
        return node.value
    raise Unfit("a list of parameters", node)
