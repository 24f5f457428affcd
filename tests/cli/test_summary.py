"""What a sweep has come to, in a few lines; and its story line by line."""

from __future__ import annotations

import click
import pytest

from policies import BanditPolicy, MedianStoppingPolicy
from sweep.cli.summary import summary
from sweep.engine.wishes import leave
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import TRACEBACK, Extras, kept, lone, play, sweep, values


def told(folder):
    with SweepReader(folder.database) as reader:
        return [click.unstyle(line) for line in summary(reader, folder)]


def test_a_sweep_with_every_ending(finished):
    assert told(finished) == [
        "",
        "Completed: 6 runs: 3 completed, 1 stopped early, 1 failed, 1 canceled, in 9.0 s",
        "Best run: HD_story_4  accuracy = 0.95  (3 reports, Completed)",
        "  x=4",
        "Bandit judged 9 times and stopped 1 run, which saved about 18% of the reports",
        "  from the decision to the last process gone: p50 0.0 ms, p99 0.0 ms",
        "run 2 failed: exit code 1: ValueError: x is too large",
        "  | Traceback (most recent call last):",
        '  |   File "train.py", line 3, in <module>',
        "  |     fit(x=2)",
        "  | ValueError: x is too large",
        f"Kept in {finished.path}",
        "Next: sweep best  ·  sweep why 1  ·  sweep export --format csv",
    ]


def test_nothing_was_logged(place):
    folder = kept(place, points=2)
    play(folder, values())
    assert told(folder)[1:] == [
        "Completed: 2 runs: 2 completed, in 0.0 s",
        "No run has logged 'accuracy', the primary metric.",
        f"Kept in {folder.path}",
        "Next: sweep export --format csv",
    ]


def test_what_was_too_much_to_be_kept_is_told(place):
    facts = {1: {"dropped": 4000, "output_dropped": 1_234_567}, 2: {"dropped": 1}}
    folder = kept(place, points=3)
    play(folder, values(0.5), extras=Extras(facts=facts))
    lost = "4,000 of the messages that it logged and 1,234,567 of the bytes that it printed"
    assert f"run 1: {lost} could not be kept; and 1 other run like it" in told(folder)
    why = "  not kept, since it was too much or could not be written: 4,000 of the messages"
    assert any(line.startswith(why) for line in sweep("why", 1).lines)
    shown = {" ".join(line.split()) for line in sweep("run", "show", "-r", "1").lines}
    assert {
        "dropped 4,000 messages, not kept",
        "output_dropped 1,234,567 bytes, not kept",
    } <= shown
    assert "not kept" not in sweep("why", 0).out


def test_what_did_not_come_back_from_its_node_is_told(place):
    folder = kept(place, points=2)
    play(folder, values(0.5), extras=Extras(facts={1: {"undelivered": 2048}}))
    lost = "2,048 of the bytes in its files"
    assert f"run 1: {lost} could not be kept" in told(folder)
    assert any(line.endswith(f": {lost}") for line in sweep("why", 1).lines)
    shown = {" ".join(line.split()) for line in sweep("run", "show", "-r", "1").lines}
    assert "undelivered 2,048 bytes, not kept" in shown


def test_a_policy_that_never_judged(place):
    folder = kept(place, points=2, policy=MedianStoppingPolicy(delay_evaluation=5))
    play(folder, values(0.5))
    assert "MedianStopping never judged: no run made enough reports for it" in told(folder)


def test_everything_fails(place):
    folder = kept(place, points=9)

    def curve(_):
        raise ValueError("x is too large")

    play(folder, curve, Extras(tails={0: "noise\n" * 50 + TRACEBACK}))
    lines = told(folder)
    assert lines[1] == (
        "Failed (the first 3 runs all failed; run 2: ValueError: x is too large):"
        " 3 runs: 3 failed, in 0.0 s"
    )
    assert lines[3:5] == ["run 0 failed: exit code 1: ValueError: x is too large", "  | noise"]
    assert len(lines) == 18, "the end of the output is enough"
    assert lines[-1] == "Next: sweep why 0  ·  sweep export --format csv"


def test_paused(place):
    folder = kept(place, points=3)

    def curve(_):
        yield 0.5
        leave(folder.requests, "pause", None, "SIGINT: paused by the user")
        yield 0.6

    play(folder, curve)
    lines = told(folder)
    assert lines[1].startswith(
        "Paused (SIGINT: paused by the user): 1 run: 1 waiting to run again"
    )
    assert lines[-1] == f"Go on with it: sweep resume {folder.id}"


def test_canceled_before_it_began(place):
    folder = kept(place)
    leave(folder.requests, "cancel", None, "canceled by the user")
    play(folder, values(0.5))
    assert told(folder)[1].startswith("Canceled (canceled by the user): ")


def test_a_lone_run(place):
    folder = lone(place)
    play(folder, values())
    assert told(folder)[1:] == [
        "Completed: 1 run: 1 completed, in 0.0 s",
        f"Kept in {folder.path}",
        "Next: sweep logs last  ·  sweep run show",
    ]


class TestFeed:
    def lines(self, folder, after=0):
        with SweepReader(folder.database) as reader:
            return [line.strip() for line in Feed(reader, after).lines()]

    def test_every_ending_has_a_line(self, finished):
        lines = self.lines(finished)
        assert lines[:4] == [
            "0.0 s  starting Ray on this machine",
            "0.0 s  1 slot ready",
            "0.0 s  run 0 launched  x=0",
            "3.0 s  run 0 completed  best 0.8 of 3 reports  ★ best so far",
        ]
        assert "5.0 s  run 2 failed: exit code 1: ValueError: x is too large" in lines
        assert lines[-1] == "9.0 s  sweep Completed"

    def test_what_was_told_is_not_told_again(self, finished):
        with SweepReader(finished.database) as reader:
            feed = Feed(reader)
            assert len(list(feed.lines())) == 15
            assert list(feed.lines()) == []

    def test_a_notice(self, place):
        folder = kept(place, points=1, policy=BanditPolicy(slack_factor=0.2))
        play(folder, values())
        assert self.lines(folder)[-1].startswith(
            "note  run 0 has ended without logging 'accuracy'"
        )

    @pytest.mark.parametrize("after", [3, 10])
    def test_a_story_that_is_taken_up_again(self, finished, after):
        assert len(self.lines(finished, after)) < 15


def test_a_policy_that_stops_nothing_says_so(place):
    folder = kept(place, points=2, policy=BanditPolicy(slack_factor=0.5))
    play(folder, values(0.5, 0.6))
    told_lines = told(folder)
    assert "Bandit judged 4 times and stopped 0 runs, which saved nothing" in told_lines


def test_a_stop_at_the_last_report_saves_nothing(place):
    policy = BanditPolicy(slack_factor=0.1, delay_evaluation=2)
    folder = kept(place, points=2, policy=policy)
    play(folder, lambda c: [9 - 5 * c["--x"]] * 2)
    assert "Bandit judged 2 times and stopped 1 run, which saved nothing" in told(folder)


def test_a_little_is_no_percentage(place):
    policy = BanditPolicy(slack_factor=0.1, delay_evaluation=199)
    folder = kept(place, points=2, policy=policy)
    play(folder, lambda c: [9 - 5 * c["--x"]] * 200)
    line = next(line for line in told(folder) if line.startswith("Bandit"))
    assert line.endswith("stopped 1 run, which saved less than 1% of the reports")
