"""Writing a sweep as Python, in HyperDrive's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import samplers
from samplers.words import is_wire
from sweep.formats.hdconfig_writer import POLICIES
from sweep.formats.portable import (
    Portable,
    is_branch,
    more_limits_of,
    parameters_of,
    policy_of,
    settings_of,
)

SAMPLINGS = {kind.name: kind.__name__ for kind in samplers.SAMPLINGS.values()}
TAKEN = ("max_consecutive_failures", "replicates")
"""Of the bounds beyond HyperDrive's, those that `HyperDriveConfig` takes."""


def python_of(sweep: Portable, module: str = "sweep") -> str:
    """Return the text of a Python file that defines `config`, the same sweep.

    Args:
        sweep: the sweep.
        module: from which the names are imported.
    """
    definition = sweep.definition
    wire, limits = definition.to_wire(), definition.limits
    parameters = parameters_of(definition)
    sampling = SAMPLINGS[wire["generator_config"]["name"]]
    policy, settings = policy_of(definition)
    words = sorted({word for one in parameters.values() for word in _words(one)})
    names = ["HyperDriveConfig", "PrimaryMetricGoal", "ScriptRunConfig", sampling, *words]
    lines = []
    if policy in POLICIES:
        names.append(POLICIES[policy])
        audit = settings.pop("audit_fraction", 0)
        audited = f".with_audit({audit!r})" if audit else ""
        lines += [f"policy = {POLICIES[policy]}({_keywords(settings)}){audited}"]
    more = more_limits_of(definition)
    script = {"source_directory": sweep.code or ".", "script": sweep.script or "train.py"}
    if sweep.arguments:
        script["arguments"] = [*sweep.arguments]  # type: ignore[assignment]
    if limits.run_seconds is not None:
        script["max_run_duration_seconds"] = limits.run_seconds  # type: ignore[assignment]
    config = [
        "    hyperparameter_sampling=sampling",
        f"    primary_metric_name={definition.metric!r}",
        f"    primary_metric_goal=PrimaryMetricGoal.{definition.goal.name}",
        f"    max_total_runs={limits.runs}",
        f"    max_concurrent_runs={limits.concurrent}",
        f"    max_duration_minutes={wire['max_duration_minutes']!r}",
        *(["    policy=policy"] if policy in POLICIES else []),
        "    run_config=script",
        *(f"    {key}={_none(more[key])!r}" for key in TAKEN if key in more),
        *([f"    warm_start={sweep.warm_words!r}"] if sweep.warm_start is not None else []),
    ]
    imports = "".join(f"    {name},\n" for name in sorted(set(names), key=_import_order))
    space = "".join(f"        {name!r}: {_expression(one)},\n" for name, one in parameters.items())
    extra = "".join(f"    {key}={value!r},\n" for key, value in settings_of(definition).items())
    return "\n".join(
        [
            f"from {module} import (\n{imports})\n",
            f"sampling = {sampling}(\n    {{\n{space}    }},\n{extra})",
            *lines,
            f"script = ScriptRunConfig({_keywords(script)})",
            "config = HyperDriveConfig(\n" + ",\n".join(config) + ",\n)\n",
        ]
    )


def lost_in_python(sweep: Portable) -> list[str]:
    """Return what a `HyperDriveConfig` cannot say."""
    found = [
        f"{key} is no argument of HyperDriveConfig"
        for key in more_limits_of(sweep.definition)
        if key not in TAKEN
    ]
    if sweep.style != "space":
        found.append("argument_style is no argument of HyperDriveConfig")
    if sweep.metrics is not None:
        found.append("metrics is no argument of HyperDriveConfig")
    if not sweep.script:
        found.append("the script is not known: train.py stands in its place")
    return found


def _import_order(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def _none(value: Any) -> Any:
    return None if value == "none" else value


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items())


def _words(wire: Any) -> Iterator[str]:
    if is_wire(wire):
        yield wire[0]
        if wire[0] == "choice":
            for option in wire[1][0]:
                yield from _words_in(option)


def _words_in(option: Any) -> Iterator[str]:
    if is_branch(option):
        for value in option.values():
            yield from _words(value)
            yield from _words_in(value)


def _expression(wire: Any) -> str:
    word, arguments = wire
    if word != "choice":
        return f"{word}({', '.join(map(repr, arguments))})"
    options = [_option(option) for option in arguments[0]]
    plain = len(options) > 1 and not any(isinstance(o, list) for o in arguments[0])
    inner = ", ".join(options)
    return f"{word}({inner})" if plain else f"{word}([{inner}])"


def _option(option: Any) -> str:
    if not is_branch(option):
        return repr(option)
    return "{" + ", ".join(f"{name!r}: {_member(one)}" for name, one in option.items()) + "}"


def _member(value: Any) -> str:
    return _expression(value) if is_wire(value) else _option(value)
