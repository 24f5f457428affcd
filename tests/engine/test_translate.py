"""What a target says, as events of the core and rows of the store."""

from __future__ import annotations

import math

import pytest

from sweep.compute.target import NodeIs, Notice, RunEnded, RunLost, RunSaid, RunStarted, SlotsAre
from sweep.core.events import (
    Completed,
    Failed,
    Lost,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
)
from sweep.core.metric_watch import MetricWatch
from sweep.core.run import RunRecord, RunState
from sweep.engine.translate import METRIC_KINDS, Translator, explain
from sweep.script import values
from sweep.storage.journal import Batch, Metric

NAN = math.nan


class Told:
    """A translator with runs 0 and 1 in their second attempts; run 0 runs, 1 is queued."""

    def __init__(self, metric="accuracy"):
        self.runs = {
            0: RunRecord(0, {}, RunState.RUNNING, attempt=2),
            1: RunRecord(1, {}, RunState.QUEUED, attempt=2),
            2: RunRecord(2, {}, RunState.COMPLETED, attempt=2),
        }
        self.translator = Translator(metric, self.runs, MetricWatch(metric, 60))
        self.batch = Batch()

    def hear(self, *messages):
        """Return the events, each of which happens before the next is asked for."""
        events = []
        for message in messages:
            for event in self.translator.events(message, 100.0, self.batch):
                events.append(event)
                if isinstance(event, (Started, Reported, Completed, Failed, Lost)):
                    record = self.runs[event.run]
                    record.state = record.next_state(event)
        return events

    def said(self, run=0, **message):
        return self.hear(RunSaid(run, 2, message))

    @property
    def notices(self):
        return [text for _, _, text in self.batch.notices]


def metric(name, kind, value, step=None, at=100.0, run=0):
    return Metric(run, 2, name, kind, value, step, at)


# ---- events -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (SlotsAre(3), SlotsChanged(100, 3)),
        (RunStarted(1, 2), Started(100, 1)),
        (RunLost(0, 2, "node died"), Lost(100, 0, "node died")),
        (RunEnded(0, 2, 0), Completed(100, 0)),
        (RunEnded(0, 2, None, stopped=True), Stopped(100, 0)),
        (RunEnded(0, 2, 1, stopped=True, error="x"), Stopped(100, 0)),
        (RunEnded(0, 2, 3, error="exit code 3"), Failed(100, 0, "exit code 3")),
        (RunEnded(1, 2, None, error="cannot start: x"), Failed(100, 1, "cannot start: x")),
    ],
)
def test_each_message_is_an_event(message, event):
    told = Told()
    if isinstance(event, Stopped):
        told.runs[0].state = RunState.STOPPING
    assert told.hear(message) == [event]


@pytest.mark.parametrize(
    "message",
    [
        RunSaid(0, 1, {"k": "s", "n": "accuracy", "v": 1}),
        RunStarted(1, 1, {"pid": 3}),
        RunEnded(0, 1, 1, error="late"),
        RunLost(0, 3, "from the future"),
        RunSaid(2, 2, {"k": "s", "n": "accuracy", "v": 1}),  # this one is over
        RunEnded(2, 2, 1, error="again"),
    ],
)
def test_words_of_another_attempt_are_not_heard(message):
    told = Told()
    assert told.hear(message) == []
    assert not told.batch


def test_what_a_node_is_is_kept_with_the_sweep():
    told = Told()
    assert told.hear(NodeIs("a-1", {"cpus": 2}), NodeIs("b-2", {"cpus": 4})) == []
    assert told.batch.sweep == {"node:a-1": {"cpus": 2}, "node:b-2": {"cpus": 4}}


def test_a_notice_is_told_and_no_event():
    told = Told()
    assert told.hear(Notice("Ray is slow")) == []
    assert told.batch.notices == [(100, None, "Ray is slow")]


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.STOPPING])
def test_a_run_may_speak_before_the_word_of_its_start(state):
    told = Told()
    told.runs[1].state = state
    report, start = {"k": "s", "n": "accuracy", "v": 1}, RunStarted(1, 2, {"pid": 5})
    events = told.hear(RunSaid(1, 2, report), start)
    expected = [Started(100, 1), Reported(100, 1, 1)]
    assert events == (expected if state is RunState.QUEUED else expected[::-1])
    assert told.batch.facts == {1: {"pid": 5}}


# ---- the primary metric -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "reports"),
    [
        ({"k": "s", "v": 0.5}, [(0.5, None)]),
        ({"k": "s", "v": 3}, [(3.0, None)]),
        ({"k": "s", "v": 0.5, "s": 7}, [(0.5, 7.0)]),
        ({"k": "s", "v": 0.5, "s": 10**400}, [(0.5, math.inf)]),
        ({"k": "s", "v": 0.5, "s": "seven"}, [(0.5, None)]),
        ({"k": "s", "v": 0.5, "s": True}, [(0.5, None)]),
        ({"k": "l", "v": [0.5, 1, 2.5]}, [(0.5, None), (1.0, None), (2.5, None)]),
        ({"k": "l", "v": []}, []),
        ({"k": "s", "v": NAN}, [(NAN, None)]),
        ({"k": "s", "v": -math.inf}, [(-math.inf, None)]),
        ({"k": "s", "v": 10**400}, [(math.inf, None)]),
        ({"k": "s", "v": -(10**400)}, [(-math.inf, None)]),
    ],
)
def test_its_values_are_reports(message, reports):
    told = Told()
    events = told.said(n="accuracy", **message)
    assert repr(events) == repr([Reported(100.0, 0, *report) for report in reports])
    assert all(type(event.value) is float for event in events)
    assert not told.batch


@pytest.mark.parametrize("value", ["high", True, None, {"a": 1}])
def test_what_cannot_be_compared_is_kept_and_noticed_once(value):
    told = Told()
    assert told.said(k="s", n="accuracy", v=value, s=1) == []
    assert told.said(k="l", n="accuracy", v=[0.5, value]) == [Reported(100, 0, 0.5)]
    assert told.batch.metrics == [
        metric("accuracy", "scalar", value, 1.0),
        metric("accuracy", "scalar", value),
    ]
    [notice] = told.notices
    assert notice == (
        f"run 0 logged {value!r} as 'accuracy', the primary metric: only numbers can be compared,"
        " so it is kept but not used"
    )
    kept = values.read_back((m.name, m.kind, m.value) for m in told.batch.metrics)
    assert kept == {"accuracy": [value, value]}


def test_a_notice_does_not_repeat_a_long_text_in_full():
    told = Told()
    told.said(k="s", n="accuracy", v="x" * 10_000)
    assert len(told.notices[0]) < 300


def test_a_table_of_its_name_is_no_report():
    told = Told()
    assert told.said(k="r", n="accuracy", v={"a": 1}) == []
    assert told.batch.metrics == [metric("accuracy", "row", {"a": 1})]


# ---- everything else that is said -------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ({"k": "s", "n": "loss", "v": 0.5}, metric("loss", "scalar", 0.5)),
        ({"k": "s", "n": "loss", "v": "low", "s": 2}, metric("loss", "scalar", "low", 2.0)),
        ({"k": "l", "n": "loss", "v": [1, 2]}, metric("loss", "list", [1, 2])),
        ({"k": "r", "n": "roc", "v": {"x": 1}}, metric("roc", "row", {"x": 1})),
        ({"k": "t", "n": "roc", "v": {"x": [1]}}, metric("roc", "table", {"x": [1]})),
        (
            {"k": "j", "n": "cm", "v": {"a": 1}, "d": "confusion_matrix"},
            metric("cm", "json", {"a": 1}),
        ),
        ({"k": "s", "n": "loss", "v": 1, "t": 99.5}, metric("loss", "scalar", 1, at=99.5)),
        ({"k": "s", "n": "loss", "v": 1, "t": NAN}, metric("loss", "scalar", 1)),
        ({"k": "s", "n": "loss", "v": 1, "t": 10**400}, metric("loss", "scalar", 1)),
        ({"k": "s", "n": "loss", "v": 1, "t": "noon"}, metric("loss", "scalar", 1)),
        ({"k": "s", "n": "loss"}, metric("loss", "scalar", None)),
    ],
)
def test_metrics_are_kept(message, kept):
    told = Told()
    assert told.said(**message) == []
    assert told.batch == Batch(metrics=[kept])


@pytest.mark.parametrize(
    ("message", "rows"),
    [
        ({"k": "tag", "v": {"a": "1", "b": None}}, [("tag", "a", "1"), ("tag", "b", "")]),
        ({"k": "tag", "v": {"a": 1.5}}, [("tag", "a", "1.5")]),
        ({"k": "untag", "v": ["a", "b"]}, [("tag", "a", None), ("tag", "b", None)]),
        ({"k": "property", "v": {"a": "1"}}, [("property", "a", "1")]),
        ({"k": "file", "n": "m", "p": "outputs/m"}, [("artifact", "m", "outputs/m")]),
        ({"k": "file", "n": "m"}, [("artifact", "m", "")]),
    ],
)
def test_tags_properties_and_files_are_kept(message, rows):
    told = Told()
    assert told.said(**message) == []
    assert told.batch == Batch(tags=[(0, *row) for row in rows])


def test_an_image_is_a_metric_and_a_file():
    told = Told()
    told.said(k="i", n="roc", v="logs/images/roc.png")
    told.said(k="i", n="roc", v=3)
    assert told.batch.metrics == [
        metric("roc", "image", "logs/images/roc.png"),
        metric("roc", "image", 3),
    ]
    assert told.batch.tags == [(0, "artifact", "logs/images/roc.png", "logs/images/roc.png")]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"k": "unheard of", "n": "x", "v": 1},
        {"k": ["s"], "n": "x", "v": 1},
        {"k": None},
        {"k": "s", "v": 1},
        {"k": "s", "n": ["x"], "v": 1},
        {"k": "tag", "v": "a"},
        {"k": "untag", "v": {"a": 1}},
        {"k": "property"},
        {"k": "file", "n": 3, "p": "x"},
    ],
)
def test_nonsense_is_passed_over(message):
    told = Told()
    assert told.said(**message) == []
    assert not told.batch


def test_both_sides_know_the_same_kinds():
    assert METRIC_KINDS == values.KINDS


# ---- facts ------------------------------------------------------------------------------


def test_facts_gather_from_start_to_end():
    told = Told()
    told.hear(RunStarted(1, 2, {"pid": 5, "host": "here"}))
    assert told.batch.facts == {1: {"pid": 5, "host": "here"}}
    told.batch = Batch()
    told.hear(RunEnded(1, 2, 3, error="exit code 3", tail="words", facts={"cpu_seconds": 1.5}))
    assert told.batch.facts == {
        1: {"pid": 5, "host": "here", "cpu_seconds": 1.5, "exit_code": 3, "tail": "words"}
    }


def test_a_new_attempt_begins_with_new_facts():
    told = Told()
    told.hear(RunStarted(1, 2, {"pid": 5}), RunLost(1, 2, "node died"))
    told.runs[1].state, told.runs[1].attempt = RunState.QUEUED, 3
    told.hear(RunStarted(1, 3, {"host": "there"}))
    assert told.batch.facts == {1: {"host": "there"}}


def test_a_run_without_a_process_has_no_exit_code():
    told = Told()
    told.hear(RunEnded(1, 2, None, error="cannot start"))
    assert told.batch.facts == {1: {}}


# ---- a metric that does not come --------------------------------------------------------


def test_a_run_that_ends_well_without_the_metric_is_noticed():
    told = Told()
    told.said(k="s", n="acuracy", v=1)
    told.hear(RunEnded(0, 2, 0))
    assert len(told.notices) == 1
    assert "did you mean 'acuracy'?" in told.notices[0]
    assert told.batch.notices[0][:2] == (100, 0)


@pytest.mark.parametrize("end", [{"error": "x", "code": 1}, {"stopped": True, "code": None}])
def test_a_run_that_does_not_end_well_has_other_troubles(end):
    told = Told()
    told.hear(RunEnded(0, 2, **end))
    assert told.notices == []


def test_waiting_for_the_metric_is_noticed():
    told = Told()
    told.hear(RunStarted(1, 2))
    told.translator.time(159, told.batch)
    assert told.notices == []
    told.translator.time(160, told.batch)
    assert told.batch.notices[0][:2] == (160, None)
    assert "within 60 s" in told.notices[0]


def test_a_report_settles_it():
    told = Told()
    told.hear(RunStarted(1, 2))
    told.said(k="s", n="accuracy", v=1)
    told.translator.time(1e9, told.batch)
    told.hear(RunEnded(0, 2, 0))
    assert told.notices == []


# ---- the cause of a failure -------------------------------------------------------------

TRACE = """\
epoch 1: 0.5
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
    ~~~~^^
{}
"""


@pytest.mark.parametrize(
    ("tail", "cause"),
    [
        ("", ""),
        ("\n \n", ""),
        (TRACE.format("ValueError: bad"), "ValueError: bad"),
        (TRACE.format("torch.cuda.OutOfMemoryError: CUDA"), "torch.cuda.OutOfMemoryError: CUDA"),
        (TRACE.format("KeyboardInterrupt"), "KeyboardInterrupt"),
        (TRACE.format("ValueError: first\n  second\nthird"), "ValueError: first"),
        (TRACE.format("ValueError: bad") + "wandb: run over\n", "ValueError: bad"),
        (
            TRACE.format("KeyError: 1")
            + "\nDuring handling of the above exception, another exception occurred:\n\n"
            + TRACE.format("ValueError: last"),
            "ValueError: last",
        ),
        ("Traceback (most recent call last):\n  File cut off", ""),
        ('  File "train.py", line 1\n    x =\n       ^\nSyntaxError: bad', "SyntaxError: bad"),
        ("python: can't open file 'x.py': [Errno 2]", "python: can't open file 'x.py': [Errno 2]"),
        ("    raise\nmy_pkg.errors.Broken: why\n", "my_pkg.errors.Broken: why"),
        ("epoch 3: loss 0.5\n", ""),
        ("all done, 3 of 4\n", ""),
        (TRACE.format("E: " + "x" * 600), "E: " + "x" * 497),
    ],
)
def test_the_exception_is_picked_from_the_output(tail, cause):
    assert explain("exit code 1", tail) == (f"exit code 1: {cause}" if cause else "exit code 1")


def test_an_error_does_not_say_the_same_twice():
    tail = TRACE.format("ValueError: bad")
    assert explain("ValueError: bad", tail) == "ValueError: bad"
