"""The page that tells how far our answers are those of HyperDrive's client."""

from __future__ import annotations

from collections import Counter

HEAD = """# HyperDrive's own client and ours, side by side

`benchmarks/differential/install.sh` installs the client (azureml-train-core 1.62, which is no
dependency of this package) into an environment of its own, and `python -m benchmarks.differential
--page` asks both the same and writes this page. The configurations are made up from a seed: of the
files, every second one has something odd about it; of the calls in Python, about a third.

What is compared: whether a configuration is accepted, and what is sent: sampling with its space,
policy, metric and goal, limits. `tests/formats/test_differential.py` compares our answers with
recorded ones of the client whenever the tests run.
"""
SECTION = """
## Where the answers differ

Each difference is one of those in [decisions.md](decisions.md).

| difference | cases |
|---|---|
"""


def page(counts: Counter[str], reasons: Counter[str], unexplained: int, seed: int) -> str:
    """Return the page."""
    lines = [HEAD, f"\nSeed {seed}:\n\n| | files | Python |\n|---|---|---|\n"]
    lines += [
        f"| {who} | {counts[f'file: {who}']} | {counts[f'python: {who}']} |\n"
        for who in ("both accept", "both refuse", "only it refuses", "only we refuse")
    ]
    lines.append(SECTION)
    for why, count in reasons.most_common():
        links = ", ".join(f"[{one}](decisions.md#{one})" for one in why.split(", "))
        lines.append(f"| {links} | {count} |\n")
    lines.append(f"| none of these | {unexplained} |\n")
    return "".join(lines)
