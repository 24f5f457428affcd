"""Keras: ``model.fit(..., callbacks=[SweepCallback()])``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from keras.callbacks import Callback
except ImportError:
    from tensorflow.keras.callbacks import Callback

from sweep.integrations.reporter import Reporter
from sweep.script.run import Run


class SweepCallback(Callback):  # type: ignore[misc]
    """Logs at the end of each epoch what Keras has measured: loss, val_loss, the metrics.

    When the run is to stop, `fit` ends after this epoch. Arguments: see `Reporter`.
    """

    def __init__(self, run: Run | None = None, metrics: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._reporter = Reporter(run, metrics)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log, and end `fit` if need be."""
        if self._reporter.report(logs or {}, step=epoch):
            self.model.stop_training = True
