"""From words, lists and Python values to expressions."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from samplers import WORDS, SpaceError, choice, expression, from_wire, loguniform, uniform
from samplers.words import MOST_OPTIONS
from tests.samplers.spaces import NESTED, TEN, expressions, fixed


@pytest.mark.parametrize("word", WORDS)
def test_words_in_any_letter_case(word: str) -> None:
    values = TEN[word].wire()[1]
    for spelling in (word, word.upper(), word.capitalize(), f" {word} "):
        assert expression(spelling, values) == TEN[word]


@pytest.mark.parametrize("name", [*TEN, *NESTED])
def test_wire_forms_there_and_back(name: str) -> None:
    original = (TEN | NESTED)[name]
    assert from_wire(original.wire()) == original


@fixed
@given(expressions)
def test_any_expression_survives_its_wire_form(original: Any) -> None:
    assert from_wire(original.wire()) == original
    assert from_wire(original.wire()).wire() == original.wire()


NEST = [
    {"m": "a", "x": ["uniform", [0, 1]]},
    {"m": "b", "k": ["choice", [[1, 2]]]},
]


@pytest.mark.parametrize(
    "make",
    [
        lambda: choice({"m": "a", "x": uniform(0, 1)}, {"m": "b", "k": choice(1, 2)}),
        lambda: choice(*NEST),
        lambda: expression("choice", NEST),
        lambda: from_wire(["choice", [NEST]]),
        lambda: from_wire(["choice", NEST]),
    ],
)
def test_branches(make: Any) -> None:
    assert make().wire() == ["choice", [NEST]]


@pytest.mark.parametrize(
    ("options", "wire"),
    [
        ((0.5, 1, 1.5), [0.5, 1, 1.5]),
        (([1, 2, 3],), [1, 2, 3]),
        ((range(0, 10, 5),), [0, 5]),
        ((np.arange(3),), [0, 1, 2]),
        (((1, 2),), [[1, 2]]),
        (((1, 2), (3,)), [[1, 2], [3]]),
        (([[8, 8], [16]],), [[8, 8], [16]]),
        (("[8,8]", "[16]"), ["[8,8]", "[16]"]),
        (("a", 1, 2.5, True, None), ["a", 1, 2.5, True, None]),
        (({"a": 1}, {"b": 2}), [{"a": 1}, {"b": 2}]),
        (("a",), ["a"]),
        ((1, True, 1.0, 1), [1, True, 1.0, 1]),
        (({},), [{}]),
        ((("uniform", [0, 1]), 1), [["uniform", [0, 1]], 1]),
        (({"loss": ["mse", [1, 2]]},), [{"loss": ["mse", [1, 2]]}]),
    ],
)
def test_options(options: tuple[Any, ...], wire: list[Any]) -> None:
    made = choice(*options).wire()
    assert made == ["choice", [wire]]
    assert [type(option) for option in made[1][0]] == [type(option) for option in wire]


@pytest.mark.parametrize(
    ("options", "message", "argument"),
    [
        ((), "at least one option", None),
        (([],), "at least one option", None),
        ((range(0),), "at least one option", None),
        (([1], [2]), "[1] is a list among others", 0),
        (("a", range(3)), "range(0, 3) is a list among others", 1),
        ((1, float("nan")), "option 2: nan", 1),
        ((uniform(0, 1), 2), "option 1: uniform(0, 1) (Number) cannot be an option", 0),
        ((2, {"x": (1, uniform(0, 1))}), "option 2: x: uniform(0, 1) (Number) cannot", 1),
        ((2, {"x": ["uniform", [1, 0]]}), "option 2: x: uniform needs min < max", 1),
        (({"a": {"b": ["choice", []]}},), "option 1: a: b: choice needs", 0),
        (({3: uniform(0, 1)},), "option 1: 3 cannot name a parameter", 0),
        (({"a\n": uniform(0, 1)},), "cannot name a parameter", 0),
        (({3: 1},), "the keys of a dict must be text", 0),
        ((range(MOST_OPTIONS + 1),), "at most 1,000,000 options", None),
    ],
)
def test_bad_options(options: tuple[Any, ...], message: str, argument: int | None) -> None:
    with pytest.raises(SpaceError, match=re.escape(message)) as caught:
        choice(*options)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("word", "values", "message"),
    [
        ("unifrom", [0, 1], "'unifrom' is not an expression; did you mean 'uniform'?"),
        ("lograndint", [5], "did you mean 'randint'?"),
        (None, [1], "None is not an expression"),
        ("choice", "abc", "choice takes a list of values, [option, …], got the text 'abc'; write"),
        ("uniform", {"min": 0, "max": 1}, "uniform takes a list of values, [min, max], got {"),
        ("choice", {"a": 1}, "choice takes a list of values"),
        ("randint", 5, "randint takes a list of values, [upper], got 5"),
        ("choice", None, "got None"),
        ("uniform", [1, 2, 3], "uniform takes min, max; got 3 values: [1, 2, 3]"),
        ("randint", [2, 7], "randint takes upper; got 2 values"),
        ("quniform", [1], "quniform takes min, max, q; got 1 value: [1]"),
        ("qnormal", [0, 1], "qnormal takes mu, sigma, q; got 2 values"),
        ("uniform", [], "got 0 values: []"),
        ("choice", [], "at least one option"),
        ("choice", [[1], [2]], "is a list among others"),
    ],
)
def test_bad_calls(word: Any, values: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=re.escape(message)):
        expression(word, values)


@pytest.mark.parametrize("wire", [5, "uniform", [], ["uniform"], ["uniform", [0, 1], 2], {}, None])
def test_bad_wire_forms(wire: Any) -> None:
    with pytest.raises(SpaceError, match=re.escape("written [word, [argument, …]]")):
        from_wire(wire)


def test_an_argument_is_pointed_at() -> None:
    with pytest.raises(SpaceError) as caught:
        expression("uniform", [0, "1e-3"])
    assert caught.value.argument == 1


def nested(levels: int) -> Any:
    option: Any = 1
    for _ in range(levels):
        option = {"a": ["choice", [[option, 0]]]}
    return ["choice", [[option]]]


def test_nesting_has_a_limit() -> None:
    assert from_wire(nested(32)).depth == 32
    with pytest.raises(SpaceError, match="more than 32 levels"):
        from_wire(nested(40))
    grown = choice(0)
    for _ in range(32):
        grown = choice({"a": grown})
    with pytest.raises(SpaceError, match="more than 32 levels"):
        choice({"a": grown})


def test_a_dict_that_contains_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    with pytest.raises(SpaceError, match="more than 32 levels"):
        choice(endless)


def test_expressions_do_not_change_with_what_they_were_made_of() -> None:
    option = {"a": [1, 2]}
    made = choice(option, "b")
    option["a"].append(3)
    made.wire()[1][0][0]["a"].append(4)
    made.quantile(0)["a"].append(5)
    assert made.wire() == ["choice", [[{"a": [1, 2]}, "b"]]]


def test_expressions_are_values() -> None:
    assert choice(1, 2) == choice([1, 2])
    assert choice(1) != choice(True)
    assert choice(1) != choice(1.0)
    assert len({loguniform(-3, -1), loguniform(-3, -1), uniform(-3, -1)}) == 2
    assert hash(choice({"x": uniform(0, 1)})) == hash(choice({"x": uniform(0, 1)}))
