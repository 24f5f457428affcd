"""Sweep files of Weights & Biases, as sweep jobs.

Bounds of `log_uniform` are natural logarithms there as here; those of `log_uniform_values` are
the values themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies import EarlyTerminationPolicy, Goal, MedianStoppingPolicy, NoTerminationPolicy
from samplers import (
    SAMPLINGS,
    Expression,
    SpaceError,
    choice,
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qloguniform,
    qnormal,
    quniform,
    uniform,
)
from sweep.core.definition import Limits, SweepDefinition
from sweep.formats.arguments import text_of
from sweep.formats.checks import Unfit, mapping, number, one_of, text, whole
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings
from sweep.formats.foreign import RUNS, line_of, log_range, whole_numbers
from sweep.formats.located import Node, inside
from sweep.formats.parameter_space import noted
from sweep.formats.portable import Portable, identifiers
from sweep.formats.references import Reference

KEYS = (
    *("program", "method", "metric", "parameters", "early_terminate", "command", "run_cap"),
    *("name", "description", "project", "entity"),
)
PARAMETER_KEYS = (
    *("value", "values", "distribution", "probabilities", "min", "max", "mu", "sigma", "q"),
    *("parameters",),
)
METHODS = {"random": "random", "grid": "grid", "bayes": "bayesian"}
COMMAND: tuple[str, ...] = ("${env}", "${interpreter}", "${program}", "${args}")
_GOALS = {goal.value: goal for goal in Goal}


def _ends(given: Mapping[str, Any]) -> tuple[Any, Any]:
    return given["min"], given["max"]


def _bell(given: Mapping[str, Any]) -> tuple[Any, Any]:
    return given.get("mu", 0), given.get("sigma", 1)


DISTRIBUTIONS: dict[str, Any] = {
    "int_uniform": lambda g: whole_numbers(int(g["min"]), int(g["max"])),
    "uniform": lambda g: uniform(*_ends(g)),
    "q_uniform": lambda g: quniform(*_ends(g), g.get("q", 1)),
    "log_uniform": lambda g: loguniform(*_ends(g)),
    "log_uniform_values": lambda g: log_range(*_ends(g)),
    "q_log_uniform": lambda g: qloguniform(*_ends(g), g.get("q", 1)),
    "q_log_uniform_values": lambda g: qloguniform(
        math.log(g["min"]), math.log(g["max"]), g.get("q", 1)
    ),
    "normal": lambda g: normal(*_bell(g)),
    "q_normal": lambda g: qnormal(*_bell(g), g.get("q", 1)),
    "log_normal": lambda g: lognormal(*_bell(g)),
    "q_log_normal": lambda g: qlognormal(*_bell(g), g.get("q", 1)),
}
"""What can be said here, by the word there."""
UNKNOWN_HERE = ("inv_log_uniform", "inv_log_uniform_values", "beta", "q_beta")


@dataclass(slots=True)
class _Space:
    """The parameters of a file, flat, and what could not be carried over."""

    findings: Findings
    searched: dict[str, Expression] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def read(self, node: Node, path: str, prefix: str = "") -> None:
        assert isinstance(node.value, dict)
        for name, entry in node.value.items():
            where = inside(path, name)
            if not isinstance(entry.value, dict):
                self.findings.problem("expected a mapping such as {values: [1, 2]}", where, entry)
                continue
            fields = Fields(entry, where, self.findings)
            fields.only(PARAMETER_KEYS)
            whole_name = f"{prefix}{name}"
            if "parameters" in fields:
                below = fields.at("parameters")
                if isinstance(below.value, dict):
                    self.lost.append(
                        f"the mapping {whole_name}: each is passed as {whole_name}.NAME"
                    )
                    self.read(below, inside(where, "parameters"), f"{whole_name}.")
                continue
            with noted(self.findings, where, entry):
                self._one(whole_name, fields)

    def _one(self, name: str, fields: Fields) -> None:
        given = {key: fields.at(key).plain() for key in PARAMETER_KEYS if key in fields}
        if "value" in given:
            self.fixed[name] = given["value"]
            return
        try:
            found = self._expression(name, given)
        except (SpaceError, KeyError, TypeError, ValueError) as error:
            missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            self.findings.problem(missing, fields.path, fields.node)
            return
        if found is not None:
            self.searched[name] = found

    def _expression(self, name: str, given: Mapping[str, Any]) -> Expression | None:
        if "values" in given:
            if "probabilities" in given:
                self.lost.append(f"the probabilities of {name}: its values are equally likely")
            return choice(list(given["values"]))
        integers = all(isinstance(given.get(end), int) for end in ("min", "max"))
        usual = "int_uniform" if integers else "uniform"
        word = str(given.get("distribution", usual))
        if word in UNKNOWN_HERE:
            self.lost.append(f"{name}: there is no {word} here; it is left out of the space")
            return None
        if word not in DISTRIBUTIONS:
            raise SpaceError(f"unknown distribution {word!r}")
        expression: Expression = DISTRIBUTIONS[word](given)
        return expression


def is_wandb(root: Node) -> bool:
    """Tell whether a file is a sweep of Weights & Biases."""
    return isinstance(root.value, dict) and {"method", "parameters"} <= root.value.keys()


def read_wandb(root: Node, findings: Findings) -> Portable:
    """Return a sweep, and what of it could not be carried over.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    top = Fields(root, "", findings)
    lost = [f"{key} has no meaning here" for key in root.value or () if key not in KEYS]  # type: ignore[union-attr]
    lost += [f"{key} is the service's" for key in ("project", "entity") if key in top]
    kind = top.need("method", one_of(METHODS), "random")
    metric, goal = _metric(top, findings)
    space = _Space(findings)
    parameters = top.need("parameters", mapping("{lr: {min: 0.1, max: 1.0}}"), None)
    if parameters is not None:
        space.read(parameters, "parameters")
    policy = _policy(top, findings, lost)
    runs = top.take("run_cap", whole(1), 0)
    program = top.take("program", text, "")
    command = top.take("command", _words, COMMAND)
    findings.check()
    if not space.searched:
        raise findings.fatal("no parameter is searched", "parameters", top.at("parameters"))
    try:
        with noted(findings, "parameters", top.at("parameters")):
            sampling = SAMPLINGS[kind](space.searched)
    except SpaceError as error:
        raise findings.fatal(str(error), "parameters", top.at("parameters")) from None
    if not runs:
        runs = (sampling.space.size if kind == "grid" else None) or RUNS
        if kind != "grid":
            lost.append(f"without run_cap a sweep goes on for ever there: here for {runs} runs")
    lost += [*space.lost, "how many agents there are: one run at a time, as one agent does"]
    line = _line(command, program, space, lost)
    about = {
        "display_name": top.take("name", text, ""),
        "description": str(top.at("description").value) if "description" in top else "",
    }
    return Portable(
        SweepDefinition(sampling, metric, goal, Limits(runs, 1), policy),
        program,
        tuple(f"--{name}={text_of(value)}" for name, value in space.fixed.items()),
        style="equals",
        extra={"trial": {"command": line}, **{k: v for k, v in about.items() if v}},
        lost=tuple(lost),
    )


def _metric(top: Fields, findings: Findings) -> tuple[str, Goal]:
    node = top.need("metric", mapping("{name: accuracy, goal: maximize}"), None)
    if node is None:
        return "", Goal.MINIMIZE
    section = Fields(node, "metric", findings)
    goal = section.take("goal", one_of(_GOALS), Goal.MINIMIZE)
    return section.need("name", text, ""), goal


def _policy(top: Fields, findings: Findings, lost: list[str]) -> EarlyTerminationPolicy:
    node = top.take("early_terminate", mapping("{type: hyperband, min_iter: 3}"), None)
    if node is None:
        return NoTerminationPolicy()
    section = Fields(node, "early_terminate", findings)
    section.only(("type", "min_iter", "max_iter", "s", "eta", "strict"))
    section.need("type", one_of({"hyperband": "hyperband"}), "")
    first = section.take("min_iter", whole(1), 0)
    if not first:
        last, eta = section.take("max_iter", whole(1), 1), section.take("eta", number(1), 3.0)
        first = max(1, round(last / eta ** section.take("s", whole(1), 1)))
    lost.append(f"hyperband's brackets: median stopping from report {first} on stands for them")
    return MedianStoppingPolicy(delay_evaluation=first)


def _words(node: Node) -> tuple[str, ...]:
    if not isinstance(node.value, list):
        raise Unfit("a list of words", node)
    return tuple(text_of(item.plain()) for item in node.value)


def _line(command: Sequence[str], program: str, space: _Space, lost: list[str]) -> str:
    """Return the command with references in place of the macros."""
    names = identifiers(f"--{name}" for name in space.searched)
    values = {name: text_of(value) for name, value in space.fixed.items()}
    values |= {n: str(Reference("search_space", names[f"--{n}"])) for n in space.searched}
    program = program or "train.py"
    words: list[str] = []
    for word in command:
        words += _macro(word, program, values, lost)
    return line_of(words)


def _macro(word: str, program: str, values: Mapping[str, str], lost: list[str]) -> Iterator[str]:
    if word == "${interpreter}":
        yield from ["python"] if program.endswith(".py") else []
    elif word == "${program}":
        yield program if program.endswith(".py") or "/" in program else f"./{program}"
    elif word in ("${args}", "${args_no_boolean_flags}"):
        if word != "${args}":
            lost.append("flags without values: booleans are passed as True and False")
        yield from (f"--{name}={value}" for name, value in values.items())
    elif word == "${args_no_hyphens}":
        yield from (f"{name}={value}" for name, value in values.items())
    elif word.startswith("${") and word != "${env}":
        lost.append(f"{word} in the command")
    elif word not in ("${env}", "/usr/bin/env"):
        yield word
