"""Whether `PromisingPolicy` errs as often as it was allowed to, on recorded learning curves.

``python -m benchmarks.policy_risk FOLDER``: of all stops in the sweeps of a task, how many hit a
run that would have come out ahead (of 100 runs: among the best two, better than the third by 1 %
or more of the gap between the best and the median run), and the 95 % interval of that share
(Clopper and Pearson). The risk is kept where the interval does not lie above it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.recorded_tasks import Task, tasks
from policies import PromisingPolicy
from sweep.view.audit import clopper_pearson
from sweep.view.recorded import play

WORKERS = 8


def stops(task: Task, risk: float, seeds: int, runs: int) -> tuple[int, int]:
    """Return how many runs were stopped in all, and how many of them wrongly."""
    count = wrong = 0
    for seed in range(seeds):
        draw = task.draw(seed, runs)
        played = play(draw.recordings, PromisingPolicy(risk=risk), task.goal, WORKERS)
        wrong += sum(bool(draw.ahead[number - 1]) for number in played.stopped)
        count += len(played.stopped)
    return count, wrong


def main() -> None:
    """Print a line for each task, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--risk", type=float, action="append")
    args = parser.parse_args()
    risks = args.risk or [PromisingPolicy().risk]
    print(f"| task |{'|'.join(f' risk {risk:.2%}: stops | wrong | interval ' for risk in risks)}|")
    print(f"|---|{'--:|--:|--:|' * len(risks)}")
    totals = dict.fromkeys(risks, (0, 0))
    for task in tasks(args.folder):
        cells = []
        for risk in risks:
            count, wrong = stops(task, risk, args.seeds, args.runs)
            totals[risk] = totals[risk][0] + count, totals[risk][1] + wrong
            cells.append(_cells(count, wrong, risk))
        star = "" if task.developed_on else " *"
        print(f"| {task.name}{star} | {' | '.join(cells)} |", flush=True)
    print(f"| all | {' | '.join(_cells(*totals[risk], risk) for risk in risks)} |")


def _cells(count: int, wrong: int, risk: float) -> str:
    low, high = clopper_pearson(wrong, count)
    told = "" if low <= risk else " above"
    return f"{count} | {wrong / max(1, count):.2%} | {low:.2%} to {high:.2%}{told}"


if __name__ == "__main__":
    main()
