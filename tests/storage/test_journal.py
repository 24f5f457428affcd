"""The journal: what is written is what is replayed, all of a batch or nothing."""

from __future__ import annotations

import math
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import BanditPolicy, Goal, Verdict
from sweep.core import events
from sweep.core.codec import EVENTS
from sweep.core.commands import Finish, Launch, Quarantine, Release, Stop, SweepStatus
from sweep.core.events import Completed, Failed, Lost, Opened, Reported, Started, Stopped
from sweep.core.failure import KINDS
from sweep.errors import Damaged, WorkspaceError
from sweep.storage.journal import Batch, Metric, NoJournal, SqliteJournal
from sweep.storage.reader import SweepReader
from tests.storage.stories import Story

UP = Goal.MAXIMIZE

TEXT = st.text(st.characters() | st.sampled_from("\ud800\udfff\0\x1b"), max_size=8)
AT = st.floats(allow_nan=False, allow_infinity=False)
ANY = st.floats()
RUN = st.integers(0, 10**6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
KIND = st.sampled_from(KINDS)
EVENT = st.one_of(
    st.builds(events.Opened, AT),
    st.builds(events.SlotsChanged, AT, st.integers(0, 99), st.integers(0, 9)),
    st.builds(events.Started, AT, RUN, TEXT),
    st.builds(events.Reported, AT, RUN, ANY, st.none() | ANY),
    st.builds(events.Completed, AT, RUN),
    st.builds(events.Failed, AT, RUN, TEXT, KIND),
    st.builds(events.Stopped, AT, RUN),
    st.builds(events.Lost, AT, RUN, TEXT, st.booleans(), KIND),
    st.builds(events.CancelAsked, AT, st.none() | RUN, TEXT),
    st.builds(events.PauseAsked, AT, TEXT),
    st.builds(events.TimePassed, AT),
    st.builds(events.LaunchesHeld, AT, TEXT),
    st.builds(events.LaunchesReleased, AT),
    st.builds(events.NodeReleased, AT, TEXT),
    st.builds(
        events.Redefined,
        AT,
        st.dictionaries(TEXT, JSON, max_size=2),
        st.lists(RUN, max_size=3).map(tuple),
    ),
    st.builds(events.Invalidated, AT, RUN, TEXT),
    st.builds(events.ConcurrencySet, AT, st.integers(1, 9)),
)
VERDICT = st.builds(Verdict, TEXT, st.integers(1, 9), ANY, ANY, st.just(value=True), TEXT)
COMMAND = st.one_of(
    st.builds(Launch, RUN, st.integers(1, 9), st.dictionaries(TEXT, JSON, max_size=3)),
    st.builds(Stop, RUN, TEXT, st.none() | VERDICT),
    st.builds(Quarantine, TEXT, TEXT),
    st.builds(Release, TEXT),
    st.builds(Finish, st.sampled_from(SweepStatus), TEXT),
)
ENTRIES = st.lists(st.tuples(EVENT, st.lists(COMMAND, max_size=3)), max_size=12)


def text_of(entries):
    """For comparison: NaN is not NaN, and the sign of a zero is nobody's business."""
    return repr([*entries]).replace("-0.0", "0.0")


def test_every_kind_of_event_is_tried():
    tried = {strategy.wrapped_strategy.target for strategy in EVENT.original_strategies}
    assert tried == set(EVENTS)


@given(entries=ENTRIES)
@settings(max_examples=20, deadline=None)
def test_whatever_happens_comes_back(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("journal") / "sweep.db"
    journal = SqliteJournal(path, UP)
    journal.write(Batch(entries=entries))
    assert text_of(journal.replay()) == text_of(entries)
    journal.close()
    again = SqliteJournal(path, UP)
    again.write(Batch(entries=[(Opened(1.0), [])]))
    assert text_of(again.replay()) == text_of([*entries, (Opened(1.0), [])])
    again.close()
    with SweepReader(path) as reader:
        numbers = [number for number, *_ in reader.entries()]
    assert numbers == sorted(numbers)
    assert numbers[-1] == len(entries) + 1  # counted without a gap


@given(text=TEXT, value=JSON, at=AT)
@settings(max_examples=15, deadline=None)
def test_any_text_can_be_kept(tmp_path_factory, text, value, at):
    story = Story(tmp_path_factory.mktemp("texts") / "sweep.db")
    story.begin()
    story.tell(
        Started(101, 0),
        Failed(102, 0, text),
        facts={0: {"tail": text}},
        metrics=[Metric(0, 1, text, "scalar", value, None, at)],
        tags=[(0, "tag", text, text)],
        notices=[(at, 0, text)],
        sweep={"note": value},
    )
    story.close()
    kept = text.encode(errors="backslashreplace").decode()
    with SweepReader(story.path) as reader:
        row = reader.run(0)
        assert (row.reason, row.facts) == (kept, {"tail": text})
        assert reader.tags(0, "tag") == {kept: kept}
        [metric] = reader.metrics(0, 1)
        assert (metric.name, repr(metric.value)) == (kept, repr(value))
        assert reader.notices() == [(1, at, 0, kept)]
        assert repr(reader.get("note")) == repr(value)


def test_nothing_of_a_failed_batch_stays(story, reader):
    story.begin()
    story.tell(Started(101, 0), Reported(102, 0, 0.5))
    before = [*reader.entries()], reader.runs()
    story.scheduler.handle(Reported(103, 0, 0.9))
    bad = Batch(
        entries=[(Reported(103, 0, 0.9), [])],
        records={0: story.scheduler.runs[0]},
        bests={0: 0.9},
        metrics=[Metric(0, 1, "loss", "scalar", 1, None, 103.0)],
        notices=[(103.0, None, "told")],
        sweep={"bad": object()},
    )
    with pytest.raises(TypeError, match="not JSON serializable"):
        story.journal.write(bad)
    assert ([*reader.entries()], reader.runs()) == before
    assert (reader.metrics(0, 1), reader.notices()) == ([], [])
    bad.sweep.clear()
    story.journal.write(bad)  # it can be written when it is mended
    assert reader.run(0).best == 0.9
    assert len([*story.journal.replay()]) == 5
    story.tell(Completed(104, 0))
    assert [number for number, *_ in reader.entries(4)] == [6]  # no number was lost


def test_a_full_disk_is_said_and_nothing_of_the_batch_stays(story, reader):
    story.begin()
    db = story.journal._db
    [[pages]] = db.execute("PRAGMA page_count")
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(WorkspaceError, match=r"sweep\.db cannot be written: .* is full"):
        story.tell(notices=[(1.0, None, "x" * 100_000)])
    db.execute(f"PRAGMA max_page_count = {pages + 100}")
    assert reader.notices() == []
    story.tell(notices=[(1.0, None, "now")])
    assert [text for *_, text in reader.notices()] == ["now"]


def test_a_batch_that_finds_the_database_taken_leaves_no_trace(story, path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    story.journal._db.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(WorkspaceError, match="database is locked"):
        story.begin()
    other.execute("ROLLBACK")
    other.close()
    story.tell(notices=[(1.0, None, "later")])


def test_numbers_go_on_after_a_restart(story, path):
    story.begin()
    story.close()
    again = SqliteJournal(path, UP)
    again.write(Batch(entries=[(Opened(200), [])]))
    again.close()
    with SweepReader(path) as reader:
        assert [number for number, *_ in reader.entries()] == [1, 2, 3]


def test_the_row_of_a_run_follows_its_life(story, reader):
    story.begin(slots=1)
    assert reader.runs() == [reader.run(0)]
    row = reader.run(0)
    assert (row.status, row.attempt, row.configuration) == ("Queued", 1, {"x": 0})
    assert (row.reports, row.best, row.last, row.verdict, row.facts) == (0, None, None, None, {})
    story.tell(Started(101, 0), facts={0: {"pid": 7}})
    story.tell(Reported(102, 0, 0.25), Reported(103, 0, math.nan))
    row = reader.run(0)
    assert (row.status, row.reports, row.best, row.last) == ("Running", 2, 0.25, None)
    story.tell(Lost(104, 0, "node died"), facts={0: {"pid": 8}})
    row = reader.run(0)
    assert (row.attempt, row.reports, row.best, row.status) == (2, 0, None, "Queued")
    assert row.facts == {"pid": 8}
    story.tell(Started(105, 0), Completed(106, 0))
    row = reader.run(0)
    assert (row.launched_at, row.started_at, row.ended_at) == (104, 105, 106)
    assert row.status == "Completed"


def test_the_verdict_of_a_policy_is_kept(path):
    story = Story(path, policy=BanditPolicy(slack_amount=0.1))
    story.begin(slots=2)
    story.tell(Started(101, 0), Started(101, 1), Reported(102, 0, 0.9), Reported(103, 1, 0.1))
    story.tell(Stopped(104, 1))
    story.close()
    with SweepReader(path) as reader:
        row = reader.run(1)
    assert (row.status, row.reason.split(":")[0]) == ("Canceled", "BanditPolicy")
    assert {k: row.verdict[k] for k in ("policy", "interval", "value", "stop")} == {
        "policy": "BanditPolicy",
        "interval": 1,
        "value": 0.1,
        "stop": True,
    }


def test_bests_are_values_in_either_direction(path):
    story = Story(path, goal=Goal.MINIMIZE)
    story.begin(slots=2)
    story.tell(Started(101, 0), Reported(102, 0, 3.0), Reported(103, 0, 2.0), Started(103, 1))
    story.tell(Reported(104, 1, -math.inf))
    story.close()
    with SweepReader(path) as reader:
        assert [(r.best, r.last) for r in reader.runs()] == [(2.0, 2.0), (None, -math.inf)]


def test_tags_are_put_replaced_and_taken_away_in_order(story, reader):
    story.tell(tags=[(0, "tag", "a", "1"), (0, "tag", "a", "2"), (0, "tag", "b", "1")])
    assert reader.tags(0, "tag") == {"a": "2", "b": "1"}
    story.tell(tags=[(0, "tag", "b", None), (0, "tag", "c", None), (0, "property", "a", "p")])
    story.tell(tags=[(0, "tag", "a", None), (0, "tag", "a", "3"), (-1, "tag", "a", "sweep's")])
    assert reader.tags(0, "tag") == {"a": "3"}
    assert reader.tags(0, "property") == {"a": "p"}
    assert reader.tags(-1, "tag") == {"a": "sweep's"}
    assert reader.tags(0, "artifact") == {}


def test_facts_of_the_sweep_are_replaced(story, reader):
    story.tell(sweep={"status": ["Running", ""], "made": 1})
    story.tell(sweep={"status": ["Completed", ""]})
    assert (reader.get("status"), reader.get("made")) == (["Completed", ""], 1)
    assert (reader.get("no such"), reader.get("no such", 3)) == (None, 3)


def test_readers_see_what_is_committed_and_nothing_else(story, reader):
    db = story.journal._db
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO notice (at, text) VALUES (1, 'not yet')")
    assert reader.notices() == []
    db.execute("COMMIT")
    assert [text for *_, text in reader.notices()] == ["not yet"]


def test_a_reader_in_the_midst_of_reading_does_not_hold_up_the_writer(story, reader):
    story.begin()
    reading = reader.entries()
    next(reading)
    story.tell(Started(101, 0), Started(101, 1))
    assert len([*reading]) == 1  # it goes on with what there was when it began
    assert len([*reader.entries()]) == 4


def test_an_empty_batch_is_false():
    assert not Batch()
    assert Batch(notices=[(1.0, None, "x")])
    assert Batch(sweep={"x": None})


def test_no_entry_may_be_missing(story):
    story.begin()
    story.tell(Started(101, 0), *(Reported(102.0 + n, 0, 0.5) for n in range(5)))
    assert [len(reports) for reports, _ in story.journal.past()] == [0, 0, 0, 5]
    story.journal._db.execute("DELETE FROM event WHERE seq = 6")
    with pytest.raises(Damaged, match="entries of the journal are missing: 1"):
        next(story.journal.past())


def test_reports_are_read_some_at_a_time(story, monkeypatch):
    monkeypatch.setattr("sweep.storage.past.MOST_REPORTS", 2)
    story.begin()
    story.tell(Started(101, 0), *(Reported(102.0 + n, 0, 0.5, float(n)) for n in range(5)))
    story.tell(Reported(107.0, 0, float("nan")), Reported(108.0, 0, 0.7))
    past = [*story.journal.past()]
    assert [len(reports) for reports, _ in past] == [0, 0, 0, 2, 2, 1, 1]
    assert [type(entry) for reports, entry in past[3:]] == [type(None)] * 2 + [tuple, type(None)]
    assert [event.at for event, _ in story.journal.replay()][2:] == [101.0 + n for n in range(8)]


def test_no_journal_keeps_nothing():
    journal = NoJournal()
    journal.write(Batch(entries=[(Opened(1.0), [])]))
    assert [*journal.past()] == []
    journal.close()
