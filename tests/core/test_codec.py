"""What is read back is what was written, or is refused."""

from __future__ import annotations

import pytest

from sweep.core import codec, events
from sweep.core.replay import replay
from sweep.errors import Diverged
from tests.core.test_scheduler import make


@pytest.mark.parametrize(
    ("kind", "at", "run", "rest"),
    [
        (events.Opened, "1", None, []),
        (events.Started, 1.0, "7", []),
        (events.Started, 1.0, 7, [3]),
        (events.Started, 1.0, 7, ["node", "more"]),
        (events.Failed, 1.0, 7, ["boom", "no such kind"]),
        (events.Lost, 1.0, 7, ["gone", 1]),
        (events.Redefined, 1.0, None, [[], []]),
        (events.Redefined, 1.0, None, [{}, ["0"]]),
        (events.Completed, 1.0, None, []),
    ],
)
def test_what_is_no_event_is_refused(kind, at, run, rest):
    with pytest.raises(TypeError):
        codec.unpack_event(codec.KIND[kind], at, run, rest)


def test_fields_that_came_later_have_their_defaults():
    number = codec.KIND[events.Started]
    assert codec.unpack_event(number, 1.0, 7, []) == events.Started(1.0, 7, "")


def test_a_report_of_a_run_that_never_was_is_named():
    with pytest.raises(Diverged, match=r"entry 1 of the journal: there is no run 5"):
        replay(make(), [([(5, 0.5, 1.0, None)], None)])


def test_an_event_that_cannot_have_happened_is_named():
    with pytest.raises(Diverged, match=r"entry 1 of the journal, Started\(.*no run 5"):
        replay(make(), [([], (events.Started(1.0, 5), []))])
