"""Stop nothing."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.policy import EarlyTerminationPolicy, Verdict


class NoTerminationPolicy(EarlyTerminationPolicy):
    """Let every run go to its end."""

    wire_name: ClassVar[str] = "Default"

    def __init__(self) -> None:
        super().__init__()

    def due(self, interval: int) -> bool:  # noqa: ARG002 - the signature is the policy's
        """Never judge."""
        return False

    def dues(self, before: int, interval: int) -> int:  # noqa: ARG002 - as above
        """Never."""
        return 0

    def stops(self, board: Leaderboard, run: int) -> bool:  # noqa: ARG002 - as above
        """Stop nobody."""
        return False

    def margin(self, goal: Goal) -> tuple[float, float]:  # noqa: ARG002 - as above
        """Every distance will do."""
        return 0.0, math.inf

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Say that nothing was compared."""
        mine = board.goal.from_score(board.best(run))
        reason = "no early-termination policy is set"
        return Verdict(
            "NoTerminationPolicy", board.interval(run), mine, math.nan, stop=False, reason=reason
        )

    def properties(self) -> dict[str, Any]:
        """Return nothing: there are no arguments."""
        return {}

    def to_wire(self) -> dict[str, Any]:
        """Return the policy in HyperDrive's JSON form, which has no properties here."""
        return {"name": self.wire_name}
