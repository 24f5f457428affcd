"""Reading a sweep from Python source, without running it.

Only what is written out counts: constants, lists, dicts, sums of numbers, names that were given
such a value above, and calls of HyperDrive's own names. Whatever else a file does is passed over,
unless the sweep is made of it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies import EarlyTerminationPolicy, Goal, NoTerminationPolicy
from sweep.core.definition import DEFAULT_DURATION_MINUTES, Limits, SweepDefinition
from sweep.formats.arguments import text_of
from sweep.formats.findings import Findings, did_you_mean
from sweep.formats.portable import Portable
from sweep.formats.python_values import CONFIG_ARGUMENTS, Call, Source, Unknown, place_of
from sweep.formats.text import Spot, read_text


def read_python(path: str | Path) -> Portable:
    """Return the sweep that a Python file defines.

    Raises:
        ConfigError: it is no Python, defines no sweep or several, or one that is not written out.
    """
    findings = Findings(path)
    text = read_text(path, findings)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = Spot(getattr(error, "lineno", 0) or 0, getattr(error, "offset", 0) or 0)
        raise findings.fatal(f"is not Python: {error}", at=at) from None
    source = Source(findings)
    source.read(tree.body)
    findings.check()
    if not source.configs:
        raise findings.fatal("makes no HyperDriveConfig")
    if len(source.configs) > 1:
        lines = ", ".join(str(call.node.lineno) for call in source.configs)
        raise findings.fatal(f"makes several HyperDriveConfigs, on lines {lines}: leave one")
    return _portable(source.configs[0], findings)


def _portable(call: Call, findings: Findings) -> Portable:
    given, at = call.arguments, place_of(call.node)
    lost = [f"{name} is not carried over" for name in ("resume_from", "pipeline") if name in given]
    script = given.get("run_config") or given.get("estimator")
    values = {}
    for name in CONFIG_ARGUMENTS[:7]:
        value = given.get(name)
        if isinstance(value, Unknown):
            findings.problem(value.why, name, place_of(value.node))
        values[name] = value
    for name in CONFIG_ARGUMENTS[:4]:
        if values[name] is None:
            findings.problem("is required", name, at)
    known = {*CONFIG_ARGUMENTS, "max_consecutive_failures", "warm_start", "replicates"}
    for name in given:
        if name not in known:
            findings.problem(f"is no argument{did_you_mean(name, known)}", name, at)
    findings.check()
    runs: Any = values["max_total_runs"]
    if isinstance(runs, bool) or not isinstance(runs, int) or runs < 1:
        raise findings.fatal(f"expected a whole number >= 1, got {runs!r}", "max_total_runs", at)
    most: Any = values["max_concurrent_runs"] or runs
    goal = values["primary_metric_goal"]
    failures = given.get("max_consecutive_failures", 3)
    what, words, code, seconds, more = _script(script)
    try:
        definition = SweepDefinition(
            _sampling(values["hyperparameter_sampling"]),
            str(values["primary_metric_name"]),
            goal if isinstance(goal, Goal) else Goal(str(goal).lower()),
            Limits(
                runs,
                min(most, runs),
                values["max_duration_minutes"] or DEFAULT_DURATION_MINUTES,
                seconds,
                consecutive_failures=failures,
                replicates=given.get("replicates", 1),
            ),
            _policy(values["policy"]),
        )
    except (TypeError, ValueError) as error:
        raise findings.fatal(str(error), at=at) from None
    warm = given.get("warm_start")
    return Portable(
        definition,
        what,
        words,
        code,
        warm_start=tuple(warm) if isinstance(warm, list) else warm,
        lost=(*lost, *more),
    )


def _sampling(value: Any) -> Any:
    if not hasattr(value, "sampler"):
        raise ValueError(f"hyperparameter_sampling: expected a sampling, got {value!r}")
    return value


def _policy(value: Any) -> EarlyTerminationPolicy:
    if value is None:
        return NoTerminationPolicy()
    if not isinstance(value, EarlyTerminationPolicy):
        raise ValueError(f"policy: expected a policy, got {value!r}")  # noqa: TRY004 - a message
    return value


def _script(call: Any) -> tuple[str, tuple[str, ...], str, float | None, list[str]]:
    """Return script, arguments, source directory, seconds of a run, and what is not known."""
    if not isinstance(call, Call):
        return "", (), ".", None, ["the script is not known without running the file"]
    given = call.arguments
    lost = []
    script = given.get("script", given.get("entry_script", ""))
    arguments = given.get("arguments", given.get("script_params")) or ()
    if isinstance(arguments, Mapping):
        arguments = [word for pair in arguments.items() for word in pair]
    if isinstance(arguments, Unknown) or any(isinstance(word, Call) for word in arguments):
        lost.append("the script's arguments are not written out")
        arguments = ()
    words = map(text_of, arguments)
    code = given.get("source_directory", ".")
    if not isinstance(script, str) or not isinstance(code, str):
        lost.append("script or source_directory are not written out")
    seconds = given.get("max_run_duration_seconds")
    return (
        script if isinstance(script, str) else "",
        tuple(words),
        code if isinstance(code, str) else ".",
        float(seconds) if isinstance(seconds, int | float) else None,
        lost,
    )
