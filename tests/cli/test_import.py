"""`sweep import`."""

from __future__ import annotations

import json

from sweep.formats.v2 import read_job
from tests.cli.workspaces import sweep

WANDB = """\
program: train.py
method: random
metric: {name: loss}
run_cap: 3
project: demo
parameters: {lr: {min: 0.1, max: 0.5}}
"""


def test_a_file_becomes_a_job(place):
    (place / "wandb.yml").write_text(WANDB)
    said = sweep("import", "wandb.yml", "-o", "job.yml")
    assert (said.code, said.out) == (0, "")
    assert "wrote job.yml" in said.err
    assert "not carried over: project is the service's" in said.err
    assert read_job("job.yml").definition.limits.runs == 3
    assert sweep("import", "wandb.yml", "-o", "job.yml").code == 2
    assert sweep("import", "wandb.yml", "-o", "job.yml", "--force").code == 0


def test_what_was_lost_as_json(place):
    (place / "wandb.yml").write_text(WANDB)
    found = json.loads(sweep("import", "wandb.yml", "--json").out)
    assert found["format"] == "v2"
    assert "project is the service's" in found["lost"]


def test_other_files(project):
    said = sweep("import", "hdconfig.yml")
    assert said.code == 2
    assert "expected a sweep of Weights & Biases" in said.err
    assert sweep("import", "nothing.yml").code == 2
