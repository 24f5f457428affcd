"""The table of candidates of `SweepSearchCV`: `cv_results_`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.ma import MaskedArray

from sweep.api.cross_validation import Measured
from sweep.core.run import RunRecord


def results_of(
    records: Sequence[RunRecord],
    candidates: Sequence[Measured],
    parameters: list[dict[str, Any]],
    train_score: bool,
) -> dict[str, Any]:
    """Return the table of candidates as scikit-learn has it."""
    table: dict[str, Any] = {}
    for name in ("fit", "score"):
        seconds = np.array([getattr(candidate, f"{name}_seconds") for candidate in candidates])
        table[f"mean_{name}_time"] = np.nanmean(seconds, axis=1)
        table[f"std_{name}_time"] = np.nanstd(seconds, axis=1)
    for name in dict.fromkeys(name for values in parameters for name in values):
        table[f"param_{name}"] = _column([values.get(name, _NONE) for values in parameters])
    table["params"] = parameters
    stopped = np.array([record.verdict is not None for record in records])
    for kind in ("test", "train") if train_score else ("test",):
        scores = np.array([getattr(candidate, kind) for candidate in candidates])
        for fold in range(scores.shape[1]):
            table[f"split{fold}_{kind}_score"] = scores[:, fold]
        folds = np.arange(scores.shape[1])
        unseen = np.array([(folds >= c.reports) & (not c.models) for c in candidates])
        seen = np.ma.array(scores, mask=unseen)
        table[f"mean_{kind}_score"] = np.array(seen.mean(axis=1))
        table[f"std_{kind}_score"] = np.array(seen.std(axis=1))
    table["rank_test_score"] = _ranks(table["mean_test_score"], stopped)
    table["n_reports"] = np.array([candidate.reports for candidate in candidates])
    table["stopped"] = stopped
    return table


def _ranks(means: Any, stopped: Any) -> Any:
    """Return each candidate's place, 1 for the best; behind are those that were stopped."""
    known = np.nan_to_num(means, nan=-np.inf)
    order = np.lexsort((-known, stopped))
    keys = [*zip(stopped.tolist(), (-known).tolist(), strict=True)]
    places = {key: place for place, key in reversed([*enumerate((keys[n] for n in order), 1)])}
    return np.array([places[key] for key in keys], dtype=np.int32)


_NONE = object()


def _column(values: list[Any]) -> MaskedArray[Any, Any]:
    """Return a parameter's values; masked where a candidate does not have it."""
    mask = [value is _NONE for value in values]
    there = [value for value in values if value is not _NONE]
    kinds = {type(value) for value in there}
    plain = kinds <= {int, float} or kinds == {bool}
    column = np.ma.empty(len(values), dtype=np.array(there).dtype if plain else object)
    for n, value in enumerate(values):
        if value is not _NONE:
            column[n] = value
    column.mask = mask
    return column
