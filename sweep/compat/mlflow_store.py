"""MLflow's tracking store for a script that is a run of a sweep: what it logs reaches the sweep.

There is one experiment, whatever it is called, and one run in it, the very run; a second that a
script starts is the same. Nested runs are parts of it. What is read back is what this process has
logged.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from mlflow.entities import (
    Experiment,
    Metric,
    Param,
    Run,
    RunInfo,
    RunTag,
)
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.search_utils import SearchUtils

from sweep.compat.mlflow_artifacts import place_of
from sweep.compat.mlflow_batches import hand_over_at_once
from sweep.compat.mlflow_runs import EXPERIMENT, Logged, now
from sweep.script.run import Run as ScriptRun

try:
    from mlflow.entities import (
        LoggedModel,
        LoggedModelParameter,
        LoggedModelStatus,
        LoggedModelTag,
    )
except ImportError:  # MLflow 2 has no such thing, and asks for none
    LoggedModel = LoggedModelParameter = LoggedModelStatus = LoggedModelTag = None

PARENT = "mlflow.parentRunId"


class SweepStore(AbstractStore):  # type: ignore[misc] # MLflow is seldom installed
    """The run of this process, as MLflow sees it; opened by MLflow, with the URI ``sweep://run``."""

    def __init__(self, store_uri: str = "", artifact_uri: str | None = None) -> None:
        del store_uri, artifact_uri  # there is one run only
        super().__init__()
        hand_over_at_once()
        self._name = "sweep"
        self._logged: dict[str, Logged] = {}
        self._models: dict[str, LoggedModel] = {}

    # ---- experiments ------------------------------------------------------------------

    def _experiment(self, name: str | None = None) -> Experiment:
        self._name = name or self._name
        return Experiment(EXPERIMENT, self._name, place_of("outputs"), "active")

    def create_experiment(
        self, name: str, artifact_location: object = None, tags: object = None
    ) -> str:
        """Return the one experiment, under this name."""
        del artifact_location, tags
        return str(self._experiment(name).experiment_id)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return the one experiment."""
        del experiment_id
        return self._experiment()

    def get_experiment_by_name(self, experiment_name: str) -> Experiment:
        """Return the one experiment, under this name."""
        return self._experiment(experiment_name)

    def search_experiments(self, *_: Any, **__: Any) -> PagedList[Experiment]:
        """Return the one experiment."""
        return PagedList([self._experiment()], None)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Call the one experiment otherwise."""
        del experiment_id
        self._experiment(new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Do nothing: it is there as long as the run."""

    restore_experiment = delete_experiment

    def set_experiment_tag(self, experiment_id: str, tag: object) -> None:
        """Do nothing: the experiment is not this run's."""

    delete_experiment_tag = set_experiment_tag

    # ---- runs -------------------------------------------------------------------------

    def _of(self, run_id: str) -> Logged:
        """Return a run; one that another process has begun is the run itself."""
        top = ScriptRun.get_context()
        known = self._logged.get(run_id)
        if known is not None:
            return known
        if top.id not in self._logged:
            self._logged[top.id] = Logged(top, top.id)
        if run_id != top.id:
            self._logged[run_id] = self._logged[top.id]
        return self._logged[top.id]

    def create_run(
        self,
        experiment_id: str,
        user_id: str,
        start_time: int,
        tags: Sequence[RunTag],
        run_name: str | None,
    ) -> Run:
        """Return the run itself; or, where a parent is named, a new part of it."""
        del experiment_id, user_id, start_time
        parent = next((tag.value for tag in tags if tag.key == PARENT), None)
        logged = self._of(parent or ScriptRun.get_context().id)
        if parent is not None:
            part = logged.run.child_run(run_name)
            logged = Logged(part, run_name or part.id)
            self._logged[logged.info.run_id] = logged
        for tag in tags:
            logged.tag(tag)
        return logged.whole()

    def get_run(self, run_id: str) -> Run:
        """Return a run with what this process has logged to it."""
        return self._of(run_id).whole()

    def update_run_info(
        self, run_id: str, run_status: Any, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        """Take note of a run's end; its script's exit code counts."""
        logged = self._of(run_id)
        logged.ended(run_status, end_time, run_name)
        return logged.info

    def delete_run(self, run_id: str) -> None:
        """Refuse: a sweep keeps its runs."""
        raise MlflowException(f"{run_id} is a run of a sweep, and cannot be deleted in itself")

    restore_run = delete_run

    def _search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None,
        run_view_type: object,
        max_results: int,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        del experiment_ids, run_view_type
        runs = [logged.whole() for logged in dict.fromkeys(self._logged.values())]
        found = SearchUtils.sort(SearchUtils.filter(runs, filter_string), order_by)
        page, token = SearchUtils.paginate(found, page_token, max_results)
        return page, token

    # ---- what is logged ---------------------------------------------------------------

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Log one value."""
        self._of(run_id).metric(metric)

    def log_param(self, run_id: str, param: Param) -> None:
        """Keep one parameter."""
        self._of(run_id).param(param)

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Keep one tag."""
        self._of(run_id).tag(tag)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Take one tag away."""
        self._of(run_id).untag(key)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        """Log several at once, in their order."""
        logged = self._of(run_id)
        for param in params:
            logged.param(param)
        for tag in tags:
            logged.tag(tag)
        for metric in metrics:
            logged.metric(metric)

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: object = None, page_token: object = None
    ) -> PagedList[Metric]:
        """Return all values of a metric that this process has logged."""
        del max_results, page_token
        return PagedList([*self._of(run_id).metrics.get(metric_key, ())], None)

    def log_inputs(self, *_: Any, **__: Any) -> None:
        """Do nothing: which data a run has read is not kept."""

    log_outputs = record_logged_model = log_inputs

    # ---- models: their files are artifacts ----------------------------------------------

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Sequence[LoggedModelTag] | None = None,
        params: Sequence[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Return a new model; its files are in the outputs, under its name."""
        identity = f"m-{uuid.uuid4().hex}"
        name = name or identity
        taken = sum(model.name == name for model in self._models.values())
        logged = self._of(source_run_id or ScriptRun.get_context().id)
        place = name if not taken else f"{name}_{taken + 1}"
        model = self._models[identity] = LoggedModel(
            experiment_id=experiment_id,
            model_id=identity,
            name=name,
            artifact_location=f"{place_of(logged.folder)}/{place}",
            creation_timestamp=now(),
            last_updated_timestamp=now(),
            model_type=model_type,
            source_run_id=source_run_id,
            status=LoggedModelStatus.PENDING,
            tags=list(tags or ()),
            params=list(params or ()),
        )
        return model

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """Return a model of this process.

        Raises:
            MlflowException: there is none.
        """
        del allow_deleted
        if model_id not in self._models:
            raise MlflowException(f"there is no model {model_id} in this run")
        return self._models[model_id]

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Take note of how making a model has ended."""
        model = self.get_logged_model(model_id)
        model.status = status
        return model

    def log_logged_model_params(
        self, model_id: str, params: Sequence[LoggedModelParameter]
    ) -> None:
        """Keep parameters of a model."""
        self.get_logged_model(model_id).params.update({p.key: p.value for p in params})

    def set_logged_model_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        """Keep tags of a model."""
        self.get_logged_model(model_id).tags.update({t.key: t.value for t in tags})

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Take a tag of a model away."""
        self.get_logged_model(model_id).tags.pop(key, None)

    def search_logged_models(self, *_: Any, **__: Any) -> PagedList[LoggedModel]:
        """Return the models of this process."""
        return PagedList([*self._models.values()], None)
