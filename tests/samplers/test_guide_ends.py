"""Where points and refusals leave nothing, or next to nothing, and what is no point or refusal."""

from __future__ import annotations

from typing import Any

import pytest

from samplers import (
    GridParameterSampling,
    Misplaced,
    RandomParameterSampling,
    SpaceError,
    choice,
    qnormal,
    sampling_from_wire,
    sampling_wire,
    uniform,
    with_functions,
)
from samplers import guide as guides
from samplers.guide import guide_of
from samplers.space import Space
from sweep.core.single import Single

SMALL: dict[str, Any] = {"a": choice(1, 2, 3), "b": choice("x", "y")}


def test_duplicates_are_wanted_or_not() -> None:
    with pytest.raises(SpaceError, match="duplicates is True or False, got 'yes'"):
        RandomParameterSampling(SMALL, duplicates="yes")  # type: ignore[arg-type]


def test_who_waits_for_what_is_allowed_does_not_wait_for_ever(monkeypatch: Any) -> None:
    monkeypatch.setattr(guides, "MOST_STEPS", 3)
    guide = guide_of(RandomParameterSampling(SMALL, refuse={"a": 1}))
    assert guide is not None
    allowed = guide.allows()
    assert allowed is not None
    assert allowed({"a": 2, "b": "x"})
    assert [allowed({"a": 1, "b": "x"}) for _ in range(3)] == [False] * 3
    with pytest.raises(Misplaced, match="nearly everything is refused: 4 in a row"):
        allowed({"a": 1, "b": "x"})


def test_a_whole_point_is_not_the_same_as_a_part_of_one() -> None:
    sampling = GridParameterSampling(SMALL, points_to_evaluate=[{"a": 1}, {"a": 1, "b": "x"}])
    assert sampling.sampler().ask(1) == {"a": 1, "b": "x"}


def small_a(configuration: Any) -> bool:
    return bool(configuration["a"] < 2)


def test_a_whole_point_where_the_function_is_not_here() -> None:
    said = RandomParameterSampling(SMALL, points_to_evaluate=[{"a": 2, "b": "x"}], refuse=small_a)
    kept = sampling_from_wire(**sampling_wire(said))
    again = with_functions(kept, [small_a])
    assert again.sampler().ask(0) == {"a": 2, "b": "x"}


def test_functions_are_for_who_samples() -> None:
    single = Single()
    assert with_functions(single, []) is single
    with pytest.raises(SpaceError, match="refuse: nothing is sampled here"):
        with_functions(single, [lambda _: False])


def test_what_was_proposed_is_what_it_was() -> None:
    begun = [{"a": 3, "b": "y"}]
    guide = guide_of(RandomParameterSampling(SMALL, points_to_evaluate=[{"a": 1}]))
    assert guide is not None
    sampler = guide.around(RandomParameterSampling(SMALL).sampler(), 1, begun=begun)
    assert sampler.ask(0) == begun[0]


def test_a_point_of_which_every_completion_is_refused() -> None:
    sampling = RandomParameterSampling(
        SMALL, points_to_evaluate=[{"a": 1}], refuse=[{"a": 1, "b": "x"}, {"a": 1, "b": "y"}]
    )
    with pytest.raises(Misplaced, match="nearly everything is refused: 10,000") as caught:
        sampling.sampler().ask(0)
    assert caught.value.where == ("points_to_evaluate", 0)


def test_a_sequence_of_which_all_that_is_left_is_refused() -> None:
    asked: list[Any] = []

    def refuses_all_but_the_first(configuration: Any) -> bool:
        asked.append(configuration)
        return len(asked) > 1

    sampling = RandomParameterSampling(
        {"x": uniform(0, 1)}, rule="sobol", refuse=refuses_all_but_the_first, seed=1
    )
    with pytest.raises(Misplaced, match=r"10,000 configurations in a row, .* by refuse\[0\]"):
        sampling.sampler().ask(0)


def test_a_space_without_end_that_comes_to_a_few() -> None:
    sampling = RandomParameterSampling({"x": qnormal(0, 0.01, 1)}, duplicates=False, seed=1)
    sampler = sampling.sampler()
    assert sampler.ask(0) == {"x": 0}
    with pytest.raises(Misplaced, match="nearly every configuration has been proposed"):
        sampler.ask(1)


@pytest.mark.parametrize(
    ("refuse", "said"),
    [
        ([{"a": 1}, 7], r"expected a condition such as .*, got 7"),
        (7, "refuse is a list of conditions and functions, got 7"),
    ],
)
def test_what_refuses_nothing(refuse: Any, said: str) -> None:
    with pytest.raises(SpaceError, match=said):
        RandomParameterSampling(SMALL, refuse=refuse)


def test_the_only_branch_says_what_does_not_fit() -> None:
    space = Space({"model": choice("linear", {"kind": "tree", "depth": choice(1, 2)})})
    with pytest.raises(Misplaced, match="depht"):
        RandomParameterSampling(space, points_to_evaluate=[{"model": {"depht": 1}}])


def test_a_name_in_other_letters_is_a_mistake_and_said() -> None:
    with pytest.raises(Misplaced, match="'A' is not a parameter; did you mean 'a'"):
        RandomParameterSampling(SMALL, points_to_evaluate=[{"A": 1}])
    with pytest.raises(Misplaced, match="'A' is not a parameter; did you mean 'a'"):
        RandomParameterSampling(SMALL, refuse={"A": 1})
