"""A sweep as lines of text."""

from __future__ import annotations

from policies import BanditPolicy, Goal
from sweep.core.events import (
    CancelAsked,
    Completed,
    Failed,
    Lost,
    Opened,
    PauseAsked,
    Reported,
    SlotsChanged,
    Started,
    Stopped,
    TimePassed,
)
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from tests.storage.stories import Story


def test_a_sweep_tells_its_story(path):
    story = Story(path, runs=5, policy=BanditPolicy(slack_amount=0.5))
    with SweepReader(path) as reader:
        feed = Feed(reader)
        assert [*feed.lines()] == []
        story.begin(slots=2)
        assert [*feed.lines()] == [
            "     0.0 s  starting Ray on this machine",
            "     0.0 s  2 slots ready",
            "     0.0 s  run 0 launched  x=0",
            "     0.0 s  run 1 launched  x=1",
        ]
        story.tell(Started(101, 0), Started(101, 1), Reported(102, 0, 0.75))
        story.tell(notices=[(102, 0, "look\x1b[31m here")])
        assert [*feed.lines()] == ["      note  look here"]
        story.tell(Reported(103, 1, 0.125), Stopped(104, 1))
        assert [*feed.lines()] == [
            f"     4.0 s  run 1 stopped: {story.scheduler.runs[1].reason}",
            "     4.0 s  run 2 launched  x=2",
        ]
        story.tell(Completed(161.5, 0))
        assert [*feed.lines()] == [
            " 1 min 2 s  run 0 completed  best 0.75 of 1 report  ★ best so far",
            " 1 min 2 s  run 3 launched  x=3",
        ]
        story.tell(Started(170, 2), Lost(171, 2, "node\ndied"), Failed(172, 3, "cannot\x07 start"))
        assert [*feed.lines()] == [
            "1 min 11 s  run 2 lost: node died",
            "1 min 11 s  run 2 launched (attempt 2)  x=2",
            "1 min 12 s  run 3 failed: cannot start",
            "1 min 12 s  run 4 launched  x=4",
        ]
        story.tell(Started(180, 2), Started(180, 4), Reported(181, 4, 0.75), Completed(182, 2))
        story.tell(Completed(183, 4))
        assert [*feed.lines()] == [
            "1 min 22 s  run 2 completed",
            "1 min 23 s  run 4 completed  best 0.75 of 1 report",  # as good, and later
            "1 min 23 s  sweep Completed",
        ]
        assert [*feed.lines()] == []
    story.close()


def test_what_a_feed_says_of_an_end(path):
    story = Story(path)
    story.begin(slots=1)
    story.tell(TimePassed(101), PauseAsked(102, "Ctrl-C"), Lost(103, 0, "ended"))
    story.tell(Opened(200), SlotsChanged(200, 0), CancelAsked(201, None, "enough"))
    with SweepReader(path) as reader:
        assert [line[12:] for line in Feed(reader).lines()][3:] == [
            "run 0 lost: ended",
            "sweep Paused: Ctrl-C",
            "starting Ray on this machine",
            "0 slots ready",
            "sweep Canceled: enough",
        ]
    story.close()


def test_a_feed_can_leave_out_what_was_told_before(path):
    story = Story(path, goal=Goal.MINIMIZE)
    story.begin(slots=3)
    story.tell(Started(101, 0), Reported(102, 0, 0.5), notices=[(101, None, "of old")])
    story.tell(Started(103, 1), Started(103, 2))
    with SweepReader(path) as reader:
        feed = Feed(reader, after=6)
        story.tell(Reported(103, 1, 0.625), Reported(103, 2, 0.375), notices=[(103, None, "new")])
        story.tell(Completed(104, 1), Completed(105, 2))
        assert [*feed.lines()] == [
            "     0.0 s  run 1 completed  best 0.625 of 1 report",
            "     0.0 s  run 3 launched  x=3",
            "     1.0 s  run 2 completed  best 0.375 of 1 report  ★ best so far",
            "      note  new",
        ]
    story.close()


def test_a_feed_that_leaves_out_a_past_without_reports_or_notices(path):
    story = Story(path)
    story.begin(slots=1)
    with SweepReader(path) as reader:
        feed = Feed(reader, after=2)
        story.tell(Started(101, 0), Reported(102, 0, 0.5), Completed(103, 0))
        assert "★" in next(feed.lines())
    story.close()


def test_a_better_run_that_still_works_keeps_the_star_and_one_that_was_stopped_does_not(path):
    story = Story(path, runs=9)
    story.begin(slots=3)
    story.tell(*(Started(101, run) for run in range(3)))
    with SweepReader(path) as reader:
        feed = Feed(reader)
        fresh = Feed(reader, after=5)
        story.tell(Reported(102, 0, 0.5), Reported(102, 1, 0.75), Completed(103, 0))
        assert "run 0 completed  best 0.5 of 1 report" in [line[12:] for line in feed.lines()]
        assert next(fresh.lines())[12:] == "run 0 completed  best 0.5 of 1 report"
        story.tell(CancelAsked(104, 1, "enough"), Stopped(105, 1))
        story.tell(Reported(106, 2, 0.625), Completed(107, 2))
        for each in (feed, fresh):
            stars = [line[12:].split("  ")[0] for line in each.lines() if "★" in line]
            assert stars == ["run 2 completed"]
    story.close()


def test_a_completed_run_is_compared_with_those_that_work_and_not_with_all(path):
    """Counted: what SQLite does for the last of many completions is what it does for the first."""
    runs = 200
    story = Story(path, runs=runs)
    story.begin(slots=2)
    story.tell(*(Started(101, run) for run in range(2)))
    steps: list[int] = []
    with SweepReader(path) as reader:
        feed = Feed(reader)
        for run in range(runs - 2):  # each the best so far
            story.tell(Reported(102, run, float(run)), Completed(103, run), Started(104, run + 2))
            count = 0

            def tick() -> int:
                nonlocal count
                count += 1
                return 0

            reader._db.set_progress_handler(tick, 1)
            assert "★" in "".join(feed.lines())
            reader._db.set_progress_handler(None, 0)
            steps.append(count)
    assert sum(steps[-20:]) <= 1.2 * sum(steps[10:30])
    story.close()
