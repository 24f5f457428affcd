import enum
import json
import math
from typing import Any

import numpy as np
import pytest

from samplers.errors import SpaceError
from samplers.values import LIMIT, canonical, parameter_name, plain, real


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


def test_identity_has_types_and_no_order() -> None:
    assert len({canonical(value) for value in (1, 1.0, True, "1", None, [1], {"a": 1})}) == 7
    assert canonical({"a": 1, "b": [2.5]}) == canonical({"b": [2.5], "a": 1})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, "x")), [1, [2, "x"]]),
        ({"a": (1,)}, {"a": [1]}),
        (Colour.RED, "red"),
        (Level.LOW, 1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.arange(3), [0, 1, 2]),
        (None, None),
    ],
)
def test_plain_is_what_json_gives_back(value: Any, expected: Any) -> None:
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)
    assert json.loads(json.dumps(result)) == result


def test_plain_copies() -> None:
    inner = [1]
    copy = plain({"a": inner})
    inner.append(2)
    assert copy == {"a": [1]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        ({1, 2}, "set"),
        (b"x", "bytes"),
        ({1: "a"}, "keys of a dict must be text"),
        (object, "cannot be an option"),
    ],
)
def test_plain_refuses_what_json_cannot_hold(value: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        plain(value)


def test_plain_ends_at_a_list_that_contains_itself() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(SpaceError, match="32 levels"):
        plain(endless)


@pytest.mark.parametrize("value", [0, -1.5, 10**20, np.float64(2), np.int32(7), Level.LOW])
def test_real_takes_numbers(value: Any) -> None:
    number = real(value, "x")
    assert number == value
    assert type(number) in (int, float)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "x must be a number, got True"),
        (None, "x must be a number, got None"),
        ("high", r"got the text 'high'$"),
        ("nan", r"got the text 'nan'$"),
        ("1e-3", "write 0.001 without quotes"),
        (math.nan, "must be within ±1e.150, got nan"),
        (-math.inf, "got -inf"),
        (10**400, "must be within"),
        (2 * LIMIT, "must be within"),
    ],
)
def test_real_refuses_everything_else(value: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        real(value, "x", 1)
    assert caught.value.argument == 1


@pytest.mark.parametrize("name", ["lr", "--lr", "-p", "a b", "größe", "x.y[0]", Colour.RED])
def test_names_are_printable_text(name: str) -> None:
    assert parameter_name(name) == name
    assert type(parameter_name(name)) is str


@pytest.mark.parametrize("name", ["", " ", "a\n", "a\0b", "\t", "\ud800", 5, None, ("a",)])
def test_other_names_are_refused(name: Any) -> None:
    with pytest.raises(SpaceError, match="cannot name a parameter"):
        parameter_name(name)
