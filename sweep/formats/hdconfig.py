"""HyperDrive's sweep files, commonly called `hdconfig.yml`.

Every file that HyperDrive takes means the same here, unless something in it has no effect or no
sense there (an unknown key, a second entry of one name, a key of another policy, -1 runs): that
is an error here. Beyond HyperDrive there are these keys, all optional:

    sampling:
      seed: 7                     # with all three samplings
      rule: sobol                 # random: quasi-random points
      logbase: 10                 # random: bounds of log expressions are exponents of 10
      shuffle: true               # grid: in random order
      initial_points: 20          # bayesian: quasi-random points before the model is asked
      estimator: RF               # bayesian: AUTO, GP, ET, RF or GBRT
      acquisition: LCB            # bayesian: EI, PI or LCB
    max_run_duration_seconds: 600 # a run that takes longer is cancelled
    max_consecutive_failures: 3   # end when so many of the first runs fail; none or 0: never
    max_idle_seconds: 900         # a run that reports nothing for so long has failed
    max_first_report_seconds: 300 # the same until its first report
    max_attempts: 3               # how often a run is started when its node is lost; or, by the
                                  # way in which it ends: {lost: 5, preempted: 10, error: 2}
    on_non_finite: go_on          # or stop: a run whose metric is NaN or infinite has failed
    argument_style: space         # `--lr 0.1`, or with equals `--lr=0.1`
    warm_start: auto              # runs are forked from a process that has imported what the
                                  # script imports; or [modules]
    replicates: 3                 # each configuration is run so many times
    metrics: {stdout: 'loss=(?P<loss>[0-9.]+)', file: metrics.jsonl}
                                  # found in what runs print, and in a file that they write

A key without a value, or with null, counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policies import Goal, NoTerminationPolicy
from samplers import BayesianParameterSampling
from sweep.core.definition import DEFAULT_DURATION_MINUTES, Limits, SweepDefinition
from sweep.core.failure import KINDS, Attempts, Kind
from sweep.errors import Problem
from sweep.formats.arguments import Style
from sweep.formats.checks import Check, Unfit, number, one_of, positive, text, whole
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings, in_file_order
from sweep.formats.located import Node
from sweep.formats.metrics_section import metrics
from sweep.formats.policy_section import read_policy
from sweep.formats.sampling_section import read_sampling
from sweep.formats.yaml12 import read_yaml

PORTABLE_RUNS, PORTABLE_CONCURRENCY = 1000, 100
"""What HyperDrive itself allows."""

KEYS = (
    "sampling",
    "policy",
    "primary_metric_name",
    "primary_metric_goal",
    "max_total_runs",
    "max_concurrent_runs",
    "max_duration_minutes",
    "max_run_duration_seconds",
    "max_consecutive_failures",
    "max_idle_seconds",
    "max_first_report_seconds",
    "max_attempts",
    "on_non_finite",
    "replicates",
    "argument_style",
    "warm_start",
    "metrics",
)

_GOALS = {goal.value: goal for goal in Goal}
_STYLES: dict[str, Style] = {"space": "space", "equals": "equals"}
_ON_NON_FINITE = {"go_on": False, "stop": True}
_VERSION_2 = "is the word of version 2's sweep files; here it is "
_ELSEWHERE = {
    "parameter_space": "belongs under 'sampling'",
    **dict.fromkeys(("slack_factor", "slack_amount"), "belongs under 'policy'"),
    **dict.fromkeys(("evaluation_interval", "delay_evaluation"), "belongs under 'policy'"),
    "search_space": f"{_VERSION_2}parameter_space under 'sampling'",
    "sampling_algorithm": f"{_VERSION_2}type under 'sampling'",
    "early_termination": f"{_VERSION_2}policy",
    "objective": f"{_VERSION_2}primary_metric_name and primary_metric_goal",
    "limits": f"{_VERSION_2}max_total_runs, max_concurrent_runs and max_duration_minutes",
}


@dataclass(frozen=True, slots=True)
class HdConfig:
    """What a sweep file says.

    Attributes:
        definition: the sweep.
        argument_style: how its runs get their arguments.
        warm_start: modules that runs are forked with, or "auto"; None for none.
        metrics: what is found in runs' output, see `metrics_section`; None for nothing.
        warnings: what is legal but probably not meant, or not portable, in file order.
    """

    definition: SweepDefinition
    argument_style: Style = "space"
    warm_start: str | tuple[str, ...] | None = None
    warnings: tuple[Problem, ...] = ()
    metrics: Mapping[str, Any] | None = None


def read_hdconfig(path: str | Path) -> HdConfig:
    """Read and check a sweep file.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    findings = Findings(path)
    return hdconfig_in(read_yaml(path, findings), findings)


def hdconfig_in(root: Node, findings: Findings) -> HdConfig:
    """Check a sweep file that has been parsed.

    Raises:
        ConfigError: with everything that is wrong in the file, in file order.
    """
    if not isinstance(root.value, dict):
        raise findings.fatal(
            f"expected a mapping with the keys {', '.join(KEYS)}, got {root}", at=root
        )
    top = Fields(root, "", findings)
    top.only(KEYS, _ELSEWHERE)
    sampling = read_sampling(top, findings)
    policy = read_policy(top, findings)
    metric = top.need("primary_metric_name", text, "")
    goal = top.need("primary_metric_goal", one_of(_GOALS), Goal.MAXIMIZE)
    limits = _limits(top)
    style: Style = top.take("argument_style", one_of(_STYLES), "space")
    warm = top.take("warm_start", modules, None)
    found = top.take("metrics", metrics, None)
    findings.check()
    assert sampling is not None
    definition = SweepDefinition(sampling, metric, goal, limits, policy)
    _warn(definition, top, findings)
    return HdConfig(definition, style, warm, tuple(in_file_order(findings.warnings)), found)


def _limits(top: Fields) -> Limits:
    runs = top.need("max_total_runs", whole(1), 1)
    concurrent = top.take("max_concurrent_runs", whole(0), 0) or runs
    default = Limits(runs, min(concurrent, runs))
    limits = replace(
        default,
        duration_minutes=top.take("max_duration_minutes", number(1), default.duration_minutes),
        run_seconds=top.take("max_run_duration_seconds", positive, default.run_seconds),
    )
    return more_limits(top, limits)


def more_limits(section: Fields, default: Limits) -> Limits:
    """Return the limits with those of a section that HyperDrive does not have."""
    return replace(
        default,
        consecutive_failures=section.take(
            "max_consecutive_failures", _failures, default.consecutive_failures
        ),
        attempts=section.take("max_attempts", _attempts, default.attempts),
        idle_seconds=section.take("max_idle_seconds", positive, default.idle_seconds),
        first_report_seconds=section.take(
            "max_first_report_seconds", positive, default.first_report_seconds
        ),
        stop_diverged=section.take("on_non_finite", one_of(_ON_NON_FINITE), default.stop_diverged),
        replicates=section.take("replicates", _up_to(default.runs), default.replicates),
    )


def _up_to(runs: int) -> Check[int]:
    def check(node: Node) -> int:
        each = whole(1)(node)
        if each > runs:
            raise Unfit(f"at most as many as there may be runs, {runs}", node)
        return each

    return check


def _attempts(node: Node) -> Attempts:
    if not isinstance(node.value, dict):
        return Attempts(whole(1)(node))
    words: dict[str, Kind] = {kind: kind for kind in KINDS}
    named = {}
    for key, value in node.value.items():
        kind = one_of(words)(Node(key, value.line, value.column))
        named[kind] = whole(1)(value)
    return Attempts(named=named)


def modules(node: Node) -> str | tuple[str, ...]:
    """Take modules that runs are forked with, or auto.

    Raises:
        Unfit: it is something else.
    """
    if isinstance(node.value, list):
        return tuple(text(item) for item in node.value)
    if isinstance(node.value, str) and node.value:
        return text(node)
    raise Unfit("auto, or modules such as [sklearn, pandas]", node)


def _failures(node: Node) -> int | None:
    if isinstance(node.value, str) and node.value.lower() == "none":
        return None
    try:
        return whole(0)(node) or None
    except Unfit:
        raise Unfit("a whole number >= 1, or none", node) from None


def _warn(definition: SweepDefinition, top: Fields, findings: Findings) -> None:
    limits, policy = definition.limits, definition.policy
    for key, value, most in (
        ("max_total_runs", limits.runs, PORTABLE_RUNS),
        ("max_concurrent_runs", limits.concurrent, PORTABLE_CONCURRENCY),
        ("max_duration_minutes", limits.duration_minutes, DEFAULT_DURATION_MINUTES),
    ):
        if value > most and key in top:
            findings.warn(f"{value:g} is more than HyperDrive allows, {most:g}", key, top.at(key))
    if limits.runs % limits.replicates:
        most = limits.runs // limits.replicates * limits.replicates
        message = f"{limits.runs} runs are no multiple of {limits.replicates}: {most} will be used"
        findings.warn(message, "replicates", top.at("replicates"))
    bayesian = isinstance(definition.sampling, BayesianParameterSampling)
    if bayesian and not isinstance(policy, NoTerminationPolicy):
        message = (
            "HyperDrive has no early termination with Bayesian sampling; here it has its effect"
        )
        findings.warn(message, "policy", top.at("policy"))
