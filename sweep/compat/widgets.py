"""`RunDetails`: how a run or a sweep stands, where old notebooks show a widget."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from sweep.api.pipeline import PipelineRun
from sweep.api.runs import HyperDriveRun
from sweep.errors import ConfigError
from sweep.view.notebook import show


def _below_the_cell(run: Any) -> bool:
    """Show what is kept of a run in a notebook: a run of a sweep as its sweep."""
    folder = getattr(run, "kept_in", None)
    return folder is not None and show(folder)


RENDERERS: list[Callable[[Any], bool]] = [_below_the_cell]
"""Asked in order to show a run, before it is shown as text; one that has shown it says so."""


class RunDetails:
    """How a run stands.

    Args:
        run_instance: a sweep, a lone run, a run of a sweep, or a pipeline.
    """

    def __init__(self, run_instance: Any) -> None:
        self.run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:  # noqa: ARG002 - the service's signature
        """Show it, and return at once: in a notebook live, with curves, else as it is now.

        Args:
            render_lib: has no effect.
            widget_settings: has no effect.
        """
        if not any(renderer(self.run) for renderer in RENDERERS):
            for line in lines_of(self.run):
                sys.stdout.write(line + "\n")

    def get_widget_data(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Return what is known of it."""
        details: dict[str, Any] = self.run.get_details()
        return details


def lines_of(run: Any) -> Iterator[str]:
    """Yield how a run stands, as lines of text.

    Raises:
        ConfigError: it is no run.
    """
    if not hasattr(run, "get_status"):
        raise ConfigError(f"RunDetails: expected a run, a sweep or a pipeline, got {run!r}")
    if isinstance(run, PipelineRun):
        yield f"pipeline: {run.get_status()}"
        for name, step in run.runs.items():
            yield f"  {name}: {step.get_status()}  {step.id}"
        return
    yield f"{run.id}: {run.get_status()}"
    if not isinstance(run, HyperDriveRun):
        return
    counts: dict[str, int] = {}
    children = run.get_children_sorted_by_primary_metric()
    for child in children:
        counts[child["status"]] = counts.get(child["status"], 0) + 1
    definition = run.hyperdrive_config
    parts = [f"{count} {status.lower()}" for status, count in sorted(counts.items())]
    yield f"  {len(children)} of {definition.limits.runs} runs: {', '.join(parts) or 'none yet'}"
    if children and (best := children[0])["best_primary_metric"] is not None:
        yield (
            f"  best {definition.metric} {best['best_primary_metric']:g}:"
            f" {best['run_id']}  {best['hyperparameters']}"
        )
