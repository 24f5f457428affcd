"""Configurations of which a part is given."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplers import Misplaced, Space, choice, loguniform, quniform, randint, uniform
from samplers.partial import completed, is_whole
from tests.samplers.spaces import NESTED, coordinates, fixed, spaces

SPACE = Space(
    {
        "--optimizer": choice("sgd", "adam"),
        "--lr": loguniform(-9.2, 0),
        "--units": quniform(8, 64, 8),
        "--fold": randint(5),
    }
)
MIDDLE = [0.5] * 4


def test_what_is_given_stays_and_the_rest_is_where_the_units_are() -> None:
    found = completed(SPACE.root, {"--units": 16, "lr": 0.01}, MIDDLE)
    assert found == SPACE.decode(MIDDLE) | {"--units": 16, "--lr": 0.01}
    assert list(found) == list(SPACE.names)


def test_numbers_are_as_they_would_be_drawn() -> None:
    found = completed(SPACE.root, {"--units": 16.0, "--fold": 3.0, "--lr": 1}, MIDDLE)
    types = {name: type(found[name]) for name in ("--units", "--fold", "--lr")}
    assert types == {"--units": int, "--fold": int, "--lr": float}


@pytest.mark.parametrize(
    ("part", "where", "message"),
    [
        ({"--optimzer": "sgd"}, ["--optimzer"], "did you mean '--optimizer'?"),
        ({"lr": 0.1, "--lr": 0.2}, ["--lr"], "'lr' and '--lr' are the same"),
        ({"--optimizer": "adm"}, ["--optimizer"], "did you mean 'adam'?"),
        ({"--lr": 3}, ["--lr"], "3 is not a value of loguniform(-9.2, 0), which goes from"),
        ({"--lr": "0.1"}, ["--lr"], "'0.1' is not a value of"),
        ({"--units": 12}, ["--units"], "12 is not a value of quniform(8, 64, 8)"),
        ({"--fold": True}, ["--fold"], "True is not a value of randint(5)"),
        ([1], [], "expected a mapping from --optimizer, --lr, --units, --fold, got [1]"),
    ],
)
def test_what_the_space_does_not_have(part: Any, where: list[str], message: str) -> None:
    with pytest.raises(Misplaced, match=re.escape(message)) as caught:
        completed(SPACE.root, part, MIDDLE)
    assert list(caught.value.where) == where


class TestBranches:
    space = Space(NESTED)
    units = (0.3,) * len(space.leaves)

    def test_a_part_of_an_option_chooses_it(self) -> None:
        found = completed(self.space.root, {"model": {"kind": "tree", "depth": 2}}, self.units)
        assert found["model"] == {"kind": "tree", "depth": 2, "leaf": {"size": 5}}

    def test_a_part_of_a_part(self) -> None:
        found = completed(self.space.root, {"model": {"unit": {"rate": 0.25}}}, self.units)
        assert found["model"] == {"kind": "net", "unit": {"rate": 0.25}}

    @pytest.mark.parametrize(
        ("part", "where"),
        [
            ({"kind": "tree", "depth": 9}, ["model", "depth"]),
            ({"kind": "net", "unit": {"rate": 2}}, ["model", "unit", "rate"]),
            ("nothing", ["model"]),
        ],
    )
    def test_what_no_option_has(self, part: Any, where: list[str]) -> None:
        with pytest.raises(Misplaced) as caught:
            completed(self.space.root, {"model": part}, self.units)
        assert list(caught.value.where) == where

    @pytest.mark.parametrize(
        ("part", "whole"),
        [
            ({"lr": 0.01, "model": "none", "seed": 1}, True),
            ({"lr": 0.01, "model": {"kind": "fixed"}, "seed": 1}, True),
            ({"lr": 0.01, "model": {"kind": "tree"}, "seed": 1}, False),
            ({"lr": 0.01, "model": "none"}, False),
            ({}, False),
        ],
    )
    def test_whether_anything_is_left_open(self, part: Any, whole: bool) -> None:
        assert is_whole(self.space.root, part) is whole


@fixed
@given(st.data())
def test_any_part_of_any_configuration(data: st.DataObject) -> None:
    space = data.draw(spaces)
    configuration = space.decode(data.draw(coordinates(space)))
    others = data.draw(coordinates(space))
    names = data.draw(st.lists(st.sampled_from(space.names), unique=True))
    part = {name: configuration[name] for name in names}
    found = completed(space.root, part, others)
    space.encode(found)
    left = space.decode(others)
    assert space.key({n: found[n] for n in names}) == space.key(part)
    assert all(found[n] == left[n] for n in space.names if n not in names)
    assert is_whole(space.root, configuration)


def test_a_number_without_steps_is_not_changed() -> None:
    assert completed(Space({"x": uniform(0, 1)}).root, {"x": 0.1}, [0.0]) == {"x": 0.1}
