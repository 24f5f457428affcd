"""A sweep as a picture in the terminal that is drawn anew a few times a second."""

from __future__ import annotations

import math
import time
from collections import deque
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweep.core.single import SINGLE
from sweep.core.words import configuration_text, counted, duration, fit, number, plain
from sweep.storage.feed import STARTING_HERE, STARTING_THERE
from sweep.storage.reader import RunRow, SweepReader
from sweep.view.standing import most_runs

REDRAW = 0.25
"""Seconds between two pictures."""
RECENT = 4
"""How many of the latest endings are shown."""
SPARKS = "▁▂▃▄▅▆▇█"
WIDE = 80
"""Columns of a terminal in which a trend has its place."""
TREND = 16
"""How many values make a trend."""


class LiveView:
    """Draws one sweep until it is left.

    Args:
        reader: the sweep.
        slots: how many runs execute at one time at most.
        console: where it is drawn.
        since: when the sweep was begun, in seconds since the epoch; None: it begins now.
    """

    def __init__(
        self,
        reader: SweepReader,
        slots: int,
        console: Console | None = None,
        since: float | None = None,
    ) -> None:
        self._reader = reader
        self._slots = slots
        definition = reader.get("definition")
        self._metric: str = definition["primary_metric_config"]["name"]
        self._up = definition["primary_metric_config"]["goal"] == "maximize"
        self._total = most_runs(definition)
        self._policy: str = definition["policy_config"]["name"]
        self._trends: dict[int, deque[float]] = {}
        self._seen: dict[int, int] = {}
        self._started = time.monotonic() - (time.time() - since if since else 0.0)
        self._drawn = 0.0
        self._note = ""
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> LiveView:  # noqa: PYI034 - Self is not in Python 3.10
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw a last time, and leave the picture where it is."""
        self.refresh(force=True)
        self._live.stop()

    def refresh(self, *, force: bool = False) -> None:
        """Draw the sweep as it is now, unless that was done a moment ago."""
        now = time.monotonic()
        if force or now - self._drawn >= REDRAW:
            self._drawn = now
            self._live.update(self.picture(), refresh=True)

    def note(self, text: str) -> None:
        """Show a line below the picture from now on."""
        self._note = text
        self.refresh(force=True)

    def picture(self) -> RenderableType:
        """Return the picture of the sweep as it is now."""
        width = self._console.width
        counts = self._reader.count()
        running = self._reader.live()
        parts: list[RenderableType] = [self._progress(counts, len(running))]
        if best := self._reader.ranked(1):
            parts.append(self._best(best[0], width))
        if running:
            parts.append(self._running(running, width))
        ended = self._reader.runs(
            "status IN ('Canceled', 'Failed') AND reason != ''",
            order=f"ended_at DESC LIMIT {RECENT}",
        )
        if ended:
            parts.append(self._ended(ended, width))
        notes = [text for _, _, _, text in self._reader.notices()[-2:]]
        if not counts:
            here = self._reader.get("cluster") is None
            notes.append(f"{STARTING_HERE if here else STARTING_THERE}, which takes some seconds")
        notes += [self._note] if self._note else []
        return Group(*parts, *(Text(f"! {plain(text)}", style="yellow") for text in notes))

    def _progress(self, counts: dict[str, int], running: int) -> RenderableType:
        over = {k: counts.get(k, 0) for k in ("Completed", "Canceled", "Failed")}
        done = sum(over.values())
        seconds = time.monotonic() - self._started
        left = self._time_left(done, running)
        words = [
            f"{done}/{self._total} runs",
            f"{over['Completed']} completed",
            f"{over['Canceled']} stopped early",
            *([f"{over['Failed']} failed"] if over["Failed"] else []),
            f"{running}/{self._slots} slots busy",
            duration(seconds),
            *([f"about {duration(left)} left"] if left else []),
        ]
        table = Table.grid(padding=(0, 2))
        bar = ProgressBar(total=self._total, completed=done, width=24)
        table.add_row(bar, Text(" · ".join(words)))
        return table

    def _time_left(self, done: int, running: int) -> float | None:
        if not done or not running:
            return None
        lasted = self._reader.mean_duration()
        return None if lasted is None else (self._total - done) * lasted / max(1, running)

    def _best(self, row: RunRow, width: int) -> RenderableType:
        arrow = "↑" if self._up else "↓"
        text = Text()
        text.append(f"best {plain(self._metric)} {arrow} ", style="bold")
        text.append(number(row.best), style="bold green")
        text.append(f"  run {row.number}  ")
        text.append(fit(configuration_text(row.configuration), width - len(text)), style="cyan")
        return text

    def _running(self, rows: list[RunRow], width: int) -> RenderableType:
        table = Table(box=None, padding=(0, 1), header_style="dim", expand=True)
        for column in ("run", "reports", "last", "best"):
            table.add_column(column, justify="right", no_wrap=True)
        if width >= WIDE:
            table.add_column("trend", no_wrap=True, min_width=TREND)
        table.add_column("hyperparameters", no_wrap=True, ratio=1)
        room = max(8, self._console.height - 12)
        for row in rows[:room]:
            trend = self._trend(row)
            table.add_row(
                str(row.number),
                str(row.reports),
                number(row.last),
                number(row.best),
                *([trend] if width >= WIDE else []),
                Text(configuration_text(row.configuration), "cyan", overflow="ellipsis"),
            )
        if len(rows) > room:
            return Group(table, Text(f" … and {len(rows) - room} more", "dim"))
        return table

    def _ended(self, rows: list[RunRow], width: int) -> RenderableType:
        text = Text()
        for row in reversed(rows):
            word, style = ("failed", "red") if row.status == "Failed" else ("stopped", "magenta")
            head = f"{word} run {row.number}: "
            text.append(head, style=style)
            text.append(fit(row.reason, width - len(head) - 1) + "\n")
        text.rstrip()
        return text

    def _trend(self, row: RunRow) -> str:
        trend = self._trends.get(row.number)
        if trend is None:  # it may have begun before anybody looked
            made = self._reader.reports(row.number)[: row.reports] if row.reports > 1 else ()
            trend = self._trends[row.number] = deque((value for _, value in made), maxlen=TREND)
            self._seen[row.number] = len(made)
        if row.last is not None and self._seen.get(row.number) != row.reports:
            self._seen[row.number] = row.reports
            trend.append(row.last)
        return sparkline([value for value in trend if math.isfinite(value)])


def sparkline(values: list[float]) -> str:
    """Return values as a row of little bars."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(SPARKS[int((v - low) / span * (len(SPARKS) - 1))] for v in values)


def caption(reader: SweepReader, identity: str, slots: int) -> str:
    """Return the line that stands above a sweep's progress."""
    definition = reader.get("definition")
    metric = definition["primary_metric_config"]
    arrow = "↑" if metric["goal"] == "maximize" else "↓"
    if definition["generator_config"]["name"] == SINGLE:
        return f"{plain(identity)} · {plain(reader.get('experiment'))} · one run"
    parts = [
        plain(identity),
        plain(reader.get("experiment")),
        definition["generator_config"]["name"].lower(),
        f"{counted(most_runs(definition), 'run')}, {slots} at a time",
        f"{plain(metric['name'])} {arrow}",
        policy_text(definition["policy_config"]),
    ]
    return " · ".join(parts)


def policy_text(policy: dict[str, object]) -> str:
    """Return a policy's wire form as words."""
    if policy["name"] == "Default":
        return "no early termination"
    properties = policy.get("properties", {})
    assert isinstance(properties, dict)
    return f"{policy['name']} ({', '.join(f'{k}={v}' for k, v in properties.items())})"
