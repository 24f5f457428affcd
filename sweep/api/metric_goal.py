"""The direction of the primary metric, under HyperDrive's name."""

from __future__ import annotations

from enum import Enum

from policies import Goal
from sweep.errors import ConfigError


class PrimaryMetricGoal(Enum):
    """Direction of the primary metric."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"

    @staticmethod
    def from_str(goal: str) -> PrimaryMetricGoal:
        """Return the goal of that name, in any letter case.

        Raises:
            ConfigError: there is none.
        """
        try:
            return PrimaryMetricGoal(goal.upper())
        except (AttributeError, ValueError):
            raise ConfigError(
                f"primary_metric_goal: expected maximize or minimize, got {goal!r}"
            ) from None


def to_goal(goal: PrimaryMetricGoal | Goal | str) -> Goal:
    """Return a goal in whatever form it is given.

    Raises:
        ConfigError: it is none.
    """
    if isinstance(goal, Goal):
        return goal
    if not isinstance(goal, PrimaryMetricGoal):
        goal = PrimaryMetricGoal.from_str(goal)
    return Goal(goal.value.lower())
