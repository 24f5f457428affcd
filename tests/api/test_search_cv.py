"""`SweepSearchCV` among scikit-learn's own searches."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RepeatedStratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator
from threadpoolctl import threadpool_limits

from policies import BanditPolicy, MedianStoppingPolicy
from samplers import BayesianParameterSampling, loguniform, uniform
from sweep import SweepSearchCV
from sweep.errors import ConfigError

X, Y = make_classification(240, 8, n_informative=4, flip_y=0.05, random_state=0)
TREE = DecisionTreeClassifier(random_state=0)
DEPTHS = {"max_depth": [1, 2, 3, 5, 8], "splitter": ["best", "random"]}
LEFT_OUT = ("check_array_api", "check_supervised_y_2d", "check_requires_y_none")
"""Checks that scikit-learn's own searches do not pass either, or that need other libraries."""


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Let no library start threads of its own, which would wait for those of other tests."""
    with threadpool_limits(1):
        yield


def checks():
    search = SweepSearchCV(
        LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, error_score="raise", random_state=0
    )
    for estimator, check in estimator_checks_generator(search):
        name = getattr(check, "func", check).__name__
        if not name.startswith(LEFT_OUT):
            yield pytest.param(estimator, check, id=name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), [*checks()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_candidates_are_measured_again_by_repeated_cross_validation():
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    policy = BanditPolicy(slack_factor=0.01, delay_evaluation=2)
    search = SweepSearchCV(TREE, DEPTHS, sampling="grid", n_iter=None, policy=policy, cv=cv)
    table = search.fit(X, Y).cv_results_
    reports = table["n_reports"][table["stopped"]]
    assert 0 < max(reports) < 6, "a report per fold of each repetition"
    alone = cross_val_score(clone(TREE).set_params(**search.best_params_), X, Y, cv=cv)
    assert search.best_score_ == pytest.approx(alone.mean())


def test_a_grid_without_a_policy_is_scikit_learns_grid():
    ours = SweepSearchCV(TREE, DEPTHS, sampling="grid", n_iter=None, cv=4).fit(X, Y)
    theirs = GridSearchCV(TREE, DEPTHS, cv=4).fit(X, Y)
    order = [theirs.cv_results_["params"].index(p) for p in ours.cv_results_["params"]]
    assert sorted(order) == [*range(10)]
    for name, column in theirs.cv_results_.items():
        assert name in ours.cv_results_
        if "time" not in name and name != "params":
            assert list(ours.cv_results_[name]) == pytest.approx(list(np.asarray(column)[order]))
    assert ours.best_score_ == theirs.best_score_
    assert ours.cv_results_["rank_test_score"][ours.best_index_] == 1
    assert (ours.predict(X) == ours.best_estimator_.predict(X)).all()
    assert ours.score(X, Y) == ours.best_estimator_.score(X, Y)


def test_the_same_whatever_n_jobs_is():
    space = {"max_depth": [1, 2, 3, 5, 8], "ccp_alpha": uniform(0, 0.1)}

    def results(jobs):
        policy = BanditPolicy(slack_factor=0.02)
        search = SweepSearchCV(TREE, space, n_iter=20, policy=policy, n_jobs=jobs, random_state=3)
        with parallel_config("threading"):  # processes of joblib's would outlive the test
            return search.fit(X, Y).cv_results_

    one, two = results(1), results(2)
    assert one["stopped"].any()
    for name in one:
        if "time" not in name:
            np.testing.assert_array_equal(one[name], two[name])


def test_what_is_hopeless_is_stopped_after_the_first_folds():
    space = {"max_depth": [None], "min_samples_leaf": [1, 2, 4, 100, 110, 119]}
    policy = BanditPolicy(slack_factor=0.1, delay_evaluation=2)
    search = SweepSearchCV(TREE, space, sampling="grid", n_iter=None, policy=policy, cv=5)
    results = search.fit(X, Y).cv_results_
    assert results["stopped"].sum() >= 2
    for n, stopped in enumerate(results["stopped"]):
        scores = [results[f"split{fold}_test_score"][n] for fold in range(5)]
        count = results["n_reports"][n]
        assert np.isnan(scores).tolist() == [fold >= count for fold in range(5)]
        assert results["mean_test_score"][n] == pytest.approx(np.mean(scores[:count]))
        assert not stopped or results["rank_test_score"][n] > 6 - results["stopped"].sum()
    assert not results["stopped"][search.best_index_]
    found = cross_val_score(clone(TREE).set_params(**search.best_params_), X, Y, cv=5).mean()
    assert search.best_score_ == pytest.approx(found)


def test_epochs_of_partial_fit():
    search = SweepSearchCV(
        SGDClassifier(random_state=0),
        {"alpha": loguniform(-9, 3), "penalty": ["l2", None]},
        n_iter=12,
        policy=MedianStoppingPolicy(delay_evaluation=2),
        epochs=6,
        cv=3,
        random_state=1,
    ).fit(X, Y)
    counts = search.cv_results_["n_reports"]
    assert counts.max() == 6
    assert counts.min() < 6
    assert not np.isnan(search.cv_results_["split2_test_score"]).any()
    model = SGDClassifier(random_state=0, **search.best_params_)
    for _ in range(6):
        model.partial_fit(X, Y, classes=[0, 1])
    np.testing.assert_allclose(search.best_estimator_.coef_, model.coef_)


def test_pipelines_and_values_of_any_kind():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    space = {
        "standardscaler": [StandardScaler(), MinMaxScaler((0, 2)), "passthrough"],
        "logisticregression__C": loguniform(-5, 5),
    }
    search = SweepSearchCV(pipeline, space, n_iter=6, random_state=0).fit(X, Y)
    assert search.best_params_["standardscaler"] in space["standardscaler"]
    assert search.cv_results_["param_standardscaler"].dtype == object
    assert search.predict_proba(X).shape == (240, 2)
    outer = make_pipeline(MinMaxScaler(), clone(search)).fit(X, Y)
    assert outer.score(X, Y) > 0.7
    assert cross_val_score(clone(search), X, Y, cv=2).mean() > 0.7


def test_clone_and_pickle():
    search = SweepSearchCV(TREE, DEPTHS, policy=BanditPolicy(slack_factor=0.1), random_state=0)
    copy = clone(search)
    assert copy is not search
    assert copy.get_params()["policy"] == search.policy
    assert copy.set_params(estimator__max_features=3).estimator.max_features == 3
    with pytest.raises(NotFittedError):
        copy.predict(X)
    search.fit(X, Y)
    again = pickle.loads(pickle.dumps(search))
    assert (again.predict(X) == search.predict(X)).all()
    assert again.best_params_ == search.best_params_
    assert "max_depth" in repr(search)


def test_bayesian_sampling_and_minimal_scores():
    search = SweepSearchCV(
        Ridge(),
        {"alpha": loguniform(-5, 8)},
        sampling=BayesianParameterSampling,
        n_iter=8,
        concurrent=2,
        scoring="neg_mean_squared_error",
        random_state=0,
    ).fit(X, Y.astype(float))
    assert search.best_score_ < 0
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])


def test_without_y_with_groups_with_train_scores_and_a_choice_of_ones_own():
    search = SweepSearchCV(
        KMeans(n_init=1, random_state=0),
        {"n_clusters": [2, 3, 4]},
        sampling="grid",
        n_iter=None,
        return_train_score=True,
        refit=lambda results: int(np.argmin(results["mean_test_score"])),
    ).fit(X)
    assert search.best_index_ == int(np.argmin(search.cv_results_["mean_test_score"]))
    assert "mean_train_score" in search.cv_results_
    groups = np.arange(240) % 3
    found = SweepSearchCV(TREE, DEPTHS, cv=GroupKFold(3), refit=False).fit(X, Y, groups=groups)
    assert found.n_splits_ == 3
    assert not hasattr(found, "best_estimator_")
    assert found.best_params_
    weighted = SweepSearchCV(TREE, DEPTHS).fit(X, Y, sample_weight=np.ones(240))
    assert weighted.best_score_ > 0.5


def test_folds_that_fail():
    space = {"C": [1.0, -1.0]}
    search = SweepSearchCV(LogisticRegression(), space, sampling="grid", n_iter=None, cv=3)
    with pytest.warns(FitFailedWarning, match="3 fits failed out of 6, such as InvalidParameter"):
        search.fit(X, Y)
    assert search.best_params_ == {"C": 1.0}
    assert np.isnan(search.cv_results_["mean_test_score"]).sum() == 1
    with pytest.raises(ValueError, match="All the 3 fits failed"):
        clone(search).set_params(space={"C": [-1.0]}).fit(X, Y)
    with pytest.raises(ValueError, match="The 'C' parameter"), warnings.catch_warnings():
        clone(search).set_params(error_score="raise").fit(X, Y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"space": {}}, "space: expected parameters and what to search"),
        ({"n_iter": 0}, "max_total_runs: expected a whole number >= 1"),
        ({"n_iter": None, "space": {"ccp_alpha": uniform(0, 1)}}, "n_iter: None is for spaces"),
        ({"policy": "bandit"}, "policy: expected a policy such as BanditPolicy"),
        ({"scoring": ["accuracy", "f1"]}, "scoring: expected one scorer"),
        ({"epochs": 3}, "has no partial_fit"),
        ({"epochs": 0}, "epochs: expected a whole number >= 1"),
        ({"epochs": "3"}, "epochs: expected a whole number >= 1"),
        ({"sampling": "ranom"}, "did you mean 'random'|there is no"),
    ],
)
def test_mistakes(arguments, message):
    search = SweepSearchCV(TREE, DEPTHS)
    with pytest.raises((ConfigError, ValueError), match=message):
        search.set_params(**arguments).fit(X, Y)
