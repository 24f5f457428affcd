"""The picture in the terminal, at several widths, and the caption above it."""

from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from policies import BanditPolicy
from samplers import choice
from sweep.cli.live import LiveView, caption, policy_text, sparkline
from sweep.engine.wishes import leave
from sweep.storage.reader import SweepReader
from tests.cli.workspaces import kept, lone, play

WIDTHS = (60, 100, 160)


def pictures(folder, *, slots=2, note="", height=30):
    """Return the picture of a sweep as lines, for each width."""
    with SweepReader(folder.database) as reader:
        for width in WIDTHS:
            console = Console(width=width, height=height, file=io.StringIO())
            view = LiveView(reader, slots, console)
            if note:
                view._note = note
            console.print(view.picture())
            lines = console.file.getvalue().splitlines()
            assert all(len(line) <= width for line in lines)
            yield width, lines


def watched(folder, curve, at_report, **options):
    """Play a sweep, and look at it in the middle of a run."""
    seen = []

    def curve_that_is_watched(configuration):
        for number, value in enumerate(curve(configuration)):
            yield value
            if (configuration["--x"], number) == at_report:
                seen.extend(pictures(folder, **options))

    play(folder, curve_that_is_watched)
    return seen


def joined(lines):
    return " ".join(" ".join(lines).split())


def test_nothing_yet(place):
    for _, lines in pictures(kept(place)):
        text = joined(lines)
        assert text.startswith("0/6 runs · 0 completed · 0 stopped early · 0/2 slots busy · 0.")
        assert text.endswith("! starting Ray on this machine, which takes some seconds")


def test_running(place):
    folder = kept(place, concurrent=2, points=3)
    for width, lines in watched(folder, lambda c: [0.1 * c["--x"], 0.5, 0.25, 0.3], (1, 2)):
        text = joined(lines)
        assert "0/3 runs · 0 completed · 0 stopped early · 2/2 slots busy" in text
        assert "best accuracy ↑ 0.5 run 0 x=0" in text
        head = next(line for line in lines if "reports" in line)
        assert ("trend" in head) == (width >= 80)
        assert [line.split()[:4] for line in lines[-2:]] == [
            ["0", "3", "0.25", "0.5"],
            ["1", "2", "0.5", "0.5"],
        ]
        assert lines[-1].split()[-1] == "x=1"


def test_trends_grow_from_picture_to_picture(place):
    folder = kept(place, points=1)
    reader = SweepReader(folder.database)
    console = Console(width=100, file=io.StringIO())
    view = LiveView(reader, 1, console)

    def curve(_):
        for value in (0.1, 0.8, math.inf, math.nan, 0.4):
            yield value
            view.picture()

    play(folder, curve)
    assert sparkline([v for v in view._trends[0] if math.isfinite(v)]) == "▁█"
    reader.close()


def test_who_comes_later_sees_the_trend_from_its_beginning(place):
    folder = kept(place, points=1)
    for width, lines in watched(folder, lambda _: [0.1, 0.8, 0.45, 0.3], (0, 3)):
        assert ("▁█▄" in joined(lines)) == (width >= 80)


def test_many_running(place):
    folder = kept(place, points=40, concurrent=40)
    for _, lines in watched(folder, lambda _: [0.1, 0.2], (0, 0), slots=40, height=24):
        assert "0/40 runs" in joined(lines)
        assert "40/40 slots busy" in joined(lines)
        assert lines[-1].strip() == "… and 28 more"
        assert len(lines) <= 18


def test_stopped_and_failed(place):
    folder = kept(place, points=5, policy=BanditPolicy(slack_factor=0.2))

    def curve(configuration):
        x = configuration["--x"]
        yield 0.5 / (1 + x)
        if x == 2:
            leave(folder.requests, "cancel", 2, "canceled by the user, who had a reason " * 9)
        if x == 4:
            raise ValueError("[bold]no[/bold]\nmarkup")
        yield 0.6

    play(folder, curve)
    for width, lines in pictures(folder):
        text = joined(lines)
        assert "5/5 runs · 1 completed · 4 stopped early" in text
        assert "0/2 slots busy" in text
        if width > 60:
            assert "stopped run 1: BanditPolicy: best 0.25 after 1 report is below the" in text
        ends = [line for line in lines if line.startswith(("stopped", "failed"))]
        assert [end.split(":")[0] for end in ends] == [f"stopped run {n}" for n in (1, 2, 3, 4)]


def test_failures_are_shown_as_they_are(place):
    folder = kept(place, points=2)

    def curve(configuration):
        yield 0.5
        if configuration["--x"]:
            raise ValueError("[bold]no[/bold]\nmarkup \x1b[2J")

    play(folder, curve)
    for _, lines in pictures(folder):
        assert "2/2 runs · 1 completed · 0 stopped early · 1 failed" in joined(lines)
        assert lines[-1] == "failed run 1: ValueError: [bold]no[/bold] markup"


def test_notices_and_notes(place):
    folder = kept(place, points=2)
    play(folder, lambda _: [])
    for _, lines in pictures(folder, note="stopping what runs"):
        text = joined(lines)
        assert "! run 0 has ended without logging 'accuracy', the primary metric" in text
        assert text.endswith("! stopping what runs")


def test_how_much_time_is_left(place):
    folder = kept(place, points=10, concurrent=2)
    for _, lines in watched(folder, lambda _: [0.1] * 60, (2, 0)):
        assert "about 4 min 0 s left" in joined(lines), "8 runs of a minute, 2 at a time"


def test_a_grid_may_have_fewer_points_than_runs_are_allowed(place):
    folder = kept(place, points=3, runs=100)
    for _, lines in pictures(folder):
        assert joined(lines).startswith("0/3 runs")
    with SweepReader(folder.database) as reader:
        assert "· 3 runs, 2 at a time ·" in caption(reader, folder.id, 2)


def test_long_names_and_values(place):
    space = {"--" + "name" * 40: choice("\n".join(["text"] * 99), "b"), "--y": choice(1)}
    folder = kept(place, space=space, points=2, metric="metric " * 40)
    play(folder, lambda _: [0.5])
    assert len(list(pictures(folder))) == 3


def test_a_view_draws_itself_until_it_is_left(place):
    folder = kept(place, points=1)
    out = io.StringIO()
    with SweepReader(folder.database) as reader:
        console = Console(width=100, file=out, force_terminal=True, color_system=None)
        with LiveView(reader, 1, console) as view:
            view.refresh(force=True)
            before = len(out.getvalue())
            view.refresh()
            assert len(out.getvalue()) == before, "a moment ago is not drawn again"
            view.note("once more to stop at once")
        assert "once more to stop at once" in out.getvalue()


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([3.0], "▁"), ([1.0, 1.0], "▁▁"), ([0.0, 0.5, 1.0], "▁▄█"), ([1.0, 0.0], "█▁")],
)
def test_sparklines(values, bars):
    assert sparkline(values) == bars


class TestCaption:
    def test_a_sweep(self, place):
        folder = kept(
            place,
            space={"--x": choice(1, 2)},
            goal="minimize",
            policy=BanditPolicy(slack_amount=0.5, delay_evaluation=3),
        )
        with SweepReader(folder.database) as reader:
            assert caption(reader, folder.id, 1) == (
                f"{folder.id} · demo · grid · 2 runs, 1 at a time · accuracy ↓ ·"
                " Bandit (evaluation_interval=1, delay_evaluation=3, slack_amount=0.5)"
            )

    def test_a_lone_run(self, place):
        folder = lone(place)
        with SweepReader(folder.database) as reader:
            assert caption(reader, folder.id, 1) == f"{folder.id} · demo · one run"

    def test_no_policy(self):
        assert policy_text({"name": "Default"}) == "no early termination"
