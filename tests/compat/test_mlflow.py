"""Training scripts that log through MLflow reach their sweep, unchanged."""

from __future__ import annotations

import importlib.util

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None,
    reason="mlflow is not installed: pip install hypersweep[mlflow]",
)


def test_what_it_logs_arrives_with_its_steps(script):
    script("""
        import mlflow

        mlflow.set_experiment("whatever")
        with mlflow.start_run() as active:
            assert active.info.run_id == "HD_x_3"
            mlflow.log_param("C", 1.5)
            mlflow.log_params({"kernel": "rbf"})
            for step in range(2):
                mlflow.log_metric("loss", 0.5 - step / 10, step=step)
            mlflow.log_metrics({"acc": 0.9, "f1": 0.8}, step=7)
            mlflow.set_tag("kind", "quick")
            mlflow.set_tags({"a": "b"})
        assert mlflow.get_run("HD_x_3").data.metrics["loss"] == 0.4
        history = mlflow.MlflowClient().get_metric_history("HD_x_3", "loss")
        assert [(m.step, m.value) for m in history] == [(0, 0.5), (1, 0.4)]
        """)
    said = script.slot.said()
    assert [(m["n"], m["v"], m["s"]) for m in said if m["k"] == "s"] == [
        ("loss", 0.5, 0),
        ("loss", 0.4, 1),
        ("acc", 0.9, 7),
        ("f1", 0.8, 7),
    ]
    assert [m["v"] for m in said if m["k"] == "property"] == [
        {"param.C": "1.5"},
        {"param.kernel": "rbf"},
    ]
    assert [m["v"] for m in said if m["k"] == "tag"] == [{"kind": "quick"}, {"a": "b"}]


def test_a_script_that_starts_no_run_by_itself(script):
    script("""
        import mlflow

        mlflow.log_metric("loss", 0.5)
        mlflow.end_run()
        mlflow.start_run(run_name="again")  # the same, as there is one
        mlflow.log_metric("loss", 0.25)
        """)
    assert script.said == [("s", "loss", 0.5), ("s", "loss", 0.25)]


def test_what_autologging_reports_is_not_kept_back(script, tmp_path):
    script(
        """
        import sys, mlflow
        from mlflow.utils.autologging_utils import BatchMetricsLogger

        def arrived(client, run):
            return len(client.get_metric_history(run, "loss"))

        with mlflow.start_run() as active:
            run = active.info.run_id
            logger = BatchMetricsLogger(run)
            for step in range(5):
                logger.record_metrics({"loss": step}, step)
                assert arrived(mlflow.MlflowClient(), run) == step + 1
        other = mlflow.MlflowClient(sys.argv[1])
        run = other.create_run("0").info.run_id
        logger = BatchMetricsLogger(run, sys.argv[1])
        logger.total_log_batch_time = 1.0  # as if it took long
        logger.record_metrics({"loss": 1}, 0)
        assert arrived(other, run) == 0, "other stores are slow"
        """,
        f"sqlite:///{tmp_path}/other.db",
    )
    assert [v for k, _, v in script.said if k == "s"] == [0, 1, 2, 3, 4]


def test_a_value_that_comes_in_two_ways_is_one_report(script):
    script("""
        import mlflow
        from azureml.core import Run

        run = Run.get_context()
        with mlflow.start_run():
            for loss in (0.5, 0.25, 0.25, float("nan")):
                run.log("loss", loss)
                mlflow.log_metric("loss", loss)
            mlflow.log_metric("acc", 1)
            run.log("acc", 1.0)
            run.log("acc", 2)
            run.log("loss", 0.5)
        """)
    said = [(n, repr(float(v))) for k, n, v in script.said if k == "s"]
    assert said == [
        *(("loss", "0.5"), ("loss", "0.25"), ("loss", "0.25"), ("loss", "nan")),
        *(("acc", "1.0"), ("acc", "2.0"), ("loss", "0.5")),
    ]


def test_files_go_into_the_outputs(script):
    script.folder.mkdir()
    (script.folder / "a.txt").write_text("a")
    script("""
        import os, mlflow

        with mlflow.start_run() as active:
            mlflow.log_artifact("a.txt", "sub")
            os.makedirs("many/below")
            open("many/below/b.txt", "w").close()
            mlflow.log_artifacts("many")
            mlflow.log_text("c", "c.txt")
            mlflow.log_dict({"d": 1}, "d.json")
            uri = f"runs:/{active.info.run_id}/c.txt"
            with open(mlflow.artifacts.download_artifacts(uri)) as file:
                assert file.read() == "c"
        """)
    outputs = script.folder / "outputs"
    found = sorted(str(p.relative_to(outputs)) for p in outputs.rglob("*") if p.is_file())
    assert found == ["below/b.txt", "c.txt", "d.json", "sub/a.txt"]


def test_nested_runs_are_parts(script):
    script("""
        import mlflow

        with mlflow.start_run():
            for fold in range(2):
                with mlflow.start_run(nested=True, run_name=f"fold{fold}") as part:
                    mlflow.log_metric("loss", fold)
                    mlflow.log_text("x", "x.txt")
            mlflow.log_metric("loss", 0.5)
            best = mlflow.search_runs(
                filter_string="metrics.loss < 0.1", output_format="list"
            )
            assert [run.info.run_name for run in best] == ["fold0"]
        """)
    assert [s for s in script.said if s[0] == "s"] == [
        ("s", "fold0/loss", 0),
        ("s", "fold1/loss", 1),
        ("s", "loss", 0.5),
    ]
    assert (script.folder / "outputs" / "fold1" / "x.txt").read_text() == "x"


def test_a_logged_model_is_in_the_outputs(script):
    script("""
        import mlflow
        from mlflow.models import Model

        class Flavour:
            @staticmethod
            def save_model(path, mlflow_model):
                import os
                os.makedirs(path, exist_ok=True)
                open(os.path.join(path, "weights.txt"), "w").write("w")
                mlflow_model.save(os.path.join(path, "MLmodel"))

        with mlflow.start_run():
            mlflow.log_metric("loss", 0.5)
            info = Model.log(artifact_path=None, name="model", flavor=Flavour)
            again = Model.log(artifact_path=None, name="model", flavor=Flavour)
        """)
    assert [s for s in script.said if s[0] == "s"] == [("s", "loss", 0.5)]  # and not once more
    for name in ("model", "model_2"):
        assert (script.folder / "outputs" / name / "weights.txt").read_text() == "w"


def test_a_server_of_the_users_own_is_left_alone(script):
    printed = script(
        "import mlflow; print(mlflow.get_tracking_uri())", MLFLOW_TRACKING_URI="http://localhost:9"
    )
    assert printed == "http://localhost:9\n"


def test_autolog(script):
    pytest.importorskip("sklearn")
    if importlib.util.find_spec("mlflow.sklearn") is None:
        pytest.skip("mlflow-skinny has no autologging of scikit-learn")
    script("""
        import mlflow
        from sklearn.linear_model import LogisticRegression

        mlflow.autolog(log_models=False)
        with mlflow.start_run():
            LogisticRegression(C=0.5).fit([[0], [1], [2], [3]], [0, 0, 1, 1])
        """)
    metrics = {name for kind, name, _ in script.said if kind == "s"}
    assert "training_accuracy_score" in metrics
    assert ("property", None, {"param.C": "0.5"}) in script.said
