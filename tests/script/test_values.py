"""What can be logged, and what comes back."""

from __future__ import annotations

import enum
import json
import math
from collections import deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.script.errors import RunLogError
from sweep.script.values import Logged, document, read_back, scalar, table


class Tensor:
    """As torch's: one value, or no value at all."""

    def __init__(self, value):
        self.value = value

    def item(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Shade(float, enum.Enum):
    DARK = 0.25


class Plain(enum.Enum):
    ONE = 1


Pair = namedtuple("Pair", "a b")  # noqa: PYI024 - as scripts have them


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, 1),
        (True, True),
        (None, None),
        ("text", "text"),
        (10**30, 10**30),
        (math.inf, math.inf),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),  # its item is of its own kind
        (np.int64(7), 7),
        (np.uint8(7), 7),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(3), 3),
        (np.array([[2.5]]), 2.5),
        (pd.Series([4]), 4),
        (Decimal("0.25"), 0.25),
        (Decimal("inf"), math.inf),
        (Fraction(1, 4), 0.25),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Shade.DARK, 0.25),
        (Tensor(1.5), 1.5),
        (Tensor(None), None),
        ((1, 2), "(1, 2)"),
        (Pair(1, 2), "Pair(a=1, b=2)"),
        ({"a": [1]}, "{'a': [1]}"),
    ],
)
def test_one_value_is_kept_as_a_plain_one(value, kept):
    result = scalar("m", value)
    assert result == kept
    assert type(result) is type(kept)
    assert json.loads(json.dumps(result)) == kept


def test_nan_stays_nan():
    assert math.isnan(scalar("m", np.float32("nan")))
    assert math.isnan(scalar("m", Decimal("nan")))


@pytest.mark.parametrize(
    "value",
    [
        [1],
        range(3),
        {1},
        frozenset({1}),
        deque([1]),
        {}.keys(),
        (x for x in "ab"),
        iter([1]),
        np.array([1, 2]),
        np.array([]),
        pd.Series([1, 2]),
    ],
    ids=lambda v: type(v).__name__,
)
def test_several_values_are_for_log_list(value):
    with pytest.raises(RunLogError, match=r"^log\('m'\): one value is expected, got .*log_list"):
        scalar("m", value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "a number or a text is expected, got object: float"),
        (1j, "got complex"),
        (np.complex64(1), "got complex64"),
        (np.datetime64("2024-01-01"), "got datetime64"),
        (Plain.ONE, "got Plain"),
        (Fraction(10**400), "got Fraction: integer division result too large"),
        (Decimal("snan"), "got Decimal"),
        (Tensor(RuntimeError("2 elements")), "got Tensor: 2 elements"),
        (Tensor([1]), "got Tensor"),
        (lambda: 1, "got function"),
    ],
)
def test_what_is_no_value_is_named(value, words):
    with pytest.raises(RunLogError, match=words) as caught:
        scalar("m", value)
    assert "log_list" not in str(caught.value)


def test_a_document_is_plain_json():
    value = {
        "a": np.arange(4).reshape(2, 2),
        2: (np.float32(0.5), None),
        "deep": [{"x": Level.HIGH}],
        "series": pd.Series([1, 2]),
        "point": np.array(3),
    }
    assert json.loads(json.dumps(document("d", value))) == {
        "a": [[0, 1], [2, 3]],
        "2": [0.5, None],
        "deep": [{"x": 3}],
        "series": [1, 2],
        "point": 3,
    }


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({}, {}),
        ({"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
        ({"a": [1, 2], "b": np.array([3, 4])}, {"a": [1, 2], "b": [3, 4]}),
        ({1: [np.float32(0.5)]}, {"1": [0.5]}),
        ({"a": [1], "b": 2}, {"a": [1], "b": 2}),
        ({"a": []}, {"a": []}),
        (pd.DataFrame({"a": [1, 2]}), {"a": [1, 2]}),
    ],
)
def test_tables(value, kept):
    assert table("t", value) == kept


NAN = math.nan


@pytest.mark.parametrize(
    ("logged", "metrics"),
    [
        ([], {}),
        ([("a", "scalar", 1)], {"a": 1}),
        ([("a", "scalar", 1), ("a", "scalar", 0.5)], {"a": [1, 0.5]}),
        ([("a", "list", [1])], {"a": 1}),
        ([("a", "list", [1, 2]), ("a", "scalar", 3)], {"a": [1, 2, 3]}),
        ([("a", "row", {"x": 1, "y": 2})], {"a": {"x": 1, "y": 2}}),
        (
            [("a", "row", {"x": 1, "y": 2}), ("a", "row", {"x": 3, "y": 4})],
            {"a": {"x": [1, 3], "y": [2, 4]}},
        ),
        ([("a", "table", {"x": [1], "y": [2]})], {"a": {"x": 1, "y": 2}}),
        ([("a", "table", {"x": [1, 2], "y": [2, 3]})], {"a": {"x": [1, 2], "y": [2, 3]}}),
        ([("a", "table", {"x": []})], {"a": {"x": []}}),
        ([("a", "image", "logs/images/a.png")], {"a": "logs/images/a.png"}),
        ([("a", "json", {"x": [1]}), ("a", "json", {"x": [2]})], {"a": {"x": [2]}}),
        ([("b", "scalar", 1), ("a", "scalar", 2), ("b", "scalar", 3)], {"b": [1, 3], "a": 2}),
        (
            [("a", "scalar", v) for v in (True, None, math.inf, -math.inf, 10**30, "x")],
            {"a": [True, None, math.inf, -math.inf, 10**30, "x"]},
        ),
        ([("a", "scalar", NAN)], {"a": NAN}),
        ([("a", "scalar", 1), ("a", "row", {"x": 1})], {"a": {"x": 1}}),  # what came last counts
        ([("a", "image", "p"), ("a", "scalar", 1)], {"a": 1}),
    ],
)
def test_metrics_are_read_back(logged, metrics):
    assert read_back(logged) == metrics
    assert list(read_back(logged)) == list(metrics)


def test_booleans_and_integers_stay_what_they_are():
    metrics = read_back([("a", "scalar", True), ("a", "scalar", 1), ("a", "scalar", 1.0)])
    assert [type(v) for v in metrics["a"]] == [bool, int, float]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers())))
def test_no_scalar_is_lost(pairs):
    logged = Logged()
    for name, value in pairs:
        logged.add(name, "scalar", value)
    for name in "abc":
        values = [v for n, v in pairs if n == name]
        assert (name in logged) is bool(values)
        single = values[0] if len(values) == 1 else values
        assert logged.read(name) == ({name: single} if values else {})
