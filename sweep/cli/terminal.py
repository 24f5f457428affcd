"""The terminal as rich sees it; a file or a pipe is wide, and has no colours."""

from __future__ import annotations

import sys

from rich.console import Console

WITHOUT_TERMINAL = 120
"""Columns where nobody says how wide it is."""


def console() -> Console:
    """Return a console that writes to standard output."""
    width = None if sys.stdout.isatty() else WITHOUT_TERMINAL
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
