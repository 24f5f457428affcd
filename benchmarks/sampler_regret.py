"""How good the best of 50 runs is, for our Bayesian sampling and for its peers.

    python -m benchmarks.sampler_regret FILE [--set report] [--seeds 5] [--only NAME]...

The score of a problem is the regret left, as a share of random search's: the mean over the seeds
of (best loss found - best loss known), over the median that random search leaves after as many
runs. A share below 0.05 counts as 0.05. Shares are averaged over problems by their geometric mean.
Random search's median is that of a thousand samples from a pool of independent draws: 2,000 of a
BBOB function, 300 of a real problem, which takes longer.

Every play is a line of FILE, and one that is there already is not played again. So a benchmark
goes on where it was ended, and methods are added one by one. Times are CPU seconds. A peer whose
package is not installed is left out: pip install .[bench] hyperopt smac torch.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from benchmarks.sampler_peers import PLAYERS, Play, missing, random
from benchmarks.tuning_problems import Problem, report, tuning

RUNS = 50
POOL = {"bbob": 2000, "real": 300}
FLOOR = 0.05

Plays = dict[tuple[str, str, int], Play]
"""By problem, player and seed."""


def load(path: Path) -> Plays:
    """Return the plays of a file."""
    plays: Plays = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        row = json.loads(line)
        key = row["problem"], row["player"], row["seed"]
        plays[key] = Play(row["losses"], row["seconds"])
    return plays


def keep(path: Path, plays: Plays, key: tuple[str, str, int], play: Play) -> None:
    """Add a play to a file."""
    plays[key] = play
    row = dict(zip(("problem", "player", "seed"), key, strict=True))
    seconds = [round(second, 5) for second in play.seconds]
    with path.open("a") as file:
        file.write(json.dumps(row | {"losses": play.losses, "seconds": seconds}) + "\n")


def installed(players: Sequence[str]) -> list[str]:
    """Return the players that can play here, and say why the others cannot."""
    for player in players:
        if absent := missing(player):
            print(f"{player} is left out; pip install {' '.join(absent)}", file=sys.stderr)
    return [player for player in players if not missing(player)]


def play(
    path: Path, plays: Plays, problems: Sequence[Problem], players: Sequence[str], seeds: int
) -> None:
    """Play what is missing in a file."""
    for problem in problems:
        if (key := (problem.name, "random", 0)) not in plays:
            size = POOL["real" if problem.best is None else "bbob"]
            keep(path, plays, key, random(problem, 0, size))
    for seed in range(1, seeds + 1):
        for player in players:
            for problem in problems:
                if (key := (problem.name, player, seed)) not in plays:
                    keep(path, plays, key, PLAYERS[player](problem, seed, RUNS))


def random_regret(pool: Sequence[float], best: float) -> float:
    """Return the median regret that the best of `RUNS` draws leaves."""
    dice = np.random.default_rng(0)
    draws = np.array([dice.choice(pool, RUNS, replace=False).min() for _ in range(1000)])
    return float(np.median(draws)) - best


def shares(
    problems: Sequence[Problem], plays: Plays, players: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the share of random search's regret, by player and problem."""
    found: dict[str, dict[str, float]] = {player: {} for player in players}
    for problem in problems:
        mine = {key: play for key, play in plays.items() if key[0] == problem.name}
        if not mine:
            continue
        best = problem.best
        if best is None:
            best = min(min(play.losses) for play in mine.values())
        chance = random_regret(mine[problem.name, "random", 0].losses, best)
        for player in players:
            regrets = [
                min(play.losses[:RUNS]) - best for key, play in mine.items() if key[1] == player
            ]
            if regrets:
                found[player][problem.name] = float(np.mean(regrets)) / chance
    return found


def summary(found: Mapping[str, Mapping[str, float]], plays: Plays) -> list[dict[str, Any]]:
    """Return a row for each player, over the problems that all have played."""
    rows: list[dict[str, Any]] = []
    found = {player: shares for player, shares in found.items() if shares}
    common = sorted(set.intersection(*map(set, found.values()))) if found else []
    if not common:
        return rows
    table = np.array([[found[player][name] for name in common] for player in found])
    table = np.maximum(table, FLOOR)
    logs, ranks = np.log(table), rankdata(table, axis=0)
    dice = np.random.default_rng(0)
    drawn = dice.integers(len(common), size=(2000, len(common)))
    for place, player in enumerate(found):
        means = np.exp(logs[place][drawn].mean(axis=1))
        # Against the first player: the share of problems won, ties counting half.
        wins = (logs[0] < logs[place]) + 0.5 * (logs[0] == logs[place])
        odds = wins[drawn].mean(axis=1)
        seconds = [
            s for key, p in plays.items() if key[1] == player and key[0] in common
            for s in p.seconds[10:RUNS]
        ]  # fmt: skip
        rows.append({
            "player": player,
            "problems": len(common),
            "seeds": len({key[2] for key in plays if key[1] == player and key[0] in common}),
            "share": float(np.exp(logs[place].mean())),
            "interval": [float(np.quantile(means, q)) for q in (0.025, 0.975)],
            "rank": float(ranks[place].mean()),
            "lost to the first": float(wins.mean()),
            "lost interval": [float(np.quantile(odds, q)) for q in (0.025, 0.975)],
            "ms": float(np.mean(seconds)) * 1e3 if seconds else 0.0,
        })  # fmt: skip
    return rows


def show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the rows as a table of Markdown."""
    if not rows:
        return
    print(f"\n{title}: {rows[0]['problems']} problems\n")
    print("| sampler | share left | 95 % | rank | won by the first | 95 % | ms | seeds |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        low, high = row["interval"]
        share, rank = row["share"], row["rank"]
        worse, better = row["lost interval"]
        print(
            f"| {row['player']} | {share:.3f} | {low:.3f} to {high:.3f} | {rank:.2f} | "
            f"{row['lost to the first']:.2f} | {worse:.2f} to {better:.2f} | {row['ms']:.1f} | "
            f"{row['seeds']} |"
        )


def main() -> None:
    """Play what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--set", choices=("tuning", "report"), default="report")
    parser.add_argument("--group", choices=("bbob", "real", "pairs"), action="append")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--only", action="append", choices=PLAYERS, metavar="NAME", help="play only these samplers"
    )
    parser.add_argument("--each", action="store_true", help="print the share of each problem")
    parser.add_argument("--render", action="store_true", help="play nothing")
    args = parser.parse_args()
    groups = (tuning if args.set == "tuning" else report)()
    for name in args.group or ():
        if name not in groups:
            parser.error(f"the {args.set} set has no group {name}; it has {', '.join(groups)}")
    plays = load(args.file)
    players = [] if args.render else installed(args.only or [*PLAYERS])
    for group, problems in groups.items():
        if args.group and group not in args.group:
            continue
        if not args.render:
            play(args.file, plays, problems, players, args.seeds)
        known = dict.fromkeys(key[1] for key in plays if key[1] != "random")
        order = sorted(known, key=lambda name: name != "ours")
        found = shares(problems, plays, order)
        if args.each:
            for problem in problems:
                row = {p: round(found[p].get(problem.name, np.nan), 2) for p in order}
                print(problem.name, row)
        alike = {name: row for name, row in found.items() if "pending" not in name}
        show(group, summary(alike, plays))
        if len(alike) < len(found):
            ours = {name: row for name, row in found.items() if name.startswith("ours")}
            show(f"{group}, alone and side by side", summary(ours, plays))


if __name__ == "__main__":
    main()
