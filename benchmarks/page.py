"""What the benchmarks found, as one table and a picture in docs/performance.md."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks.figures import RESULTS, shown

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "growth.png"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
MODULES = (
    "function_runs",
    "script_runs",
    "warm_runs",
    "latencies",
    "flood",
    "decisions",
    "simulation",
    "resuming",
    "start_times",
    "busy_slots",
    "many_slots",
    "floors",
)
"""In the order of the table."""
COLOURS = {
    "Bandit": "#2166ac",
    "median": "#b2182b",
    "truncation": "#4d9221",
    "whole engine": "black",
}
ASKED_OF_DECISIONS = 20.0


def results() -> dict[str, dict[str, Any]]:
    """Return what was found, by benchmark."""
    paths = {name: RESULTS / f"{name}.json" for name in MODULES}
    return {name: json.loads(p.read_text()) for name, p in paths.items() if p.exists()}


def table() -> str:
    """Return all figures as one table in Markdown."""
    lines = ["| | median (least to most) | asked | |", "|---|--:|--:|---|"]
    for found in results().values():
        rounds = max(len(row["values"]) for row in found["figures"])
        part = "" if rounds > 1 else ", one round"
        part += "" if found["scale"] >= 1 else f", {100 * found['scale']:g} % of the work"
        lines.append(f"| **{found['title']}**{part} | | | |")
        for row in found["figures"]:
            unit = f" {row['unit']}".rstrip()
            text = f"{shown(row['median'])}{unit}"
            if len(row["values"]) > 1:
                text += f" ({shown(min(row['values']))} to {shown(max(row['values']))})"
            word = {True: "reached", False: "**missed**", None: ""}[row["reached"]]
            lines.append(f"| {row['name']} | {text} | {row['asked']} | {word} |")
    return "\n".join(lines)


def machine() -> str:
    """Return what was measured on, and with what."""
    found = [r for r in results().values() if "versions" in r]
    versions = {k: v for r in found for k, v in r["versions"].items() if v and k != "hypersweep"}
    words = [f"{name} {version}" for name, version in sorted(versions.items())]
    return (
        f"Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}; {', '.join(words)}."
    )


def draw() -> None:
    """Draw how the time of a decision, and of an event, grows with the sweep."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    found = results()
    lines = {
        label: points
        for name in ("decisions", "simulation")
        for label, points in found.get(name, {}).get("series", {}).items()
        if len(points) > 1
    }
    if not lines:
        return
    figure, axes = plt.subplots(figsize=(8.4, 4.2), layout="constrained")
    ends = [points[-1][1] for points in lines.values()]
    for label, points in lines.items():
        sizes, took = zip(*points, strict=True)
        up = 4 if any(0 < took[-1] - end < 1 for end in ends) else 0  # off the next one's name
        axes.plot(sizes, took, "o-", color=COLOURS[label], lw=1.8, ms=4)
        text = "whole engine, an event" if label == "whole engine" else label
        axes.annotate(
            text, (sizes[-1], took[-1]), (8, up), textcoords="offset points", va="center",
            color=COLOURS[label],
        )  # fmt: skip
    axes.axhline(ASKED_OF_DECISIONS, color="0.6", ls=(0, (4, 3)), lw=1)
    axes.text(100, ASKED_OF_DECISIONS, " asked of a decision", color="0.4", va="bottom")
    axes.set(xscale="log", xlabel="runs in the sweep", ylabel="µs, median")
    highest = max(max(took for _, took in points) for points in lines.values())
    axes.set_ylim(0, 1.15 * max(highest, ASKED_OF_DECISIONS))
    axes.set_xlim(90, 1.0e6)
    axes.set_title(
        "What a decision and an event cost, by the size of the sweep", loc="left", weight="bold"
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=150, metadata={"Software": None})
    plt.close(figure)


def write() -> None:
    """Put table and picture into the page, between its markers."""
    text = PAGE.read_text()
    block = f"{BEGIN}\n{machine()}\n\n{table()}\n{END}"
    PAGE.write_text(text[: text.index(BEGIN)] + block + text[text.index(END) + len(END) :])
    draw()
