"""Early termination: pure rules that look at learning curves and say why to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.bandit import BanditPolicy
from policies.goal import Goal
from policies.halving import AsyncSuccessiveHalvingPolicy
from policies.leaderboard import Leaderboard
from policies.median import MedianStoppingPolicy
from policies.no_termination import NoTerminationPolicy
from policies.policy import EarlyTerminationPolicy, PolicyError, Verdict
from policies.promising import PromisingPolicy
from policies.truncation import TruncationSelectionPolicy

POLICIES: dict[str, type[EarlyTerminationPolicy]] = {
    kind.wire_name: kind
    for kind in (
        BanditPolicy,
        MedianStoppingPolicy,
        TruncationSelectionPolicy,
        NoTerminationPolicy,
        AsyncSuccessiveHalvingPolicy,
        PromisingPolicy,
    )
}
"""Every policy by its name in HyperDrive's JSON form; the last two are not HyperDrive's."""


def policy_from_wire(wire: Mapping[str, Any]) -> EarlyTerminationPolicy:
    """Build a policy from HyperDrive's JSON form, the inverse of `to_wire`.

    Raises:
        PolicyError: the name or a property is unknown or wrong.
    """
    kind = POLICIES.get(wire["name"])
    if kind is None:
        raise PolicyError("name", f"expected one of {', '.join(POLICIES)}, got {wire['name']!r}")
    arguments = dict(wire.get("properties", {}))
    audit = arguments.pop("audit_fraction", 0.0)
    policy = kind(**arguments)
    return policy.with_audit(audit) if audit else policy


__all__ = [
    "POLICIES",
    "AsyncSuccessiveHalvingPolicy",
    "BanditPolicy",
    "EarlyTerminationPolicy",
    "Goal",
    "Leaderboard",
    "MedianStoppingPolicy",
    "NoTerminationPolicy",
    "PolicyError",
    "PromisingPolicy",
    "TruncationSelectionPolicy",
    "Verdict",
    "policy_from_wire",
]
