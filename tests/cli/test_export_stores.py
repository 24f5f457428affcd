"""`sweep export --to mlflow|tensorboard`, read back by these libraries."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.workspaces import lone, play, story, sweep, values


def test_a_table_by_the_same_option(told, tmp_path):
    assert sweep("export", "--to", "csv", tmp_path / "a.csv").code == 0
    assert len(pd.read_csv(tmp_path / "a.csv")) == 6
    assert sweep("export", "HD_story", "--to", "parquet", tmp_path / "a.parquet").code == 0
    assert len(pd.read_parquet(tmp_path / "a.parquet")) == 6
    assert "'pickle' is not one of" in sweep("export", "--to", "pickle", "x").err


@pytest.mark.filterwarnings("ignore")
class TestMLflow:
    @pytest.fixture(autouse=True)
    def library(self, place):
        pytest.importorskip("sqlalchemy")
        self.mlflow = pytest.importorskip("mlflow")
        self.folder = story(place)

    def test_a_parent_and_its_children(self, place):
        outputs = self.folder.run_folder(0) / "outputs"
        outputs.mkdir()
        (outputs / "model.txt").write_text("fine")
        said = sweep("export", "--to", "mlflow", place / "store")
        assert (said.code, said.err) == (0, "")
        uri = f"sqlite:///{place / 'store' / 'mlflow.db'}"
        assert said.out == f"HD_story is in {uri}: mlflow ui --backend-store-uri {uri}\n"
        client = self.mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        experiment = client.get_experiment_by_name("demo").experiment_id
        runs = {r.info.run_name: r for r in client.search_runs([experiment])}
        assert sorted(runs) == ["HD_story", *(f"HD_story_{n}" for n in range(6))]
        parent, first = runs["HD_story"], runs["HD_story_0"]
        assert parent.data.metrics == {"accuracy": 0.95}
        assert parent.data.tags["hypersweep.best_run"] == "HD_story_4"
        assert parent.data.params["policy"] == "Bandit"
        assert first.data.params == {"x": "0"}
        assert first.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert first.data.tags["stage"] == "final"
        history = client.get_metric_history(first.info.run_id, "accuracy")
        assert [(m.step, m.value) for m in history] == [(0, 0.5), (1, 0.7), (2, 0.8)]
        assert [m.value for m in client.get_metric_history(first.info.run_id, "loss")] == [
            2.5,
            0.25,
        ]
        assert math.isinf(first.data.metrics["ratio"]) or first.data.metrics["ratio"] > 1e300
        statuses = [runs[f"HD_story_{n}"].info.status for n in range(6)]
        assert statuses == ["FINISHED", "KILLED", "FAILED", "KILLED", "FINISHED", "FINISHED"]
        assert runs["HD_story_2"].data.tags["hypersweep.reason"].startswith("exit code 1")
        assert first.info.end_time - first.info.start_time == 3000
        [model] = client.list_artifacts(first.info.run_id, "outputs")
        assert model.path == "outputs/model.txt"
        names = {f.path for f in client.list_artifacts(first.info.run_id, "user_logs")}
        assert names == {"user_logs/std_log.txt"}
        assert (Path(place) / "store" / "artifacts").is_dir()

        again = sweep("export", "--to", "mlflow", place / "store")
        assert again.code == 2
        assert "HD_story is in sqlite:///" in again.err

    def test_a_store_that_is_not_there(self, place):
        said = sweep("export", "--to", "mlflow", "nonsense://x")
        assert said.code == 2
        assert said.err.startswith("error: nonsense://x: ")


class TestTensorBoard:
    @pytest.fixture(autouse=True)
    def library(self, place):
        pytest.importorskip("tensorboard")
        self.folder = story(place)

    @pytest.mark.filterwarnings("ignore")
    def test_curves_and_the_table(self, place):
        module = "tensorboard.backend.event_processing.event_accumulator"
        accumulator = importlib.import_module(module).EventAccumulator
        plugin_data = importlib.import_module("tensorboard.plugins.hparams.plugin_data_pb2")
        said = sweep("export", "--to", "tensorboard", place / "board")
        assert (said.code, said.err) == (0, "")

        def read(folder):
            events = accumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
            events.Reload()
            return events

        def hparams(events, tag):
            content = events.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content
            return plugin_data.HParamsPluginData.FromString(content)

        about = hparams(read(place / "board"), "experiment").experiment
        assert [info.name for info in about.hparam_infos] == ["x"]
        assert about.metric_infos[0].name.tag == "accuracy"
        first, failed = read(place / "board" / "0"), read(place / "board" / "2")
        scalars = first.Scalars("accuracy")
        assert [(s.step, round(s.value, 6)) for s in scalars] == [(0, 0.5), (1, 0.7), (2, 0.8)]
        assert (
            hparams(first, "session_start_info").session_start_info.hparams["x"].number_value == 0
        )
        assert hparams(first, "session_end_info").session_end_info.status == 1
        assert hparams(failed, "session_end_info").session_end_info.status == 2

    def test_a_folder_with_something_in_it(self, place):
        (place / "board").mkdir()
        (place / "board" / "x").write_text("")
        said = sweep("export", "--to", "tensorboard", place / "board")
        assert said.code == 2
        assert "is not empty: name another folder" in said.err

    def test_a_lone_run(self, place):
        play(lone(place), values())
        assert sweep("export", "--to", "tensorboard", place / "lone").code == 0
        assert (place / "lone" / "0").is_dir()
