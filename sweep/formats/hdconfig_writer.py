"""Writing a sweep as an hdconfig.yml."""

from __future__ import annotations

import shlex
from typing import Any

import policies
import samplers
from policies import NoTerminationPolicy
from sweep.formats.guidance import GUIDING
from sweep.formats.portable import (
    Portable,
    in_branches,
    more_limits_of,
    parameters_of,
    policy_of,
    settings_of,
)
from sweep.formats.yaml_writer import yaml_of

POLICIES = {
    kind.wire_name: kind.__name__
    for kind in policies.POLICIES.values()
    if kind is not NoTerminationPolicy
}
"""What hdconfigs call the policies, by their wire names."""

SAMPLINGS = {kind.name: word for word, kind in samplers.SAMPLINGS.items()}
"""What files call the samplings, by their wire names."""


def hdconfig_of(sweep: Portable) -> str:
    """Return the text of an hdconfig that reads back as the same sweep."""
    definition = sweep.definition
    wire, limits = definition.to_wire(), definition.limits
    settings = settings_of(definition)
    guide = {key: settings.pop(key) for key in GUIDING if key in settings}
    sampling = {
        "type": SAMPLINGS[wire["generator_config"]["name"]],
        **settings,
        "parameter_space": [
            {"name": name, **_expression(one)} for name, one in parameters_of(definition).items()
        ],
        **guide,
    }
    name, settings = policy_of(definition)
    policy = {"policy": {"type": POLICIES[name], **settings}} if name in POLICIES else {}
    data: dict[str, Any] = {
        "sampling": sampling,
        **policy,
        "primary_metric_name": definition.metric,
        "primary_metric_goal": definition.goal.value,
        "max_total_runs": limits.runs,
        "max_concurrent_runs": limits.concurrent,
        "max_duration_minutes": wire["max_duration_minutes"],
    }
    if limits.run_seconds is not None:
        data["max_run_duration_seconds"] = limits.run_seconds
    data |= more_limits_of(definition)
    if sweep.style != "space":
        data["argument_style"] = sweep.style
    if sweep.warm_start is not None:
        data["warm_start"] = sweep.warm_words
    if sweep.metrics is not None:
        data["metrics"] = dict(sweep.metrics)
    return _heading(sweep) + yaml_of(data)


def start_line(sweep: Portable, file: str) -> str:
    """Return the command line that runs a sweep; empty where no script is known."""
    if not sweep.script:
        return ""
    script = sweep.script if sweep.code in ("", ".") else f"{sweep.code}/{sweep.script}"
    return shlex.join(["sweep", "start", file, script, *sweep.arguments])


def _heading(sweep: Portable) -> str:
    line = start_line(sweep, "hdconfig.yml")
    return f"# {line}\n" if line and line.isprintable() else ""


def _expression(wire: Any) -> dict[str, Any]:
    word, arguments = wire
    if word != "choice":
        return {"expression": word, "values": [*arguments]}
    options = [in_branches(option, _expression) for option in arguments[0]]
    lists = any(isinstance(option, list) for option in options)
    return {"expression": word, "values": [options] if lists else options}
