from __future__ import annotations

import os
from pathlib import Path

import pytest

from samplers import Space, choice, uniform
from sweep.engine.replicate import replicate_of
from sweep.engine.template import FunctionTemplate, ScriptTemplate, inherited, interpreter_argv
from sweep.storage.workspace import SweepFolder

SWEEP = SweepFolder("HD_x", Path("/ws/sweeps/HD_x"))
SPACE = Space(
    {
        "lr": uniform(0, 1),
        "model": choice({"kind": "svm", "C": uniform(0, 9)}, {"kind": "tree"}),
        "sizes": choice({"a": 1, "b": 2}, {"a": 3, "b": 4}),
    }
)
CONFIGURATION = {"lr": 0.5, "model": {"kind": "svm", "C": 2.0}, "sizes": {"a": 3, "b": 4}}


def test_fixed_arguments_come_first_then_the_hyperparameters():
    template = ScriptTemplate(["python", "train.py"], ["--epochs", "3"], tree="/tree")
    process = template.process(SWEEP, 7, 1, CONFIGURATION, SPACE)
    assert process.argv == [
        *("python", "train.py", "--epochs", "3"),
        *("--lr", "0.5", "--kind", "svm", "--C", "2.0", "--sizes", '{"a":3,"b":4}'),
    ]
    assert (process.folder, process.tree) == ("/ws/sweeps/HD_x/runs/7", "/tree")


def test_hyperparameters_stay_in_front_of_a_double_dash():
    template = ScriptTemplate(["./train"], ["--a", "1", "--", "file"])
    process = template.process(SWEEP, 0, 1, {"lr": 0.5}, Space({"lr": uniform(0, 1)}))
    assert process.argv == ["./train", "--a", "1", "--lr", "0.5", "--", "file"]


def test_a_command_gets_them_in_its_environment_only():
    template = ScriptTemplate(["Rscript", "train.R"], pass_arguments=False)
    process = template.process(SWEEP, 0, 1, {"lr": 0.5}, Space({"lr": uniform(0, 1)}))
    assert process.argv == ["Rscript", "train.R"]
    assert process.env["AZUREML_SWEEP_lr"] == "0.5"


def test_the_environment_of_a_run(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.setenv("SWEEP_CHANNEL", "of another run")
    monkeypatch.setenv("MINE", "kept")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    template = ScriptTemplate(
        ["x"], environment_variables={"MINE": "changed", "A": "b"}, threads=3
    )
    env = template.process(SWEEP, 7, 2, {}, None).env
    assert "RAY_AUTH_TOKEN" not in env
    assert "SWEEP_CHANNEL" not in env
    assert (env["MINE"], env["A"], env["OMP_NUM_THREADS"]) == ("changed", "b", "3")
    assert env["SWEEP_RUN_ID"] == "HD_x_7"
    assert env["SWEEP_RUN_FOLDER"] == "/ws/sweeps/HD_x/runs/7.2"
    assert env["PATH"] == os.environ["PATH"]


def test_the_user_says_how_many_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert inherited(2)["OMP_NUM_THREADS"] == "8"


def test_a_call_of_a_function():
    call = FunctionTemplate("train").call(SWEEP, 7, 1)
    assert (call.id, call.folder) == ("HD_x_7", "/ws/sweeps/HD_x/runs/7")


def test_what_calls_have_in_common():
    common = FunctionTemplate("train", threads=3).common(SWEEP, b"...", "score")
    assert (common.pickled, common.metric, common.cwd) == (b"...", "score", str(Path.cwd()))
    assert common.env["SWEEP_ID"] == common.env["SWEEP_RUN_ID"] == "HD_x"
    assert common.env["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize(
    "template", [ScriptTemplate(["a"], ["b"], {"c": "d"}, "/tree", "equals", threads=2)]
)
def test_round_trip(template):
    again = ScriptTemplate.from_json(template.to_json())
    assert again.process(SWEEP, 0, 1, {}, None) == template.process(SWEEP, 0, 1, {}, None)


def test_a_program_runs_by_itself_and_a_script_by_its_interpreter(tmp_path):
    (tmp_path / "train.py").touch(mode=0o755)
    (tmp_path / "train.sh").touch(mode=0o755)
    (tmp_path / "train").touch(mode=0o644)
    assert interpreter_argv("py", "train.py", tmp_path) == ["py", "train.py"]
    assert interpreter_argv("py", "train.sh", tmp_path) == ["./train.sh"]
    assert interpreter_argv("py", "train", tmp_path) == ["py", "train"]


def test_a_replicate_knows_which_it_is():
    told = replicate_of((4, 1), 7)
    env = ScriptTemplate(["x"]).process(SWEEP, 13, 1, {}, None, told).env
    names = ("SWEEP_CONFIGURATION_NUMBER", "SWEEP_REPLICATE", "SWEEP_SEED")
    assert [env[name] for name in names] == ["4", "1", str(told["seed"])]
    call = FunctionTemplate("train").call(SWEEP, 13, 1, told)
    assert call.replicate == {name: env[name] for name in names}
    assert not {*names} & {*ScriptTemplate(["x"]).process(SWEEP, 13, 1, {}, None).env}


def test_all_replicates_of_a_configuration_go_on_from_its_earlier_run(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    template = ScriptTemplate(["x"], earlier=[str(tmp_path / "a"), str(tmp_path / "b")])
    found = [
        template.process(SWEEP, number, 1, {}, None, replicate_of((number // 2, number % 2), 0))
        for number in range(6)
    ]
    places = [process.env.get("SWEEP_RESUME_FROM") for process in found]
    assert places == [str(tmp_path / name) for name in "aabb"] + [None, None]
