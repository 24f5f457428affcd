"""Writing a sweep as a sweep job of version 2."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sweep.formats.arguments import flag_of
from sweep.formats.guidance import with_names
from sweep.formats.hdconfig_writer import POLICIES, SAMPLINGS
from sweep.formats.portable import (
    Portable,
    every_name,
    identifiers,
    in_branches,
    more_limits_of,
    parameters_of,
    passed_names,
    policy_of,
    renamed,
    settings_of,
)
from sweep.formats.references import REFERENCE, Reference
from sweep.formats.v2_limits import DEFAULT_TIMEOUT
from sweep.formats.v2_space import KEYS, snake_case
from sweep.formats.yaml_writer import yaml_of

SCHEMA = "https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json"


def job_of(sweep: Portable) -> str:
    """Return the text of a sweep job that reads back as the same sweep."""
    definition = sweep.definition
    wire, limits = definition.to_wire(), definition.limits
    parameters = parameters_of(definition)
    names = identifiers(every_name(parameters))
    kind = SAMPLINGS[wire["generator_config"]["name"]]
    settings = with_names(settings_of(definition), names)
    policy, policy_settings = policy_of(definition)
    bounds: dict[str, Any] = {
        "max_total_trials": limits.runs,
        "max_concurrent_trials": limits.concurrent,
    }
    seconds = limits.duration_minutes * 60
    if seconds != DEFAULT_TIMEOUT:
        bounds["timeout"] = _whole(seconds)
    if limits.run_seconds is not None:
        bounds["trial_timeout"] = _whole(limits.run_seconds)
    trial = dict(sweep.extra.get("trial", {}))
    if "command" not in trial:
        trial = {"command": _command(sweep, passed_names(parameters), names), **trial}
    if sweep.code:
        trial = {"code": sweep.code, **trial}
    if sweep.warm_start is not None:
        trial["warm_start"] = sweep.warm_words
    if sweep.metrics is not None:
        trial["metrics"] = dict(sweep.metrics)
    data: dict[str, Any] = {
        "$schema": SCHEMA,
        "type": "sweep",
        "trial": trial,
        **{key: value for key, value in sweep.extra.items() if key != "trial"},
        "sampling_algorithm": {"type": kind, **settings} if settings else kind,
        "search_space": {
            names[name]: _distribution(renamed(one, names)) for name, one in parameters.items()
        },
        "objective": {"goal": definition.goal.value, "primary_metric": definition.metric},
        "limits": {**bounds, **more_limits_of(definition)},
    }
    if policy in POLICIES:
        data["early_termination"] = {"type": snake_case(policy), **policy_settings}
    return yaml_of(data)


def _command(sweep: Portable, passed: Sequence[str], names: Mapping[str, str]) -> str:
    """Return the command that runs the script with its arguments and hyperparameters."""
    fixed = [*sweep.arguments]
    end = fixed.index("--") if "--" in fixed else len(fixed)
    head = [*_program(sweep.script), *fixed[:end]]
    between = "=" if sweep.style == "equals" else " "
    options = [
        f"{_quoted(flag_of(name))}{between}{Reference('search_space', names[name])}"
        for name in passed
    ]
    return " ".join([*map(_quoted, head), *options, *map(_quoted, fixed[end:])])


def _program(script: str) -> list[str]:
    return ["python", script] if script.endswith(".py") else [f"./{script}"]


def _quoted(word: str) -> str:
    """Quote a word where that is needed; a reference in it stays one."""
    return word if REFERENCE.fullmatch(word) else shlex.quote(word)


def _distribution(wire: Any) -> dict[str, Any]:
    word, arguments = wire
    if word != "choice":
        return {"type": word, **dict(zip(KEYS[word], arguments, strict=True))}
    return {"type": word, "values": [in_branches(one, _distribution) for one in arguments[0]]}


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number
