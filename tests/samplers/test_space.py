"""Spaces, their configurations, and the ways to write these down."""

import copy
import json
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplers import Space, SpaceError, choice, loguniform, normal, quniform, randint, uniform
from samplers.space import MOST_LEAVES
from tests.samplers.spaces import FINITE, NESTED, TEN, coordinates, fixed, spaces


def everything(value: Any) -> Iterator[Any]:
    """Yield a configuration and all that is in it."""
    yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from everything(inner)


class TestMaking:
    def test_wire_forms_there_and_back(self) -> None:
        for parameters in (TEN, NESTED, FINITE):
            space = Space(parameters)
            assert Space(space.wire()) == space
            assert Space(json.loads(json.dumps(space.wire()))) == space

    @fixed
    @given(spaces)
    def test_any_space_survives_its_wire_form(self, space: Space) -> None:
        assert Space(json.loads(json.dumps(space.wire()))) == space

    def test_the_order_is_as_declared(self) -> None:
        space = Space({"z": choice(1), "a": ["uniform", [0, 1]], "--m": randint(3)})
        assert space.names == ("z", "a", "--m")
        assert list(space.decode([0, 0, 0])) == ["z", "a", "--m"]
        assert list(space.wire()) == ["z", "a", "--m"]

    def test_spaces_are_values(self) -> None:
        assert Space({"a": choice(1)}) == Space({"a": choice([1])})
        assert Space({"a": choice(1)}) != Space({"a": choice(True)})
        assert Space({"a": choice(1)}) != {"a": choice(1)}
        assert len({Space({"a": choice(1)}), Space({"a": choice(1)})}) == 1
        assert repr(Space({"a": uniform(0, 1)})) == "Space({'a': uniform(0, 1)})"

    def test_spaces_can_be_copied_and_sent(self) -> None:
        space = Space(NESTED)
        assert copy.deepcopy(space) == space
        assert pickle.loads(pickle.dumps(space)) == space

    @pytest.mark.parametrize(
        ("parameters", "message", "parameter"),
        [
            ({}, "the space is empty", None),
            ([("a", choice(1))], "a space maps names to expressions", None),
            ({"a": 5}, "a: 5 is not an expression; write choice(5)", "a"),
            ({"a": [1, 2]}, "a: [1, 2] is not an expression; write choice([1, 2])", "a"),
            ({"a": "uniform"}, "a: 'uniform' is not an expression", "a"),
            ({"a": ["unform", [0, 1]]}, "a: 'unform' is not an expression; did you mean", "a"),
            ({"a": ["uniform", 5]}, "a: uniform takes a list of values", "a"),
            ({"": choice(1)}, "'' cannot name a parameter", None),
            ({"a\nb": choice(1)}, "cannot name a parameter", None),
            ({3: choice(1)}, "3 cannot name a parameter", None),
        ],
    )
    def test_what_is_refused(self, parameters: Any, message: str, parameter: str | None) -> None:
        with pytest.raises(SpaceError, match=re.escape(message)) as caught:
            Space(parameters)
        assert caught.value.parameter == parameter

    def test_the_argument_is_pointed_at(self) -> None:
        with pytest.raises(SpaceError) as caught:
            Space({"a": choice(1), "b": ["uniform", [1, 0]]})
        assert (caught.value.parameter, caught.value.argument) == ("b", 1)

    def test_the_number_of_leaves_is_limited(self) -> None:
        many = {f"n{index}": choice(1) for index in range(MOST_LEAVES)}
        assert len(Space(many).leaves) == MOST_LEAVES
        with pytest.raises(SpaceError, match="has 10,001 expressions; at most 10,000"):
            Space(many | {"one": choice("more")})


class TestNames:
    @pytest.mark.parametrize(
        "parameters",
        [
            {"lr": choice(1), "--lr": choice(2)},
            {"lr": choice(1), "m": choice("x", {"lr": uniform(0, 1)})},
            {"m": choice("x", {"--lr": uniform(0, 1)}), "lr": choice(1)},
            {"m": choice({"lr": uniform(0, 1)}), "n": choice({"a": choice({"lr": randint(2)})})},
            {"m": choice({"lr": uniform(0, 1), "inner": {"lr": choice(1, 2)}})},
        ],
    )
    def test_two_parameters_with_one_name(self, parameters: dict[str, Any]) -> None:
        with pytest.raises(SpaceError, match="would both be passed as --lr"):
            Space(parameters)

    def test_the_error_names_both(self) -> None:
        with pytest.raises(SpaceError, match="'m' and 'lr' would both") as caught:
            Space({"m": choice("x", {"lr": uniform(0, 1)}), "lr": choice(1)})
        assert caught.value.parameter == "lr"

    @pytest.mark.parametrize(
        "parameters",
        [
            {"-lr": choice(1), "--lr": choice(2), "---lr": choice(3)},
            {"m": choice({"lr": uniform(0, 1)}, {"lr": randint(3)}, "none")},
            {"m": choice({"m": choice("a", "b")}, {"lr": randint(3)})},
            {"m": choice({"lr": 1}, {"n": 2}), "lr": choice(1), "n": choice(1)},
        ],
    )
    def test_names_that_do_not_meet(self, parameters: dict[str, Any]) -> None:
        assert Space(parameters).names == tuple(parameters)


class TestLeaves:
    def test_depth_first_with_their_paths(self) -> None:
        assert [leaf.path for leaf in Space(NESTED).leaves] == [
            ("lr",),
            ("model",),
            ("model", 1, "depth"),
            ("model", 2, "unit"),
            ("model", 2, "unit", 0, "width"),
            ("model", 2, "unit", 1, "rate"),
            ("seed",),
        ]

    @fixed
    @given(spaces)
    def test_streams_are_distinct(self, space: Space) -> None:
        assert len({leaf.stream for leaf in space.leaves}) == len(space.leaves)

    def test_other_parameters_do_not_change_a_stream(self) -> None:
        small = Space({"b": uniform(0, 1)}).leaves[0]
        large = Space({"a": choice(1, {"x": randint(2)}), "b": normal(0, 1)}).leaves[2]
        assert small.stream == large.stream


class TestUnits:
    def test_a_branch_and_what_it_does_not_reach(self) -> None:
        space = Space(NESTED)
        point = [0.5, 0.6, 0.1, 0.9, 0.2, 0.25, 0.7]
        configuration = space.decode(point)
        assert configuration == {
            "lr": 0.0301973834223185,
            "model": {"kind": "net", "unit": {"rate": 0.25}},
            "seed": 1,
        }
        assert space.encode(configuration) == (0.5, 0.625, None, 0.75, None, 0.25, 0.75)

    @fixed
    @given(st.data())
    def test_there_and_back(self, data: st.DataObject) -> None:
        space = data.draw(spaces)
        configuration = space.decode(data.draw(coordinates(space)))
        encoded = space.encode(configuration)
        assert len(encoded) == len(space.leaves)
        assert all(unit is None or 0 <= unit <= 1 for unit in encoded)
        again = space.decode(encoded)
        if space.size is not None:
            assert space.key(again) == space.key(configuration)
        assert space.encode(again) == pytest.approx(encoded, abs=1e-9)

    @fixed
    @given(st.data())
    def test_a_configuration_is_json(self, data: st.DataObject) -> None:
        space = data.draw(spaces)
        configuration = space.decode(data.draw(coordinates(space)))
        again = json.loads(json.dumps(configuration))
        assert again == configuration
        assert space.key(again) == space.key(configuration)
        kinds = {type(value) for value in everything(configuration)}
        assert kinds <= {dict, list, str, int, float, bool, type(None)}

    @pytest.mark.parametrize(
        ("configuration", "message"),
        [
            ({}, "is not a dict with the names lr, model, seed"),
            ({"lr": 0.1, "model": "none", "seed": 1, "x": 1}, "is not a dict with the names"),
            ([1], "is not a dict with the names"),
            ({"lr": 7, "model": "none", "seed": 1}, "lr: 7 is not a value of loguniform(-6, -1)"),
            ({"lr": 0.1, "model": "some", "seed": 1}, "model: 'some' is not an option of choice"),
            ({"lr": 0.1, "model": {"kind": "tree"}, "seed": 1}, "is not an option"),
            (
                {"lr": 0.1, "model": {"kind": "oak", "depth": 1, "leaf": {"size": 5}}, "seed": 1},
                "is not an option",
            ),
            (
                {"lr": 0.1, "model": "none", "seed": True},
                "seed: True is not a value of randint(2)",
            ),
        ],
    )
    def test_strangers_are_refused(self, configuration: Any, message: str) -> None:
        with pytest.raises(SpaceError, match=re.escape(message)):
            Space(NESTED).encode(configuration)

    def test_the_first_option_that_fits_is_taken(self) -> None:
        space = Space({"m": choice({"x": uniform(0, 1)}, {"x": uniform(0, 2)}, {"x": 5, "y": 1})})
        assert space.encode({"m": {"x": 0.5}}) == (1 / 6, 0.5, None)
        assert space.encode({"m": {"x": 1.5}}) == (0.5, None, 0.75)
        assert space.encode({"m": {"y": 1, "x": 5}}) == (pytest.approx(5 / 6), None, None)


class TestCombinations:
    def test_sizes(self) -> None:
        assert Space(FINITE).size == 2 * (1 + 6 + 3) * 7
        assert Space(NESTED).size is None
        assert Space({"a": randint(10**9), "b": quniform(0, 10**9, 1)}).size == 10**9 * (10**9 + 1)

    def test_the_last_parameter_varies_fastest(self) -> None:
        space = Space({"a": choice(1, 2), "b": choice("x", "y", "z")})
        assert [tuple(space.configuration_at(index).values()) for index in range(6)] == [
            (1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z"),
        ]  # fmt: skip
        assert list(space.configuration_at(0)) == ["a", "b"]

    def test_a_choice_goes_through_its_options(self) -> None:
        space = Space({"m": FINITE["m"]})
        assert [space.configuration_at(index)["m"] for index in range(10)] == [
            "x",
            {"k": 0, "b": True},
            {"k": 0, "b": False},
            {"k": 1, "b": True},
            {"k": 1, "b": False},
            {"k": 2, "b": True},
            {"k": 2, "b": False},
            {"k": 0.0},
            {"k": 0.5},
            {"k": 1.0},
        ]

    def test_each_combination_comes_once(self) -> None:
        space = Space(FINITE)
        assert space.size is not None
        keys = {space.key(space.configuration_at(index)) for index in range(space.size)}
        assert len(keys) == space.size

    @settings(fixed, max_examples=25)
    @given(st.data())
    def test_every_combination_is_a_configuration(self, data: st.DataObject) -> None:
        space = data.draw(spaces.filter(lambda space: space.size is not None))
        configuration = space.configuration_at(data.draw(st.integers(0, (space.size or 0) - 1)))
        assert space.key(space.decode(space.encode(configuration))) == space.key(configuration)

    def test_nothing_is_listed(self) -> None:
        space = Space({"a": randint(10**12), "b": quniform(0, 10**9, 0.5)})
        assert space.configuration_at(2 * 10**9 + 2) == {"a": 1, "b": 0.5}

    @pytest.mark.parametrize(("parameters", "index"), [(FINITE, 140), (FINITE, -1), (NESTED, 0)])
    def test_there_are_no_others(self, parameters: dict[str, Any], index: int) -> None:
        with pytest.raises(IndexError, match="configuration"):
            Space(parameters).configuration_at(index)


class TestKeys:
    def test_types_count_and_order_does_not(self) -> None:
        space = Space({"a": choice(1, True, 1.0, "1", None), "b": choice({"x": 1, "y": 2}, 3)})
        assert len({space.key({"a": value, "b": 3}) for value in (1, True, 1.0, "1", None)}) == 5
        assert space.key({"a": 1, "b": {"x": 1, "y": 2}}) == space.key(
            {"b": {"y": 2, "x": 1}, "a": 1}
        )

    def test_no_branch_is_taken_for_another(self) -> None:
        space = Space({"m": choice({"x": randint(2)}, {"x": randint(2), "y": 1})})
        assert space.key({"m": {"x": 1}}) != space.key({"m": {"x": 1, "y": 1}})


class TestFlat:
    def test_a_choice_of_nothing_but_constants_stays_one_value(self) -> None:
        space = Space({"sizes": choice({"a": 1}, {"a": 2})})
        assert space.flatten({"sizes": {"a": 2}}) == [("sizes", {"a": 2})]
        assert space.flags == {"--sizes"}

    def test_the_flags_of_all_branches_are_known(self) -> None:
        space = Space({"x": choice(1, 2), "m": choice({"a": uniform(0, 1)}, {"b": "c"})})
        assert space.flags == {"--x", "--a", "--b"}

    @pytest.mark.parametrize(
        ("model", "pairs"),
        [
            ("none", [("model", "none")]),
            (
                {"kind": "tree", "depth": 2, "leaf": {"size": 5}},
                [("kind", "tree"), ("depth", 2), ("leaf", {"size": 5})],
            ),
            ({"kind": "net", "unit": {"width": 16}}, [("kind", "net"), ("width", 16)]),
            ({"kind": "net", "unit": {"rate": 0.5}}, [("kind", "net"), ("rate", 0.5)]),
            ({"kind": "fixed", "power": 2}, [("kind", "fixed"), ("power", 2)]),
        ],
    )
    def test_what_is_passed_to_a_script(self, model: Any, pairs: list[tuple[str, Any]]) -> None:
        flat = Space(NESTED).flatten({"lr": 0.1, "model": model, "seed": 0})
        assert flat == [("lr", 0.1), *pairs, ("seed", 0)]

    def test_a_dict_with_expressions_inside_a_branch(self) -> None:
        space = Space({"m": choice({"kind": "a", "inner": {"x": uniform(0, 1), "y": 2}})})
        flat = space.flatten({"m": {"kind": "a", "inner": {"x": 0.5, "y": 2}}})
        assert flat == [("kind", "a"), ("x", 0.5), ("y", 2)]

    def test_strangers_are_refused(self) -> None:
        with pytest.raises(SpaceError):
            Space(NESTED).flatten({"lr": 0.1})

    @fixed
    @given(st.data())
    def test_no_name_comes_twice(self, data: st.DataObject) -> None:
        space = data.draw(spaces)
        flat = space.flatten(space.decode(data.draw(coordinates(space))))
        flags = [name if name.startswith("-") else f"--{name}" for name, _ in flat]
        assert len(set(flags)) == len(flags)


class TestHeaviest:
    @fixed
    @given(st.data(), spaces)
    def test_no_configuration_weighs_more(self, data: st.DataObject, space: Space) -> None:
        def weigh(name: str, value: Any) -> int:
            return len(name) + (len(value) if isinstance(value, str) else 1)

        most = space.heaviest(weigh)
        flat = space.flatten(space.decode(data.draw(coordinates(space))))
        assert sum(weigh(name, value) for name, value in flat) <= most

    def test_of_branches_one_is_taken(self) -> None:
        space = Space({"m": choice({"a": choice(1, 7)}, {"b": choice(2), "c": uniform(0, 3)})})
        asked: list[tuple[str, Any]] = []

        def weigh(name: str, value: Any) -> int:
            asked.append((name, value))
            return int(value)

        assert space.heaviest(weigh) == 7
        assert asked == [("a", 1), ("a", 7), ("b", 2), ("c", 0), ("c", 3)]


class TestChanging:
    def test_distinct_options_are_kept_in_order(self) -> None:
        space = Space({"a": choice(2, 1, 2, True, 1.0, 2), "b": uniform(0, 1)})
        assert space.distinct() == Space({"a": choice(2, 1, True, 1.0), "b": uniform(0, 1)})

    def test_distinct_branches(self) -> None:
        space = Space({"m": choice({"x": choice(1, 1)}, {"x": choice(1)}, {"x": choice(1, 2, 1)})})
        assert space.distinct() == Space({"m": choice({"x": choice(1)}, {"x": choice(1, 2)})})

    def test_another_base_reaches_all_branches(self) -> None:
        space = Space({"m": choice({"x": loguniform(-2, -1)}, 1), "y": loguniform(-2, -1)})
        assert space.rebased(10).decode([0, 0.5, 0.5]) == {
            "m": {"x": pytest.approx(10**-1.5)},
            "y": pytest.approx(10**-1.5),
        }
        assert space.rebased(10).wire() == space.wire()
        assert space.rebased(10) != space

    def test_spaces_do_not_change_with_what_they_were_made_of(self) -> None:
        parameters = {"a": choice(1), "b": ["choice", [[1, 2]]]}
        space = Space(parameters)
        parameters["b"][1][0].append(3)
        parameters["c"] = choice(1)
        space.wire()["b"][1][0].append(3)
        assert space.wire() == {"a": ["choice", [[1]]], "b": ["choice", [[1, 2]]]}
