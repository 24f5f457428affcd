from __future__ import annotations

import pytest

from sweep.engine.warm_start import modules
from sweep.errors import ConfigError

SCRIPT = """
import os, sys
import numpy as np
from sklearn.svm import SVC, LinearSVC as L
from pandas import *
import helper
from parts import one
from . import near
if True:
    import lazy
def main():
    import inner
import numpy as again
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "helper.py").touch()
    (tmp_path / "parts").mkdir()
    return tmp_path


def test_auto_is_what_the_script_always_imports_and_is_installed(source):
    found = modules("auto", ["python", "train.py"], source)
    assert found == ["numpy", "sklearn.svm:SVC", "sklearn.svm:LinearSVC", "pandas"]


def test_a_script_that_is_no_python_imports_nothing(source):
    (source / "train.py").write_text("x = = 1")
    assert modules("auto", ["python", "train.py"], source) == []


@pytest.mark.parametrize("asked", ["numpy,sklearn.svm", ["numpy", "sklearn.svm"]])
def test_named_modules(source, asked):
    assert modules(asked, ["python", "train.py"], source) == ["numpy", "sklearn.svm"]


@pytest.mark.parametrize(
    ("asked", "command", "says"),
    [
        ("numpy, pandas", ["python", "train.py"], "' pandas' is not the name of a module"),
        ("sk-learn", ["python", "train.py"], "expected auto, or modules such as sklearn,pandas"),
        ([3], ["python", "train.py"], "3 is not the name of a module"),
        ("helper", ["python", "train.py"], "helper is in the source directory"),
        ("parts.one", ["python", "train.py"], "parts.one is in the source directory"),
        ("numpy", ["./train.sh"], "only runs of a Python script"),
        ("auto", ["python", "-m", "train"], "only runs of a Python script"),
    ],
)
def test_what_cannot_be(source, asked, command, says):
    with pytest.raises(ConfigError, match=says):
        modules(asked, command, source)
