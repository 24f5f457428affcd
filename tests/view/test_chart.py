"""Curves as text."""

from __future__ import annotations

import math

from sweep.view.chart import Trace, chart


def test_a_rising_line_rises():
    rows = str(chart([Trace([0, 1, 2, 3])], 18, 4)).splitlines()
    starts = [next(n for n, c in enumerate(row[5:]) if c != " ") for row in rows[:4]]
    assert starts == sorted(starts, reverse=True)
    assert rows[0].startswith("  3 ┤")
    assert rows[3].startswith("  0 ┤")
    assert rows[-1].split() == ["1", "4", "reports"]


def test_a_constant_and_a_single_value_and_gaps():
    dots = [c for c in str(chart([Trace([0.5])], 20, 3)) if 0x2800 < ord(c) < 0x2900]
    assert len(dots) == 1
    assert chart([Trace([2.0, 2.0])], 20, 3).rows
    assert chart([Trace([1.0, math.nan, 3.0])], 20, 3).rows


def test_without_a_finite_value_it_says_so():
    assert str(chart([Trace([math.nan])], 20, 3)) == "no finite value has been reported yet"
    assert str(chart([], 20, 3)) == "no finite value has been reported yet"


def test_it_is_as_wide_as_it_is_told_and_the_last_curve_has_the_colour():
    drawn = chart([Trace([0, 1], "red"), Trace([0, 1], "blue")], 40, 5)
    assert max(map(len, str(drawn).splitlines())) == 40
    styles = {style for row in drawn.rows for _, style in row}
    assert "blue" in styles
    assert "red" not in styles
