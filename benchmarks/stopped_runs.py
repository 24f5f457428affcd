"""What runs that were stopped should teach Bayesian sampling, on learning curves.

    python -m benchmarks.stopped_runs FOLDER FILE [--measure regret | ends] [--seeds 3]

FOLDER has curves as `benchmarks.recorded_tasks` reads them, with the configurations they are of,
and it may have the LCBench surrogate of YAHPO Gym (`lcbench_surrogate_model.npz`), a black box
with whole curves. Runs go four at a time, and a policy stops what it stops. What is told of a
stopped run is one of `LESSONS`.

`regret`: the sampler proposes; of recorded curves that of the nearest configuration that has not
been run is taken. What counts is the regret left after 50 runs and after as many epochs: 0 for the
best known, 1 for the median. The differences are in powers of ten.

`ends`: the configurations are drawn by chance, and after 25 and after 50 of them a model is made
of what was told. What counts is how well it predicts what 300 others come to at their ends: the
rank correlation, and the same for the best quarter of them. It takes a twentieth of the time, and
says more with as many seeds.

Plays of the same task, policy and seed are compared with each other; the interval (95 %) of the
mean difference is a bootstrap over tasks and seeds. Every play is a line of FILE, and one that is
there already is not played again.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from benchmarks.stopped_tasks import Array, Task, Values, tasks
from policies import (
    AsyncSuccessiveHalvingPolicy,
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    PromisingPolicy,
)
from samplers import BayesianParameterSampling, Course, course_of
from samplers.search import Search
from samplers.surrogate import SURROGATES

RUNS, SLOTS, FEWEST = 50, 4, 3
EPOCHS = (300, 500, 800)
OTHERS, LOOKS = 300, (25, 50)
LEAST = 1e-2
"""A regret below counts as this in the geometric mean: nobody minds a hundredth of the gap."""

BASE = "best so far"
Outcome = tuple[float | None, Course | None]
Lesson = Callable[[Array, Array, Array], Outcome]
"""From a stopped run's best values so far, and of finished runs their best by then and at the end,
to what is told: the value, and its course."""


def gain(mine: Array, then: Array, final: Array) -> Outcome:
    """Return the median gain of the quarter of the runs that were nearest to it, added."""
    if len(then) < FEWEST:
        return mine[-1], None
    gaps = np.abs(then - mine[-1])
    near = np.argsort(gaps, kind="stable")[: max(FEWEST, len(then) // 4)]
    return mine[-1] + float(np.median((final - then)[near])), None


def rank(mine: Array, then: Array, final: Array) -> Outcome:
    """Return the final value at the quantile at which it was then."""
    if len(then) < FEWEST:
        return mine[-1], None
    place = np.mean(then < mine[-1]) + np.mean(then == mine[-1]) / 2
    return max(float(mine[-1]), float(np.quantile(final, place))), None


LESSONS: dict[str, Lesson] = {
    "ignored": lambda mine, then, final: (None, None),  # noqa: ARG005 -- one form for all
    BASE: lambda mine, then, final: (mine[-1], None),  # noqa: ARG005 -- one form for all
    "gain": gain,
    "rank": rank,
    "course": lambda mine, then, final: (mine[-1], course_of((-mine).tolist(), whole=False)),  # noqa: ARG005
}
"""`course` is what a sweep tells: the value, and how far the run had come by then."""

POLICIES: dict[str, Callable[[], EarlyTerminationPolicy]] = {
    "halving": AsyncSuccessiveHalvingPolicy,
    "bandit": lambda: BanditPolicy(slack_factor=0.1, delay_evaluation=5),
    "promising": PromisingPolicy,
    "median": lambda: MedianStoppingPolicy(delay_evaluation=5),
}


class Over(NamedTuple):
    """A run that is over, what was told of it, and the best of all after each report so far."""

    configuration: Values
    loss: float | None
    course: Course | None
    best: Array


def swept(
    launch: Callable[[int, Sequence[Values]], tuple[Values, Array]],
    policy: EarlyTerminationPolicy,
    lesson: Lesson,
) -> Iterator[Over]:
    """Yield the runs of a sweep as they end; `launch` is given a number and what is pending."""
    board = policy.leaderboard(Goal.MAXIMIZE)
    live: dict[int, tuple[Values, Array]] = {}
    finished: list[Array] = []  # their best so far at each interval
    best, launched = [-np.inf], 0
    while launched < RUNS or live:
        while len(live) < SLOTS and launched < RUNS:
            live[launched] = launch(launched, [one for one, _ in live.values()])
            launched += 1
        for run, (configuration, curve) in list(live.items()):
            count = board.report(run, float(curve[board.interval(run)]))
            best.append(max(best[-1], board.best(run)))
            over = count == len(curve)
            if not over and not (
                policy.due(count) and policy.may_stop(board, run) and policy.stops(board, run)
            ):
                continue
            del live[run]
            mine = np.maximum.accumulate(curve[:count])
            told: Outcome = mine[-1], course_of((-mine).tolist(), whole=True)
            if over:
                finished.append(mine)
            else:
                policy.stopped(board, run)
                peers = [c for c in finished if len(c) >= count and np.isfinite(c[count - 1])]
                then, final = (np.array([c[i] for c in peers]) for i in (count - 1, -1))
                value, course = lesson(mine, then, final)
                if course is None or np.isfinite(curve[count - 1]):  # else it has diverged
                    told = value, course
            value, course = told
            loss = -value if value is not None and np.isfinite(value) else None
            yield Over(configuration, loss, course, np.array(best[1:]))
            policy.finished(board, run)


def regret(task: Task, policy: EarlyTerminationPolicy, lesson: Lesson, seed: int) -> list[float]:
    """Return the best value after each of `EPOCHS`, and of all; to be compared with the best."""
    sampler = BayesianParameterSampling(task.space, seed=seed).sampler()
    used: set[int] = set()

    def launch(number: int, pending: Sequence[Values]) -> tuple[Values, Array]:
        proposed = sampler.ask(number, pending)
        assert proposed is not None
        return task.run(proposed, used)

    best = np.array([])
    for run in swept(launch, policy, lesson):
        sampler.tell(run.configuration, run.loss, run.course)
        best = run.best
    return [float(best[min(count, len(best)) - 1]) for count in (*EPOCHS, len(best))]


def ends(task: Task, policy: EarlyTerminationPolicy, lesson: Lesson, seed: int) -> list[float]:
    """Return the rank correlations of predicted and real ends, of all and of the best quarter."""
    drawn = task.drawn(RUNS + OTHERS, seed)
    search = Search(task.space)

    def features(configurations: Sequence[Values]) -> Array:
        units = [task.space.encode(one) for one in configurations]
        return search.matrix(np.array(units, dtype=float))

    others = [(one, curve.max()) for one, curve in drawn[RUNS:] if np.isfinite(curve.max())]
    places, real = features([one for one, _ in others]), np.array([end for _, end in others])
    good = real >= np.quantile(real, 0.75)
    known: list[Over] = []
    found = []
    for count, run in enumerate(swept(lambda n, _: drawn[n], policy, lesson), 1):
        known += [run] if run.loss is not None else []
        if count in LOOKS and not known:  # nothing is known, so nothing is foretold
            found += [0.0, 0.0]
        elif count in LOOKS:
            model = SURROGATES["AUTO"](search.columns)(
                features([one.configuration for one in known]),
                [one.loss for one in known if one.loss is not None],
                1,
                [one.course for one in known],
            )
            mean, _ = model.predict(places)
            for those in (np.ones(len(real), dtype=bool), good):
                # It takes all for alike, or they are.
                level = min(np.ptp(mean[those]), np.ptp(real[those])) == 0
                found.append(0.0 if level else spearmanr(-mean[those], real[those]).statistic)
    return [float(np.mean(found[::2])), float(np.mean(found[1::2]))]


MEASURES = {"regret": regret, "ends": ends}
COLUMNS = {
    "regret": [*(f"regret, {count} epochs" for count in EPOCHS), "all runs"],
    "ends": ["correlation", "best quarter"],
}
Key = tuple[str, str, str, int]
"""Task, policy, lesson and seed."""


def gained(rows: dict[Key, Array], how: str, base: str) -> Array:
    """Return the mean difference to the base and its interval, for each of the columns."""
    blocks: dict[tuple[str, int], list[Array]] = {}
    for (task, policy, lesson, seed), row in rows.items():
        other = rows.get((task, policy, base, seed))
        if lesson == how and other is not None:
            blocks.setdefault((task, seed), []).append(row - other)
    means = np.array([np.mean(block, axis=0) for block in blocks.values()])
    draws = np.random.default_rng(1).integers(len(means), size=(10_000, len(means)))
    spread = np.quantile(means[draws].mean(axis=1), [0.025, 0.975], axis=0)
    found: Array = np.vstack([means.mean(axis=0), spread])
    return found


def table(rows: dict[Key, Array], columns: Sequence[str]) -> None:
    """Print what each lesson comes to, and its difference to the base."""
    print(f"| told of a stopped run | {' | '.join(columns)} | plays |")
    print("|---" * (len(columns) + 2) + "|")
    for how in LESSONS:
        mine = [row for key, row in rows.items() if key[2] == how]
        if mine and any(key[2] == BASE for key in rows):
            cells = [
                f"{mean:.3f}: {middle:+.3f} ({low:+.3f} to {high:+.3f})"
                for mean, (middle, low, high) in zip(
                    np.mean(mine, axis=0), gained(rows, how, BASE).T, strict=True
                )
            ]
            print(f"| {how} | {' | '.join(cells)} | {len(mine)} |")


def main() -> None:
    """Play what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--measure", default="ends", choices=MEASURES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[""], help="parts of the names of tasks")
    parser.add_argument("--lessons", nargs="+", default=[*LESSONS], choices=LESSONS)
    parser.add_argument("--policies", nargs="+", default=[*POLICIES], choices=POLICIES)
    args = parser.parse_args()
    lines = args.file.read_text().splitlines() if args.file.exists() else []
    rows = {tuple(row[:4]): np.array(row[4]) for row in map(json.loads, lines)}
    found = tasks(args.folder, args.only)
    for seed in range(1, args.seeds + 1):
        for task in found:
            for name in args.policies:
                for how in args.lessons:
                    if (key := (task.name, name, how, seed)) not in rows:
                        score = MEASURES[args.measure](task, POLICIES[name](), LESSONS[how], seed)
                        rows[key] = np.array(score)
                        with args.file.open("a") as file:
                            file.write(json.dumps([*key, score]) + "\n")
    if args.measure == "regret":
        for task in found:
            own = {key: row for key, row in rows.items() if key[0] == task.name}
            best = max(task.best, *(row[-1] for row in own.values()))
            for key, row in own.items():
                left = (best - row) / (best - task.median)
                rows[key] = np.log10(np.maximum(left, LEAST))
    table(rows, COLUMNS[args.measure])
    for name in args.policies:
        print(f"\n{name}:\n")
        table({key: row for key, row in rows.items() if key[1] == name}, COLUMNS[args.measure])


if __name__ == "__main__":
    main()
