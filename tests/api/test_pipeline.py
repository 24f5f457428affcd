"""Pipelines: the order of steps, what one hands to the next, what need not run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweep import (
    ConfigError,
    Experiment,
    HyperDriveConfig,
    HyperDriveStep,
    Pipeline,
    PipelineData,
    PythonScriptStep,
    RandomParameterSampling,
    RunFailed,
    ScriptRunConfig,
    Workspace,
    choice,
)

PREPARE = """\
import pathlib, sys
pathlib.Path(sys.argv[2]).write_text("3")
"""
TRAIN = """\
import pathlib, sys
from sweep import Run
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
factor = float(pathlib.Path(given["--data"]).read_text())
score = factor * float(given["--x"])
pathlib.Path(given["--model"]).write_text(str(score))
Run.get_context().log("score", score)
"""
USE = """\
import pathlib, sys
print("the best is", pathlib.Path(sys.argv[2]).read_text())
"""


def sources(place: Path) -> None:
    for name, text in (("prepare", PREPARE), ("train", TRAIN), ("use", USE)):
        (place / name).mkdir(exist_ok=True)
        (place / name / f"{name}.py").write_text(text)


def three_steps() -> list[PythonScriptStep | HyperDriveStep]:
    data, model = PipelineData("data.txt"), PipelineData("model")
    config = HyperDriveConfig(
        RandomParameterSampling({"--x": choice(1, 2)}, seed=1),
        "score",
        "MAXIMIZE",
        2,
        1,
        run_config=ScriptRunConfig("train", "train.py"),
    )
    prepare = PythonScriptStep(
        "prepare.py", "prepare", ["--to", data], outputs=[data], source_directory="prepare"
    )
    arguments = ["--data", data, "--model", model]
    search = HyperDriveStep("search", config, arguments, outputs=[model])
    use = PythonScriptStep("use.py", "use", ["--model", model], source_directory="use")
    return [use, search, prepare]


def test_steps_run_when_their_data_is_there(place):
    sources(place)
    names = [step.name for step in Pipeline(Workspace(), three_steps()).steps]
    assert names == ["prepare", "search", "use"]


def test_what_changes_a_step(place):
    sources(place)
    store = Workspace().folder.snapshots
    use, search, prepare = three_steps()
    store.mkdir(exist_ok=True)
    paths = {data: Path("/there") / data.name for data in (*prepare.makes, *search.makes)}
    before = {step.name: step.digest(paths, store) for step in (prepare, search, use)}
    again = {step.name: step.digest(paths, store) for step in (prepare, search, use)}
    assert again == before
    Path("train/train.py").write_text(TRAIN + "# changed\n")
    assert search.digest(paths, store) != before["search"]
    assert use.digest(paths, store) == before["use"]
    elsewhere = {data: Path("/else") / data.name for data in paths}
    assert use.digest(elsewhere, store) != before["use"]
    assert prepare.digest(elsewhere, store) == before["prepare"]


def test_a_step_is_given_paths(place):
    sources(place)
    _, search, prepare = three_steps()
    assert prepare.bound({}).arguments == ["--to", "outputs/data.txt"]
    (data,) = prepare.makes
    script = search.bound({data: Path("/there/data.txt")}).run_config
    assert script.arguments == ["--data", "/there/data.txt", "--model", "outputs/model"]


def test_mistakes(place):
    a, b = PipelineData("a"), PipelineData("b")
    ws = Workspace()
    with pytest.raises(ConfigError, match="two of them are called 'x'"):
        Pipeline(ws, [PythonScriptStep("x.py", "x"), PythonScriptStep("y.py", "x")])
    with pytest.raises(ConfigError, match=r"needs PipelineData\('a'\), which no step"):
        Pipeline(ws, [PythonScriptStep("x.py", arguments=[a])])
    circle = [
        PythonScriptStep("x.py", "x", inputs=[a], outputs=[b]),
        PythonScriptStep("y.py", "y", inputs=[b], outputs=[a]),
    ]
    with pytest.raises(ConfigError, match="which no step before it makes"):
        Pipeline(ws, circle)
    with pytest.raises(ConfigError, match="is made by two"):
        Pipeline(
            ws,
            [
                PythonScriptStep("x.py", "x", outputs=[a]),
                PythonScriptStep("y.py", "y", outputs=[a]),
            ],
        )
    for name in ("", "..", "a/b", 3):
        with pytest.raises(ConfigError, match="expected a plain name"):
            PipelineData(name)
    with pytest.raises(ConfigError, match="expected a HyperDriveConfig"):
        HyperDriveStep("x", ScriptRunConfig(".", "x.py"))


def test_a_step_that_cannot_run_ends_the_pipeline(place):
    step = PythonScriptStep("no.py", "first")
    run = Experiment(Workspace(), "demo").submit(Pipeline(Workspace(), [step]))
    with pytest.raises(RunFailed, match=r"no\.py: there is no such script"):
        run.wait_for_completion()
    assert run.get_status() == "Failed"
    assert run.wait_for_completion(raise_on_error=False) == "Failed"


@pytest.mark.ray
@pytest.mark.slow
def test_prepare_sweep_use_and_nothing_again(place, capsys):
    sources(place)
    ws = Workspace()
    run = Experiment(ws, "demo").submit(Pipeline(ws, three_steps()), grace=0)
    assert run.wait_for_completion(show_output=True) == "Completed"
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["prepare:", "Completed"],
        ["search:", "Completed"],
        ["use:", "Completed"],
    ]
    (search,), (use,) = run.find_step_run("search"), run.find_step_run("use")
    best = max(json.loads(text)["--x"] for text in search.get_hyperparameters().values())
    printed = (use.run.folder / "user_logs" / "std_log.txt").read_text()
    assert printed == f"the best is {3.0 * best}\n"
    again = Experiment(ws, "demo").submit(Pipeline(ws, three_steps()), grace=0)
    assert again.wait_for_completion() == "Completed"
    assert again.reused == ["prepare", "search", "use"]
    assert [r.id for r in again.get_steps()] == [r.id for r in run.get_steps()]
    Path("use/use.py").write_text(USE + "print('changed')\n")
    (run.find_step_run("prepare")[0].run.folder / "outputs" / "data.txt").unlink()
    third = Experiment(ws, "demo").submit(Pipeline(ws, three_steps()), grace=0)
    assert third.wait_for_completion() == "Completed"
    assert third.reused == [], "its data was gone, so it is made anew, and all that comes of it"
