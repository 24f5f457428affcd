"""Which policy would have been the best? Recorded learning curves, replayed in virtual time.

python examples/compare_policies.py
"""

from pathlib import Path

import numpy as np

from sweep import (
    BanditPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
    choice,
    simulate,
)

CURVES = Path(__file__).parent.parent / "docs" / "curves" / "trained_mlp_digits.npz"
accuracy = np.load(CURVES)["metric"]  # configurations x epochs


def curve(configuration):
    """Replay one recorded training."""
    values = accuracy[configuration["recorded"]]
    return values[~np.isnan(values)].tolist()


policies = {
    "none": NoTerminationPolicy(),
    "bandit, slack factor 0.1": BanditPolicy(slack_factor=0.1, delay_evaluation=5),
    "bandit, slack factor 0.02": BanditPolicy(slack_factor=0.02, delay_evaluation=5),
    "median": MedianStoppingPolicy(delay_evaluation=5),
    "truncation, 20 % every 5 reports": TruncationSelectionPolicy(20, evaluation_interval=5),
}
print(f"{'policy':<34}{'stopped':>8}{'reports':>9}{'seconds':>9}{'best':>8}")
for name, policy in policies.items():
    result = simulate(
        curve,
        space={"recorded": choice(range(len(accuracy)))},
        sampling="random",
        max_total_runs=100,
        policy=policy,
        slots=8,
        seed=0,
    )
    best = result.best_value(result.best)
    print(
        f"{name:<34}{len(result.stopped):>8}{result.reports:>9}{result.seconds:>9.0f}{best:>8.4f}"
    )
