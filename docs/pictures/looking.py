"""Draw what `sweep plot` makes of a sweep: Bandit over recorded learning curves.

From the root of the repository: python -m docs.pictures.looking
"""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from policies import BanditPolicy, Goal
from samplers import choice
from sweep import simulate
from sweep.storage.reader import RunRow
from sweep.view.data import SweepData
from sweep.view.draw import figure_of
from sweep.view.png import write_png

HERE = Path(__file__).parent
CURVES = HERE.parent / "curves" / "trained_mlp_digits.npz"
RUNS = 80
KINDS = ("curves", "history", "parallel", "importance")
NAMES = ("learning_rate", "dropout", "width", "n_layers", "optimizer")
"""The hyperparameters that matter most; all nine would be narrow here."""
SIZE = 900, 540
"""Pixels of each of them."""


def recorded() -> SweepData:
    """Return a sweep over the first of the recorded curves, stopped by Bandit."""
    with np.load(CURVES, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    curves = {
        n: [float(v) for v in columns["metric"][n][: columns["length"][n]]] for n in range(RUNS)
    }

    def curve(configuration: Mapping[str, Any]) -> Iterator[float]:
        return iter(curves[configuration["recorded"]])

    done = simulate(
        curve,
        space={"recorded": choice(*range(RUNS))},
        sampling="grid",
        max_total_runs=RUNS,
        policy=BanditPolicy(slack_factor=0.1, delay_evaluation=5),
    )
    rows, seen = [], {}
    for run in done.runs:
        which = run.configuration["recorded"]
        values = {k[3:]: v[which].item() for k, v in columns.items() if k.startswith("c__")}
        seen[run.number] = curves[which][: run.reports]
        row = RunRow(
            *(run.number, run.state.value, 1, values, run.reports, done.best_value(run), None),
            *(run.reason, {} if run.verdict is None else {"stop": True}),
            *(run.started_at, run.started_at, run.ended_at, {}),
        )
        rows.append(row)
    return SweepData("recorded", "accuracy", Goal.MAXIMIZE, None, rows, seen)


def main() -> None:
    """Draw them as one picture."""
    data = recorded()
    sheet = Image.new("RGB", (2 * SIZE[0], 2 * SIZE[1]), "white")
    for place, kind in enumerate(KINDS):
        part = HERE / f".{kind}.png"
        write_png(figure_of(data, kind, NAMES if kind == "parallel" else ()), part)
        with Image.open(io.BytesIO(part.read_bytes())) as picture:
            picture.thumbnail(SIZE)
            sheet.paste(picture, (place % 2 * SIZE[0], place // 2 * SIZE[1]))
        part.unlink()
    sheet.quantize(128).save(HERE / "looking.png", optimize=True)


if __name__ == "__main__":
    main()
