"""Comparing answers: the same, or different for a reason that docs/decisions.md gives."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from benchmarks.differential.client import made

OURS = ("max_run_duration_seconds", "max_consecutive_failures", "max_attempts")
"""Keys of our wire form that HyperDrive's has not."""

ANCHORS: tuple[tuple[str, str, str], ...] = (
    # what we say, what the client says, and the anchor
    (r"unknown key", r"accepted", "unknown-keys"),
    (r"belongs to|policy.type: is required", r"accepted", "other-policy"),
    (r"is a second", r"accepted", "duplicate-names"),
    (r"write \['adam'\]", r"accepted", "bare-string"),
    (r"primary_metric_name|max_total_runs: is required", r"accepted", "required"),
    (r"max_(total|concurrent)_runs|max_duration_minutes", r"accepted|TypeError", "numbers"),
    (r"finite number|±|got (true|false)|must be a (whole )?number", r"accepted", "bounds"),
    (r"\bq\b", r"accepted|ZeroDivision", "step"),
    (r"slack", r"accepted", "slack-negative"),
    (r"accepted", r"unexpected keyword argument 'exclude", "exclude-finished"),
    (r"accepted", r"AttributeError.*'get'", "policy-absent"),
    (r"accepted", r"TypeError.*'>' not supported", "duration-default"),
    (r"accepted", r"KeyError: '(BANDIT|MEDIANSTOPPING)'", "aliases"),
    (r"accepted", r"KeyError: 'Choice'", "letter-case"),
    (r"accepted", r"distributions: \[choice\]", "grid-expressions"),
    (
        r"accepted",
        r"distributions: \[(?!choice\])|quniform.*int|'choice' values",
        "bayesian-expressions",
    ),
    (r"accepted", r"\bq\b", "step"),
    (r"accepted", r"interval|delay", "null"),
)


def ours(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return our answer to a case, in the client's form."""
    import sweep
    from sweep.errors import UserError
    from sweep.formats.hdconfig import read_hdconfig

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if case["kind"] == "file":
                file = folder / "hdconfig.yml"
                file.write_text(case["text"], encoding="utf-8")
                wire = read_hdconfig(file).definition.to_wire()
            else:
                script = sweep.ScriptRunConfig(source_directory=".", script="train.py")
                wire = made(case, sweep, script).to_wire()
    except (UserError, ValueError, TypeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"wire": {key: value for key, value in wire.items() if key not in OURS}}


def reason(mine: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """Return the anchor that explains a difference; "" for none, None where none is known."""
    if "wire" in mine and "wire" in theirs:
        return _of_wires(mine["wire"], theirs["wire"])
    if "error" in mine and "error" in theirs:
        return ""
    said = mine.get("error", "accepted"), theirs.get("error", "accepted")
    for here, there, anchor in ANCHORS:
        if re.search(here, said[0]) and re.search(there, said[1]):
            return anchor
    return None


def _of_wires(mine: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """Return why two wire forms differ."""
    differing = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
    found = {_why(key, mine.get(key), theirs.get(key)) for key in differing}
    return None if None in found else ", ".join(sorted(filter(None, found)))


def _why(key: str, mine: Any, theirs: Any) -> str | None:
    if key == "max_concurrent_jobs" and mine < theirs:
        return "concurrency"
    if key == "generator_config" and mine["name"] == theirs["name"] == "GRID":
        return "grid-duplicates"
    if key == "policy_config" and mine["name"] == theirs["name"]:
        here, there = mine["properties"], theirs["properties"]
        odd = {name for name in {**here, **there} if here.get(name) != there.get(name)}
        return _ODD_POLICIES.get(min(odd)) if odd else "slack-zero"
    return None


_ODD_POLICIES = {
    "delay_evaluation": "interval-zero",
    "evaluation_interval": "interval-zero",
    "exclude_finished_jobs": "exclude-finished",
    "slack_amount": "slack-zero",
    "slack_factor": "slack-zero",
}
