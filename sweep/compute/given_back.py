"""What comes back of a run from a node that does not see our files."""

from __future__ import annotations

FOLDERS = ("user_logs", "logs", "outputs", "named-outputs")
"""Of a run's folder; the rest is its copy of the source, and stays."""
MOST_FILES = 100_000
