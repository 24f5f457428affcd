"""Values that come in several ways are logged once."""

from __future__ import annotations

from sweep.script.echoes import MOST, Echoes


def said(*pairs):
    """What is logged of values, each by its way."""
    echoes = Echoes()
    return [(way, value) for way, value in pairs if not echoes.is_one(way, "m", value)]


def test_one_way_says_everything_as_often_as_it_likes():
    pairs = [("a", value) for value in (1, 1, 2, 1)]
    assert said(*pairs) == pairs


def test_another_way_is_an_echo_in_whatever_order():
    assert said(("a", 1), ("b", 1), ("b", 2), ("a", 2), ("a", 1), ("b", 1)) == [
        ("a", 1),
        ("b", 2),
        ("a", 1),
    ]


def test_it_may_come_late_and_in_three_ways():
    assert said(("a", 1), ("a", 2), ("b", 1), ("c", 1), ("b", 2), ("c", 2), ("b", 3)) == [
        ("a", 1),
        ("a", 2),
        ("b", 3),
    ]


def test_what_differs_is_none():
    assert len(said(("a", 1.0), ("b", 1.5), ("b", 1.0))) == 2


def test_metrics_do_not_mix_and_memory_is_bounded():
    echoes = Echoes()
    assert not echoes.is_one("a", "m", 1)
    assert not echoes.is_one("b", "n", 1)
    for value in range(2 * MOST):
        echoes.is_one("a", "m", value)
    assert len(echoes._said["m"]) == MOST
