"""What engine and slots agree on about nodes that do not see the engine's files."""

from __future__ import annotations

import re

FOLDERS = ("user_logs", "logs", "outputs", "named-outputs")
"""What comes back of a run's folder; the rest is its copy of the source, and stays."""
MOST_FILES = 100_000
"""Of one run, that come back."""
EARLIER = "SWEEP_RESUME_FROM"
"""The variable with the folder of an earlier attempt's outputs, which a run may go on from."""
OF_A_MACHINE = re.compile(
    "HOME|PATH|TMPDIR|USER|LOGNAME|SHELL|PWD|OLDPWD|HOSTNAME|VIRTUAL_ENV|LD_LIBRARY_PATH|MANPATH"
    "|DISPLAY|(CONDA|XDG|SSH|DBUS|SLURM|SUDO)_.*"
)
"""Variables of the engine's machine that would mislead on another; the node has its own."""
