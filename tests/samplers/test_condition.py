"""Conditions on configurations."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplers import Misplaced, Space, choice, normal, quniform, randint, uniform
from samplers.condition import condition
from tests.samplers.spaces import NESTED, coordinates, fixed, spaces

SPACE = Space(
    {
        "--optimizer": choice("sgd", "adam", "lion"),
        "--momentum": uniform(0, 1),
        "--units": quniform(8, 64, 8),
        "--layers": choice(1, 2, "deep", True),
        "--shape": choice([[8, 8], [16]]),
        "--fold": randint(5),
    }
)
ONE = {
    "--optimizer": "sgd",
    "--momentum": 0.5,
    "--units": 16,
    "--layers": 2,
    "--shape": [8, 8],
    "--fold": 3,
}


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({"--optimizer": "sgd"}, True),
        ({"optimizer": "adam"}, False),
        ({"--optimizer": ["adam", "sgd"]}, True),
        ({"--optimizer": {"not": "sgd"}}, False),
        ({"--optimizer": {"not": ["adam", "lion"]}}, True),
        ({"--momentum": {"above": 0.5}}, False),
        ({"--momentum": {"at_least": 0.5}}, True),
        ({"--momentum": {"above": 0.4, "below": 0.6}}, True),
        ({"--momentum": {"not": [0, 0.4]}}, True),
        ({"--momentum": [0.5, 0.7]}, True),
        ({"--momentum": [0.6, 0.7]}, False),
        ({"--units": 16}, True),
        ({"--units": 16.0}, True),
        ({"--units": {"at_most": 15}}, False),
        ({"--layers": 2}, True),
        ({"--layers": [1, "deep"]}, False),
        ({"--layers": {"above": 1}}, True),
        ({"--shape": [8, 8]}, True),
        ({"--shape": [[16], [8, 8]]}, True),
        ({"--fold": [0, 2]}, False),
        ({"--optimizer": "sgd", "--momentum": {"below": 0.9}}, True),
        ({"--optimizer": "adam", "--momentum": {"below": 0.9}}, False),
    ],
)
def test_what_holds(said: Any, holds: bool) -> None:
    assert condition(SPACE.root, said)(ONE) is holds


@pytest.mark.parametrize(
    ("said", "where", "message"),
    [
        ({}, [], "an empty condition would hold for every configuration"),
        ({"--optimiser": "sgd"}, ["--optimiser"], "did you mean '--optimizer'?"),
        ({"--optimizer": "sdg"}, ["--optimizer"], "did you mean 'sgd'?"),
        ({"--optimizer": ["sgd", "adm"]}, ["--optimizer", 1], "did you mean 'adam'?"),
        ({"--optimizer": {"above": 3}}, ["--optimizer"], "holds for no option of"),
        ({"--momentum": {"abov": 1}}, ["--momentum", "abov"], "did you mean 'above'?"),
        ({"--momentum": {"above": "1"}}, ["--momentum", "above"], "expected a number, got '1'"),
        ({"--momentum": {"above": 2}}, ["--momentum"], "holds for no value of uniform(0, 1)"),
        ({"--momentum": {"above": 0.7, "below": 0.3}}, ["--momentum"], "holds for no value of"),
        ({"--momentum": [0.7, 0.3]}, ["--momentum"], "expected a number or a range [from, to]"),
        ({"--momentum": {}}, ["--momentum"], "got an empty mapping"),
        ({"--units": 12}, ["--units"], "12 is not a value of quniform(8, 64, 8)"),
        (3, [], "expected a mapping from --optimizer, "),
    ],
)
def test_what_can_never_hold(said: Any, where: list[Any], message: str) -> None:
    with pytest.raises(Misplaced, match=re.escape(message)) as caught:
        condition(SPACE.root, said)
    assert list(caught.value.where) == where


def test_a_bound_far_out_in_a_tail_can_hold() -> None:
    assert condition(Space({"x": normal(0, 1)}).root, {"x": {"above": 6}})({"x": 7.0})


TREE = {"kind": "tree", "depth": 2, "leaf": {"size": 5}}
NET = {"kind": "net", "unit": {"rate": 0.25}}


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({"kind": "tree"}, [True, False, False]),
        ({"depth": {"at_least": 1}}, [True, False, False]),
        ({"depth": {"at_most": 1}}, [False, False, False]),
        ({"unit": {"rate": [0, 0.5]}}, [False, True, False]),
        ("none", [False, False, True]),
        ([{"kind": "tree"}, "none"], [True, False, True]),
        ({"not": {"kind": "net"}}, [True, False, True]),
    ],
)
def test_parts_of_branches(said: Any, holds: list[bool]) -> None:
    test = condition(Space(NESTED).root, {"model": said})
    ones = [{"lr": 0.1, "model": model, "seed": 0} for model in (TREE, NET, "none")]
    assert [test(one) for one in ones] == holds


def test_a_misspelt_part_of_a_branch() -> None:
    with pytest.raises(Misplaced, match="9 is not a value of randint") as caught:
        condition(Space(NESTED).root, {"model": {"kind": "tree", "depth": 9}})
    assert caught.value.where == ("model", "depth")


@fixed
@given(st.data())
def test_a_configuration_is_a_condition_that_holds_for_itself(data: st.DataObject) -> None:
    space = data.draw(spaces)
    one, other = (space.decode(data.draw(coordinates(space))) for _ in range(2))
    test = condition(space.root, one)
    assert test(one)
    values = [value for _, value in [*one.items(), *other.items()]]
    if not any(isinstance(value, dict) for value in values):  # which is a part of others
        assert test(other) is all(one[name] == other[name] for name in space.names)
