"""How runs came to their losses."""

import math
import random
from itertools import accumulate, pairwise

import pytest

from samplers import course_of


def test_a_few_of_the_reports_of_which_the_last_is_the_end() -> None:
    found = course_of([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0], whole=False)
    assert found.steps == (
        (1, 9.0),
        (2, 8.0),
        (3, 7.0),
        (4, 6.0),
        (5, 5.0),
        (6, 4.0),
        (8, 2.0),
        (9, 1.0),
    )
    assert not found.whole


def test_what_is_not_finite_counts_as_a_report() -> None:
    assert course_of([math.inf, math.inf, 2.0, 2.0], whole=True).steps == ((3, 2.0), (4, 2.0))


@pytest.mark.parametrize("lowest", [[], [math.inf, math.inf]])
def test_there_may_be_nothing_to_learn_from(lowest: list[float]) -> None:
    assert course_of(lowest, whole=True).steps == ()


@pytest.mark.parametrize("seed", range(20))
def test_it_ends_with_the_best_so_far_and_never_gets_worse(seed: int) -> None:
    dice = random.Random(seed)
    losses = [dice.gauss(0, 1) for _ in range(dice.randrange(1, 300))]
    lowest = [*accumulate(losses, min)]
    steps = course_of(lowest, whole=False).steps
    assert steps[-1] == (len(losses), min(losses))
    assert all(loss == lowest[reports - 1] for reports, loss in steps)
    assert all(a < b for (a, _), (b, _) in pairwise(steps))


def test_a_long_one_is_kept_short() -> None:
    assert len(course_of([0.0] * 100_000, whole=True).steps) < 60
