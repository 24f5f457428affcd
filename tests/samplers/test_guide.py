"""Points that come first, and configurations that never come."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    Misplaced,
    OptunaParameterSampling,
    RandomParameterSampling,
    SpaceError,
    absent_functions,
    choice,
    configurations,
    functions_of,
    randint,
    sampling_from_wire,
    sampling_wire,
    uniform,
    with_functions,
)
from samplers.condition import condition
from tests.samplers.spaces import coordinates, fixed, spaces

SMALL: dict[str, Any] = {"a": choice(1, 2, 3), "b": choice("x", "y")}
WIDE: dict[str, Any] = {"x": uniform(0, 1), "k": randint(1000)}
EVERY = [
    RandomParameterSampling,
    GridParameterSampling,
    BayesianParameterSampling,
    OptunaParameterSampling,
]


def odd(configuration: dict[str, Any]) -> bool:
    return bool(configuration["a"] % 2)


def asked(sampling: Any, count: int) -> list[Any]:
    sampler = sampling.sampler()
    return [sampler.ask(number) for number in range(count)]


class TestGrid:
    def test_a_point_is_not_run_again(self) -> None:
        found = asked(GridParameterSampling(SMALL, points_to_evaluate=[{"a": 2, "b": "y"}]), 7)
        assert found[0] == {"a": 2, "b": "y"}
        assert found[-1] is None
        assert sorted(map(str, found[:6])) == sorted(map(str, asked(grid(), 6)))

    def test_a_part_that_was_completed_is_not_run_again(self) -> None:
        found = asked(GridParameterSampling(SMALL, points_to_evaluate=[{"a": 2}], seed=3), 7)
        assert found[0]["a"] == 2
        assert found[-1] is None
        assert len({str(one) for one in found[:6]}) == 6

    def test_but_again_where_that_is_wanted(self) -> None:
        point = {"a": 2, "b": "y"}
        sampling = GridParameterSampling(SMALL, points_to_evaluate=[point], duplicates=True)
        assert asked(sampling, 8) == [point, *asked(grid(), 6), None]

    def test_what_is_refused_is_left_out_and_not_counted(self) -> None:
        sampling = GridParameterSampling(SMALL, refuse={"a": [1, 3], "b": "x"})
        assert configurations(sampling) == 4
        left = [one for one in asked(grid(), 6) if one["b"] == "y" or one["a"] == 2]
        assert asked(sampling, 5) == [*left, None]

    def test_asking_in_any_order(self) -> None:
        sampling = GridParameterSampling(SMALL, refuse={"a": 1}, points_to_evaluate=[{"a": 2}])
        sampler = sampling.sampler()
        assert [sampler.ask(n) for n in (3, 0, 2, 1)] == [
            asked(sampling, 4)[n] for n in (3, 0, 2, 1)
        ]


def grid() -> GridParameterSampling:
    return GridParameterSampling(SMALL)


class TestPoints:
    def test_what_is_left_out_depends_on_seed_and_number_only(self) -> None:
        points = [{"k": 5}, {"x": 0.5}, {"k": 5}]
        found = asked(RandomParameterSampling(WIDE, seed=1, points_to_evaluate=points), 3)
        assert found == asked(
            BayesianParameterSampling(WIDE, seed=1, points_to_evaluate=points), 3
        )
        assert found[0]["x"] != found[2]["x"]
        other = asked(RandomParameterSampling(WIDE, seed=2, points_to_evaluate=points), 3)
        assert other[0]["x"] != found[0]["x"]

    def test_a_part_is_completed_to_what_is_allowed(self) -> None:
        refuse = {"x": {"below": 0.9}}
        sampling = RandomParameterSampling(WIDE, points_to_evaluate=[{"k": 5}] * 9, refuse=refuse)
        assert all(one["x"] >= 0.9 and one["k"] == 5 for one in asked(sampling, 9))

    def test_a_model_learns_from_them(self) -> None:
        point = {"x": 0.25, "k": 7}
        sampling = BayesianParameterSampling(WIDE, points_to_evaluate=[point], initial_points=1)
        sampler = sampling.sampler()
        assert sampler.ask(0) == point
        sampler.tell(point, 1.0)
        plain = BayesianParameterSampling(WIDE, initial_points=1).sampler()
        assert plain.ask(0) is not None
        plain.tell(point, 1.0)
        assert sampler.ask(1) == plain.ask(0), "the one outcome is enough for it"

    @pytest.mark.parametrize("kind", EVERY)
    def test_one_that_is_refused_or_stands_twice(self, kind: Any) -> None:
        points = [{"a": 2}, {"a": 1, "b": "x"}]
        with pytest.raises(
            Misplaced, match=r"^points_to_evaluate\[1\]: is refused, by refuse\[1\]"
        ):
            kind(SMALL, points_to_evaluate=points, refuse=[{"a": 3}, {"b": "x"}])
        if kind is not RandomParameterSampling:  # which may repeat itself
            with pytest.raises(Misplaced, match=r"\[1\]: is the same as points_to_evaluate\[0\]"):
                kind(SMALL, points_to_evaluate=[{"a": 1, "b": "x"}] * 2)

    @pytest.mark.parametrize(
        ("points", "message"),
        [
            ({"a": 1}, "points_to_evaluate is a list of configurations, got {'a': 1}"),
            ([3], "points_to_evaluate[0]: expected a configuration such as {'lr': 0.1}, got 3"),
            ([{"c": 1}], "points_to_evaluate[0].c: 'c' is not a parameter"),
        ],
    )
    def test_mistakes(self, points: Any, message: str) -> None:
        with pytest.raises(SpaceError, match=re.escape(message)):
            GridParameterSampling(SMALL, points_to_evaluate=points)


class TestFunctions:
    @pytest.mark.parametrize("kind", EVERY)
    def test_they_refuse(self, kind: Any) -> None:
        found = asked(kind(SMALL, refuse=odd), 2)
        assert [one["a"] for one in found] == [2, 2]

    def test_they_are_named_and_not_kept(self) -> None:
        sampling = RandomParameterSampling(SMALL, refuse=[{"b": "x"}, odd], seed=4)
        assert not sampling.exact
        wire = sampling_wire(sampling)
        assert wire["properties"]["refuse"] == [{"b": "x"}, f"{__name__}.odd"]
        kept = sampling_from_wire(**wire)
        assert absent_functions(kept) == [f"{__name__}.odd"]
        with pytest.raises(SpaceError, match=r"odd is not kept; go on in Python"):
            asked(kept, 9)
        again = with_functions(kept, [odd])
        assert functions_of(again) == [odd]
        assert asked(again, 5) == asked(sampling, 5)
        assert sampling_wire(again) == wire

    def test_as_many_are_given_again_as_there_were(self) -> None:
        with pytest.raises(SpaceError, match=r"refuse: 1 functions are given for 0 \(none\)"):
            with_functions(grid(), [odd])

    def test_a_seed_does_not_lose_them(self) -> None:
        assert functions_of(RandomParameterSampling(SMALL, refuse=odd).seeded(3)) == [odd]

    def test_they_cannot_change_what_they_are_shown(self) -> None:
        def clear(configuration: dict[str, Any]) -> bool:
            configuration.clear()
            return False

        assert asked(RandomParameterSampling(WIDE, refuse=clear), 2) == asked(
            RandomParameterSampling(WIDE), 2
        )

    def test_one_that_raises_is_named(self) -> None:
        def broken(configuration: dict[str, Any]) -> bool:
            return bool(configuration["nothing"])

        with pytest.raises(SpaceError, match=r"^refuse\[0\]: .*broken raised KeyError: 'nothing'"):
            RandomParameterSampling(WIDE, refuse=broken)


class TestTheEnd:
    @pytest.mark.parametrize("kind", EVERY)
    def test_everything_is_refused(self, kind: Any) -> None:
        with pytest.raises(SpaceError, match="refuse: every configuration of the space is"):
            kind(SMALL, refuse={"a": [1, 2, 3]})

    def test_nearly_everything(self) -> None:
        message = r"everything is refused: 10,000 configurations in a row, 9,9.. of them by refuse"
        with pytest.raises(SpaceError, match=rf"{message}\[1\]"):
            RandomParameterSampling(WIDE, refuse=[{"k": 5}, {"x": {"above": 1e-9}}])

    def test_each_configuration_once(self) -> None:
        sampling = RandomParameterSampling(SMALL, duplicates=False, refuse={"a": 1, "b": "x"})
        found = asked(sampling, 6)
        assert found[-1] is None
        assert len({str(one) for one in found[:5]}) == 5

    def test_a_model_ends_when_all_that_is_allowed_is_known(self) -> None:
        sampler = BayesianParameterSampling(SMALL, refuse={"a": [1, 2]}).sampler()
        for number in range(2):
            sampler.tell(sampler.ask(number) or {}, float(number))
        assert sampler.ask(2) is None


def test_without_any_of_it_there_is_no_sampler_around_the_sampler() -> None:
    names = {kind.__name__: type(kind(SMALL).sampler()).__name__ for kind in EVERY}
    assert set(names.values()) == {
        "RandomSampler",
        "GridSampler",
        "BayesianSampler",
        "OptunaSampler",
    }


@settings(fixed, max_examples=20)  # where all is refused, ten thousand draws each
@given(st.data())
def test_any_point_and_any_refusal_in_any_space(data: st.DataObject) -> None:
    space = data.draw(spaces)
    first, other = (space.decode(data.draw(coordinates(space))) for _ in range(2))
    names = data.draw(st.lists(st.sampled_from(space.names), unique=True, min_size=1))
    said = {name: other[name] for name in names}
    holds = condition(space.root, said)
    points = [] if holds(first) else [first]
    try:
        sampling = RandomParameterSampling(space, points_to_evaluate=points, refuse=said)
    except SpaceError as error:
        assert "refused" in str(error)  # noqa: PT017 -- a space that small may be refused whole
        return
    found = asked(sampling, 4)
    assert not any(holds(one) for one in found)
    assert [space.key(one) for one in found[: len(points)]] == [space.key(one) for one in points]
    for one in found:
        space.encode(one)
    assert asked(sampling_from_wire(**sampling_wire(sampling)), 4) == found
