"""Functions that are tuned and log through what is not ours: each call is a run of its own."""

from __future__ import annotations

import importlib.util

import pytest

from sweep.api.tune import pickled
from tests.compute.test_slot import function_order, in_slot


@pytest.fixture
def short(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DO_NOT_TRACK", "true")  # MLflow would tell its makers
    return tmp_path_factory.mktemp("s")


def by_azureml(lr):
    from azureml.core import Run  # noqa: PLC0415 - in the process of the run

    run = Run.get_context()
    run.log("score", lr)
    run.register_model("m")


def by_mlflow(lr):
    import mlflow  # noqa: PLC0415 - in the process of the run

    with mlflow.start_run():
        mlflow.log_metric("score", lr, step=3)


@pytest.mark.parametrize("train", [by_azureml, by_mlflow])
def test_each_call_is_heard(short, train):
    if train is by_mlflow and importlib.util.find_spec("mlflow") is None:
        pytest.skip("mlflow is not installed: pip install hypersweep[mlflow]")

    async def story(here):
        for number in range(2):
            await here.slot.start(function_order(number, short, lr=number / 2))
            said = await here.hear("said", "ended")
            assert said["k"] == "said", said
            assert (said["run"], said["m"]["n"], said["m"]["v"]) == (
                f"{number}.1",
                "score",
                number / 2,
            )
            assert (await here.hear("ended"))["code"] == 0

    in_slot(story, short, pickled(train))
