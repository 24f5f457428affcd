"""The environment that we make for ourselves on a remote machine: once, in a folder of its own.

It is found by what is in it, our own sources and the versions of what they need: a new version
gets a new one, and several sweeps share one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

import asyncssh

from sweep.compute.ssh import command_line, first_word
from sweep.compute.ssh_sources import digest, packed
from sweep.errors import TargetError

CACHE = ".cache/hypersweep"
"""Below the home directory there, where a command begins."""
NEEDED = ("ray", "cloudpickle")
"""What a target host and its slots import; in the versions that are installed here."""
UNPACK = """
import os, shutil, sys, tarfile, tempfile
folder, wanted, requirements = sys.argv[1], sys.argv[2], sys.argv[3:]
os.makedirs(folder, mode=0o700, exist_ok=True)
source = tempfile.mkdtemp(prefix="src-", dir=folder)
with tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz") as tar:
    tar.extractall(source)
names = ["python" + wanted] + ["python3.%d" % minor for minor in (13, 12, 11, 10)]
found = [path for path in map(shutil.which, names) if path]
python = found[0] if found and "%d.%d" % sys.version_info[:2] != wanted else sys.executable
program = os.path.join(source, "sweep", "compute", "bootstrap.py")
os.execv(python, [python, "-I", program, folder] + requirements)
"""
"""Runs on any Python 3: it looks for the one that is most like ours."""


class RemoteEnvironment:
    """The environment on any machine that has none of its own for us.

    Args:
        packages: requirements of the runs, as pip takes them.
    """

    def __init__(self, packages: Sequence[str] = ()) -> None:
        self._requirements = [*(f"{name}=={version(name)}" for name in NEEDED), *packages]
        name = digest(packed(), "\n".join(self._requirements).encode())
        self.folder = f"{CACHE}/{name}"
        self.python = f"{self.folder}/python"

    async def make(
        self, connection: asyncssh.SSHClientConnection, told: Callable[[str], None]
    ) -> None:
        """Make it there, and return when it is ready; at once when it is there already.

        Args:
            connection: to the machine.
            told: is told of each step.

        Raises:
            TargetError: it cannot be made.
        """
        wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
        command = ["python3", "-I", "-c", UNPACK, self.folder, wanted, *self._requirements]
        process = await connection.create_process(command_line(command), encoding=None)
        process.stdin.write(packed())
        process.stdin.write_eof()
        while said := await first_word(process.stdout):
            if said["k"] == "done":
                return
            if said["k"] == "failed":
                raise TargetError(f"no environment can be made there: {said['why']}")
            told(said["text"])
        words = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        last = words[-1] if words else "it ended without a word"
        await process.wait_closed()
        if process.exit_status == 127:
            raise TargetError(
                "there is no python3: install Python 3.10 or newer, or name an interpreter that"
                " has hypersweep as `python`"
            )
        raise TargetError(f"no environment can be made there: {last}")
