"""A run that remembers what is logged, and can be told to stop."""

from __future__ import annotations

import pytest

from sweep.script.run import Run


class Heard:
    """A channel that keeps what is said; the run is to stop after so many messages."""

    def __init__(self):
        self.said = []
        self.most = 10**9

    def send(self, message):
        self.said.append(message)

    def stopped(self):
        return len(self.said) >= self.most

    def values(self, name):
        return [m["v"] for m in self.said if m["n"] == name]

    def steps(self, name):
        return [m["s"] for m in self.said if m["n"] == name]

    @property
    def names(self):
        return {m["n"] for m in self.said}


@pytest.fixture
def heard():
    """Let this process be a run."""
    channel = Heard()
    before = Run._context
    Run.set_context(Run(channel, "HD_x_0"))
    yield channel
    Run.set_context(before)
