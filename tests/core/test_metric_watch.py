"""A primary metric that does not come is noticed early, and once."""

from __future__ import annotations

import pytest

from sweep.core.metric_watch import MetricWatch, nearest

NOTHING = "no run can be ranked or stopped early without it"


def watch(*names, metric="accuracy"):
    w = MetricWatch(metric, first_report_seconds=60)
    w.started(100)
    for name in names:
        w.logged(name)
    return w


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ([], f": nothing was logged at all; {NOTHING}"),
        (["Accuracy"], f"; it logged: Accuracy; did you mean 'Accuracy'? ({NOTHING})"),
        (["loss", "val_acc"], f"; it logged: loss, val_acc; did you mean 'val_acc'? ({NOTHING})"),
        (["x", "x", "y"], f"; it logged: x, y ({NOTHING})"),
        (
            [f"w{n}" for n in range(12)],
            f"; it logged: w0, w1, w2, w3, w4, w5, w6, w7, w8, w9 and 2 more ({NOTHING})",
        ),
    ],
)
def test_a_run_that_ends_without_the_metric(names, hint):
    w = watch(*names)
    assert w.ended(3) == (f"run 3 has ended without logging 'accuracy', the primary metric{hint}")
    assert w.ended(4) is None  # once is enough
    assert w.waited(1000) is None


def test_waiting_has_an_end():
    w = watch("loss")
    w.started(150)  # only the first start counts
    assert w.waited(159.9) is None
    assert w.waited(160) == (
        "no run has logged 'accuracy', the primary metric, within 60 s of the first start;"
        f" it logged: loss ({NOTHING})"
    )
    assert w.waited(161) is None
    assert w.ended(0) is None


def test_all_is_well_when_the_metric_comes():
    w = watch("loss")
    w.reported()
    w.logged("later")
    assert (w.waited(1e9), w.ended(0)) == (None, None)


def test_nothing_is_missed_before_anything_has_started():
    assert MetricWatch("accuracy").waited(1e9) is None


def test_a_lone_run_waits_for_no_metric():
    w = watch("loss", metric="")
    assert (w.waited(1e9), w.ended(0)) == (None, None)


@pytest.mark.parametrize(
    ("word", "words", "near"),
    [
        ("accuracy", ["acuracy", "loss"], "acuracy"),
        ("accuracy", ["ACCURACY"], "ACCURACY"),
        ("loss", ["val_loss", "Loss"], "Loss"),
        ("accuracy", ["acc"], "acc"),
        ("accuracy", ["xyz"], None),
        ("accuracy", [], None),
    ],
)
def test_the_nearest_word(word, words, near):
    assert nearest(word, words) == near
