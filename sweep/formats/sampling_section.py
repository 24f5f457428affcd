"""The section `sampling` of an hdconfig: which sampling, and with what settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from samplers import (
    SAMPLINGS,
    Expression,
    OptunaParameterSampling,
    Sampling,
    Space,
    SpaceError,
)
from samplers.bayesian import ACQUISITIONS, ESTIMATORS
from samplers.random import RULES
from sweep.errors import ConfigError
from sweep.formats.checks import Check, Unfit, flag, mapping, one_of, text, whole
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings
from sweep.formats.guidance import GUIDING, guided
from sweep.formats.located import Node, inside
from sweep.formats.parameter_space import Parameter, noted, read_parameters
from sweep.formats.passing import space_bytes

EXAMPLE = "{type: random, parameter_space: [...]}"


def _logbase(node: Node) -> float | str:
    value = node.value
    if isinstance(value, str) and value.lower() == "e":
        return "e"
    if isinstance(value, int | float) and 1 < value < math.inf:  # True is not above 1
        return value
    raise Unfit("e or a number > 1", node)


def _options(node: Node) -> dict[str, Any]:
    plain: dict[str, Any] = mapping("{multivariate: true}")(node).plain()
    return plain


SETTINGS: dict[str, dict[str, Check[Any]]] = {
    "random": {
        "seed": whole(),
        "rule": one_of({rule: rule for rule in RULES}),
        "logbase": _logbase,
        "duplicates": flag,
        **GUIDING,
    },
    "grid": {"seed": whole(), "shuffle": flag, "duplicates": flag, **GUIDING},
    "bayesian": {
        "seed": whole(),
        "initial_points": whole(1),
        "estimator": one_of({word: word for word in ESTIMATORS}),
        "acquisition": one_of({word: word for word in ACQUISITIONS}),
        **GUIDING,
    },
    "optuna": {"seed": whole(), "sampler_class": text, "options": _options, **GUIDING},
}


def read_sampling(fields: Fields, findings: Findings) -> Sampling | None:
    """Return the sampling of an hdconfig, or None after a problem."""
    problems = len(findings.problems)
    node = fields.need("sampling", mapping(EXAMPLE), None)
    if node is None:
        return None
    section = Fields(node, inside(fields.path, "sampling"), findings)
    kind = section.need("type", one_of({word: word for word in SAMPLINGS}), "")
    settings = section.arguments(SETTINGS, kind, ["type", "parameter_space"])
    said = {key: settings.pop(key) for key in GUIDING if key in settings}
    parameters = read_parameters(section, findings)
    if not kind:
        return None
    make = partial(SAMPLINGS[kind], **settings)
    path, at = inside(section.path, "parameter_space"), section.at("parameter_space")
    sampling = made_of(parameters, make, path, at, findings, problems)
    sampling = with_extra(sampling, section, findings)
    return guided(sampling, said, section.path, findings)


def with_extra(sampling: Sampling | None, section: Fields, findings: Findings) -> Sampling | None:
    """Return a sampling if what it needs beside this package is here; None after a problem.

    Args:
        sampling: None after a problem.
        section: that says of which kind it is.
        findings: take what is wrong.
    """
    if isinstance(sampling, OptunaParameterSampling):
        try:
            sampling.check()
        except SpaceError as error:
            key = error.parameter or "type"
            findings.problem(str(error), inside(section.path, key), section.at(key))
            return None
    return sampling


def made_of(
    parameters: Mapping[str, Parameter],
    make: Callable[[Mapping[str, Expression]], Sampling],
    path: str,
    at: Node,
    findings: Findings,
    problems: int,
) -> Sampling | None:
    """Return a sampling of parameters, or None after a problem.

    Args:
        parameters: by name.
        make: makes a sampling of expressions.
        path: of the section with the parameters.
        at: that section.
        findings: take what is wrong.
        problems: how many they had before the sampling was read.
    """
    # One by one first, so that every parameter this sampling cannot take is known by its place.
    for name, one in parameters.items():
        with noted(findings, one.path, one.node):
            alone = _made(make, {name: one.expression}, one.path, one.node, findings)
        if alone is not None:
            _check_passing(alone.space, one.path, one.node, findings)
    if len(findings.problems) > problems:
        return None
    space = {name: parameter.expression for name, parameter in parameters.items()}
    with noted(Findings(findings.source), path, at):  # what it warns of was noted above
        return _made(make, space, path, at, findings)


def _check_passing(space: Space, path: str, at: Node, findings: Findings) -> None:
    try:
        space_bytes(space)
    except ConfigError as error:
        findings.problem(str(error), path, at)


def _made(
    make: Callable[[Mapping[str, Expression]], Sampling],
    space: Mapping[str, Expression],
    path: str,
    at: Node,
    findings: Findings,
) -> Sampling | None:
    try:
        return make(space)
    except SpaceError as error:
        findings.problem(str(error), path, at)
        return None
