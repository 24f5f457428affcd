"""Which scales of a process are likely."""

import numpy as np

from samplers.columns import Columns, straight
from samplers.posterior import Posterior, posterior
from samplers.scales import LONGEST, SHORTEST

RANDOM = np.random.default_rng(8)
POINTS = RANDOM.random((30, 3))
LOSSES = np.sin(6 * POINTS[:, 0]) + 0.1 * RANDOM.standard_normal(30)
COLUMNS = straight(np.arange(3))


def known(count: int) -> Posterior:
    return posterior(POINTS[:count], LOSSES[:count] / LOSSES.std(), COLUMNS)


def test_a_seed_has_one_draw_and_another_has_another() -> None:
    one, same, other = (known(20).drawn(seed) for seed in (1, 1, 2))
    assert (one.kernel.lengths == same.kernel.lengths).all()
    assert one.noise == same.noise
    assert (one.kernel.lengths != other.kernel.lengths).all()


def test_draws_lie_around_the_likeliest() -> None:
    law = known(30)
    lengths = np.log([law.drawn(seed).kernel.lengths for seed in range(200)])
    middle = np.log(law.likeliest().kernel.lengths)
    assert (np.abs(np.median(lengths, axis=0) - middle) < 0.3).all()
    assert lengths.min() >= SHORTEST
    assert lengths.max() <= LONGEST


def test_more_losses_leave_less_open() -> None:
    """Of the parameter that matters; of the others they say nothing."""
    few, many = (
        np.log([law.drawn(seed).kernel.lengths[0] for seed in range(100)]).std()
        for law in (known(5), known(30))
    )
    assert many < few / 2


def test_a_scale_is_bent_where_all_of_the_change_is_at_one_end() -> None:
    columns = Columns(np.arange(3), np.array([True, True, False]))
    losses = np.sin(12 * POINTS[:, 0] ** 3)
    found = posterior(POINTS, losses / losses.std(), columns)
    bends = found.likeliest().kernel.bends
    assert bends is not None
    assert bends[0] < -1
    assert bends[2] == 0
    drawn = found.drawn(1).kernel.bends
    assert drawn is not None
    assert (drawn == bends).all()
