"""Hugging Face: ``Trainer(..., callbacks=[SweepCallback()])``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback

from sweep.integrations.reporter import Reporter
from sweep.script.run import Run

EVALUATION = "eval_"


class SweepCallback(TrainerCallback):  # type: ignore[misc]
    """Logs what the Trainer logs, and every evaluation, such as eval_loss, once.

    Only the first process logs. When the run is to stop, `train` ends after this step.
    Arguments: see `Reporter`.
    """

    def __init__(self, run: Run | None = None, metrics: Mapping[str, str] | None = None) -> None:
        self._reporter = Reporter(run, metrics)

    def on_log(
        self,
        args: Any,  # noqa: ARG002 - the Trainer's
        state: Any,
        control: Any,
        logs: Mapping[str, Any],
        **_: Any,
    ) -> None:
        """Log what is measured in training; evaluations come by themselves."""
        training = {k: v for k, v in logs.items() if not k.startswith(EVALUATION)}
        self._report(state, control, training)

    def on_evaluate(
        self,
        args: Any,  # noqa: ARG002 - the Trainer's
        state: Any,
        control: Any,
        metrics: Mapping[str, Any],
        **_: Any,
    ) -> None:
        """Log an evaluation."""
        self._report(state, control, metrics)

    def _report(self, state: Any, control: Any, values: Mapping[str, Any]) -> None:
        if state.is_world_process_zero and self._reporter.report(values, step=state.global_step):
            control.should_training_stop = True
