"""`sweep convert`: files in, files out, and what is said on the way."""

from __future__ import annotations

import json

from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.v2 import read_job
from tests.cli.workspaces import sweep


def test_an_hdconfig_becomes_a_job_and_comes_back(project):
    said = sweep("convert", "-o", "job.yml", "hdconfig.yml", "train.py", "--epochs", "3")
    assert (said.code, said.out) == (0, "")
    job = read_job("job.yml")
    assert (
        job.trial.command.text == "python train.py --epochs 3 --penalty ${{search_space.penalty}}"
    )
    assert sweep("convert", "--to", "hdconfig", "-o", "back.yml", "job.yml").code == 0
    old, new = (read_hdconfig(file).definition for file in ("hdconfig.yml", "back.yml"))
    assert old.to_wire() == new.to_wire()
    first = (project / "back.yml").read_text().splitlines()[0]
    assert first == "# sweep start hdconfig.yml train.py --epochs 3"


def test_python_comes_out_by_its_name(project):
    assert sweep("convert", "-o", "sweep_it.py", "hdconfig.yml", "train.py").code == 0
    assert "BanditPolicy(" in (project / "sweep_it.py").read_text()
    said = sweep("convert", "--json", "sweep_it.py")
    assert json.loads(said.out)["format"] == "hdconfig"


def test_what_is_lost_is_said(project):
    (project / "job.yml").write_text(
        sweep("convert", "hdconfig.yml", "train.py").out
        + "compute: azureml:cluster\ntags: {a: b}\noutputs: {model: }\n"
    )
    said = sweep("convert", "job.yml")
    assert said.code == 0
    assert "not carried over: the compute target is an option: --target cluster" in said.err
    assert "only a sweep job has tags" in said.err


def test_mistakes(project):
    assert "name the script" in sweep("convert", "hdconfig.yml").err
    assert "options stand before FILE" in sweep("convert", "hdconfig.yml", "--to", "v2").err
    said = sweep("convert", "-o", "local.runconfig", "hdconfig.yml", "train.py")
    assert (said.code, "--force" in said.err) == (2, True)
    assert sweep("convert", "nothing.yml").code == 2
    (project / "driver.py").write_text("x = 1\n")
    said = sweep("convert", "driver.py")
    assert (said.code, "driver.py: makes no HyperDriveConfig" in said.err) == (2, True)
