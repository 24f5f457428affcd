"""The command of a trial, filled in for one run."""

from __future__ import annotations

import pytest

from samplers import Space, choice, uniform
from sweep.engine.trial import folders_of, in_trial

BRANCHES = Space(
    {
        "lr": uniform(-1, 1),
        "model": choice({"kind": "a", "depth": choice(1, 2)}, {"kind": "b"}),
    }
)


def words(line, configuration, space=BRANCHES, outputs=("model",)):
    found, _ = in_trial(line.split(" "), {"outputs": outputs}, "/runs/3", configuration, space)
    return found


class TestWords:
    def test_values_and_folders(self):
        line = "python a.py --lr ${{search_space.lr}} --out=${{outputs.model}}/m"
        assert words(line, {"lr": 0.5, "model": {"kind": "b"}}) == [
            *("python", "a.py", "--lr", "0.5", "--out=/runs/3/named-outputs/model/m")
        ]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [(-0.5, ["--lr", "-0.5"]), (-1e-05, ["--lr=-1e-05"]), (0.25, ["--lr", "0.25"])],
    )
    def test_what_would_be_taken_for_an_option(self, value, expected):
        configuration = {"lr": value, "model": {"kind": "b"}}
        assert words("x --lr ${{search_space.lr}}", configuration) == ["x", *expected]

    def test_text_with_a_dash_in_front(self):
        space = Space({"o": choice("-x", "a b; $(c)")})
        line = "x --o ${{search_space.o}} ${{search_space.o}}"
        assert words(line, {"o": "-x"}, space) == ["x", "--o=-x", "-x"]
        assert words(line, {"o": "a b; $(c)"}, space) == ["x", "--o", "a b; $(c)", "a b; $(c)"]

    def test_parameters_of_a_branch(self):
        line = (
            "x --depth ${{search_space.depth}} --k=${{search_space.kind}} ${{search_space.model}}"
        )
        taken = {"lr": 0, "model": {"kind": "a", "depth": 2}}
        assert words(line, taken) == ["x", "--depth", "2", "--k=a", '{"kind":"a","depth":2}']
        assert words(line, {"lr": 0, "model": {"kind": "b"}}) == ["x", "--k=b", '{"kind":"b"}']

    def test_a_value_that_has_the_form_of_a_reference(self):
        space = Space({"o": choice("${{outputs.model}}")})
        line = "x ${{search_space.o}}"
        assert words(line, {"o": "${{outputs.model}}"}, space) == ["x", "${{outputs.model}}"]


def test_variables_for_a_shell():
    _, variables = in_trial(
        ["bash"], {"outputs": ["m"]}, "/runs/3", {"lr": 0.5, "model": {"kind": "b"}}, BRANCHES
    )
    assert variables == {
        "AZUREML_SWEEP_lr": "0.5",
        "AZUREML_SWEEP_model": '{"kind":"b"}',
        "AZUREML_SWEEP_kind": "b",
        "AZUREML_SWEEP_depth": "",
        "AZURE_ML_OUTPUT_m": "/runs/3/named-outputs/m",
    }


def test_folders_are_relative_to_that_of_a_run():
    assert folders_of({"outputs": ["a", "b"]}) == ["named-outputs/a", "named-outputs/b"]
    assert folders_of(None) == []
