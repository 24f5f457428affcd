"""Whether the audit's intervals hold what they promise, on recorded learning curves.

``python -m benchmarks.audit_coverage FOLDER``: each sweep is played with an audit. Of all runs
that were to be stopped (those that were, and those that were audited), the share is known that
came, or would have come, among the best 5 %. The 95 % interval from the audited ones alone is
to cover it in 95 % of the sweeps or more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.policy_savings import POLICIES
from benchmarks.recorded_tasks import Draw, Task, tasks
from policies import EarlyTerminationPolicy
from sweep.view.audit import TOP, found
from sweep.view.recorded import play


def one(
    task: Task, draw: Draw, policy: EarlyTerminationPolicy, seed: int
) -> tuple[bool, float, float, int]:
    """Return whether the interval covers the truth, its width, the truth, and how many audited."""
    played = play(draw.recordings, policy, task.goal, 8, seed)
    bests, finals = {}, {}
    for run in draw.recordings:
        scores = [task.goal.score(value) for value in run.values]
        bests[run.number] = task.goal.from_score(max(scores[: played.reports[run.number]]))
        finals[run.number] = max(scores)
    told = found(played.audited, bests, task.goal, 0)
    ordered = sorted(map(task.goal.score, bests.values()), reverse=True)
    line = ordered[max(1, round(TOP * len(ordered))) - 1]
    doomed = {*played.stopped, *played.audited}
    truth = sum(finals[n] >= line for n in doomed) / len(doomed) if doomed else 0.0
    low, high = told.interval
    return low <= truth <= high, high - low, truth, told.audited


def main() -> None:
    """Print a line for each policy and share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=100)
    args = parser.parse_args()
    print("| policy | audited share | runs audited | wrong stops | interval's width | covered |")
    print("|---|--:|--:|--:|--:|--:|")
    every = list(tasks(args.folder))
    for name in ("bandit 0.1", "truncation 20", "asha", "promising"):
        for share in (0.05, 0.2):
            results = []
            for task in every:
                for seed in range(args.seeds):
                    draw = task.draw(seed, args.runs)
                    policy = POLICIES[name](task, draw, seed).with_audit(share)
                    results.append(one(task, draw, policy, seed))
            means = [sum(column) / len(results) for column in zip(*results, strict=True)]
            covered, width, truth, audited = means
            cells = f"{share:g} | {audited:.1f} | {truth:.3f} | {width:.2f} | {covered:.3f}"
            print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
