"""A sweep in an MLflow store: a parent run, and its runs as children."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sweep.api.told import Told, points, text_of, told
from sweep.errors import UserError
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder

STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
"""MLflow's words for runs that are over; for all others it is RUNNING."""
AT_ONCE = 500
"""So many metrics go over at once; MLflow takes a thousand things."""
PARAMETERS_AT_ONCE = 90
LONGEST = 6000
"""Characters of the value of a parameter; a tag takes fewer."""
OWN = "hypersweep.id"
"""The tag that tells which sweep, or run of it, a run of MLflow's is."""


def export_mlflow(reader: SweepReader, folder: SweepFolder, place: str) -> str:
    """Write a sweep into a store.

    Args:
        reader: the sweep.
        folder: where it is kept.
        place: a folder, for a store in files of its own (SQLite), or the URI of a store.

    Returns:
        The URI of the store.

    Raises:
        UserError: MLflow is not installed, or the sweep is in the store already.
    """
    client, uri, artifacts = _opened(place)
    name = reader.get("experiment")
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        identity = client.create_experiment(name, artifact_location=artifacts)
    else:
        identity = experiment.experiment_id
        if client.search_runs([identity], f"tags.`{OWN}` = '{folder.id}'", max_results=1):
            raise UserError(
                f"{folder.id} is in {uri} already: delete that run, or take another place"
            )
    children = [*told(reader, folder)]
    starts = [c.row.started_at for c in children if c.row.started_at]
    created = min(starts, default=reader.get("created"))
    parent = _parent(client, identity, reader, folder, created)
    for child in children:
        _child(client, identity, parent, reader, child, created)
    status = reader.get("status")[0]
    ends = [child.row.ended_at for child in children if child.row.ended_at]
    if status in STATUSES:
        client.set_terminated(parent, STATUSES[status], _ms(max(ends, default=created)))
    return uri


def _opened(place: str) -> tuple[Any, str, str | None]:
    """Return a client, the URI of its store, and where artifacts go (None: where it wants)."""
    try:
        from mlflow import MlflowClient  # noqa: PLC0415 - seconds
        from mlflow.exceptions import MlflowException  # noqa: PLC0415
    except ImportError:
        raise UserError("an MLflow store needs MLflow: pip install 'hypersweep[mlflow]'") from None
    for name in ("mlflow.store.db.utils", "alembic"):  # they tell of every table that they make
        logging.getLogger(name).setLevel(logging.WARNING)
    if "://" in place:
        uri, artifacts = place, None
    else:
        root = Path(place).resolve()
        root.mkdir(parents=True, exist_ok=True)
        uri, artifacts = f"sqlite:///{root / 'mlflow.db'}", (root / "artifacts").as_uri()
    try:
        return MlflowClient(tracking_uri=uri, registry_uri=uri), uri, artifacts
    except (MlflowException, ImportError) as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(f"{uri}: {first} (pip install 'hypersweep[mlflow]'?)") from None


def _parent(
    client: Any, experiment: str, reader: SweepReader, folder: SweepFolder, created: float
) -> str:
    definition = reader.get("definition")
    metric = definition["primary_metric_config"]
    best = reader.ranked(1)
    tags = {
        **{k: v or "" for k, v in reader.tags(-1, "tag").items()},
        "hypersweep.status": reader.get("status")[0],
        **({"hypersweep.best_run": folder.run_id(best[0].number)} if best else {}),
    }
    parameters = {
        "sampling": definition["generator_config"]["name"],
        "policy": definition["policy_config"]["name"],
        "max_total_runs": str(definition["max_total_jobs"]),
        "max_concurrent_runs": str(definition["max_concurrent_jobs"]),
        **({"metric": metric["name"], "goal": metric["goal"]} if metric["name"] else {}),
    }
    run = _begin(client, experiment, folder.id, created, tags)
    _parameters(client, run, parameters)
    if best and best[0].best is not None:
        client.log_metric(run, _name(metric["name"]), best[0].best)
    return run


def _child(
    client: Any,
    experiment: str,
    parent: str,
    reader: SweepReader,
    child: Told,
    created: float,
) -> None:
    row = child.row
    tags = {
        **{k: v or "" for k, v in child.tags.items()},
        "mlflow.parentRunId": parent,
        "hypersweep.status": row.status,
        **({"hypersweep.reason": row.reason} if row.reason else {}),
    }
    run = _begin(client, experiment, child.id, row.started_at or created, tags)
    _parameters(client, run, {name: text_of(v) for name, v in child.parameters.items()})
    from mlflow.entities import Metric  # noqa: PLC0415 - seconds

    metrics = (Metric(_name(p.name), p.value, _ms(p.at), p.step) for p in points(reader, row))
    for batch in _batches(metrics, AT_ONCE):
        client.log_batch(run, metrics=batch)
    for file in child.files():
        client.log_artifact(run, str(child.folder / file), str(Path(file).parent))
    if row.status in STATUSES:
        client.set_terminated(run, STATUSES[row.status], _ms(row.ended_at or created))


def _begin(client: Any, experiment: str, name: str, at: float, tags: dict[str, str]) -> str:
    own = {"mlflow.runName": name, "mlflow.source.name": "hypersweep", OWN: name}
    cut = {_name(key): value[: LONGEST - 1] for key, value in {**tags, **own}.items()}
    run: str = client.create_run(experiment, _ms(at), cut, name).info.run_id
    return run


def _parameters(client: Any, run: str, parameters: dict[str, str]) -> None:
    from mlflow.entities import Param  # noqa: PLC0415 - seconds

    items = (Param(_name(key), value[:LONGEST]) for key, value in parameters.items())
    for batch in _batches(items, PARAMETERS_AT_ONCE):
        client.log_batch(run, params=batch)


def _batches(items: Iterator[Any], size: int) -> Iterator[Sequence[Any]]:
    while some := [*islice(items, size)]:
        yield some


def _name(name: str) -> str:
    """Return a name without the characters that MLflow does not take."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-. /") else "_" for c in name)[:250]


def _ms(at: float | None) -> int:
    return int((time.time() if at is None else at) * 1000)
