"""Spaces to try things on: fixed ones, and strategies that make up others."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from samplers import (
    Space,
    SpaceError,
    choice,
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    uniform,
)
from samplers.choices import Choice
from samplers.integer import Integer
from samplers.number import Number

fixed = settings(derandomize=True, deadline=None, max_examples=60, database=None)
"""Examples that are the same in every run."""

TEN: dict[str, Any] = {
    "choice": choice("a", 1, 2.5, None, True, (1, 2)),
    "randint": randint(7),
    "uniform": uniform(-1, 3),
    "quniform": quniform(1, 10, 2),
    "loguniform": loguniform(-6, -1),
    "qloguniform": qloguniform(0, 3, 2),
    "normal": normal(10, 3),
    "qnormal": qnormal(10, 3, 1),
    "lognormal": lognormal(0, 1),
    "qlognormal": qlognormal(0, 1, 0.5),
}
"""One expression for each word."""

NESTED: dict[str, Any] = {
    "lr": loguniform(-6, -1),
    "model": choice(
        "none",
        {"kind": "tree", "depth": randint(3), "leaf": {"size": 5}},
        {"kind": "net", "unit": choice({"width": choice(8, 16)}, {"rate": uniform(0, 1)})},
        {"kind": "fixed", "power": 2},
    ),
    "seed": randint(2),
}
"""Branches in branches, and a dict of constants."""

FINITE: dict[str, Any] = {
    "a": choice(1, 2),
    "m": choice("x", {"k": randint(3), "b": choice(True, False)}, {"k": quniform(0, 1, 0.5)}),
    "z": qloguniform(0, 2, 1),
}
"""2 x (1 + 6 + 3) x 7 configurations."""

units = st.floats(0, 1, exclude_max=True)

_whole = st.integers(-50, 50)
_real = st.one_of(_whole, st.floats(-50, 50).map(lambda value: round(value, 3)))
_spread = st.one_of(st.integers(1, 30), st.sampled_from([0.01, 0.5, 2.75]))
_step = st.sampled_from([1, 2, 5, 3.0, 0.1, 0.25, 1e-3, 7.5])
_narrow = st.floats(-8, 3).map(lambda value: round(value, 2))
_sigma = st.sampled_from([0, 0.3, 1, 2.5])


numbers: st.SearchStrategy[Number] = st.one_of(
    st.builds(lambda low, span: uniform(low, low + span), _real, _spread),
    st.builds(lambda low, span, q: quniform(low, low + span, q), _real, _spread, _step),
    st.builds(lambda low, span: loguniform(low - 20, low - 20 + span), _narrow, _spread),
    st.builds(lambda low, q: qloguniform(low, low + 3, q), _narrow.filter(lambda x: x < 0), _step),
    st.builds(normal, _real, _sigma),
    st.builds(qnormal, _real, _sigma, _step),
    st.builds(lognormal, _narrow, _sigma),
    st.builds(qlognormal, _narrow, _sigma, _step),
)

integers: st.SearchStrategy[Integer] = st.builds(randint, st.integers(1, 10**6))

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)  # fmt: skip
constants = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=4,
)

names = st.text("abcdefghijklmnopqrstuvwxyz-_. ö", min_size=4, max_size=8).filter(str.strip)


def _chosen(options: list[Any]) -> Choice:
    return choice(*options)


_leaves = st.one_of(numbers, integers, st.lists(constants, min_size=1, max_size=4).map(_chosen))


def _with_branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branch = st.dictionaries(names, st.one_of(inner, constants), min_size=1, max_size=3)
    return st.lists(st.one_of(branch, constants), min_size=1, max_size=3).map(_chosen)


expressions: st.SearchStrategy[Any] = st.recursive(_leaves, _with_branches, max_leaves=6)


def _space(parameters: dict[str, Any]) -> Space | None:
    try:
        return Space(parameters)
    except SpaceError:
        return None  # two parameters with one name


spaces: st.SearchStrategy[Space] = (
    st.dictionaries(names, expressions, min_size=1, max_size=4)
    .map(_space)
    .filter(lambda space: space is not None)
)


def coordinates(space: Space) -> st.SearchStrategy[list[float]]:
    """Return units for all leaves of `space`."""
    count = len(space.leaves)
    return st.lists(units, min_size=count, max_size=count)
