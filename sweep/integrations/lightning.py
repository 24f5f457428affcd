"""PyTorch Lightning: ``Trainer(callbacks=[SweepCallback()])``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    from pytorch_lightning.callbacks import Callback

from sweep.integrations.reporter import Reporter
from sweep.script.run import Run


class SweepCallback(Callback):  # type: ignore[misc]
    """Logs what the module has logged, after each validation, or each epoch of training.

    Only the first process logs. When the run is to stop, `Trainer.fit` ends after this epoch.

    Args:
        run, metrics: see `Reporter`.
        after: "validation", or "train" for modules that have none.

    Raises:
        ValueError: `after` is another word.
    """

    def __init__(
        self,
        run: Run | None = None,
        metrics: Mapping[str, str] | None = None,
        after: str = "validation",
    ) -> None:
        super().__init__()
        if after not in ("validation", "train"):
            raise ValueError(f"after: expected 'validation' or 'train', got {after!r}")
        self._reporter = Reporter(run, metrics)
        self._after = after

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - Lightning's
        """Log what there is after a validation that is no mere trial."""
        if self._after == "validation" and not trainer.sanity_checking:
            self._report(trainer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - Lightning's
        """Log what there is after an epoch."""
        if self._after == "train":
            self._report(trainer)

    def _report(self, trainer: Any) -> None:
        if trainer.is_global_zero and self._reporter.report(
            trainer.callback_metrics, step=trainer.current_epoch
        ):
            trainer.should_stop = True
