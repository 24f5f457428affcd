"""Keras, Lightning and the Hugging Face Trainer: by the protocols that they document.

The libraries take gigabytes, so loops of a few lines call the callbacks here as is documented:
Keras 3 "Writing your own callbacks", Lightning 2 `Callback` and `Trainer`, Transformers
`TrainerCallback` and `Trainer.evaluate`, which logs, then calls `on_evaluate`.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from sweep.integrations.reporter import Reporter, as_number
from sweep.script.errors import RunStopped
from sweep.script.run import Run


def stand_in(monkeypatch, name, **content):
    """Let a library be there that has nothing but a base class."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        module = ModuleType(".".join(parts[:length]))
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    vars(sys.modules[name]).update(content)


def callback_of(monkeypatch, module):
    monkeypatch.delitem(sys.modules, f"sweep.integrations.{module}", raising=False)
    found = importlib.import_module(f"sweep.integrations.{module}").SweepCallback
    monkeypatch.delitem(sys.modules, f"sweep.integrations.{module}")
    return found


class TestKeras:
    class Callback:
        def __init__(self):
            self.model = None

    @pytest.fixture(params=["keras.callbacks", "tensorflow.keras.callbacks"])
    def callback(self, monkeypatch, request):
        monkeypatch.setitem(sys.modules, "keras", None)
        stand_in(monkeypatch, request.param, Callback=self.Callback)
        return callback_of(monkeypatch, "keras")

    def fit(self, callback, epochs):
        model = callback.model = SimpleNamespace(stop_training=False)
        for epoch in range(epochs):
            callback.on_epoch_end(epoch, {"loss": 1 / (epoch + 1), "val_acc": np.float32(epoch)})
            if model.stop_training:
                break

    def test_each_epoch_is_logged(self, heard, callback):
        self.fit(callback(), 3)
        assert heard.values("val_acc") == [0, 1, 2]
        assert heard.steps("loss") == [0, 1, 2]

    def test_it_ends_when_the_run_is_to_stop(self, heard, callback):
        heard.most = 2
        self.fit(callback(metrics={"val_acc": "accuracy"}), 9)
        assert heard.values("accuracy") == [0, 1]


class TestLightning:
    @pytest.fixture(params=["lightning.pytorch.callbacks", "pytorch_lightning.callbacks"])
    def callback(self, monkeypatch, request):
        monkeypatch.setitem(sys.modules, "lightning", None)
        stand_in(monkeypatch, request.param, Callback=object)
        return callback_of(monkeypatch, "lightning")

    def fit(self, callback, epochs, rank=0):
        trainer = SimpleNamespace(
            is_global_zero=rank == 0, should_stop=False, sanity_checking=True, current_epoch=0
        )
        trainer.callback_metrics = {"val_loss": np.array(99.0)}
        callback.on_validation_end(trainer, None)
        trainer.sanity_checking = False
        for epoch in range(epochs):
            trainer.current_epoch = epoch
            trainer.callback_metrics = {"val_loss": np.array(1.0 / (epoch + 1))}
            callback.on_validation_end(trainer, None)
            trainer.callback_metrics["train_loss"] = np.array(0.5)
            callback.on_train_epoch_end(trainer, None)
            if trainer.should_stop:
                break

    def test_each_validation_is_logged_but_the_trial_is_not(self, heard, callback):
        self.fit(callback(), 2)
        assert heard.values("val_loss") == [1.0, 0.5]
        assert heard.names == {"val_loss"}

    def test_each_epoch_of_training(self, heard, callback):
        self.fit(callback(after="train"), 2)
        assert heard.values("train_loss") == [0.5, 0.5]
        with pytest.raises(ValueError, match="expected 'validation' or 'train', got 'fit'"):
            callback(after="fit")

    def test_only_the_first_process_logs(self, heard, callback):
        self.fit(callback(), 2, rank=1)
        assert heard.said == []

    def test_it_ends_when_the_run_is_to_stop(self, heard, callback):
        heard.most = 3
        self.fit(callback(), 9)
        assert len(heard.values("val_loss")) == 3


class TestTransformers:
    @pytest.fixture
    def callback(self, monkeypatch):
        stand_in(monkeypatch, "transformers", TrainerCallback=object)
        return callback_of(monkeypatch, "transformers")

    def train(self, callback, evaluations, first=True):
        state = SimpleNamespace(is_world_process_zero=first, global_step=0)
        control = SimpleNamespace(should_training_stop=False)
        for _ in range(evaluations):
            state.global_step += 10
            callback.on_log(None, state, control, logs={"loss": 0.3, "epoch": 1.0}, model=None)
            metrics = {"eval_loss": 0.2, "eval_runtime": 1.5, "epoch": 1.0}
            callback.on_log(None, state, control, logs=metrics, model=None)
            callback.on_evaluate(None, state, control, metrics=metrics, model=None)
            if control.should_training_stop:
                break

    def test_an_evaluation_is_logged_once(self, heard, callback):
        self.train(callback(), 2)
        assert heard.values("eval_loss") == [0.2, 0.2]
        assert heard.steps("loss") == [10, 20]

    def test_it_ends_when_the_run_is_to_stop(self, heard, callback):
        heard.most = 2
        self.train(callback(metrics={"eval_loss": "loss"}), 9)
        assert heard.steps("loss") == [10, 20]

    def test_only_the_first_process_logs(self, heard, callback):
        self.train(callback(), 2, first=False)
        assert heard.said == []


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (np.array([2.0]), 2.0),
        (np.array([1, 2]), None),
        ("text", None),
        (None, None),
        (True, None),
        ([1], None),
    ],
    ids=repr,
)
def test_what_is_a_number(value, number):
    assert as_number(value) == number


def test_after_a_stop_the_next_log_raises(heard):
    heard.most = 1
    reporter = Reporter()
    assert reporter.report({"a": 1, "b": 2}, step=0)
    assert heard.names == {"a"}
    assert reporter.stopped
    with pytest.raises(RunStopped):
        Run.get_context().log("c", 3)


def test_nothing_heavy_is_imported_before_it_is_used():
    assert importlib.import_module("sweep.integrations")
    assert importlib.import_module("sweep.integrations.reporter")
    assert not {"keras", "torch", "transformers"} & {*sys.modules}
