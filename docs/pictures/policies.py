"""Draw what each policy does to recorded learning curves, and print a table of what it saves.

From the root of the repository: python -m docs.pictures.policies
"""

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)

HERE = Path(__file__).parent
CURVES = HERE.parent / "curves" / "trained_mlp_digits.npz"
RUNS, SWEEPS = 40, 7
RED, BLUE = "#b2182b", "#2166ac"

BANDIT = BanditPolicy(slack_factor=0.1, delay_evaluation=5)
MEDIAN = MedianStoppingPolicy(delay_evaluation=5)
TRUNCATION = TruncationSelectionPolicy(20, evaluation_interval=5)
PICTURES: dict[str, tuple[EarlyTerminationPolicy, str, str]] = {
    "bandit": (BANDIT, "Bandit, slack factor 0.1", "best of all so far ÷ 1.1"),
    "median": (MEDIAN, "Median stopping", "median of the running averages"),
    "truncation": (TRUNCATION, "Truncation selection, 20 %", "the last that goes on"),
}
"""By the name of the file: policy, its name, and what its cut-off is."""

TABLE: dict[str, EarlyTerminationPolicy] = {
    "none": NoTerminationPolicy(),
    "Bandit: slack factor 0.1, delay 5": BANDIT,
    "Median: delay 5": MEDIAN,
    "Truncation: 20 %, interval 5": TRUNCATION,
    "too tight: Bandit, slack factor 0.02, no delay": BanditPolicy(slack_factor=0.02),
    "too tight: Truncation, 50 %, interval 1": TruncationSelectionPolicy(50),
}

Curves = Sequence[Sequence[float]]


class Outcome(NamedTuple):
    """The runs that were stopped and when, all cut-offs, and what was spent and lost."""

    stops: dict[int, int]
    cutoffs: dict[int, list[float]]
    spent: float
    regret: float


def play(policy: EarlyTerminationPolicy, curves: Curves, at_once: int) -> Outcome:
    """Run a sweep: `at_once` runs side by side, each reporting once a round, in their order."""
    board = policy.leaderboard(Goal.MAXIMIZE)
    stops: dict[int, int] = {}
    cutoffs: dict[int, list[float]] = defaultdict(list)
    waiting, live = list(range(len(curves))), list[int]()
    while live := live + [waiting.pop(0) for _ in waiting[: at_once - len(live)]]:
        for run in list(live):
            interval = board.report(run, curves[run][board.interval(run)])
            if policy.due(interval) and policy.may_stop(board, run):
                cutoffs[interval].append(policy.explain(board, run).cutoff)
                if policy.stops(board, run):
                    policy.stopped(board, run)
                    stops[run] = interval
            if run in stops or interval == len(curves[run]):
                policy.finished(board, run)
                live.remove(run)
    runs = range(len(curves))
    spent = sum(map(board.interval, runs)) / sum(map(len, curves))
    return Outcome(stops, cutoffs, spent, max(map(best, curves)) - max(map(board.best, runs)))


def best(curve: Sequence[float]) -> float:
    """Return the best finite value of a curve."""
    return max(filter(math.isfinite, curve), default=-math.inf)


def recorded() -> list[list[float]]:
    """Return the recorded curves, each as long as its run."""
    with np.load(CURVES, allow_pickle=False) as file:
        rows = zip(file["metric"], file["length"], strict=True)
        return [row[:length].astype(float).tolist() for row, length in rows]


def take_away(name: str, outcome: Outcome) -> str:
    """Return the title of a picture."""
    winner = "the winner kept" if outcome.regret <= 0 else f"{outcome.regret:.4f} lost"
    return f"{PICTURES[name][1]}: {len(outcome.stops)} of {RUNS} runs stopped, {winner}"


def draw(name: str, curves: Curves) -> None:
    """Draw one policy's picture."""
    import matplotlib as mpl  # noqa: PLC0415 - the numbers do without it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    outcome = play(PICTURES[name][0], curves, RUNS)
    figure, axes = plt.subplots(figsize=(8.4, 5.0), layout="constrained")
    winner = max(range(len(curves)), key=lambda run: best(curves[run]))
    for run, curve in enumerate(curves):
        line = list(accumulate(curve, max))
        end = outcome.stops.get(run, len(line))
        epochs = range(1, len(line) + 1)
        axes.plot(epochs[end - 1 :], line[end - 1 :], color="0.87", lw=0.8, zorder=1)
        colour, width, layer = ("black", 2.4, 6) if run == winner else ("0.6", 0.9, 2)
        axes.plot(epochs[:end], line[:end], color=colour, lw=width, zorder=layer)
        if run in outcome.stops:
            axes.plot(end, line[end - 1], "x", color=RED, ms=6, mew=1.6, zorder=5)
        elif end < max(map(len, curves)):
            axes.plot(end, line[end - 1], "o", color="0.6", mfc="white", ms=5, zorder=5)
    at = sorted(outcome.cutoffs)
    last = [outcome.cutoffs[n][-1] for n in at]
    axes.plot(at, last, color=BLUE, lw=2.4, ls=(0, (4, 1.5)), zorder=4)
    for n in at:
        low, high = min(outcome.cutoffs[n]), max(outcome.cutoffs[n])
        if high - low > 0.05:  # it moved within one interval
            axes.vlines(n, low, high, color=BLUE, lw=5, alpha=0.3, zorder=3)
    for text, y, colour in (
        (f"run {winner}, the best: {best(curves[winner]):.3f}", 1.01, "black"),
        (f"cut-off: {PICTURES[name][2]}", last[-1] - 0.06, BLUE),
        ("faint: what the stopped runs would have come to", 0.42, "0.45"),
    ):
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        axes.text(50, y, text, color=colour, ha="right", bbox=box, zorder=7)
    stops = [f"{n} at report {at}" for at, n in sorted(Counter(outcome.stops.values()).items())]
    axes.text(0, 1.08, f"\N{MULTIPLICATION SIGN} stopped: {', '.join(stops)}", color=RED)
    axes.set_title(take_away(name, outcome), loc="left", pad=22, fontsize=13, weight="bold")
    axes.set(xlim=(0, 51), ylim=(0, 1.06), xlabel="reports, one an epoch")
    axes.set_ylabel("validation accuracy, best so far")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / f"{name}.png", dpi=150, metadata={"Software": None})
    plt.close(figure)


def table(curves: Curves) -> str:
    """Return what each policy does to seven sweeps of forty runs, as a table in Markdown."""
    lines = ["| policy | at once | stopped of 40 | reports made | regret, mean | regret, worst |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    starts = range(0, SWEEPS * RUNS, RUNS)
    for name, policy in TABLE.items():
        for at_once in (4, RUNS):
            outcomes = [play(policy, curves[s : s + RUNS], at_once) for s in starts]
            stopped = sum(len(o.stops) for o in outcomes) / SWEEPS
            spent = sum(o.spent for o in outcomes) / SWEEPS
            regrets = [o.regret for o in outcomes]
            cells = f"{name} | {at_once} | {stopped:.1f} | {100 * spent:.0f} %"
            lines.append(f"| {cells} | {sum(regrets) / SWEEPS:.4f} | {max(regrets):.4f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    everything = recorded()
    for picture in PICTURES:
        draw(picture, everything[:RUNS])
    sys.stdout.write(f"{table(everything)}\n")
