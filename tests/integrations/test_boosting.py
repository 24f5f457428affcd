"""XGBoost and LightGBM themselves, with our callbacks."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from sweep.script.errors import RunStopped
from sweep.script.run import Run

DICE = np.random.default_rng(0)
X = DICE.normal(size=(200, 4))
Y = (X[:, 0] + 0.3 * DICE.normal(size=200) > 0).astype(int)


class TestXGBoost:
    @pytest.fixture(autouse=True)
    def library(self):
        self.xgboost = pytest.importorskip("xgboost")
        self.callback = importlib.import_module("sweep.integrations.xgboost").SweepCallback
        self.train = self.xgboost.DMatrix(X[:150], Y[:150])
        self.test = self.xgboost.DMatrix(X[150:], Y[150:])

    def fit(self, callback, rounds=6):
        result = {}
        booster = self.xgboost.train(
            {"objective": "binary:logistic", "nthread": 1, "eval_metric": ["logloss", "auc"]},
            self.train,
            rounds,
            evals=[(self.train, "train"), (self.test, "test")],
            evals_result=result,
            verbose_eval=False,
            callbacks=[callback],
        )
        return booster, result

    def test_each_round_is_logged(self, heard):
        _, result = self.fit(self.callback())
        assert heard.names == {"train-logloss", "train-auc", "test-logloss", "test-auc"}
        assert heard.values("test-auc") == pytest.approx(result["test"]["auc"])
        assert heard.steps("test-auc") == [*range(6)]

    def test_chosen_metrics_under_names_of_ours(self, heard):
        self.fit(self.callback(metrics={"test-auc": "AUC"}))
        assert heard.names == {"AUC"}

    def test_it_ends_when_the_run_is_to_stop(self, heard):
        heard.most = 3
        booster, _ = self.fit(self.callback(metrics={"test-auc": "AUC"}))
        assert booster.num_boosted_rounds() == 3
        with pytest.raises(RunStopped):
            Run.get_context().log("after", 1)

    def test_the_estimator(self, heard):
        model = self.xgboost.XGBClassifier(n_estimators=3, n_jobs=1, callbacks=[self.callback()])
        model.fit(X[:150], Y[:150], eval_set=[(X[150:], Y[150:])], verbose=False)
        assert len(heard.values("validation_0-logloss")) == 3

    def test_cross_validation(self, heard):
        self.xgboost.cv(
            {"objective": "binary:logistic", "nthread": 1},
            self.train,
            4,
            nfold=3,
            callbacks=[self.callback()],
        )
        assert len(heard.values("test-logloss")) == 4


class TestLightGBM:
    @pytest.fixture(autouse=True)
    def library(self):
        self.lightgbm = pytest.importorskip("lightgbm")
        self.callback = importlib.import_module("sweep.integrations.lightgbm").SweepCallback

    def fit(self, callback, rounds=6):
        result = {}
        train = self.lightgbm.Dataset(X[:150], Y[:150], free_raw_data=False)
        test = self.lightgbm.Dataset(X[150:], Y[150:], reference=train)
        booster = self.lightgbm.train(
            {"objective": "binary", "metric": ["auc"], "verbosity": -1, "num_threads": 1},
            train,
            rounds,
            valid_sets=[test],
            callbacks=[callback, self.lightgbm.record_evaluation(result)],
        )
        return booster, result

    def test_each_round_is_logged(self, heard):
        _, result = self.fit(self.callback())
        assert heard.values("valid_0-auc") == pytest.approx(result["valid_0"]["auc"])
        assert heard.steps("valid_0-auc") == [*range(6)]

    def test_it_ends_when_the_run_is_to_stop(self, heard):
        heard.most = 4
        booster, _ = self.fit(self.callback(metrics={"valid_0-auc": "AUC"}))
        assert booster.current_iteration() == 4
        assert len(heard.values("AUC")) == 4

    def test_the_estimator_and_cross_validation(self, heard):
        model = self.lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbosity=-1)
        model.fit(X, Y, eval_X=(X,), eval_y=(Y,), callbacks=[self.callback()])
        assert len(heard.values("valid_0-binary_logloss")) == 3
        self.lightgbm.cv(
            {"objective": "binary", "verbosity": -1, "num_threads": 1},
            self.lightgbm.Dataset(X, Y),
            2,
            nfold=3,
            callbacks=[self.callback()],
        )
        assert len(heard.values("valid-binary_logloss")) == 2
