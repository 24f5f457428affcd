"""What a model makes of runs that were stopped."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from samplers import BayesianParameterSampling, Course, Sampler, course_of, uniform
from samplers.bayesian import ESTIMATORS
from samplers.columns import straight
from samplers.partway import observed
from samplers.surrogate import MOST_LOSSES, WarpedProcess

SPACE = {"x": uniform(0, 1), "y": uniform(0, 1)}
COLUMNS = straight(np.arange(2))
POINTS = np.random.default_rng(3).random((30, 2))
LENGTH = 40


def final(points: Any) -> Any:
    return (points[:, 0] - 0.3) ** 2 + (points[:, 1] - 0.6) ** 2


def curves(points: Any) -> Any:
    """Losses that fall by 2 from the first report to the last."""
    reports = np.arange(1, LENGTH + 1)
    return final(points)[:, None] + 2 * (1 - np.log(reports) / np.log(LENGTH))


def played(points: Any, stopped: Callable[[int], int | None]) -> tuple[list[float], list[Course]]:
    """Return losses and courses of runs, of which some were stopped after so many reports."""
    courses = []
    for run, curve in enumerate(curves(points).tolist()):
        end = stopped(run)
        courses.append(course_of(curve[:end], whole=end is None))
    return [course.steps[-1][1] for course in courses], courses


class TestTheModel:
    losses, courses = played(POINTS, lambda run: None if run % 3 == 0 else 3)

    def test_expects_of_a_stopped_run_what_others_gained_from_there(self) -> None:
        known = WarpedProcess(COLUMNS)(POINTS, self.losses, 1, self.courses)
        taken = WarpedProcess(COLUMNS)(POINTS, self.losses, 1)

        def agreement(model: Any) -> float:
            mean, _ = model.predict(POINTS)
            return float(np.corrcoef(mean, final(POINTS))[0, 1])

        assert agreement(known) > 0.95
        assert agreement(taken) < 0.8

    def test_improves_on_what_is_expected_at_the_ends(self) -> None:
        model = WarpedProcess(COLUMNS)(POINTS, self.losses, 1, self.courses)
        mean, _ = model.predict(POINTS)
        assert model.best == pytest.approx(mean.min())
        new = np.array([[0.3, 0.6]])
        assert model.believing(new).best == pytest.approx(
            min(model.best, model.predict(new)[0].item())
        )

    def test_believes_what_it_expects(self) -> None:
        model = WarpedProcess(COLUMNS)(POINTS, self.losses, 1, self.courses)
        new = np.array([[0.9, 0.1], [0.1, 0.9]])
        mean, deviation = model.predict(new)
        again, surer = model.believing(new).predict(new)
        assert again == pytest.approx(mean, abs=1e-3)
        assert (surer < deviation).all()

    def test_whole_runs_are_as_they_were(self) -> None:
        losses, courses = played(POINTS, lambda _: None)
        one = WarpedProcess(COLUMNS)(POINTS, losses, 1, courses).predict(POINTS)
        other = WarpedProcess(COLUMNS)(POINTS, losses, 1).predict(POINTS)
        assert np.array_equal(one, other)

    def test_the_answer_does_not_depend_on_what_was_asked_before(self) -> None:
        often = WarpedProcess(COLUMNS)
        for count in range(6, 30, 4):
            often(POINTS[:count], self.losses[:count], 1, self.courses[:count])
        one = often(POINTS, self.losses, 1, self.courses).predict(POINTS)
        other = WarpedProcess(COLUMNS)(POINTS, self.losses, 1, self.courses).predict(POINTS)
        assert np.array_equal(one, other)

    def test_asked_again_it_says_the_same(self) -> None:
        surrogate = WarpedProcess(COLUMNS)
        one, again = (surrogate(POINTS, self.losses, 1, self.courses) for _ in range(2))
        assert (one.predict(POINTS)[0] == again.predict(POINTS)[0]).all()
        other = surrogate(POINTS, self.losses, 1, self.courses, drawn=True)
        assert (one.predict(POINTS)[0] != other.predict(POINTS)[0]).any()

    def test_only_stopped_runs(self) -> None:
        losses, courses = played(POINTS, lambda run: 1 + run % 4)
        mean, deviation = WarpedProcess(COLUMNS)(POINTS, losses, 1, courses).predict(POINTS)
        assert np.isfinite(mean).all()
        assert np.isfinite(deviation).all()


class TestWhatIsObserved:
    def test_ends_and_how_far_others_had_come_where_runs_were_stopped(self) -> None:
        losses, courses = played(POINTS[:3], lambda run: [None, 5, None][run])
        found = observed(POINTS[:3], losses, courses, 100)
        at = np.log(5) / np.log(LENGTH)
        assert found.points[:, -1] == pytest.approx([1, at, 1, at, at])
        assert found.losses[:3].tolist() == losses
        by_then = curves(POINTS[:3])[:, 4]
        assert found.losses[3:] == pytest.approx([by_then[2], by_then[0]]), "the latest first"

    def test_no_more_than_so_many_besides_the_ends(self) -> None:
        losses, courses = played(POINTS, lambda run: 5 if run % 2 else None)
        assert len(observed(POINTS, losses, courses, 7).losses) == 37

    def test_a_run_of_which_no_course_is_known_is_whole(self) -> None:
        found = observed(POINTS[:2], [1.0, 2.0], [None, course_of([2.0], whole=False)], 9)
        assert found.points[:, -1].tolist() == [1.0, 0.0]

    def test_many_runs_are_bounded(self) -> None:
        points = np.random.default_rng(1).random((MOST_LOSSES + 50, 2))
        losses, courses = played(points, lambda run: 5 if run % 2 else None)
        model = WarpedProcess(COLUMNS)(points, losses, 1, courses)
        assert len(model.process.losses) <= MOST_LOSSES  # type: ignore[union-attr]


def told(sampler: Sampler, with_courses: bool) -> list[Any]:
    """Return the proposals of a sampler that is told of runs every other of which is stopped."""
    found = []
    for number in range(9):
        found.append(sampler.ask(number))
        curve = curves(np.array([[*found[-1].values()]]))[0].tolist()
        course = course_of(curve[:4] if number % 2 else curve, whole=not number % 2)
        sampler.tell(found[-1], course.steps[-1][1], course if with_courses else None)
    return found


def sampler_of(estimator: str) -> Sampler:
    return BayesianParameterSampling(
        SPACE, seed=1, initial_points=5, estimator=estimator
    ).sampler()


def test_our_model_learns_from_courses_and_the_others_from_values() -> None:
    assert told(sampler_of("AUTO"), True) == told(sampler_of("AUTO"), True)
    assert told(sampler_of("AUTO"), True) != told(sampler_of("AUTO"), False)
    for estimator in ESTIMATORS[1:3]:
        assert told(sampler_of(estimator), True) == told(sampler_of(estimator), False)
