"""The sections `objective`, `limits` and `early_termination` of a sweep job.

Beyond version 2 there are, all optional, the bounds of an hdconfig that it lacks, under `limits`:
`max_consecutive_failures`, `max_idle_seconds`, `max_first_report_seconds`, `max_attempts`,
`on_non_finite` and `replicates`; and `audit_fraction`, under `early_termination`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from policies import POLICIES, EarlyTerminationPolicy, Goal, NoTerminationPolicy
from sweep.core.definition import Limits
from sweep.formats.checks import Unfit, mapping, number, text, whole
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings
from sweep.formats.hdconfig import more_limits
from sweep.formats.located import Node, inside
from sweep.formats.policy_section import ARGUMENTS, BESIDES, made
from sweep.formats.v2_space import snake_case, word_of

DEFAULT_TIMEOUT = 5_184_000
"""Seconds: the 60 days that the service gives a sweep."""

LIMITS = ("max_total_trials", "max_concurrent_trials", "timeout", "trial_timeout")
MORE_LIMITS = (
    "max_consecutive_failures",
    "max_idle_seconds",
    "max_first_report_seconds",
    "max_attempts",
    "on_non_finite",
    "replicates",
)
"""Keys of an hdconfig that stand under `limits` here."""

_ELSEWHERE = {
    "max_total_runs": "is the word of an hdconfig; here it is max_total_trials",
    "max_concurrent_runs": "is the word of an hdconfig; here it is max_concurrent_trials",
    "max_duration_minutes": "is the word of an hdconfig; here it is timeout, in seconds",
    "timeout_minutes": "is the word of AutoML's jobs; here it is timeout, in seconds",
    "max_trials": "is the word of AutoML's jobs; here it is max_total_trials",
}
_PERIOD = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_UNITS = (86400, 3600, 60, 1)
_POLICIES = {
    snake_case(kind.wire_name): kind
    for kind in POLICIES.values()
    if kind is not NoTerminationPolicy and kind.__name__ in ARGUMENTS
}
_GOALS = {goal.value: goal for goal in Goal}


def seconds(node: Node) -> float:
    """Take a time: seconds, or a period such as PT1H30M; 0 for none.

    Raises:
        Unfit: it is something else.
    """
    if isinstance(node.value, str):
        found = _PERIOD.fullmatch(node.value)
        if found and any(found.groups()):
            parts = zip(found.groups(), _UNITS, strict=True)
            return sum(float(count or 0) * unit for count, unit in parts)
        raise Unfit("seconds, or a period such as PT1H30M", node)
    return number(0)(node)


def read_objective(job: Fields, findings: Findings) -> tuple[str, Goal]:
    """Return the primary metric and its goal."""
    example = mapping("{goal: maximize, primary_metric: accuracy}")
    node = job.need("objective", example, None)
    if node is None:
        return "", Goal.MAXIMIZE
    section = Fields(node, inside(job.path, "objective"), findings)
    section.only(("goal", "primary_metric"))
    metric = section.need("primary_metric", text, "")
    return metric, section.need("goal", word_of(_GOALS), Goal.MAXIMIZE)


def read_limits(job: Fields, findings: Findings) -> Limits:
    """Return the limits of a sweep job."""
    node = job.need("limits", mapping("{max_total_trials: 20, max_concurrent_trials: 4}"), None)
    if node is None:
        return Limits(1, 1)
    section = Fields(node, inside(job.path, "limits"), findings)
    section.only((*LIMITS, *MORE_LIMITS), _ELSEWHERE)
    runs = section.need("max_total_trials", whole(1), 1)
    concurrent = section.take("max_concurrent_trials", whole(0), 0) or runs
    whole_time = section.take("timeout", seconds, 0.0) or DEFAULT_TIMEOUT
    each = section.take("trial_timeout", seconds, 0.0)
    limits = Limits(runs, min(concurrent, runs), whole_time / 60)
    return replace(more_limits(section, limits), run_seconds=each or None)


def read_early_termination(job: Fields, findings: Findings) -> EarlyTerminationPolicy:
    """Return the policy of a sweep job; none terminates nothing."""
    node = job.take("early_termination", mapping("{type: bandit, slack_factor: 0.1}"), None)
    if node is None:
        return NoTerminationPolicy()
    problems = len(findings.problems)
    section = Fields(node, inside(job.path, "early_termination"), findings)
    kind = section.need("type", word_of({word: word for word in _POLICIES}), "")
    checks = {word: ARGUMENTS[policy.__name__] for word, policy in _POLICIES.items()}
    arguments = section.arguments(checks, kind, BESIDES)
    for slack in ("slack_factor", "slack_amount"):  # 0 is how version 2 writes "not this one"
        if arguments.get(slack) == 0:
            del arguments[slack]
    return made(_POLICIES.get(kind), arguments, section, findings, problems)
