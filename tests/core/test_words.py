"""Values and times as a reader likes to see them; nothing that a terminal would obey."""

from __future__ import annotations

import math
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.core.run import RunState
from sweep.core.words import (
    MARKS,
    configuration_text,
    counted,
    duration,
    fit,
    number,
    one_line,
    plain,
    value_text,
    when,
)

OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing\tat\nall é 中", "nothing\tat\nall é 中"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;12mblue\x1b[m", "blue"),
        ("a\x1b[2Jb\x1b[?25lc\x1b[3 qd", "abcd"),
        ("\x9b31mred\x9bm", "red"),
        ("\x1b[31", ""),
        ("\x1b[31é", "é"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1b]0;no end\nnext line", "\nnext line"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x1b_app\x1b\\x\x1b^pm\x1b\\y\x1bXsos\x1b\\z", "xyz"),
        ("\x1b(Bx\x1b=y\x1b7z\x1bc", "xyz"),
        ("\x1b", ""),
        ("\x1b\nx", "\nx"),
        ("\x1b\x1b[31mx", "x"),
        ("\x1b]0;a\x1b[31mx", "x"),
        ("10%\r20%\x08\x00\x7f\x85", "10%20%"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text, shown):
    assert plain(text) == shown


@given(st.text(st.characters() | st.sampled_from("\x1b\x9b[]0;m\x07\\\x9c\n")))
def test_nothing_is_left_that_a_terminal_would_obey(text):
    result = plain(text)
    assert not OBEYED.search(result)
    assert plain(result) == result
    assert result.count("\n") == text.count("\n")
    if not OBEYED.search(text):
        assert result == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.1 + 0.2, "0.3"),
        (1234567.0, "1.23457e+06"),
        (1e-7, "1e-07"),
        (3, "3"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (10**20, "100000000000000000000"),
        (True, "true"),
        (None, "null"),
        ("a\x1b[31mb", "ab"),
        ([1, "é\x1b"], '[1, "é\\u001b"]'),
        ({"a": "\x9b"}, '{"a": "\\u009b"}'),
    ],
)
def test_values(value, text):
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("configuration", "text"),
    [
        ({}, ""),
        ({"--lr": 0.1, "n": 3, "opt": "adam"}, "lr=0.1  n=3  opt=adam"),
        ({"x\x1b[31m": "two\nlines"}, "x=two\\nlines"),
    ],
)
def test_configurations_take_one_line(configuration, text):
    assert configuration_text(configuration) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (61.4, "1 min 1 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (90061, "25 h 1 min"),
        (-2, "-2.0 s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("too long", 5, "too …"),
        ("two\nlines\t here", 20, "two lines here"),
        ("\x1b[31mred\x1b[0m", 3, "red"),
        ("ab", 1, "…"),
        ("", 0, ""),
    ],
)
def test_texts_that_fit(text, width, shown):
    assert fit(text, width) == shown


def test_one_line_is_one_line():
    assert one_line(" a\n\n b\x1b[2J\tc ") == "a b c"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1.0, "1 run"), (0.5, "0.5 runs")],
)
def test_counts(count, text):
    assert counted(count, "run") == text


def test_times_are_those_of_the_readers_clock(monkeypatch):
    assert when(None) == "-"
    monkeypatch.setenv("TZ", "Etc/GMT-3")
    time.tzset()
    try:
        assert when(0) == "1970-01-01 03:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_every_state_has_its_word():
    assert {state.value for state in RunState} == set(MARKS)
