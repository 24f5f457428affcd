"""The section `policy` of an hdconfig.

A policy is named by HyperDrive's class, by its name on the wire, or by version 2's word, in any
letter case. A key of another policy is an error, as it would have no effect.
"""

from __future__ import annotations

from typing import Any

from policies import (
    AsyncSuccessiveHalvingPolicy,
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PolicyError,
    PromisingPolicy,
    TruncationSelectionPolicy,
)
from sweep.formats.checks import Check, Unfit, flag, listed, mapping, number, whole
from sweep.formats.fields import Fields
from sweep.formats.findings import Findings, did_you_mean
from sweep.formats.located import Node, inside

NAMES: dict[str, type[EarlyTerminationPolicy]] = {
    "BanditPolicy": BanditPolicy,
    "MedianStoppingPolicy": MedianStoppingPolicy,
    "TruncationSelectionPolicy": TruncationSelectionPolicy,
    "NoTerminationPolicy": NoTerminationPolicy,
    "AsyncSuccessiveHalvingPolicy": AsyncSuccessiveHalvingPolicy,
    "PromisingPolicy": PromisingPolicy,
    "Bandit": BanditPolicy,
    "MedianStopping": MedianStoppingPolicy,
    "TruncationSelection": TruncationSelectionPolicy,
    "NoTermination": NoTerminationPolicy,
    "Default": NoTerminationPolicy,
    "none": NoTerminationPolicy,
    "AsyncSuccessiveHalving": AsyncSuccessiveHalvingPolicy,
    "asha": AsyncSuccessiveHalvingPolicy,
    "Promising": PromisingPolicy,
}
"""What a policy may be called; the underscores of `median_stopping` do not count."""

EXAMPLE = "{type: BanditPolicy, slack_factor: 0.2}"

_WHEN: dict[str, Check[Any]] = {"evaluation_interval": whole(), "delay_evaluation": whole()}
_PERCENTAGE = whole(1, 99)
ARGUMENTS: dict[str, dict[str, Check[Any]]] = {
    "BanditPolicy": {**_WHEN, "slack_factor": number(0), "slack_amount": number(0)},
    "MedianStoppingPolicy": _WHEN,
    "TruncationSelectionPolicy": {
        "truncation_percentage": _PERCENTAGE,
        **_WHEN,
        "exclude_finished_jobs": flag,
    },
    "NoTerminationPolicy": {},
    "AsyncSuccessiveHalvingPolicy": {"min_reports": whole(1), "reduction_factor": whole(2)},
    "PromisingPolicy": {
        "finished_runs": whole(4),
        "risk": number(0),
        **_WHEN,
    },
}
"""The keys of each policy, by the name of its class."""
BESIDES = ("type", "audit_fraction")
"""The keys that each may have."""
_KINDS = {name.lower(): kind for name, kind in NAMES.items()}


def read_policy(fields: Fields, findings: Findings) -> EarlyTerminationPolicy:
    """Return the policy of an hdconfig; none, or one without entries, terminates nothing."""
    node = fields.take("policy", mapping(EXAMPLE), None)
    if node is None or not node.value:
        return NoTerminationPolicy()
    problems = len(findings.problems)
    policy = Fields(node, inside(fields.path, "policy"), findings)
    kind = policy.need("type", _kind, None)
    arguments = policy.arguments(ARGUMENTS, kind.__name__ if kind else "", BESIDES)
    return made(kind, arguments, policy, findings, problems)


def made(
    kind: type[EarlyTerminationPolicy] | None,
    arguments: dict[str, Any],
    section: Fields,
    findings: Findings,
    problems: int,
) -> EarlyTerminationPolicy:
    """Return the policy of a section; after a problem, one that terminates nothing.

    Args:
        kind: of the policy; None if it is not known.
        arguments: as they stand in the section.
        section: where, if anything is missing in it, that is said.
        findings: take what is wrong.
        problems: how many they had before the section was read.
    """
    audit = section.take("audit_fraction", number(0), 0.0)
    if kind is TruncationSelectionPolicy and "truncation_percentage" not in section:
        section.need("truncation_percentage", _PERCENTAGE, 1)
    if kind is None or len(findings.problems) > problems:
        return NoTerminationPolicy()
    try:
        policy = kind(**arguments)
        return policy.with_audit(audit) if audit else policy
    except PolicyError as error:
        message = str(error).removeprefix(f"{error.key}: ")
        findings.problem(message, inside(section.path, error.key), section.at(error.key))
        return NoTerminationPolicy()


def kind_of(word: str) -> type[EarlyTerminationPolicy] | None:
    """Return the policy that is called so; None if none is."""
    return _KINDS.get(word.replace("_", "").lower())


def _kind(node: Node) -> type[EarlyTerminationPolicy]:
    word = node.value.replace("_", "") if isinstance(node.value, str) else ""
    kind = kind_of(word)
    if kind is None:
        raise Unfit(listed(ARGUMENTS), node, did_you_mean(word, NAMES))
    return kind
