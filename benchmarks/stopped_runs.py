"""What runs that were stopped should teach Bayesian sampling, on recorded learning curves.

    python -m benchmarks.stopped_runs FOLDER FILE [--seeds 3]

FOLDER has curves as `benchmarks.recorded_tasks` reads them, with the configurations they are of.
The sampler proposes, the nearest recorded configuration that has not been run is run instead, four
at a time, and a policy stops what it stops. What is told of a stopped run is nothing (`ignored`),
its best value so far (`best so far`, which is what a sweep does), that and what the finished runs
nearest to it gained from there to their ends (`gain`), or the value that has its rank among their
final values (`rank`). The score is the regret left: 0 for the best recorded, 1 for the median.

Every play is a line of FILE, and one that is there already is not played again.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies import BanditPolicy, EarlyTerminationPolicy, Goal, MedianStoppingPolicy
from samplers import BayesianParameterSampling, Space, SpaceError
from samplers.search import Search

RUNS, SLOTS, FEWEST = 50, 4, 3
LEAST = 1e-3
"""A regret below counts as this in the geometric mean."""

Array = NDArray[np.float64]
Lesson = Callable[[float, Array, Array], float | None]
"""From a stopped run's best so far, and of the finished runs their best by then and at the end."""


def gain(mine: float, then: Array, final: Array) -> float:
    """Return `mine` and the median gain of the quarter of the runs that were nearest to it."""
    if len(then) < FEWEST:
        return mine
    near = np.argsort(np.abs(then - mine), kind="stable")[: max(FEWEST, len(then) // 4)]
    return mine + float(np.median((final - then)[near]))


def rank(mine: float, then: Array, final: Array) -> float:
    """Return the final value at the quantile at which `mine` was then."""
    if len(then) < FEWEST:
        return mine
    place = np.mean(then < mine) + np.mean(then == mine) / 2
    return max(mine, float(np.quantile(final, place)))


LESSONS: dict[str, Lesson] = {
    "ignored": lambda mine, then, final: None,  # noqa: ARG005 -- one form for all
    "best so far": lambda mine, then, final: mine,  # noqa: ARG005 -- one form for all
    "gain": gain,
    "rank": rank,
}

POLICIES: dict[str, Callable[[], EarlyTerminationPolicy]] = {
    "median": lambda: MedianStoppingPolicy(delay_evaluation=5),
    "bandit": lambda: BanditPolicy(slack_factor=0.1, delay_evaluation=5),
}


class Pool:
    """Recorded configurations and their curves, higher for better."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as data:
            meta = json.loads(str(data["meta"]))
            space: dict[str, Any] = {
                name: [one["type"], one["args"]] for name, one in meta["space"].items()
            }
            columns = [data[f"c__{name}"].tolist() for name in space]
            values = data["metric"].astype(float) * (1 if meta["goal"] == "maximize" else -1)
            length = data["length"].astype(int)
        self.name = str(meta["task"])
        self.space = Space(space).distinct()
        self.configurations: list[Mapping[str, Any]] = []
        self.curves: list[Array] = []
        units = []
        for row, curve, count in zip(zip(*columns, strict=True), values, length, strict=True):
            one = {n: _option(space[n], v) for n, v in zip(space, row, strict=True)}
            try:
                units.append(self.space.encode(one))
            except SpaceError:  # rounded beyond its bounds when it was recorded
                continue
            self.configurations.append(one)
            self.curves.append(np.where(np.isfinite(curve), curve, -np.inf)[:count])
        self._search = Search(self.space)
        self._features = self._search.matrix(np.array(units, dtype=float))
        finals = np.array([curve.max() for curve in self.curves])
        self.best, self.median = finals.max(), float(np.median(finals[np.isfinite(finals)]))

    def nearest(self, configuration: Mapping[str, Any], used: set[int]) -> int:
        """Return the number of the nearest recorded configuration that is not `used`."""
        units = np.array([self.space.encode(configuration)], dtype=float)
        gaps = np.sum((self._features - self._search.matrix(units)) ** 2, axis=1)
        gaps[list(used)] = np.inf
        return int(np.argmin(gaps))


def _option(wire: list[Any], value: Any) -> Any:
    """Return the option that equals a recorded value, which may be of another type."""
    same = (o for o in wire[1][0] if o == value) if wire[0] == "choice" else iter(())
    return next(same, value)


def play(
    pool: Pool, policy: EarlyTerminationPolicy, lesson: Lesson, seed: int
) -> tuple[float, int]:
    """Return the regret that a sweep leaves, and how many values its runs reported."""
    sampler = BayesianParameterSampling(pool.space, seed=seed).sampler()
    board = policy.leaderboard(Goal.MAXIMIZE)
    live: dict[int, int] = {}  # number of the run: of its recorded configuration
    used: set[int] = set()
    finished: list[Array] = []  # their best so far at each interval
    best, epochs, launched = -np.inf, 0, 0
    while launched < RUNS or live:
        while len(live) < SLOTS and launched < RUNS:
            waiting = [pool.configurations[place] for place in live.values()]
            proposed = sampler.ask(launched, waiting)
            assert proposed is not None
            live[launched] = pool.nearest(proposed, used)
            used.add(live[launched])
            launched += 1
        for run, place in list(live.items()):
            curve = pool.curves[place]
            count = board.report(run, float(curve[board.interval(run)]))
            epochs += 1
            over = count == len(curve)
            if not over and not (
                policy.due(count) and policy.may_stop(board, run) and policy.stops(board, run)
            ):
                continue
            del live[run]
            told: float | None = board.best(run)
            best = max(best, board.best(run))
            if over:
                finished.append(np.maximum.accumulate(curve))
            else:
                policy.stopped(board, run)
                peers = [c for c in finished if len(c) >= count and np.isfinite(c[count - 1])]
                then, final = ([c[i] for c in peers] for i in (count - 1, -1))
                told = lesson(board.best(run), np.array(then), np.array(final))
            loss = None if told is None or np.isinf(told) else -told
            sampler.tell(pool.configurations[place], loss)
            policy.finished(board, run)
    return float((pool.best - best) / (pool.best - pool.median)), epochs


def main() -> None:
    """Play what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", help="parts of the names of tasks")
    args = parser.parse_args()
    lines = args.file.read_text().splitlines() if args.file.exists() else []
    rows = {tuple(row[:4]): row[4:] for row in map(json.loads, lines)}
    paths = sorted(args.folder.rglob("*.npz"))
    paths = [path for path in paths if any(part in path.name for part in args.only or [""])]
    for seed in range(1, args.seeds + 1):
        for path in paths:
            pool = Pool(path)
            for name, make in POLICIES.items():
                for how, lesson in LESSONS.items():
                    if (key := (pool.name, name, how, seed)) not in rows:
                        rows[key] = list(play(pool, make(), lesson, seed))
                        with args.file.open("a") as file:
                            file.write(json.dumps([*key, *rows[key]]) + "\n")
    print("| told of a stopped run | regret | geometric mean | epochs | plays |")
    print("|---|---|---|---|---|")
    for how in LESSONS:
        found = np.array([row for key, row in rows.items() if key[2] == how])
        logs = np.log(np.maximum(found[:, 0], LEAST))
        print(
            f"| {how} | {found[:, 0].mean():.3f} | {np.exp(logs.mean()):.4f} | "
            f"{found[:, 1].mean():,.0f} | {len(found)} |"
        )


if __name__ == "__main__":
    main()
