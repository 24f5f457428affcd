"""Draw the layers from the code's own imports.

From the root of the repository: python -m docs.pictures.architecture
"""

import ast
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from sweep.compute.kinds import KINDS
from sweep.compute.providers import PROVIDERS

ROOT = Path(__file__).parent.parent.parent
BOXES = {  # part: (left, bottom, width), what it holds
    "samplers": ((3.5, 0, 6.5), "expressions, spaces, sampling"),
    "policies": ((0, 0, 3.1), "when to stop, and why"),
    "sweep.script": ((10.4, 0, 7.2), "Run, as a script sees it"),
    "sweep.integrations": ((14.2, 1.5, 3.4), "callbacks for training loops"),
    "sweep.core": ((0, 1.5, 6.6), "events, run states, the scheduler, commands"),
    "sweep.storage": ((0, 3.0, 3.1), "journal, workspace, snapshots"),
    "sweep.formats": ((3.5, 3.0, 3.1), "hdconfig.yml, sweep jobs, others"),
    "sweep.compute": ((7.0, 3.0, 6.4), "targets, slots, guards; Ray in one file"),
    "sweep.view": ((0, 4.5, 2.3), "figures, replays"),
    "sweep.engine": ((2.7, 4.5, 10.7), "the one loop: hear, decide, write down, act"),
    "sweep.api": ((0, 6.0, 13.4), "Python: HyperDrive's classes, tune, simulate"),
    "sweep.compat": (
        (0, 7.5, 13.4),
        "what old scripts and drivers import: azureml, MLflow's store",
    ),
    "sweep.cli": ((0, 9.0, 13.4), "the command `sweep`"),
}
PURE = {"samplers", "policies", "sweep.core"}
HEIGHT = 0.95
PLUG = (14.2, 3.0, 3.4)
"""Beside `sweep/compute`: the compute targets, which plug in there."""


def part_of(module: str) -> str | None:
    """Return the box that a module belongs to."""
    top, *rest = module.split(".")
    part = f"sweep.{rest[0]}" if top == "sweep" and rest else top
    return part if part in BOXES else None


def arrows() -> set[tuple[str, str]]:
    """Return which box imports from which."""
    found: set[tuple[str, str]] = set()
    for part in BOXES:
        for path in (ROOT / part.replace(".", "/")).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = (
                    [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                )
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                found |= {(part, other) for name in names if (other := part_of(name))}
    return {(upper, lower) for upper, lower in found if upper != lower}


def reduced(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Leave out what goes through a third box as well."""
    below: dict[str, set[str]] = {part: set() for part in BOXES}
    for _ in BOXES:
        for upper, lower in edges:
            below[upper] |= {lower} | below[lower]
    return {
        (upper, lower)
        for upper, lower in edges
        if not any((upper, third) in edges and lower in below[third] for third in BOXES)
    }


def lines_of(part: str) -> int:
    """Return the size of a box in lines of code."""
    files = (ROOT / part.replace(".", "/")).rglob("*.py")
    return sum(len(path.read_text().splitlines()) for path in files)


def draw_targets(axes: Axes) -> None:
    """Draw the kinds of clusters, as the code has them, and where they plug in."""
    left, bottom, width = PLUG
    box = FancyBboxPatch(
        (left, bottom),
        width,
        HEIGHT,
        boxstyle="round,pad=0.02",
        fc="#ffffff",
        ec="#8a5a00",
        ls="--",
    )
    axes.add_patch(box)
    middle = left + width / 2
    axes.text(middle, bottom + 0.63, "a target plugs in here", ha="center", weight="bold")
    axes.text(middle, bottom + 0.36, ", ".join(("local", *KINDS)), ha="center", fontsize=8.5)
    axes.text(middle, bottom + 0.1, f"pool: {', '.join(PROVIDERS)}", ha="center", fontsize=7)
    arrow = FancyArrowPatch(
        (left - 0.03, bottom + HEIGHT / 2),
        (13.43, bottom + HEIGHT / 2),
        arrowstyle="-[",
        mutation_scale=5,
        color="#8a5a00",
    )
    axes.add_patch(arrow)


def main() -> None:
    """Write architecture.png."""
    figure, axes = plt.subplots(figsize=(15.4, 8.3))
    draw_targets(axes)
    for part, ((left, bottom, width), holds) in BOXES.items():
        colour = "#dceaf7" if part in PURE else "#f4f1ea"
        box = FancyBboxPatch(
            (left, bottom), width, HEIGHT, boxstyle="round,pad=0.02", fc=colour, ec="#333333"
        )
        axes.add_patch(box)
        middle, size = left + width / 2, round(lines_of(part), -2)
        name = part.replace("sweep.", "sweep/")
        axes.text(middle, bottom + 0.63, name, ha="center", weight="bold")
        axes.text(middle, bottom + 0.36, holds, ha="center", fontsize=8.5)
        about = f"about {size:,} lines"
        axes.text(middle, bottom + 0.1, about, ha="center", fontsize=7, color="#666666")
    for upper, lower in reduced(arrows()):
        (ul, ub, uw), (ll, lb, lw) = BOXES[upper][0], BOXES[lower][0]
        assert lb < ub, f"{upper} -> {lower} does not point down"
        low, high = max(ul, ll), min(ul + uw, ll + lw)
        overlap = (low + high) / 2
        start, end = (overlap, overlap) if low < high else (ul + 0.5, ll + lw - 0.5)
        arrow = FancyArrowPatch(
            (start, ub - 0.03),
            (end, lb + HEIGHT + 0.03),
            arrowstyle="-|>",
            mutation_scale=11,
            color="#444444",
        )
        axes.add_patch(arrow)
    pure = "blue: pure (no clock, files, threads, network, Ray, global dice)"
    axes.text(0, -0.45, pure, fontsize=9)
    about = "arrows: imports, from the code; those that others imply are left out"
    axes.text(13.4, -0.45, about, fontsize=9, ha="right")
    axes.set_xlim(-0.2, 17.8)
    axes.set_ylim(-0.6, 10.1)
    axes.axis("off")
    figure.savefig(Path(__file__).with_name("architecture.png"), dpi=130, bbox_inches="tight")


if __name__ == "__main__":
    main()
